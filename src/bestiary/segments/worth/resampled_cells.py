"""Cells under many resamples of customers: they are ranked and valued anew in each.

Which of two segments is worth more is itself learned, and where segments hardly differ that is most of what is
uncertain: with the ranking held fixed, a quarter of 60 labellings at random passed for better or worse than
nothing, by intervals of 95 %. Sums by cell are all that the figures need.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bestiary.segments.transform import Floats, Ints
from bestiary.segments.worth.metrics import log_revenue
from bestiary.segments.worth.scores import Cells, Outcome, Rows

Singles = NDArray[np.float32]


@dataclass(frozen=True)
class CellSheet:
    """Sparse matrices that add up a half by cell: `learn` (4 k, m), `test` (5 k, m)."""

    k: int
    learn: Any
    test: Any


@dataclass(frozen=True)
class Places:
    """Where each cell stands, (k, resamples): customers and buyers ranked above it, and level with it."""

    above: Floats
    level: Floats
    buyers_above: Floats
    buyers_level: Floats


def cell_sheet(cells: Cells, outcome: Outcome, learn: Rows, test: Rows) -> CellSheet:
    """Prepare one half, learned from the other."""
    logs, bought = log_revenue(outcome.revenue), outcome.bought.astype(np.float64)
    ones, counted = np.ones(len(logs)), np.maximum(outcome.revenue, 0.0)
    return CellSheet(
        cells.k,
        adder(cells.labels[learn], cells.k, [one[learn] for one in (ones, outcome.revenue, logs, bought)]),
        adder(cells.labels[test], cells.k, [one[test] for one in (ones, counted, logs, logs**2, bought)]),
    )


def adder(labels: Ints, k: int, columns: list[Floats]) -> Any:
    """A sparse matrix (columns k, m) that adds up each column (m,) by label (m,), in single precision."""
    from scipy.sparse import csr_matrix

    m = len(labels)
    rows = np.concatenate([labels + k * number for number in range(len(columns))])
    values = np.concatenate(columns).astype(np.float32)
    some = values != 0
    across = np.tile(np.arange(m), len(columns))
    return csr_matrix((values[some], (rows[some], across[some])), shape=(k * len(columns), m))


def weigh_cells(sheet: CellSheet, learned: Singles, tested: Singles, best: Floats, spread: Floats) -> Floats:
    """The figures in the order of `METRICS`, (5, resamples).

    `learned` and `tested` (m, resamples) are the weights of the halves, `best` and `spread` (resamples,) the
    concentration of the best ranking and the squared error of the mean.
    """
    size, revenue, logs, bought = _parts(sheet.learn @ learned, sheet.k)
    people, sums, ones, squares, buyers = _parts(sheet.test @ tested, sheet.k)
    everyone, total = people.sum(axis=0), sums.sum(axis=0)
    by_value = _places(_means(revenue, size), people, buyers)
    by_chance = _places(_means(bought, size), people, buyers)
    middle = by_value.above + by_value.level / 2
    guess = _means(logs, size)
    errors = (squares - 2 * guess * ones + guess**2 * people).sum(axis=0)
    reached = by_chance.above + by_chance.level
    precision = divide(by_chance.buyers_above + by_chance.buyers_level, reached, 0.0)
    return np.array(
        [
            divide(1.0 - divide(2.0 * (middle * sums).sum(axis=0), everyone * total), best),
            1.0 - divide(errors, spread),
            *(divide((_inside(by_value, share * everyone) * sums).sum(axis=0), total) for share in (0.1, 0.2)),
            divide((buyers * precision).sum(axis=0), buyers.sum(axis=0)),
        ]
    )


def divide(above: Floats, below: Floats, otherwise: float = np.nan) -> Floats:
    """The ratio, `otherwise` where what is below is not above 0."""
    ratio: Floats = np.divide(above, below, out=np.full(above.shape, otherwise), where=below > 0)
    return ratio


def _parts(stacked: Singles, k: int) -> Floats:
    """(columns, k, resamples)."""
    parts: Floats = stacked.astype(np.float64).reshape(-1, k, stacked.shape[1])
    return parts


def _means(sums: Floats, size: Floats) -> Floats:
    """Means by cell; an empty cell has the mean of all, as in `Cells`."""
    overall = np.broadcast_to(divide(sums.sum(axis=0), size.sum(axis=0), 0.0), sums.shape)
    means: Floats = np.divide(sums, size, out=overall.copy(), where=size > 0)
    return means


def _places(value: Floats, people: Floats, buyers: Floats) -> Places:
    """Rank k cells by value in each resample, cells of equal value together."""
    order = np.argsort(-value, axis=0, kind="stable")
    ranked = np.take_along_axis(value, order, axis=0)
    new = np.concatenate([np.ones((1, value.shape[1]), dtype=bool), ranked[1:] != ranked[:-1]])
    numbers = np.arange(len(value))[:, None]
    first = np.maximum.accumulate(np.where(new, numbers, 0), axis=0)
    ends = np.concatenate([new[1:], np.ones((1, value.shape[1]), dtype=bool)])
    last = np.minimum.accumulate(np.where(ends, numbers, len(value))[::-1], axis=0)[::-1]

    def around(amount: Floats) -> tuple[Floats, Floats]:
        reached = np.cumsum(np.take_along_axis(amount, order, axis=0), axis=0)
        padded = np.concatenate([np.zeros((1, amount.shape[1])), reached])
        above = np.take_along_axis(padded, first, axis=0)
        level = np.take_along_axis(reached, last, axis=0) - above
        back = np.argsort(order, axis=0, kind="stable")
        return np.take_along_axis(above, back, axis=0), np.take_along_axis(level, back, axis=0)

    return Places(*around(people), *around(buyers))


def _inside(places: Places, target: Floats) -> Floats:
    """The share of each cell that is among the first `target` customers."""
    return np.clip(divide(target - places.above, places.level, 0.0), 0.0, 1.0)
