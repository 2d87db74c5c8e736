"""The two transforms: worked by hand, and laws that hold for any customers."""

import duckdb
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bestiary.segments.transform import GRID, learn_log1p, learn_quartiles, ln1p

CUSTOMERS = arrays(
    np.float64, st.tuples(st.integers(1, 30), st.just(3)), elements=st.floats(0, 1e6, allow_subnormal=False)
)


def test_log1p_is_the_logarithm_of_one_plus_x_then_standardised() -> None:
    e = np.e
    features = np.array([[0.0, 1.0, e - 1], [e**2 - 1, 1.0, e - 1], [e**4 - 1, 1.0, e**4 - 1]])
    learned = learn_log1p(features)
    # ln(1 + x): recency 0, 2, 4 (mean 2, variance 8/3); monetary 1, 1, 4 (mean 2, variance 2)
    assert learned.mean == pytest.approx((2.0, np.log(2.0), 2.0))
    assert learned.scale == pytest.approx((np.sqrt(8 / 3), 0.0, np.sqrt(2.0)))
    coordinates = learned.apply(features)
    assert coordinates[:, 0] == pytest.approx(np.array([-1, 0, 1]) * np.sqrt(1.5))
    assert coordinates[:, 2] == pytest.approx(np.array([-1, -1, 2]) / np.sqrt(2))


def test_a_constant_column_scales_to_zero_also_for_later_customers() -> None:
    learned = learn_log1p(np.array([[0.0, 1.0, 5.0], [0.0, 2.0, 7.0]]))
    assert learned.scale[0] == 0.0
    assert learned.apply(np.array([[30.0, 1.0, 5.0]]))[0, 0] == 0.0


def test_refunds_above_purchases_count_as_zero() -> None:
    features = np.array([[1.0, 1.0, 0.0], [2.0, 3.0, 9.0]])
    refunded = np.array([[1.0, 1.0, -50.0]])
    for learned in (learn_log1p(features), learn_quartiles(features)):
        assert (learned.apply(refunded) == learned.apply(features[:1])).all()
    assert refunded[0, 2] == -50.0


def test_a_score_counts_the_quartiles_strictly_below() -> None:
    column = np.array([10.0, 20.0, 30.0, 40.0, 50.0])
    learned = learn_quartiles(np.column_stack([column, column, column]))
    assert learned.quartiles == ((20.0, 30.0, 40.0),) * 3
    scores = learned.apply(np.column_stack([column, column, column]))
    assert scores[:, 1].tolist() == [1, 1, 2, 3, 4]
    assert scores[:, 0].tolist() == [4, 4, 3, 2, 1]


def test_quartiles_are_interpolated_linearly() -> None:
    features = np.array([[0.0, 1.0, 1.0], [0.0, 2.0, 2.0]])
    assert learn_quartiles(features).quartiles == ((0.0, 0.0, 0.0), (1.25, 1.5, 1.75), (1.25, 1.5, 1.75))


@settings(deadline=None)
@given(CUSTOMERS)
def test_scores_are_whole_numbers_from_one_to_four(features: np.ndarray) -> None:
    scores = learn_quartiles(features).apply(features)
    assert set(np.unique(scores)) <= {1.0, 2.0, 3.0, 4.0}


@settings(deadline=None)
@given(CUSTOMERS)
def test_coordinates_are_finite_with_mean_zero(features: np.ndarray) -> None:
    coordinates = learn_log1p(features).apply(features)
    assert np.isfinite(coordinates).all()
    assert np.abs(coordinates.mean(axis=0)).max() < 1e-3


@settings(deadline=None)
@given(CUSTOMERS)
def test_a_customer_is_transformed_alike_in_any_company(features: np.ndarray) -> None:
    order = np.random.default_rng(len(features)).permutation(len(features))
    for learned in (learn_log1p(features), learn_quartiles(features)):
        together = learned.apply(features)
        assert (learned.apply(features[order]) == together[order]).all()
        assert (learned.apply(features[:1]) == together[:1]).all()


def test_scores_tell_negative_values_apart() -> None:
    values = np.array([-100.0, -80, -10, -5, 50, 60, 70, 80])
    features = np.column_stack([np.zeros(8), np.ones(8), values])
    scores = learn_quartiles(features).apply(features)[:, 2]
    assert scores.tolist() == [1, 1, 2, 2, 3, 3, 4, 4]


def test_logarithms_lie_on_the_grid_on_which_engines_agree() -> None:
    amounts = np.random.default_rng(3).lognormal(3, 2, 200_000)
    ours = ln1p(amounts)
    with duckdb.connect() as connection:
        connection.register("amounts", {"x": amounts})
        query = f"SELECT ln(1 + x) AS plain, floor(ln(1 + x) * {GRID} + 0.5) / {GRID} AS on_grid FROM amounts"
        theirs = connection.execute(query).fetchnumpy()
    assert (ours == theirs["on_grid"]).all()
    assert (np.abs(ours - theirs["plain"]) <= 0.5 / GRID).all()
    assert (ours * GRID == np.round(ours * GRID)).all()
