"""Pictures of customers as cells: each mark stands for at least k customers of a segment, and nobody is left out.

A segment's customers are halved where they lie furthest apart, and the halves again, while both have at least k
(LeFevre, DeWitt and Ramakrishnan, "Mondrian multidimensional k-anonymity", 2006). So no customer is left over who
would have to be hidden, and marks stand closer where customers do.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
MOST = 1000
"""Marks that a picture has at most, about: of a large sample each stands for more than k customers."""


def shared_cells(points: Mapping[str, Any], segments: Sequence[int], k: int) -> dict[str, Any]:
    """The `plane` (pc1, pc2) and the `space` (recency, frequency, monetary value) of the sample as cells.

    Each is a list of {segment, at, customers} with `at` the means of its customers: in space those of ln(1 + x), where
    a negative value is 0. Of a segment with fewer than k customers in the sample there are none.
    """
    numbers = np.asarray(points["segment"])
    return {
        "plane": _cells(_matrix(points, ("pc1", "pc2")), numbers, segments, k),
        "space": _cells(
            np.log1p(np.maximum(_matrix(points, ("recency", "frequency", "monetary")), 0)), numbers, segments, k
        ),
    }


def _matrix(points: Mapping[str, Any], names: Sequence[str]) -> Floats:
    return np.column_stack([np.asarray(points[name], dtype=np.float64) for name in names])


def _cells(at: Floats, numbers: NDArray[Any], segments: Sequence[int], k: int) -> list[dict[str, Any]]:
    found = []
    least = max(k, len(at) // MOST)
    wide = np.maximum(np.nanstd(at, axis=0), 1e-12) if len(at) else np.ones(at.shape[1])
    for segment in segments:
        rows = np.flatnonzero((numbers == segment) & np.isfinite(at).all(axis=1))
        if len(rows) < k:
            continue
        for cell in halved(at / wide, rows, least):
            mean = [round(float(x), 3) for x in at[cell].mean(axis=0)]
            found.append({"segment": int(segment), "at": mean, "customers": len(cell)})
    return found


def halved(at: Floats, rows: Rows, least: int) -> list[Rows]:
    """The rows in cells of at least `least`, or all of them in one where they are fewer than twice as many."""
    cells, waiting = [], [rows]
    while waiting:
        own = waiting.pop()
        halves = _halves(at, own, least)
        waiting += halves
        if not halves:
            cells.append(own)
    return cells


def _halves(at: Floats, rows: Rows, least: int) -> list[Rows]:
    """Both sides of the value nearest to the middle, on the widest axis that has one with `least` on either side."""
    if len(rows) < 2 * least:
        return []
    for axis in np.argsort(-np.ptp(at[rows], axis=0), kind="stable").tolist():
        order = rows[np.argsort(at[rows, axis], kind="stable")]
        steps = np.flatnonzero(np.diff(at[order, axis]) > 0) + 1  # equal customers stay together
        steps = steps[(steps >= least) & (steps <= len(rows) - least)]
        if len(steps):
            middle = int(steps[np.argmin(np.abs(steps - len(rows) / 2))])
            return [order[:middle], order[middle:]]
    return []
