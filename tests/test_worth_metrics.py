"""The figures of worth: goldens by hand, laws, and the same figures under resampling weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from bestiary.segments.worth import bootstrap
from bestiary.segments.worth.findings import Figure
from bestiary.segments.worth.gather import figure
from bestiary.segments.worth.metrics import average_precision, gini, lift, log_revenue, r_squared, top_share
from bestiary.segments.worth.resampled_cells import cell_sheet
from bestiary.segments.worth.scores import Cells, Outcome, Scores

REVENUE = np.array([0.0, 10.0, 30.0, 60.0])


def test_gini_by_hand() -> None:
    """Best ranking: 1 - 2 (0.5 * 60 + 1.5 * 30 + 2.5 * 10) / (4 * 100) = 0.5."""
    assert gini(REVENUE, REVENUE) == 1.0
    assert gini(-REVENUE, REVENUE) == -1.0
    # 60 and 30 change places: 1 - 2 (0.5 * 30 + 1.5 * 60 + 2.5 * 10) / 400 = 0.35
    assert gini(np.array([1.0, 2.0, 4.0, 3.0]), REVENUE) == pytest.approx(0.35 / 0.5)
    # two cells of two share evenly: 1 - 2 (1 * 90 + 3 * 10) / 400 = 0.4
    assert gini(np.array([1.0, 1.0, 2.0, 2.0]), REVENUE) == pytest.approx(0.4 / 0.5)
    assert gini(np.zeros(4), REVENUE) == pytest.approx(0.0, abs=1e-15)


def test_top_share_by_hand() -> None:
    assert top_share(REVENUE, REVENUE, 0.25) == pytest.approx(0.6)
    assert top_share(REVENUE, REVENUE, 0.1) == pytest.approx(0.4 * 0.6)
    # the first two are tied: a quarter of the customers is half of them and brings half of 90
    assert top_share(np.array([1.0, 1.0, 2.0, 2.0]), REVENUE, 0.25) == pytest.approx(0.45)
    assert top_share(np.array([1.0, 1.0, 2.0, 2.0]), REVENUE, 0.75) == pytest.approx(0.95)


def test_average_precision_by_hand() -> None:
    bought = np.array([True, False, True, False])
    assert average_precision(np.array([4.0, 3.0, 2.0, 1.0]), bought) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert average_precision(np.array([2.0, 2.0, 1.0, 1.0]), bought) == pytest.approx(0.5)


def test_r_squared_and_log_revenue_by_hand() -> None:
    actual = np.array([1.0, 2.0, 6.0])
    assert r_squared(actual, actual) == 1.0
    assert r_squared(np.full(3, 3.0), actual) == 0.0
    assert r_squared(np.array([1.0, 2.0, 3.0]), actual) == pytest.approx(1 - 9 / 14)
    assert log_revenue(np.array([-5.0, 0.0, np.e - 1])).tolist() == [0.0, 0.0, 1.0]


def test_lift_by_hand() -> None:
    """Mean of all 25; segment 0 has 5, segment 2 has 45, segment 1 is empty."""
    found = lift(np.array([0, 0, 2, 2], dtype=np.int32), REVENUE, 3)
    assert found[[0, 2]].tolist() == [0.2, 1.8]
    assert np.isnan(found[1])
    assert np.isnan(lift(np.array([0, 0, 2, 2], dtype=np.int32), -REVENUE, 3)).all()


def test_revenue_below_zero_counts_as_nothing_in_shares() -> None:
    score, paid_back = np.array([4.0, 1.0, 3.0, 2.0]), np.array([-7.0, 10.0, 30.0, 60.0])
    assert gini(score, paid_back) == gini(score, REVENUE)
    assert top_share(score, paid_back, 0.5) == top_share(score, REVENUE, 0.5)


def test_what_is_not_defined_is_nan() -> None:
    nothing, score = np.zeros(3), np.arange(3.0)
    assert np.isnan(gini(score, nothing))
    assert np.isnan(gini(score, np.ones(3)))
    assert np.isnan(top_share(score, nothing, 0.2))
    assert np.isnan(r_squared(score, np.ones(3)))
    assert np.isnan(average_precision(score, nothing > 0))


customers = st.lists(
    st.tuples(st.integers(0, 6), st.one_of(st.just(0.0), st.floats(-50, 1e4)), st.booleans()), min_size=2, max_size=60
)


@settings(deadline=None)
@given(customers, st.randoms(use_true_random=False))
def test_order_of_rows_does_not_matter(rows: list[tuple[int, float, bool]], random: object) -> None:
    def figures(some: list[tuple[int, float, bool]]) -> list[float]:
        score, revenue, bought = (np.array(column) for column in zip(*some, strict=True))
        score = score.astype(np.float64)
        return [gini(score, revenue), top_share(score, revenue, 0.1), average_precision(score, bought)]

    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    np.testing.assert_array_equal(figures(rows), figures(shuffled))


@settings(deadline=None)
@given(customers)
def test_average_precision_is_that_of_scikit_learn(rows: list[tuple[int, float, bool]]) -> None:
    score, _, bought = (np.array(column) for column in zip(*rows, strict=True))
    if bought.any():
        ours = average_precision(score.astype(np.float64), bought)
        assert ours == pytest.approx(average_precision_score(bought, score), abs=1e-12)


@settings(deadline=None)
@given(customers)
def test_a_ranking_lies_between_the_best_and_the_worst(rows: list[tuple[int, float, bool]]) -> None:
    score, revenue, _ = (np.array(column, dtype=np.float64) for column in zip(*rows, strict=True))
    found = gini(score, revenue)
    assert np.isnan(found) or -1 - 1e-9 <= found <= 1 + 1e-9
    assert np.isnan(found) or gini(-score, revenue) == pytest.approx(-found, abs=1e-9)


def _figures(scores: Scores, outcome: Outcome, rows: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> list[float]:
    """The exact figures of customers that are repeated, in the order of `METRICS`."""
    revenue, value = outcome.revenue[rows], scores.value[rows]
    return [
        gini(value, revenue),
        r_squared(scores.logs[rows], log_revenue(revenue)),
        top_share(value, revenue, 0.1),
        top_share(value, revenue, 0.2),
        average_precision(scores.chance[rows], outcome.bought[rows]),
    ]


@pytest.mark.parametrize(("n", "near"), [(700, 2e-5), (6_000, 2e-3)])
def test_a_resample_is_weighed_as_if_its_customers_were_repeated(n: int, near: float) -> None:
    """Exact where rankings have at most `BINS` steps; beyond, within the error that is stated."""
    rng = np.random.default_rng(3)
    value = rng.lognormal(0, 1, n)
    revenue = np.where(rng.random(n) < 0.6, 0.0, value * rng.lognormal(3, 1, n) - 5)
    outcome = Outcome(revenue, revenue > 0)
    scores = Scores(value, np.log(value), np.round(value, 1))
    rows = np.arange(n)
    weights = bootstrap.draws(n, 5, rng)
    assert (weights.sum(axis=0) == n).all()
    found = bootstrap.weigh(bootstrap.half(outcome, rows, rows), [bootstrap.sheet(scores, outcome, rows)], weights)[0]
    for number in range(5):
        again = np.repeat(rows, weights[:, number].astype(int))
        assert found[:, number] == pytest.approx(_figures(scores, outcome, again), abs=near)


@pytest.mark.parametrize("k", [1, 3, 40])
def test_cells_are_learned_again_in_each_resample(k: int) -> None:
    """As if customers were repeated in both halves: also with empty cells and cells of equal value."""
    rng = np.random.default_rng(k)
    n = 400
    labels = rng.integers(k, size=n).astype(np.int32)
    bought = rng.random(n) < 0.15
    outcome = Outcome(np.where(bought, rng.integers(-2, 6, n) + 0.0, 0.0), bought)
    learn, test = np.arange(0, n, 2), np.arange(1, n, 2)
    cells = Cells(labels, k)
    weights = bootstrap.draws(n, 6, rng)
    sheet = cell_sheet(cells, outcome, learn, test)
    found = bootstrap.weigh(bootstrap.half(outcome, learn, test), [sheet], weights)[0]
    for number in range(6):
        again = [np.repeat(half, weights[half, number].astype(int)) for half in (learn, test)]
        scored = cells.score(outcome, again[0], again[1], 0)
        revenue = outcome.revenue[again[1]]
        exact = [
            gini(scored.value, revenue),
            r_squared(scored.logs, log_revenue(revenue)),
            top_share(scored.value, revenue, 0.1),
            top_share(scored.value, revenue, 0.2),
            average_precision(scored.chance, outcome.bought[again[1]]),
        ]
        assert found[:, number] == pytest.approx(exact, abs=1e-5)


def test_an_interval_is_moved_to_its_figure() -> None:
    """Resamples 0.2 too low on average, and one that is not a number."""
    drawn = np.concatenate([np.linspace(0.0, 0.6, 1_001), [np.nan]])
    found = figure(0.5, drawn)
    assert [found.value, found.low, found.high] == pytest.approx([0.5, 0.215, 0.785])
    assert figure(float("nan"), drawn) == Figure(None, None, None)


def test_lifts_are_weighed_as_if_customers_were_repeated() -> None:
    rng = np.random.default_rng(4)
    labels, revenue = rng.integers(3, size=200).astype(np.int32), rng.lognormal(3, 1, 200)
    weights = bootstrap.draws(200, 3, rng)
    found = bootstrap.lifts(labels, 4, revenue, weights)
    for number in range(3):
        again = np.repeat(np.arange(200), weights[:, number].astype(int))
        np.testing.assert_allclose(found[:, number], lift(labels[again], revenue[again], 4), rtol=1e-5)
