"""Where values fall on a staircase: many searches in one long sorted array."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Stairs:
    """Finds `numpy.searchsorted(edges, values, side="right")`, at most the last index, of many values at once.

    `edges` rise from above 0 to `top`, values are in [0, top). A table says at which edge to begin for each of as
    many even cells as there are edges, or twice as many; a few steps up lead to the answer. Several times faster
    than to halve the whole array each time.
    """

    def __init__(self, edges: NDArray[np.float64], top: float) -> None:
        cells = 2 << len(edges).bit_length()
        self._cells_per_unit = cells / top
        # A hair below the cell: a product rounded up must not begin beyond its answer.
        floor = (np.arange(cells + 1) - 1e-3) / self._cells_per_unit
        self._begin = np.searchsorted(edges, floor, side="right").astype(np.int32)
        self._edges = np.append(edges[:-1], np.inf)

    def find(self, values: NDArray[Any]) -> NDArray[np.int32]:
        """The index of the first edge above each value."""
        found = self._begin[(values * self._cells_per_unit).astype(np.int64)]
        found = np.minimum(found, np.int32(len(self._edges) - 1))
        below = np.flatnonzero(self._edges[found] <= values)
        while len(below):
            found[below] += 1
            below = below[self._edges[found[below]] <= values[below]]
        return found
