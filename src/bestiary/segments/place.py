"""The nearest centroid, by one formula, in bounded memory: the only way a label is made from distances."""

from dataclasses import dataclass

import numpy as np

from bestiary.segments.transform import Floats, Ints

CHUNK = 65_536
"""Points placed at a time: with 50 centroids, 26 MB of distances."""


@dataclass(frozen=True)
class Placed:
    """Where n customers are: `segment` (n,), `second` (n,) the second best (-1 where there is none), `confidence` (n,).

    Confidence goes from 0, when the two fit alike, to 1; NaN where there is one segment alone.
    """

    segment: Ints
    second: Ints
    confidence: Floats


def placed(points: Floats, centroids: Floats) -> Placed:
    """Place (n, d) points among (k, d) centroids.

    The distance is Euclidean, its square added up column by column in order; on an exact tie the lowest
    segment wins. confidence = 1 - d1 / d2, nearest over second nearest: 0 on a tie (also when both are 0),
    NaN when k = 1.
    """
    size = len(points)
    found = Placed(np.zeros(size, dtype=np.int32), np.full(size, -1, dtype=np.int32), np.full(size, np.nan))
    for start in range(0, size, CHUNK):
        part = slice(start, start + CHUNK)
        squares = squared(points[part], centroids)
        rows = np.arange(len(squares))
        first = np.argmin(squares, axis=1)
        found.segment[part] = first
        if len(centroids) > 1:
            nearest_square = squares[rows, first]
            squares[rows, first] = np.inf
            second = np.argmin(squares, axis=1)
            two = np.sqrt(squares[rows, second])
            ratio = np.divide(np.sqrt(nearest_square), two, out=np.ones(len(two)), where=two > 0)
            found.second[part] = second
            found.confidence[part] = 1.0 - ratio
    return found


def squared(points: Floats, centroids: Floats) -> Floats:
    """Squared Euclidean distances (n, k), added up column by column in order."""
    squares = np.zeros((len(points), len(centroids)))
    for column in range(centroids.shape[1]):
        squares += (points[:, column, None] - centroids[None, :, column]) ** 2
    return squares


def nearest(points: Floats, centroids: Floats) -> tuple[Ints, Floats]:
    """Labels (n,) and confidence (n,) of `placed`."""
    found = placed(points, centroids)
    return found.segment, found.confidence


def ranked(logs: Floats) -> Placed:
    """The largest and the second largest of the logarithms (n, k) of weights; confidence = 1 - w2 / w1.

    Where no other has a weight above 0 there is no second, and confidence is 1.
    """
    rows = np.arange(len(logs))
    first = np.argmax(logs, axis=1)
    if logs.shape[1] == 1:
        nobody = np.full(len(logs), -1, dtype=np.int32)
        return Placed(first.astype(np.int32), nobody, np.full(len(logs), np.nan))
    others = logs.copy()
    others[rows, first] = -np.inf
    second = np.argmax(others, axis=1)
    runner = others[rows, second]
    confidence = -np.expm1(runner - logs[rows, first])
    return Placed(first.astype(np.int32), np.where(np.isneginf(runner), -1, second).astype(np.int32), confidence)
