"""The figures of `metrics` under many resamples of customers at once.

Customers are drawn n of n with replacement (Efron and Tibshirani 1993, "An Introduction to the Bootstrap"), the
same draws for every scorer, so that differences are paired; the split into halves stays. Cells are learned anew in
each resample (`resampled_cells`); what regressions and the ceiling learned is held, so their intervals are those of
the customers measured. Rankings of these are cut into at most `BINS` parts of equal size (ties together, and shared
within a part) and sums are of single precision, which moves a Gini coefficient by less than 0.001; a figure itself is
never taken from here, only its interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bestiary.segments.transform import Floats, Ints
from bestiary.segments.worth.metrics import log_revenue
from bestiary.segments.worth.resampled_cells import CellSheet, Singles, adder, divide, weigh_cells
from bestiary.segments.worth.scores import Outcome, Rows, Scores

BINS = 1_000
ROUNDING = 1e-5
"""A spread that is no larger a part of the sum of squares is that of single precision."""
METRICS = ("gini", "r_squared", "top_10", "top_20", "average_precision")


@dataclass(frozen=True)
class Sheet:
    """One scorer on one half of m customers, ready to be weighed: two ranked sums and squared errors (m,)."""

    value: Any
    chance: Any
    errors: Singles


@dataclass(frozen=True)
class Half:
    """What all scorers share on one half.

    The rows learned from and tested, the best possible ranking, and for R squared 1, the centred log outcome and
    its square (m, 3).
    """

    learn: Rows
    test: Rows
    best: Any
    logs: Singles


def half(outcome: Outcome, learn: Rows, test: Rows) -> Half:
    """Prepare the rows `test` of the outcome, learned from the rows `learn`."""
    revenue = np.maximum(outcome.revenue[test], 0.0)
    logs = log_revenue(revenue)
    centred = logs - logs.mean()
    powers = np.column_stack([np.ones(len(test)), centred, centred**2]).astype(np.float32)
    return Half(learn, test, _sums(revenue, revenue), powers)


def sheet(scores: Scores, outcome: Outcome, test: Rows) -> Sheet:
    """Prepare the scores of the rows `test`."""
    revenue = np.maximum(outcome.revenue[test], 0.0)
    errors = ((log_revenue(revenue) - scores.logs) ** 2).astype(np.float32)
    return Sheet(_sums(scores.value, revenue), _sums(scores.chance, outcome.bought[test].astype(np.float64)), errors)


def draws(n: int, resamples: int, rng: np.random.Generator) -> Singles:
    """How often each of n customers is drawn in each resample, (n, resamples)."""
    counts = [np.bincount(rng.integers(n, size=n), minlength=n).astype(np.float32) for _ in range(resamples)]
    return np.ascontiguousarray(np.array(counts).T)


def weigh(shared: Half, sheets: Sequence[Sheet | CellSheet], weights: Singles) -> Floats:
    """The figures (scorers, `METRICS`, resamples) of one half under weights (n, resamples); NaN where undefined."""
    drawn, learned = weights[shared.test], weights[shared.learn]
    best = _concentration(*_halves(shared.best @ drawn))
    size, level, squares = (shared.logs.T @ drawn).astype(np.float64)
    spread = squares - level**2 / size
    spread[spread <= ROUNDING * squares] = 0.0  # all drawn alike, but for rounding: R squared is not defined
    out = np.empty((len(sheets), len(METRICS), weights.shape[1]))
    for number, one in enumerate(sheets):
        if isinstance(one, CellSheet):
            out[number] = weigh_cells(one, learned, drawn, best, spread)
            continue
        people, sums = _halves(one.value @ drawn)
        out[number, 0] = divide(_concentration(people, sums), best)
        out[number, 1] = 1.0 - divide((one.errors @ drawn).astype(np.float64), spread)
        out[number, 2] = _top(people, sums, 0.1)
        out[number, 3] = _top(people, sums, 0.2)
        out[number, 4] = _precision(*_halves(one.chance @ drawn))
    return out


def lifts(labels: Ints, k: int, revenue: Floats, weights: Singles) -> Floats:
    """`metrics.lift` of labels (n,) under weights (n, resamples): (k, resamples)."""
    stacked = (adder(labels, k, [np.ones(len(labels)), revenue]) @ weights).astype(np.float64)
    people, sums = stacked[:k], stacked[k:]
    return divide(sums, people * (sums.sum(axis=0) / people.sum(axis=0)))


def _sums(score: Floats, outcome: Floats) -> Any:
    """A sparse matrix (2 bins, m) that adds up customers, then outcome, in parts from the highest score down."""
    order = np.lexsort((outcome, -score))
    ranked, m = score[order], len(score)
    new = np.concatenate([[True], ranked[1:] != ranked[:-1]])
    first: NDArray[np.int64] = np.maximum.accumulate(np.where(new, np.arange(m), 0))
    part = first * BINS // m if new.sum() > BINS else np.cumsum(new) - 1
    labels = np.empty(m, dtype=np.int32)
    labels[order] = np.unique(part, return_inverse=True)[1]
    return adder(labels, int(labels.max()) + 1, [np.ones(m), outcome])


def _halves(stacked: Singles) -> tuple[Floats, Floats]:
    both: Floats = stacked.astype(np.float64)
    middle = len(both) // 2
    return both[:middle], both[middle:]


def _concentration(people: Floats, sums: Floats) -> Floats:
    middle = np.cumsum(people, axis=0) - people / 2
    return 1.0 - 2.0 * divide((middle * sums).sum(axis=0), people.sum(axis=0) * sums.sum(axis=0))


def _top(people: Floats, sums: Floats, share: float) -> Floats:
    before = np.cumsum(people, axis=0) - people
    room = share * people.sum(axis=0) - before
    inside = np.clip(np.divide(room, people, out=np.zeros_like(people), where=people > 0), 0.0, 1.0)
    return divide((inside * sums).sum(axis=0), sums.sum(axis=0))


def _precision(people: Floats, buyers: Floats) -> Floats:
    reached = np.cumsum(people, axis=0)
    precision = np.divide(np.cumsum(buyers, axis=0), reached, out=np.zeros_like(people), where=reached > 0)
    return divide((buyers * precision).sum(axis=0), buyers.sum(axis=0))
