"""The null keeps what it should, and its p-value is what it says."""

import numpy as np
import pytest

import choice_shops
from bestiary.segments.candidates.candidate import kmeans
from bestiary.segments.choice import copula
from bestiary.segments.choice.null import Null, null
from bestiary.segments.transform import Floats, learn_log1p


def logs(rows: Floats) -> Floats:
    return np.corrcoef(np.log1p(rows).T)


def test_a_draw_has_the_same_values_and_the_same_correlations() -> None:
    rows = choice_shops.accumulated(4_000, 0)
    smooth = copula.learn(rows, seed=0)
    draws = [smooth.draw(np.random.default_rng(seed)) for seed in range(20)]
    assert all((np.sort(draw, axis=0) == np.sort(rows, axis=0)).all() for draw in draws)
    assert np.mean([logs(draw) for draw in draws], axis=0) == pytest.approx(logs(rows), abs=0.02)


def test_the_correlation_needs_tuning_where_columns_have_ties() -> None:
    rows = choice_shops.correlated(4_000, 0)
    smooth = copula.learn(rows, seed=0)
    latent = smooth.factor @ smooth.factor.T
    assert np.diag(latent) == pytest.approx(1.0)
    assert latent[1, 2] > logs(rows)[1, 2] + 0.03


def test_groups_are_not_in_a_draw() -> None:
    rows = np.repeat([[1.0, 1.0], [50.0, 50.0]], 200, axis=0)
    rows += np.random.default_rng(0).uniform(0, 0.5, rows.shape)
    rows[::10] = rows[::10, ::-1] + [[0, 0]]
    draw = copula.learn(rows, seed=0).draw(np.random.default_rng(1))
    assert ((draw[:, 0] > 25) != (draw[:, 1] > 25)).any()


def test_columns_that_are_constant_or_the_same_or_have_nulls() -> None:
    rng = np.random.default_rng(0)
    own = rng.lognormal(size=300)
    rows = np.column_stack([own, own, np.full(300, 3.0), np.where(own < 0.3, np.nan, own**2)])
    draw = copula.learn(rows, seed=0).draw(np.random.default_rng(1))
    assert np.isnan(draw).sum(axis=0).tolist() == np.isnan(rows).sum(axis=0).tolist()
    assert (draw[:, 2] == 3.0).all()
    assert np.corrcoef(draw[:, 0], draw[:, 1])[0, 1] > 0.9


def test_gap_and_p_worked_by_hand() -> None:
    found = Null((2, 3), np.array([0.30, 0.50]), np.array([[0.30, 0.20], [0.20, 0.30], [0.40, np.nan]]))
    assert found.mean == pytest.approx([0.30, 0.25])
    assert found.gaps == pytest.approx([0.0, 0.25])
    assert found.gap == pytest.approx(0.25)
    # Left out of the mean: 0.30 - 0.30 and 0.20 - 0.30; 0.20 - 0.35 and 0.30 - 0.20; 0.40 - 0.25: none reaches 0.25.
    assert found.p == pytest.approx(1 / 4)
    weaker = Null((2, 3), np.array([0.39, 0.20]), found.draws)
    assert weaker.p == pytest.approx((1 + 2) / 4)  # 0.10 and 0.15 reach 0.09
    assert found.band[:, 1] == pytest.approx([0.2025, 0.2975])


def test_p_is_undefined_where_no_silhouette_is() -> None:
    nothing = Null((2,), np.array([np.nan]), np.full((39, 1), np.nan))
    assert np.isnan(nothing.gap)
    assert np.isnan(nothing.p)
    assert np.isnan(nothing.band).all()


def test_the_same_seed_gives_the_same_bytes() -> None:
    rows = choice_shops.independent(500, 0)
    to_points = learn_log1p(rows).apply
    one, two = (null(rows, to_points, kmeans, [2, 3, 4], seed=5, draws=6, cells=200) for _ in range(2))
    assert one.draws.tobytes() == two.draws.tobytes()
    assert one.values.tobytes() == two.values.tobytes()
    assert len({draw.tobytes() for draw in one.draws}) == 6
