"""Agreement against the textbook, and stability that tells groups from cuts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

import choice_shops
from bestiary.segments.agreement import adjusted_rand, best_jaccard, contingency
from bestiary.segments.candidates.candidate import kmeans
from bestiary.segments.centroids import Centroids
from bestiary.segments.choice.stability import stability
from bestiary.segments.transform import Floats, learn_log1p


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(1, 4)), min_size=2, max_size=30))
def test_the_rand_index_is_scikit_learns_on_customers_one_by_one(rows: list[tuple[int, int, int]]) -> None:
    one, other, weights = (np.array(column, dtype=np.int32) for column in zip(*rows, strict=True))
    found = adjusted_rand(contingency(one, other, int(one.max()) + 1, int(other.max()) + 1, weights.astype(np.float64)))
    assert found == pytest.approx(adjusted_rand_score(np.repeat(one, weights), np.repeat(other, weights)), abs=1e-9)


def test_jaccard_worked_by_hand() -> None:
    # 6 customers in the first, 4 of them again together with 1 other: 4 / 7; of the second, 1 + 3: 3 / 4
    assert best_jaccard(np.array([[4.0, 2.0, 0.0], [1.0, 0.0, 3.0]])).tolist() == [4 / 7, 3 / 4]
    assert best_jaccard(np.array([[2.0, 1.0], [0.0, 0.0]])).tolist() == [2 / 3, 0.0]


def test_groups_come_back_and_cuts_of_one_do_not() -> None:
    rows = choice_shops.grouped(4, 800, seed=1)
    points = learn_log1p(rows).apply(rows)
    ones = np.ones(len(points))
    whole = {4: kmeans(points, ones, 4, 0)}
    (right,) = stability(points, whole, kmeans, 0, pairs=10, cells=400)
    assert right.k == 4
    assert right.ari > 0.98
    assert right.worst > 0.95
    assert right.smallest == pytest.approx(np.bincount(whole[4].place(points).segment).min() / 800, abs=0.01)
    cloud = choice_shops.correlated(800, seed=1)
    points = learn_log1p(cloud).apply(cloud)
    (cuts,) = stability(points, {9: kmeans(points, ones, 9, 0)}, kmeans, 0, pairs=10, cells=400)
    assert cuts.ari < 0.8
    assert cuts.worst < 0.75


def test_indices_are_of_the_partition_given_in_its_order_and_empty_segments_have_none() -> None:
    rows = choice_shops.grouped(3, 600, seed=2)
    points = learn_log1p(rows).apply(rows)
    fitted = kmeans(points, np.ones(600), 3, 0)
    assert isinstance(fitted, Centroids)
    extra = Centroids.of(np.vstack([fitted.array[::-1], [[99.0, 99.0, 99.0]]]))
    plain, turned = (stability(points, {3: one}, kmeans, 0, pairs=5, cells=300)[0] for one in (fitted, extra))
    assert turned.jaccard == (*plain.jaccard[::-1], 0.0)
    assert turned.shares == (*plain.shares[::-1], 0.0)
    assert turned.ari == plain.ari


def test_every_sample_is_drawn_anew_and_neighbours_in_the_ring_are_the_pairs() -> None:
    """A fit that remembers what it was given, and cuts where it is told: labels by sample known beforehand."""
    points, whole = np.arange(8.0)[:, None], {2: Centroids.of(np.array([[1.5], [5.5]]))}
    given, cuts = [], iter([1.0, 1.0, 5.0])

    def fit(points: Floats, weights: Floats, k: int, seed: int) -> Centroids:
        given.append((len(points), weights.tolist(), seed))
        cut = next(cuts)
        return Centroids.of(np.array([[cut - 0.6], [cut + 0.4]]))

    (found,) = stability(points, whole, fit, 3, pairs=3, cells=100)
    assert all(sum(weights) == 8 and max(weights) > 1 for _, weights, _ in given)  # 8 customers of 8, some twice
    assert len({tuple(weights) for _, weights, _ in given}) == len({seed for *_, seed in given}) == 3
    # The first two agree, each of them and the third do not: the ring is (1, 2), (2, 3), (3, 1).
    one, other = np.arange(8) > 0, np.arange(8) > 4
    apart = adjusted_rand_score(one, other)
    assert found.ari == pytest.approx((1 + 2 * apart) / 3)


def test_the_same_seed_gives_the_same_numbers() -> None:
    rows = choice_shops.correlated(500, 0)
    points = learn_log1p(rows).apply(rows)
    whole = {3: kmeans(points, np.ones(500), 3, 0)}
    told: list[int] = []
    one, two = (stability(points, whole, kmeans, 7, pairs=6, cells=200, tell=told.append) for _ in range(2))
    assert one == two
    assert sum(told) == 12
