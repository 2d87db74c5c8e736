"""KMeans on weighted points: groups that can be seen, the same as on the customers one by one."""

import numpy as np
import pytest
from sklearn.cluster import KMeans

from bestiary.segments import kmeans
from bestiary.segments.kmeans import cluster, distinct, segment_means


def test_equal_rows_become_one_weighted_point() -> None:
    rows = np.array([[2.0, 1.0], [1.0, 9.0], [2.0, 1.0], [1.0, 3.0]])
    group = distinct(rows)
    assert group.points.tolist() == [[1.0, 3.0], [1.0, 9.0], [2.0, 1.0]]
    assert group.weights.tolist() == [1.0, 1.0, 2.0]
    assert (group.points[group.index] == rows).all()


def test_two_groups_worked_by_hand() -> None:
    points = np.array([[0.0, 0.0], [0.0, 4.0], [100.0, 0.0]])
    found = cluster(points, np.array([3.0, 1.0, 5.0]), 2, seed=0)
    # three customers at 0 and one at 4 have their mean at 1: inertia 3 * 1 + 1 * 9
    assert found.centroids == pytest.approx(np.array([[0.0, 1.0], [100.0, 0.0]]))
    assert found.labels.tolist() == [0, 0, 1]
    assert found.inertia == pytest.approx(12.0)


def test_weights_stand_for_customers() -> None:
    random = np.random.default_rng(3)
    rows = np.round(random.normal(size=(400, 3)) + random.integers(0, 2, size=(400, 1)) * 6)
    group = distinct(rows)
    weighted = cluster(group.points, group.weights, 2, seed=1)
    expanded = KMeans(2, n_init=8, random_state=1).fit(rows)
    assert weighted.inertia == pytest.approx(expanded.inertia_)
    agreement = weighted.labels[group.index] == expanded.labels_
    assert agreement.all() or not agreement.any()


def test_as_many_segments_as_points_leave_nothing_over() -> None:
    points = np.array([[0.0], [1.0], [5.0]])
    found = cluster(points, np.ones(3), 3, seed=0)
    assert found.inertia == 0.0
    assert sorted(found.labels.tolist()) == [0, 1, 2]


def test_one_segment_is_the_weighted_mean() -> None:
    found = cluster(np.array([[0.0], [4.0]]), np.array([3.0, 1.0]), 1, seed=0)
    assert found.centroids.tolist() == [[1.0]]


def test_the_same_seed_gives_the_same_bytes() -> None:
    points = np.random.default_rng(0).normal(size=(5_000, 3))
    first, second = (cluster(points, np.ones(5_000), 6, seed=4) for _ in range(2))
    assert first.centroids.tobytes() == second.centroids.tobytes()
    assert first.labels.tobytes() == second.labels.tobytes()


def test_restarts_on_cells_lose_next_to_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(5)
    points = random.normal(size=(6_000, 3)) + random.integers(0, 4, size=(6_000, 1)) * 3
    whole = cluster(points, np.ones(6_000), 4, seed=0)
    monkeypatch.setattr(kmeans, "MANY", 1_000)
    monkeypatch.setattr(kmeans, "COARSE", 1_000)
    sampled = cluster(points, np.ones(6_000), 4, seed=0)
    assert sampled.inertia == pytest.approx(whole.inertia, rel=1e-3)


def test_means_of_an_empty_segment_are_not_a_number() -> None:
    means = segment_means(np.array([[1.0], [3.0]]), np.array([1, 1], dtype=np.int32), 2)
    assert np.isnan(means[0, 0])
    assert means[1, 0] == 2.0
