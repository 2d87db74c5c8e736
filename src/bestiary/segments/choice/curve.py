"""Partitions for several k on one set of cells, and their silhouettes: the procedure that every comparison repeats."""

from collections.abc import Callable, Sequence

import numpy as np

from bestiary.segments.choice.bins import Bins
from bestiary.segments.choice.silhouette import gathered
from bestiary.segments.choice.widths import join, without_gaps
from bestiary.segments.partition import AnyPartition, Fit
from bestiary.segments.transform import Floats, Ints

ToPoints = Callable[[Floats], Floats]
"""From raw rows (n, d) to points (n, p) in the space of the segmentation, row by row."""


def labels(partition: AnyPartition, points: Floats) -> Ints:
    """Labels (n,) of points (n, p), numbered 0, 1, ... without those that nobody has."""
    return without_gaps(partition.place(points).segment)


def curve(cells: Bins, ks: Sequence[int], fit: Fit, seed: int) -> Floats:
    """Silhouettes (len(ks),) of fits to cells, exact for customers who stand where their cell does.

    NaN where undefined: one segment, one per customer, or fewer cells than k. One thread.
    """
    found = np.full(len(ks), np.nan)
    labelings = {
        place: labels(fit(cells.points, cells.weights, k, seed), cells.points)
        for place, k in enumerate(ks)
        if k <= len(cells.points)
    }
    own = Bins(cells.points, cells.weights, np.arange(len(cells.points)), cells.width)
    if not labelings:
        return found
    for place, one in gathered(own, join(labelings), threads=1, single=True).items():
        if 2 <= int(labelings[place].max()) + 1 < cells.weights.sum():
            found[place] = np.average(one, weights=cells.weights)
    return found
