"""Scorers: what cells teach by hand, that no outcome of the test half is looked at, and the one regression."""

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression, PoissonRegressor

from bestiary.segments.worth import baselines, glm, scores
from bestiary.segments.worth.metrics import gini
from bestiary.segments.worth.scores import Ceiling, Cells, Outcome, Regression, Scorer

RNG = np.random.default_rng(0)
N = 600
WIDE = np.column_stack([RNG.exponential(60, N), 1.0 + RNG.poisson(1.5, N), RNG.lognormal(3, 1, N)])
OUTCOME = Outcome(
    np.where(RNG.random(N) < 0.5, 0.0, WIDE[:, 2] * RNG.lognormal(0, 0.5, N) - 2.0),
    RNG.random(N) < 1 / (1 + WIDE[:, 0] / 60),
)
LEARN, TEST = np.arange(0, N, 2), np.arange(1, N, 2)


def test_cells_by_hand() -> None:
    """Cell 0 brought 0 and 20, cell 1 brought e - 1; cell 2 is empty in what is learned: the mean of all three."""
    labels = np.array([0, 0, 1, 0, 1, 2], dtype=np.int32)
    revenue = np.array([0.0, 20.0, np.e - 1, 999.0, 999.0, 999.0])
    outcome = Outcome(revenue, np.array([False, True, True, True, False, False]))
    found = Cells(labels, 3).score(outcome, np.array([0, 1, 2]), np.array([3, 4, 5]), 0)
    assert found.value == pytest.approx([10.0, np.e - 1, (19 + np.e) / 3])
    assert found.logs == pytest.approx([np.log(21) / 2, 1.0, (np.log(21) + 1) / 3])
    assert found.chance == pytest.approx([0.5, 1.0, 2 / 3])


@pytest.mark.parametrize(
    "scorer",
    [
        baselines.quintile_cells(WIDE),
        baselines.named_grid(WIDE),
        baselines.monetary_deciles(WIDE),
        scores.one_column(WIDE[:, 1]),
        scores.segments_and_distances((WIDE[:, 0] > 60).astype(np.int32), np.abs(WIDE[:, :1] - [30.0, 90.0])),
        Ceiling(WIDE),
    ],
    ids=["quintiles", "grid", "deciles", "frequency", "distances", "ceiling"],
)
def test_no_outcome_of_the_test_half_is_looked_at(scorer: Scorer) -> None:
    other = Outcome(OUTCOME.revenue.copy(), OUTCOME.bought.copy())
    other.revenue[TEST] = 1e6 - other.revenue[TEST]
    other.bought[TEST] = ~other.bought[TEST]
    once, again = (scorer.score(outcome, LEARN, TEST, 1) for outcome in (OUTCOME, other))
    for name in ("value", "logs", "chance"):
        one = getattr(once, name)
        assert one.shape == TEST.shape
        assert np.isfinite(one).all()
        assert one.tobytes() == getattr(again, name).tobytes()


