"""Sums of Euclidean distances from customers to groups of customers: what a silhouette is made of."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bestiary.segments.transform import Floats, Ints

ROWS, COLUMNS = 64, 4096
"""Distances at a time: 2 MB, which stays in a core's cache."""


@dataclass(frozen=True)
class Crowd:
    """Weighted points in the order of their groups: `points` (d, m), `weights` (m,), `starts` (g,) of each group."""

    points: NDArray[np.floating]
    weights: NDArray[np.floating]
    starts: NDArray[np.int64]


def crowd(points: Floats, weights: Floats, groups: Ints, *, single: bool = False) -> Crowd:
    """Sort (m, d) points by group (m,), numbered 0 to g - 1 without a gap; `single` computes in single precision."""
    order = np.argsort(groups, kind="stable")
    kind = np.float32 if single else np.float64
    starts = np.searchsorted(groups[order], np.arange(int(groups.max()) + 1)).astype(np.int64)
    return Crowd(np.ascontiguousarray(points[order].T, dtype=kind), weights[order].astype(kind), starts)


def sums(queries: Floats, others: Crowd, threads: int = 2) -> Floats:
    """Sums (q, g) of weighted distances from (q, d) queries to each group, added up in a fixed order.

    In single precision a sum is right to about 1e-5 of itself. The number of threads changes nothing.
    """
    found = np.zeros((len(queries), len(others.starts)))
    own = np.ascontiguousarray(queries, dtype=others.points.dtype)

    def block(start: int) -> None:
        _add(own[start : start + ROWS], others, found[start : start + ROWS])

    blocks = range(0, len(queries), ROWS)
    if threads == 1:
        for start in blocks:
            block(start)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(block, blocks))
    return found


def _chunks(others: Crowd) -> Iterator[tuple[slice, slice, NDArray[np.int64]]]:
    """Slices of points and of the groups that they touch, with the groups' starts within the slice."""
    total = len(others.weights)
    for start in range(0, total, COLUMNS):
        stop = min(start + COLUMNS, total)
        first = int(np.searchsorted(others.starts, start, side="right")) - 1
        last = int(np.searchsorted(others.starts, stop, side="left"))
        yield slice(start, stop), slice(first, last), np.maximum(others.starts[first:last] - start, 0)


def _add(queries: NDArray[np.floating], others: Crowd, found: Floats) -> None:
    kind = others.points.dtype
    squares, apart = np.empty((2, len(queries), COLUMNS), dtype=kind)
    for part, groups, starts in _chunks(others):
        total, step = squares[:, : part.stop - part.start], apart[:, : part.stop - part.start]
        np.subtract(queries[:, 0, None], others.points[0, None, part], out=total)
        np.multiply(total, total, out=total)
        for column in range(1, len(others.points)):
            np.subtract(queries[:, column, None], others.points[column, None, part], out=step)
            np.multiply(step, step, out=step)
            np.add(total, step, out=total)
        np.sqrt(total, out=total)
        np.multiply(total, others.weights[None, part], out=total)
        found[:, groups] += np.add.reduceat(total, starts, axis=1)
