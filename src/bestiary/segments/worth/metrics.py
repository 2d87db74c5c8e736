"""How well a score foretells what customers bring: figures of one ranking against one outcome.

An outcome below 0 (paid back more than bought, in a window that did not see the purchase) counts as 0 here: a
share of revenue has no meaning otherwise, and the logarithm none at all. Customers with equal scores share evenly
what they bring together, so no figure depends on the order of rows. A figure that is not defined is NaN.
"""

import numpy as np
from numpy.typing import NDArray

from bestiary.segments.transform import Floats, Ints

Flags = NDArray[np.bool_]


def log_revenue(revenue: Floats) -> Floats:
    """ln(1 + max(0, revenue))."""
    logs: Floats = np.log(1.0 + np.maximum(revenue, 0.0))
    return logs


def gini(score: Floats, revenue: Floats) -> float:
    """Gini coefficient of revenue (n,) ranked by score (n,), over that of the best possible ranking.

    1 for the ranking by revenue itself, 0 for a score that says nothing, below 0 for one that is upside down
    (Frees, Meyers and Cummings 2011, "Summarizing insurance scores using a Gini index"; normalised as usual).
    NaN where all customers bring the same, or nothing.
    """
    outcome = np.maximum(revenue, 0.0)
    best = concentration(outcome, outcome)
    return concentration(score, outcome) / best if best > 0 else float("nan")


def concentration(score: Floats, outcome: Floats) -> float:
    """Twice the area between the curve of outcome gathered from the highest score down and the diagonal.

    Scores (n,), outcomes (n,) of 0 or more; within -1..1; NaN where the outcomes add up to 0.
    """
    people, sums = _steps(score, outcome)
    total = sums.sum()
    if not total > 0:
        return float("nan")
    middle = np.cumsum(people) - people / 2
    return float(1.0 - 2.0 * (middle * sums).sum() / (people.sum() * total))


def top_share(score: Floats, revenue: Floats, share: float) -> float:
    """Share of revenue that the given share of customers (0..1) with the highest scores bring."""
    people, sums = _steps(score, np.maximum(revenue, 0.0))
    total = sums.sum()
    if not total > 0:
        return float("nan")
    reached = np.concatenate([[0.0], np.cumsum(people)])
    gathered = np.concatenate([[0.0], np.cumsum(sums)])
    return float(np.interp(share * len(score), reached, gathered) / total)


def r_squared(predicted: Floats, actual: Floats) -> float:
    """1 - squared error / squared error of the mean of `actual` (n,); NaN where `actual` is constant.

    Below 0 for predictions worse than one number for all.
    """
    spread = float(((actual - actual.mean()) ** 2).sum())
    return 1.0 - float(((actual - predicted) ** 2).sum()) / spread if spread > 0 else float("nan")


def average_precision(score: Floats, bought: Flags) -> float:
    """Area under the curve of precision by recall, as a sum of steps at each distinct score; NaN with no buyer.

    Sum over thresholds of (recall now - recall before) * precision now: no interpolation, which is optimistic
    (Davis and Goadrich 2006, "The relationship between precision-recall and ROC curves").
    """
    people, buyers = _steps(score, bought.astype(np.float64))
    total = buyers.sum()
    if not total > 0:
        return float("nan")
    return float((buyers * np.cumsum(buyers) / np.cumsum(people)).sum() / total)


def lift(labels: Ints, revenue: Floats, k: int) -> Floats:
    """Mean revenue of each of k segments over the mean of all, (k,): net of refunds, so that it can be negative.

    NaN for an empty segment, and everywhere where the mean of all is not above 0.
    """
    overall = float(revenue.mean())
    total = np.bincount(labels, minlength=k).astype(np.float64)
    sums = np.bincount(labels, weights=revenue, minlength=k)
    defined = (total > 0) & (overall > 0)
    lifts: Floats = np.divide(sums, total * overall, out=np.full(k, np.nan), where=defined)
    return lifts


def _steps(score: Floats, outcome: Floats) -> tuple[Floats, Floats]:
    """Customers and outcome at each distinct score, from the highest down, added up in one order whatever the rows."""
    order = np.lexsort((outcome, -score))
    ranked = score[order]
    start = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
    people = np.diff(np.append(start, len(ranked))).astype(np.float64)
    return people, np.add.reduceat(outcome[order], start)
