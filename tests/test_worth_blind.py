"""What the choice is worth to customers whom it has not seen: chosen on one half of a shop, measured on the other.

In `test_worth_laws.py` the number of segments, and where it was raised for its worth, was chosen on the window and the
customers that the figures are of. Here the whole choice sees one half of the customers and what they brought; its
candidate and k are then learned and measured on the other half. With `SEEDS` = 3, `WAYS` = 2 and `pytest -n 0 -s` this
prints the figures of docs/method.md.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from bestiary.config import Settings
from bestiary.segments import group
from bestiary.segments.frame import Frame
from bestiary.segments.presets import recipe
from bestiary.segments.value import Earlier, valued
from bestiary.segments.worth.scores import Outcome
from rfm_data import Shop, cdnow, uci

SEEDS, WAYS = 1, 1
SETTINGS = Settings(k_max=8, candidates=("rfm_log", "rfm_scores", "tree", "rfm_grid"))


def customers(shop: Shop) -> Earlier:
    rows, names = np.ascontiguousarray(shop.rfm), tuple(f"column_{i}" for i in range(shop.wide.shape[1]))
    frame = Frame(recipe("default", (2, 5, 7)), rows, shop.wide, names, rows[:, 1], rows[:, 1], shop.tenure)
    return Earlier(date(2011, 7, 1), date(2011, 12, 10), frame, Outcome(shop.revenue, shop.bought))


def some(before: Earlier, kept: NDArray[np.int64]) -> Earlier:
    outcome = Outcome(before.outcome.revenue[kept], before.outcome.bought[kept])
    return replace(before, frame=before.frame.some(kept), outcome=outcome)


@pytest.mark.parametrize("seed", range(SEEDS))
@pytest.mark.parametrize("read", [cdnow, uci])
def test_chosen_on_one_half_it_is_not_surely_worth_less_on_the_other(
    read: Callable[[Path], Shop], seed: int, shared_data: Path
) -> None:
    """Gini and R squared against the grid and frequency; above the grid in Gini, which is what is chosen by."""
    before = customers(read(shared_data))
    order = np.random.default_rng(seed).permutation(before.frame.size)
    halves = [np.sort(half) for half in np.array_split(order, 2)]
    for one, other in (halves, halves[::-1])[:WAYS]:
        seen = some(before, one)
        learned = group.learn(seen.frame, SETTINGS, seen, None, lambda _: None)
        chosen = learned.chosen.candidate
        found = valued(some(before, other), [(chosen, learned.chosen.k)], SETTINGS)
        assert found is not None
        told = []
        for baseline in ("grid", "frequency"):
            for metric in ("gini", "r_squared", "average_precision"):
                difference = found.comparison.difference(chosen.name, baseline, metric)
                value = difference.figure.value
                assert value is not None
                told.append(f"{baseline} {metric} {value:+.3f}{'' if difference.too_small else '*'}")
                if metric != "average_precision":
                    assert value > 0 or difference.too_small
        print(read.__name__, chosen.name, learned.chosen.k, *told, sep="  ")
        above = found.comparison.difference(chosen.name, "grid", "gini").figure.value
        assert above is not None
        assert above > 0
