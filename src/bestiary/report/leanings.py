"""Which brands and categories the customers of a segment buy more than the other buyers do, given how much they buy.

Who buys much buys more of everything, so shares of customers would list every brand for the best segment and none for
the others. What is compared is what they buy: of all (customer, value) pairs of the segment the part that is this
value, over the same part among the other buyers. The interval of this risk ratio is that of Katz, Baptista, Azen and
Pike (1978), "Obtaining confidence intervals for the risk ratio in cohort studies": ln(a / n) - ln(c / m), give or take
z * sqrt(1 / a - 1 / n + 1 / c - 1 / m), where a of the segment's n pairs and c of the others' m are of the value. Where
c is 0, a half is added to all four (Pettigrew, Gart and Thomas, 1986). As every value is tested in every segment, z is
that of 95 % shared out among all these pairs (Bonferroni). A customer has a value once or not at all, so a count varies
no more than if the pairs were dealt one by one.

So far out, the interval is too narrow for a value that a dozen customers bought: by it alone, a shop in five whose
segments were dealt at random has something listed. So a value must pass Fisher's exact test at the same level too, by
which that is at most one shop in forty.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bestiary.customers.habits import FEWEST, Bought, Counts, Group
from bestiary.segments.transform import Floats

MOST = 8
"""So many values are told of a segment."""
LEVEL = 0.025
"""How often, over all pairs, a low end may lie above 1 by chance."""


def leanings(bought: Bought, groups: Sequence[Group]) -> dict[int, list[dict[str, Any]]]:
    """By segment of buyers, what they buy more than the other buyers, those without a segment included; best first.

    Each record has `value`, `customers` and `share` of the segment who bought it, `rest` (share of the other buyers),
    `lift` (its part of what the segment buys over its part of what the others buy), and `low` and `high`, the
    corrected interval of that; `lift` and `high` are None where nobody else bought it. At most `MOST`, by falling
    `low`, ties in the order of code points; only those with `low` over 1. Values that fewer than `FEWEST` bought are
    not tested. Memory: some numbers of 8 bytes for each value and segment.
    """
    from scipy.stats import hypergeom, norm

    buyers = [number for number, group in enumerate(groups) if group.population != "visitors"]
    placed = [number for number in buyers if groups[number].segment is not None]
    everyone = sum(groups[number].customers for number in buyers)
    known = bought.customers[:, buyers].sum(axis=1) >= FEWEST
    hits = bought.customers[known][:, placed]
    totals = bought.customers[known][:, buyers].sum(axis=1)
    values = np.array(bought.values, dtype=object)[known]
    level = LEVEL / max(hits.size, 1)
    found: dict[int, list[dict[str, Any]]] = {}
    for column, number in enumerate(placed):
        group, own = groups[number], hits[:, column]
        pairs = int(own.sum())
        low, high = katz(own, pairs, totals - own, int(totals.sum()) - pairs, float(norm.isf(level)))
        some = np.flatnonzero(low > 1)
        some = some[hypergeom.sf(own[some] - 1, int(totals.sum()), totals[some], pairs) <= level]
        best = sorted(some.tolist(), key=lambda row: (-low[row], values[row]))[:MOST]
        assert group.segment is not None  # noqa: S101 - those without were passed over
        found[group.segment] = [
            _record(str(values[row]), int(own[row]), group.customers, int(totals[row] - own[row]), everyone)
            | _lift(own[row] / pairs, (totals[row] - own[row]) / max(int(totals.sum()) - pairs, 1))
            | {"low": float(low[row]), "high": float(high[row]) if np.isfinite(high[row]) else None}
            for row in best
        ]
    return found


def katz(hits: Counts, of: int, rest: Counts, others: int, z: float) -> tuple[Floats, Floats]:
    """The interval, low and high, of risk ratios (hits / of) / (rest / others), all (v,).

    0 and infinity where nobody hit, or nobody is on one side; infinity at the high end where `rest` is 0.
    """
    known = (hits > 0) & (of > 0) & (others > 0)
    half = np.where(rest > 0, 0.0, 0.5)
    a, n, c, m = (np.where(known, one + half, 1.0) for one in (hits, of, rest, others))
    middle, spread = np.log(a / n) - np.log(c / m), np.sqrt(np.maximum(1 / a - 1 / n + 1 / c - 1 / m, 0.0))
    low = np.where(known, np.exp(middle - z * spread), 0.0)
    high = np.where(known & (rest > 0), np.exp(middle + z * spread), np.inf)
    return low, high


def _record(value: str, hits: int, of: int, rest: int, everyone: int) -> dict[str, Any]:
    return {"value": value, "customers": hits, "share": hits / of, "rest": rest / max(everyone - of, 1)}


def _lift(part: float, others: float) -> dict[str, float | None]:
    return {"lift": float(part / others) if others else None}
