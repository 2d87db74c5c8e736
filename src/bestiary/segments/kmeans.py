"""KMeans on weighted distinct points: customers who are alike are one point with their number as weight.

The inertia is the sum of squared distances over customers. Everything runs on one thread, because sums that
threads share come out in a different order, and so with different last digits, from run to run.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bestiary.segments.choice.bins import compress
from bestiary.segments.place import nearest
from bestiary.segments.transform import Floats, Ints

RESTARTS = 8
MANY = 20_000
"""Above this many distinct points the restarts run on at most `COARSE` cells and the best of them is carried on over
all points: at 120,000 points, half the time, for an inertia within 0.1 %."""
COARSE = 5_000


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
    if k == len(points):
        centroids = points
    elif k == 1:
        centroids = np.average(points, axis=0, weights=weights)[None, :]
    else:
        with one_thread():
            centroids = _learn(points, weights, k, seed)
    centroids = centroids[np.lexsort(centroids.T[::-1])]
    labels, _ = nearest(points, centroids)
    used, renumbered = np.unique(labels, return_inverse=True)
    centroids, labels = centroids[used], renumbered.astype(np.int32)
    squares = ((points - centroids[labels]) ** 2).sum(axis=1)
    return Clustering(centroids, labels, float((squares * weights).sum()))


def _learn(points: Floats, weights: Floats, k: int, seed: int) -> Floats:
    from sklearn.cluster import KMeans

    if len(points) <= MANY:
        return _best(points, weights, k, seed)
    coarse = compress(points, weights, COARSE)
    start = _best(coarse.points, coarse.weights, k, seed)
    model = KMeans(k, init=start, n_init=1).fit(points, sample_weight=weights)
    return np.asarray(model.cluster_centers_, dtype=np.float64)


def _best(points: Floats, weights: Floats, k: int, seed: int) -> Floats:
    from sklearn.cluster import KMeans

    starts = iter(_starts(points, weights, k, seed))

    def start(centred: Floats, k: int, random_state: object) -> Floats:
        del k, random_state
        return np.asarray(centred[next(starts)])

    model = KMeans(k, init=start, n_init=RESTARTS, random_state=seed)
    return np.asarray(model.fit(points, sample_weight=weights).cluster_centers_, dtype=np.float64)


def _starts(points: Floats, weights: Floats, k: int, seed: int) -> NDArray[np.int64]:
    """Places (RESTARTS, k) of the points to start from, by greedy k-means++, all restarts at once.

    Arthur and Vassilvitskii (2007), "k-means++: the advantages of careful seeding": the next start is drawn in
    proportion to weight times squared distance, and of 2 + ln(k) draws the one that lowers the inertia most is taken.
    scikit-learn's own does one restart at a time, which on a few thousand points is mostly overhead.
    """
    rng = np.random.default_rng(seed)
    rows = np.arange(RESTARTS)
    total = np.cumsum(weights)
    chosen = np.empty((RESTARTS, k), dtype=np.int64)
    chosen[:, 0] = np.searchsorted(total, rng.random(RESTARTS) * total[-1], side="right").clip(max=len(points) - 1)
    nearest_yet = _squares(points, points[chosen[:, 0]])
    for place in range(1, k):
        inertia = np.cumsum(nearest_yet * weights, axis=1)
        marks = rng.random((RESTARTS, 2 + int(np.log(k)))) * inertia[:, -1:]
        drawn = [np.searchsorted(one, mark, side="right") for one, mark in zip(inertia, marks, strict=True)]
        tried = np.array(drawn).clip(max=len(points) - 1)
        after = np.minimum(nearest_yet[:, None, :], _squares(points, points[tried]))
        taken = np.argmin(after @ weights, axis=1)
        chosen[:, place], nearest_yet = tried[rows, taken], after[rows, taken]
    return chosen


def _squares(points: Floats, centres: Floats) -> Floats:
    """Squared distances (..., m) of centres (..., d) to points (m, d)."""
    found = np.zeros((*centres.shape[:-1], len(points)))
    for column in range(points.shape[1]):
        found += (points[:, column] - centres[..., column, None]) ** 2
    return found


@contextmanager
def one_thread() -> Iterator[None]:
    """Within it libraries compute on one thread: sums that threads share have other last digits each time.

    Many small fits are no faster on two threads of one process: Python's lock goes to and fro between them, and two
    took half as long again as one. Nor does scikit-learn check again what it is given, a tenth of the time of a fit.
    """
    from sklearn import config_context

    with _libraries().limit(limits=1), config_context(assume_finite=True, skip_parameter_validation=True):
        yield


@cache
def _libraries() -> Any:
    """The libraries whose threads are limited; looking for them takes longer than a small fit, so it is done once."""
    import sklearn.cluster  # noqa: F401 - loads them
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def segment_means(values: Floats, labels: Ints, k: int) -> Floats:
    """Means (k, d) of (n, d) values per segment; NaN for a segment without a member."""
    total = np.bincount(labels, minlength=k).astype(np.float64)
    columns = [np.bincount(labels, weights=column, minlength=k) for column in values.T]
    sums = np.column_stack(columns)
    means: Floats = np.divide(sums, total[:, None], out=np.full(sums.shape, np.nan), where=total[:, None] > 0)
    return means
