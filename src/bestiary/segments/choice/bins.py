"""Many customers as few weighted points: boxes of one width, each standing at the mean of its members.

The error of what is computed on cells is of the order of the width, so the width is the least of a fixed ladder
that keeps the number of cells within the bound; equal points are one cell at any width, and few points stay exact.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bestiary.segments.transform import Floats, Ints

FINEST = -16
"""The ladder of widths is 2 ** (step / 2), from 1/256 (step -16) to 2 ** 30 (step 60) in the units of the points."""
COARSEST = 60
DENSE = 2**23
"""Keys up to here are counted in a table of them, which is quicker than sorting."""


@dataclass(frozen=True)
class Bins:
    """Cells: `points` (m, d) means of the members, `weights` (m,) > 0, `index` (n,) row to cell.

    `width` is the side of a box in the units of the points; 0 where a cell holds equal points only.
    """

    points: Floats
    weights: Floats
    index: NDArray[np.int64]
    width: float


def compress(points: Floats, weights: Floats, most: int, groups: Ints | None = None) -> Bins:
    """Gather (n, d) points with weights (n,) into at most `most` cells, n >= 1; a cell never holds two groups (n,).

    Equal points stay as they are where there are at most `most`; with more groups than `most` there are more
    cells. Cells come in the order of their boxes.
    """
    lead = np.zeros(len(points), dtype=np.int64) if groups is None else groups.astype(np.int64)
    if _at_most(points, most):
        exact = [np.unique(column, return_inverse=True)[1] for column in points.T]
        keys = _keys([lead, *exact])
        if _count(keys) <= most:
            return _gather(points, weights, keys, 0.0)
    low, high = FINEST, COARSEST
    while low < high:  # the least step that fits
        middle = (low + high) // 2
        if _count(_boxes(points, lead, _width(middle))) <= most:
            high = middle
        else:
            low = middle + 1
    return _gather(points, weights, _boxes(points, lead, _width(low)), _width(low))


def with_width(points: Floats, weights: Floats, width: float) -> Bins:
    """Gather (n, d) points into boxes of a given width, as another cloud was; 0 gathers equal points only."""
    lead = np.zeros(len(points), dtype=np.int64)
    if width > 0:
        return _gather(points, weights, _boxes(points, lead, width), width)
    exact = [np.unique(column, return_inverse=True)[1] for column in points.T]
    return _gather(points, weights, _keys([lead, *exact]), 0.0)


def _width(step: int) -> float:
    return float(2.0 ** (step / 2))


def _at_most(points: Floats, most: int) -> bool:
    """Whether it is worth looking for equal points: no column alone has too many values."""
    return all(_count(column) <= most for column in points.T)


def _boxes(points: Floats, lead: NDArray[np.int64], width: float) -> NDArray[np.int64]:
    return _keys([lead, *(np.floor(column / width).astype(np.int64) for column in points.T)])


def _keys(columns: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """One number a row, equal where all columns are, in the columns' lexical order."""
    keys, size = np.zeros(len(columns[0]), dtype=np.int64), 1
    for column in columns:
        least = int(column.min())
        span = int(column.max()) - least + 1
        if size * span >= 2**62:  # renumber what there is, so that numbers do not overflow
            _, keys = np.unique(keys, return_inverse=True)
            size = int(keys.max()) + 1
        keys = keys * span + (column - least)
        size *= span
    return keys


def _count(values: NDArray[np.int64] | Floats) -> int:
    """How many distinct values there are; keys of boxes begin near 0, and where they are not far apart are counted."""
    if values.dtype == np.int64 and values.max() < DENSE:
        return int(np.count_nonzero(np.bincount(values)))
    ordered = np.sort(values)
    return 1 + int((ordered[1:] != ordered[:-1]).sum())


def _gather(points: Floats, weights: Floats, keys: NDArray[np.int64], width: float) -> Bins:
    _, first, index = np.unique(keys, return_index=True, return_inverse=True)
    total: Floats = np.bincount(index, weights=weights).astype(np.float64)
    sums = [np.bincount(index, weights=weights * column) for column in points.T]
    means = np.column_stack(sums) / total[:, None]
    if width == 0:
        means = points[first]  # to the last digit
    return Bins(means, total, index.astype(np.int64), width)
