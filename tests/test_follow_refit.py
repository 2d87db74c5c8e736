"""Re-fits from the previous centroids: their order, what vanished, and when the cold fit is taken."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from bestiary.segments.follow.refit import inertia, lloyd, refit
from bestiary.segments.kmeans import Clustering, Distinct, cluster, distinct
from bestiary.segments.place import nearest
from bestiary.segments.transform import Floats, learn_log1p
from follow_data import correlated


def fitted(n: int, seed: int, k: int) -> tuple[Distinct, Clustering]:
    features = correlated(n, seed)
    group = distinct(learn_log1p(features).apply(features))
    return group, cluster(group.points, group.weights, k, seed)


def blobs(centres: Floats, each: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    return np.concatenate([centre + rng.normal(0, 0.1, (each, centres.shape[1])) for centre in centres])


def test_lloyd_by_hand() -> None:
    points = np.array([[0.0], [1.0], [10.0], [14.0]])
    weights = np.array([3.0, 1.0, 1.0, 1.0])
    found = lloyd(points, weights, np.array([[9.0], [2.0]]))
    assert found.ravel() == pytest.approx([12.0, 0.25])
    # 3 * 0.25² + 0.75² + 2² + 2²
    assert inertia(points, weights, found) == pytest.approx(8.75)


def test_the_same_customers_keep_their_centroids_to_the_last_digit() -> None:
    group, cold = fitted(3000, 1, 5)
    previous = cold.centroids[[3, 0, 4, 2, 1]]
    again = refit(group.points, group.weights, previous, cold)
    assert again.way == "kept"
    assert again.warm
    assert again.sources == (0, 1, 2, 3, 4)
    assert set(again.sources) == set(range(again.before))
    assert again.centroids.tobytes() == previous.tobytes()
    assert again.inertia == pytest.approx(cold.inertia)


def test_segments_that_all_moved_are_followed_in_their_order() -> None:
    group, cold = fitted(3000, 1, 5)
    previous = cold.centroids[[3, 0, 4, 2, 1]]
    shift = np.array([0.3, -0.1, 0.2])
    moved = Clustering(cold.centroids + shift, cold.labels, cold.inertia)
    again = refit(group.points + shift, group.weights, previous, moved)
    assert again.way == "warm"
    assert again.centroids == pytest.approx(previous + shift, abs=0.1)
    assert again.inertia <= 1.01 * cold.inertia


def test_real_change_is_seen_and_noise_is_not() -> None:
    """Half of a population against the other: kept; against customers who are gone for 15 % longer: not kept."""
    features = correlated(20_000, 3)
    scaler = learn_log1p(features[:10_000])
    first = distinct(scaler.apply(features[:10_000]))
    previous = cluster(first.points, first.weights, 5, 0).centroids
    older = features[10_000:] * np.array([1.15, 1.0, 1.0])
    seen = {}
    for name, rows in (("like", features[10_000:]), ("older", older)):
        group = distinct(scaler.apply(rows))
        seen[name] = refit(group.points, group.weights, previous, cluster(group.points, group.weights, 5, 0)).way
    assert seen == {"like": "kept", "older": "warm"}


def test_a_segment_that_emptied_has_vanished_and_the_others_keep_their_order() -> None:
    # The tolerance is wide, because a cold fit of as many segments as before cuts a blob in two and is better.
    centres = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, 5.0], [50.0, 50.0]])
    group = distinct(blobs(centres[:3], 40, 2))
    cold = cluster(group.points, group.weights, 4, 0)
    found = refit(group.points, group.weights, centres[[3, 2, 0, 1]], cold, tolerance=10.0)
    assert found.warm
    assert found.sources == (1, 2, 3)
    assert set(range(found.before)) - set(found.sources) == {0}
    assert found.centroids == pytest.approx(centres[[2, 0, 1]], abs=0.1)


def test_a_far_better_cold_fit_is_taken_and_bears_the_old_numbers() -> None:
    # Two centroids in one blob and one for two others is an optimum that Lloyd's iterations cannot leave.
    centres = np.array([[0.0, 0.0], [20.0, 0.0], [26.0, 0.0]])
    points = blobs(centres, 60, 4)
    group = distinct(points)
    previous = np.array([[23.0, 0.0], [0.0, -0.1], [0.0, 0.1]])
    cold = cluster(group.points, group.weights, 3, 0)
    found = refit(group.points, group.weights, previous, cold)
    assert found.way == "cold"
    assert not found.warm
    assert found.inertia == cold.inertia
    assert found.warm_inertia > 1.01 * cold.inertia
    # Old 0 was both right blobs and is one of them now; the blob at 0 is one of the two that were there, the other
    # of which has vanished; the second right blob is nobody's and comes last.
    assert found.sources[0] == 0
    assert found.sources[2] == -1
    assert {found.sources[1], *(set(range(found.before)) - set(found.sources))} == {1, 2}
    assert abs(found.centroids[0, 0] - 23) == pytest.approx(3, abs=0.1)
    assert found.centroids[1] == pytest.approx([0, 0], abs=0.1)


def test_the_tolerance_alone_decides_when_noise_is_not_asked_about() -> None:
    group, cold = fitted(3000, 1, 5)
    previous = cold.centroids + np.array([0.02, 0.0, 0.0])
    better = Clustering(cold.centroids, cold.labels, cold.inertia / 1.02)
    assert refit(group.points, group.weights, previous, better, draws=0).way == "cold"
    assert refit(group.points, group.weights, previous, better, draws=0, tolerance=0.05).way == "warm"
    assert refit(group.points, group.weights, previous, better).way == "kept"


def test_weights_are_customers() -> None:
    times = np.random.default_rng(1).integers(1, 30, 500)
    features = np.repeat(correlated(500, 7), times, axis=0)
    rows = learn_log1p(features).apply(features)
    group = distinct(rows)
    cold = cluster(group.points, group.weights, 4, 0)
    start = cold.centroids + 0.2
    one_each = lloyd(rows, np.ones(len(rows)), start)
    assert lloyd(group.points, group.weights, start) == pytest.approx(one_each)
    assert inertia(group.points, group.weights, start) == pytest.approx(inertia(rows, np.ones(len(rows)), start))
    found = refit(group.points, group.weights, start, cold)
    assert found.warm_inertia == pytest.approx(inertia(rows, np.ones(len(rows)), one_each), rel=1e-9)


def test_what_is_noise_among_few_customers_is_change_among_many() -> None:
    group, cold = fitted(2000, 1, 5)
    previous = cold.centroids + 0.015
    ways = {}
    for times in (1.0, 10.0, 200.0):
        weighted = Clustering(cold.centroids, cold.labels, cold.inertia * times)
        found = refit(group.points, group.weights * times, previous, weighted)
        assert 0.0002 < found.gain < 0.001
        ways[times] = found.way
    assert ways == {1.0: "kept", 10.0: "kept", 200.0: "warm"}
    # Centroids learned on few customers are noisier than those of as many customers as now.
    weighted = Clustering(cold.centroids, cold.labels, cold.inertia * 200)
    assert refit(group.points, group.weights * 200, previous, weighted, learned_on=2000).way == "kept"


def test_the_same_bytes_whatever_the_number_of_threads() -> None:
    group, cold = fitted(2000, 2, 5)
    found = []
    for threads in (1, 2):
        with threadpool_limits(limits=threads):
            found.append(refit(group.points, group.weights, cold.centroids + 0.1, cold, seed=3))
    assert found[0].centroids.tobytes() == found[1].centroids.tobytes()
    assert (found[0].way, found[0].gain, found[0].inertia) == (found[1].way, found[1].gain, found[1].inertia)


def test_one_segment_and_as_many_as_points() -> None:
    points = np.array([[0.0], [1.0], [4.0]])
    weights = np.ones(3)
    one = refit(points, weights, np.array([[1.0]]), cluster(points, weights, 1, 0), draws=0)
    assert one.centroids.ravel() == pytest.approx([5 / 3])
    all_three = refit(points, weights, points[[2, 0, 1]], cluster(points, weights, 3, 0))
    assert all_three.centroids.ravel().tolist() == [4.0, 0.0, 1.0]
    assert all_three.inertia == 0
    assert nearest(points, all_three.centroids)[0].tolist() == [1, 2, 0]
