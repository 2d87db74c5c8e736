"""What ageing would have moved between two runs, and the drift of features: worked by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bestiary.segments.agreement import contingency
from bestiary.segments.follow.ageing import beside
from bestiary.segments.follow.drift import decile_edges, drift
from bestiary.segments.transform import Floats, Ints
from follow_data import correlated


def by_recency(features: Floats) -> Ints:
    return np.where(features[:, 0] < 30, 0, 1).astype(np.int32)


def test_ageing_by_hand() -> None:
    # Of 7 recent ones 2 stay, 5 cross; of 3 others one has gone. Observed: one came back, one was not seen.
    found = beside(np.array([[2, 5, 0], [0, 2, 1]]), np.array([[2, 5, 0], [2, 0, 1]]))
    # Two of three came back to life, which ageing never does: Wilson for 0 of 3 ends at z² / (3 + z²) = 0.561, and so
    # at 1.68 customers, of whom one is whole. 5 of 7: from 0.359 to 0.918, which is 2.5 to 6.4.
    assert found.high[1, 0] == 1
    assert (found.low[0, 1], found.high[0, 1]) == (3, 6)
    assert (found.low[1, 0], found.low[0, 2]) == (0, 0)
    assert found.surprise.tolist() == [[False, False, False], [True, True, False]]
    assert found.excess.tolist() == [[0, 0, 0], [2, -2, 0]]


def test_if_nothing_but_time_passes_nothing_is_a_surprise() -> None:
    features = correlated(5000, 3)
    older = features[:, 0] + 31
    target = np.where(older < 213, np.where(older < 30, 0, 1), 2).astype(np.int32)
    observed = contingency(by_recency(features), target, 2, 3)
    assert not beside(observed, observed).surprise.any()
    assert not beside(np.zeros((2, 3)), np.zeros((2, 3))).surprise.any()


def test_the_stability_index_by_hand() -> None:
    # Two bins at 3: (3, 2) of 5 and (1, 4) of 5. Smoothed: (3.5, 2.5) / 6 and (1.5, 4.5) / 6.
    first, second = np.array([[1.0], [1], [1], [3], [3]]), np.array([[1.0], [2], [3], [9], [3]])
    found = drift(first, second, ["f"])[0]
    assert found.edges == (1.0,)
    p, q = np.array([3.5, 2.5]) / 6, np.array([1.5, 4.5]) / 6
    assert found.first == pytest.approx(p)
    assert found.second == pytest.approx(q)
    assert found.psi == pytest.approx((q - p) @ np.log(q / p))
    assert found.psi == pytest.approx(0.4784, abs=1e-4)
    assert found.psi > 0.25


def test_deciles_keep_ties_together() -> None:
    assert decile_edges(np.arange(1.0, 101)).tolist() == [10, 20, 30, 40, 50, 60, 70, 80, 90]
    assert decile_edges(np.array([1.0] * 55 + [2] * 20 + [3] * 15 + [4] * 10)).tolist() == [1, 2, 3]
    assert len(decile_edges(np.full(10, np.nan))) == 0


def test_a_constant_that_moves_is_seen_on_either_side() -> None:
    ones = np.ones((100, 1))
    below, same, above = (drift(ones, ones + step, ["f"])[0] for step in (-1, 0, 1))
    assert below.psi == pytest.approx(above.psi)
    assert below.psi > 1
    assert same.psi == 0


def test_missing_values_are_a_bin_of_their_own() -> None:
    full, half = np.arange(100.0)[:, None], np.arange(100.0)[:, None]
    half = np.where(half % 2 == 0, np.nan, half)
    found = drift(full, half, ["f"])[0]
    assert len(found.first) == len(found.edges) + 2
    assert found.second[-1] == pytest.approx(50.5 / 105.5)
    assert found.psi > 0.25


@settings(deadline=None)
@given(st.integers(0, 1000))
def test_samples_of_one_population_are_stable_and_the_index_is_not_negative(seed: int) -> None:
    features = correlated(2000, seed)
    found = drift(features[:1000], features[1000:], ["recency", "frequency", "monetary"])
    assert all(0 <= one.psi < 0.1 for one in found)
    assert all(sum(one.first) == pytest.approx(1) and sum(one.second) == pytest.approx(1) for one in found)
    monotone = drift(np.log1p(features[:1000]), np.log1p(features[1000:]), ["recency", "frequency", "monetary"])
    assert [one.psi for one in monotone] == pytest.approx([one.psi for one in found])
