"""Scorers: each learns on some customers and says of others what they will bring and whether they will buy.

A scorer knows every customer's columns and outcome; `learn` and `test` are row numbers, and no outcome of `test`
is looked at. Cells, deciles and segments are ranked by what their members in `learn` did; regressions are those
of `glm`; the ceiling is histogram gradient boosting on all columns, which shows what there is to know.
"""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from bestiary.segments.transform import Floats, Ints
from bestiary.segments.worth import glm
from bestiary.segments.worth.metrics import Flags, log_revenue

Rows = NDArray[np.int64]
MANY = 10_000
"""From this many customers to learn from, the ceiling may grow larger trees."""


@dataclass(frozen=True)
class Outcome:
    """What the following window brought: `revenue` (n,) net of refunds, `bought` (n,)."""

    revenue: Floats
    bought: Flags


@dataclass(frozen=True)
class Scores:
    """For the customers of `test`, (m,) each: expected revenue, expected ln(1 + revenue), chance of buying."""

    value: Floats
    logs: Floats
    chance: Floats


class Scorer(Protocol):
    """Anything that learns from some customers and scores others."""

    def score(self, outcome: Outcome, learn: Rows, test: Rows, seed: int) -> Scores:
        """Learn from the rows `learn`, score the rows `test`."""


@dataclass(frozen=True)
class Cells:
    """Hard labels (n,) of `k` cells: each is worth the mean of its members in `learn`, an empty one that of all."""

    labels: Ints
    k: int

    def score(self, outcome: Outcome, learn: Rows, test: Rows, seed: int) -> Scores:
        """Means of the cells."""
        size = np.bincount(self.labels[learn], minlength=self.k)

        def means(values: Floats) -> Floats:
            sums = np.bincount(self.labels[learn], weights=values[learn], minlength=self.k)
            filled = np.full(self.k, values[learn].mean())
            cells: Floats = np.divide(sums, size, out=filled, where=size > 0)
            return cells[self.labels[test]]

        return Scores(
            means(outcome.revenue), means(log_revenue(outcome.revenue)), means(outcome.bought.astype(np.float64))
        )


@dataclass(frozen=True)
class Regression:
    """Three regressions on (n, p) columns: revenue (log link), its logarithm (least squares), buying (logit)."""

    columns: Floats

    def score(self, outcome: Outcome, learn: Rows, test: Rows, seed: int) -> Scores:
        """Predictions of the regressions; one number for all where nothing was brought in `learn`."""
        logs = log_revenue(outcome.revenue)
        known, asked = self.columns[learn], self.columns[test]
        revenue = outcome.revenue[learn]
        value = np.zeros(len(test))
        if revenue.sum() > 0:
            value = glm.fit(known, revenue, "log").predict(asked)
        return Scores(
            value,
            glm.fit(known, logs[learn], "identity").predict(asked),
            glm.fit(known, outcome.bought[learn].astype(np.float64), "logit").predict(asked),
        )


@dataclass(frozen=True)
class Ceiling:
    """Histogram gradient boosting (Friedman 2001; Ke and others 2017) on `wide` (n, d), NaN where a value is null.

    Small trees, slow learning and early stopping on a tenth of `learn`; revenue by Poisson deviance.
    """

    wide: Floats

    def score(self, outcome: Outcome, learn: Rows, test: Rows, seed: int) -> Scores:
        """Predictions of three boosted models, seeded."""
        from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
        from threadpoolctl import threadpool_limits

        shape: dict[str, Any] = {
            "max_leaf_nodes": 15 if len(learn) >= MANY else 5,
            "min_samples_leaf": 40,
            "learning_rate": 0.1 if len(learn) >= MANY else 0.05,
            "max_iter": 300,
            "early_stopping": True,
            "random_state": seed,
        }
        known, asked = _filled(self.wide[learn], self.wide[test])
        revenue, bought = np.maximum(outcome.revenue[learn], 0.0), outcome.bought[learn]
        with threadpool_limits(limits=1):
            value, chance = np.zeros(len(test)), np.full(len(test), float(bought.mean()))
            if revenue.sum() > 0:
                value = HistGradientBoostingRegressor(loss="poisson", **shape).fit(known, revenue).predict(asked)
            logs = HistGradientBoostingRegressor(**shape).fit(known, log_revenue(revenue)).predict(asked)
            if 1 < bought.sum() < len(bought) - 1:
                chance = HistGradientBoostingClassifier(**shape).fit(known, bought).predict_proba(asked)[:, 1]
        return Scores(value, logs, chance)


def _filled(known: Floats, asked: Floats) -> tuple[Floats, Floats]:
    """Nulls of columns (m, d) that hardly ever have a value become a value of their own, below all others.

    Elsewhere they stay NaN; but scikit-learn refuses a column without any value, and what is left of a rare one
    after a tenth is set aside for stopping may be that.
    """
    there = np.isfinite(known)
    rare = there.sum(axis=0) <= len(known) // 10 + 1
    lowest = np.where(there, known, np.inf).min(axis=0)
    below = np.where(np.isfinite(lowest), lowest, 1.0) - 1.0
    filled, other = (np.where(rare & ~np.isfinite(one), below, one) for one in (known, asked))
    return filled, other


def segments_and_distances(labels: Ints, distances: Floats) -> Regression:
    """What a segmentation knows beyond its labels (n,): one column a segment, and the distances (n, k) to all."""
    return Regression(np.column_stack([labels[:, None] == np.arange(distances.shape[1]), distances]))


def one_column(values: Floats) -> Regression:
    """A single quantity (n,) of 0 or more, on the scale of ln(1 + x): the ranking is that of the quantity."""
    return Regression(np.log(1.0 + np.maximum(values, 0.0))[:, None])
