"""Which brands and categories the customers of a segment buy more than others who buy as many different ones.

Who buys much buys more of everything, so plain shares of customers would list every brand for the best segment and none
for the others; and parts of what is bought would not do either, since a customer has a brand once: who buys much has
all the popular ones, so that those who buy little would seem to lean to them. So what is compared is how many of the
segment bought the value (a) with how many would (m) if they were like all buyers of as many different values (see
`customers.habits.expected`): the standardised ratio a / m.

Where segments differ in nothing but how much they buy, a is a sum of hypergeometric counts, hence of independent
trials, of mean m, and so its upper tail lies below that of a Poisson count (Hoeffding, 1956, "On the distribution of
the number of successes in independent trials"; Anderson and Samuels, 1967). The interval is the exact one of such a
count (Garwood, 1936, "Fiducial limits for the Poisson distribution") over m, at a level shared out among all values and
segments (Bonferroni). Its low end is above 1 by chance in at most one shop of forty.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bestiary.customers.habits import Bought, Counts, Floats, Group

MOST = 8
"""So many values are told of a segment."""
COMMON = 5
"""So many values that most of a segment bought are told, whether or not it leans to them."""
LEVEL = 0.025
"""How often, over all pairs, a low end may lie above 1 by chance."""


def leanings(bought: Bought, groups: Sequence[Group]) -> dict[int, list[dict[str, Any]]]:
    """By segment of buyers, what more of them buy than of other buyers of as many different values; best first.

    Each record has `value`, `customers` and `share` of the segment who bought it, `rest` (share of the other buyers),
    `lift` (how many bought it over how many were expected), and `low` and `high`, the corrected interval of that. At
    most `MOST`, by falling `low`, ties in the order of code points; only those with `low` over 1. Memory: some numbers
    of 8 bytes for each value and segment.
    """
    buyers = [number for number, group in enumerate(groups) if group.population != "visitors"]
    placed = [number for number in buyers if groups[number].segment is not None]
    everyone = sum(groups[number].customers for number in buyers)
    totals = bought.customers[:, buyers].sum(axis=1)
    values = np.array(bought.values, dtype=object)
    level = LEVEL / max(len(values) * len(placed), 1)
    found: dict[int, list[dict[str, Any]]] = {}
    for number in placed:
        group, own, likely = groups[number], bought.customers[:, number], bought.expected[:, number]
        low, high = garwood(own, likely, level)
        best = sorted(np.flatnonzero(low > 1).tolist(), key=lambda row: (-low[row], values[row]))[:MOST]
        assert group.segment is not None  # noqa: S101 - those without were passed over
        found[group.segment] = [
            {
                "value": str(values[row]),
                "customers": int(own[row]),
                "share": int(own[row]) / group.customers,
                "rest": int(totals[row] - own[row]) / max(everyone - group.customers, 1),
                "lift": float(own[row] / likely[row]),
                "low": float(low[row]),
                "high": float(high[row]),
            }
            for row in best
        ]
    return found


def commonest(bought: Bought, groups: Sequence[Group]) -> dict[int, list[dict[str, Any]]]:
    """By segment of buyers, the `COMMON` values that most of its customers bought, as value, customers and share.

    The most first, ties in the order of code points; of what `bought` holds, and nothing that nobody of them bought.
    """
    found: dict[int, list[dict[str, Any]]] = {}
    for number, group in enumerate(groups):
        if group.segment is None or group.population == "visitors":
            continue
        own = bought.customers[:, number]
        best = np.argsort(-own, kind="stable")[:COMMON].tolist()  # the values are in order already
        found[group.segment] = [
            {"value": bought.values[row], "customers": int(own[row]), "share": int(own[row]) / group.customers}
            for row in best
            if own[row]
        ]
    return found


def garwood(counts: Counts, means: Floats, level: float) -> tuple[Floats, Floats]:
    """The interval, low and high, of Poisson counts (v,) over `means` (v,), `level` at either end.

    0 and infinity where nothing was expected.
    """
    from scipy.stats import chi2

    known = means > 0
    divided = np.where(known, 2 * means, 1.0)
    low = np.where(known & (counts > 0), chi2.ppf(level, 2 * np.maximum(counts, 1)) / divided, 0.0)
    high = np.where(known, chi2.isf(level, 2 * (counts + 1)) / divided, np.inf)
    return low, high
