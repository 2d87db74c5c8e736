"""KMeans on weighted distinct points: customers who are alike are one point with their number as weight.

The inertia is the sum of squared distances over customers. Everything runs on one thread, because sums that
threads share come out in a different order, and so with different last digits, from run to run.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bestiary.segments.place import nearest
from bestiary.segments.transform import Floats, Ints

RESTARTS = 8
MANY = 100_000
"""Above this many distinct points the restarts run on a seeded sample of `SAMPLE` points and the best of them is
carried on over all points: at 750,000 points, 0.6 to 1 s a k instead of 4 to 10, for an inertia within
0.03 %."""
SAMPLE = 50_000


@dataclass(frozen=True)
class Distinct:
    """Distinct rows: `points` (m, d) in lexical order, `weights` (m,) customers each, `index` (n,) row to point."""

    points: Floats
    weights: Floats
    index: NDArray[np.int64]


@dataclass(frozen=True)
class Clustering:
    """`centroids` (k, d), `labels` (m,) of the distinct points, `inertia` over customers."""

    centroids: Floats
    labels: Ints
    inertia: float


def distinct(rows: Floats) -> Distinct:
    """Group equal rows of an (n, d) array, n >= 1."""
    order = np.lexsort(rows.T[::-1])
    ordered = rows[order]
    first = np.ones(len(rows), dtype=bool)
    first[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    index = np.empty(len(rows), dtype=np.int64)
    index[order] = np.cumsum(first) - 1
    weights = np.bincount(index).astype(np.float64)
    return Distinct(ordered[first], weights, index)


def cluster(points: Floats, weights: Floats, k: int, seed: int) -> Clustering:
    """Learn k centroids from (m, d) distinct points, 1 <= k <= m, best of `RESTARTS` k-means++ starts.

    Centroids come in lexical order; `reorder` gives them their numbers. Labels are those of `place.nearest`.
    """
    from threadpoolctl import threadpool_limits

    if k == len(points):
        centroids = points
    elif k == 1:
        centroids = np.average(points, axis=0, weights=weights)[None, :]
    else:
        with threadpool_limits(limits=1):
            centroids = _learn(points, weights, k, seed)
    centroids = centroids[np.lexsort(centroids.T[::-1])]
    labels, _ = nearest(points, centroids)
    used, renumbered = np.unique(labels, return_inverse=True)
    centroids, labels = centroids[used], renumbered.astype(np.int32)
    squares = ((points - centroids[labels]) ** 2).sum(axis=1)
    return Clustering(centroids, labels, float((squares * weights).sum()))


def _learn(points: Floats, weights: Floats, k: int, seed: int) -> Floats:
    from sklearn.cluster import KMeans

    start: str | Floats = "k-means++"
    if len(points) > MANY:
        chosen = np.sort(np.random.default_rng(seed).choice(len(points), SAMPLE, replace=False))
        model = KMeans(k, n_init=RESTARTS, random_state=seed)
        start = np.asarray(model.fit(points[chosen], sample_weight=weights[chosen]).cluster_centers_)
    model = KMeans(k, init=start, n_init=RESTARTS if isinstance(start, str) else 1, random_state=seed)
    return np.asarray(model.fit(points, sample_weight=weights).cluster_centers_, dtype=np.float64)


def reorder(clustering: Clustering, index: NDArray[np.int64], percentiles: Floats) -> Clustering:
    """Number the segments from the highest mean monetary percentile down.

    `percentiles` (n, 4) are those of each customer on `identity.AXES`, `index` (n,) the customer's point;
    ties go to the higher mean frequency percentile, then to the lexically first centroid.
    """
    means = segment_means(percentiles, clustering.labels[index], len(clustering.centroids))
    order = np.lexsort((np.arange(len(means)), -means[:, 1], -means[:, 2]))
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return Clustering(clustering.centroids[order], rank[clustering.labels], clustering.inertia)


def segment_means(values: Floats, labels: Ints, k: int) -> Floats:
    """Means (k, d) of (n, d) values per segment; NaN for a segment without a member."""
    total = np.bincount(labels, minlength=k).astype(np.float64)
    columns = [np.bincount(labels, weights=column, minlength=k) for column in values.T]
    sums = np.column_stack(columns)
    means: Floats = np.divide(sums, total[:, None], out=np.full(sums.shape, np.nan), where=total[:, None] > 0)
    return means