def test_equal_values_share_a_quintile_and_a_decile() -> None:
    """Four in five bought once: by the rule "quantiles strictly below" they are all of the lowest score."""
    rfm = np.column_stack([np.arange(100.0), np.where(np.arange(100) < 80, 1.0, 2.0), np.repeat(7.0, 100)])
    cells = baselines.quintile_cells(rfm).labels
    assert set(cells // 5 % 5) == {0, 4}
    assert set(cells % 5) == {0}
    assert (cells // 25).tolist() == [4 - day // 20 for day in range(100)]
    assert set(baselines.monetary_deciles(rfm).labels) == {0}
    tenths = baselines.monetary_deciles(np.column_stack([rfm[:, :2], np.arange(100.0)])).labels
    assert np.bincount(tenths).tolist() == [10] * 10


def test_the_named_grid_knows_champions_from_the_lost() -> None:
    """Five customers from the worst to the best in everything: scores 1 to 5 each."""
    rising = np.arange(5.0)
    rfm = np.column_stack([90.0 - rising, 1.0 + rising, 10.0 + rising])
    assert baselines.named_grid(rfm).labels.tolist() == [10, 9, 5, 1, 0]
    # latest, but bought little: 3, new; long away, but bought much: 7, cannot lose
    turned = np.column_stack([90.0 - rising[::-1], 1.0 + rising, 10.0 + rising])
    assert baselines.named_grid(turned).labels.tolist() == [3, 2, 5, 8, 7]


def _standard(columns: "np.ndarray[tuple[int, int], np.dtype[np.float64]]") -> object:
    return (columns - columns.mean(axis=0)) / columns.std(axis=0)


@pytest.mark.parametrize("link", ["identity", "log", "logit"])
def test_regressions_are_those_of_scikit_learn(link: glm.Link) -> None:
    """With next to no ridge; scikit-learn's own standardised columns and hardly any penalty."""
    revenue, bought = np.maximum(OUTCOME.revenue, 0.0), OUTCOME.bought.astype(np.float64)
    columns = np.log(1 + WIDE)
    x = _standard(columns)
    if link == "identity":
        theirs = LinearRegression().fit(x, revenue).predict(x)
    elif link == "log":
        theirs = PoissonRegressor(alpha=1e-12, max_iter=10_000, tol=1e-10).fit(x, revenue).predict(x)
    else:
        theirs = LogisticRegression(C=1e12, max_iter=10_000, tol=1e-10).fit(x, bought).predict_proba(x)[:, 1]
    fitted = glm.fit(columns, bought if link == "logit" else revenue, link, ridge=1e-9)
    np.testing.assert_allclose(fitted.predict(columns), theirs, rtol=1e-3)


@pytest.mark.parametrize("link", ["identity", "log", "logit"])
def test_predictions_add_up_to_outcomes(link: glm.Link) -> None:
    """The intercept is free of the ridge: also with revenue below 0 and columns that say the same twice."""
    columns = np.column_stack([WIDE, WIDE[:, 0], np.ones(N)])
    outcome = OUTCOME.bought.astype(np.float64) if link == "logit" else OUTCOME.revenue
    assert (OUTCOME.revenue < 0).any()
    fitted = glm.fit(columns, outcome, link)
    assert fitted.predict(columns).sum() == pytest.approx(outcome.sum(), rel=1e-6)


def test_the_sandwich_is_whites() -> None:
    """Least squares without ridge: (X'X)^-1 X' diag(e^2) X (X'X)^-1, worked from its definition."""
    columns, y = WIDE[:, :2], OUTCOME.revenue
    fitted = glm.fit(columns, y, "identity", ridge=0.0)
    x = glm.design(columns, fitted.mean, fitted.scale)
    bread = np.linalg.inv(x.T @ x)
    errors = y - fitted.predict(columns)
    meat = sum(np.outer(row, row) * error**2 for row, error in zip(x, errors, strict=True))
    np.testing.assert_allclose(fitted.covariance, bread @ meat @ bread, rtol=1e-5)


@pytest.mark.parametrize("known", [0, 1, 3, 40])
def test_the_ceiling_takes_columns_that_hardly_ever_have_a_value(known: int) -> None:
    rare = np.full((N, 2), np.nan)
    rare[LEARN[:known], 0] = 5.0
    rare[TEST[:7], 1] = 9.0
    found = Ceiling(np.column_stack([WIDE, rare])).score(OUTCOME, LEARN, TEST, 0)
    assert np.isfinite(found.value).all()
    assert gini(found.value, OUTCOME.revenue[TEST]) > 0.3


def test_a_window_that_brought_nothing_is_scored_without_a_fuss() -> None:
    nothing = Outcome(np.zeros(N), np.zeros(N, dtype=bool))
    for scorer in (Regression(WIDE), Ceiling(WIDE), baselines.quintile_cells(WIDE)):
        found = scorer.score(nothing, LEARN, TEST, 0)
        assert (found.value == 0).all()
        assert np.abs(found.logs).max() < 1e-9
        assert (found.chance < 0.01).all()
