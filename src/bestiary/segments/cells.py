"""A grid of scores with a name for each cell."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from bestiary.config import Frozen
from bestiary.segments.place import Placed
from bestiary.segments.transform import Floats, Row

Number = Annotated[int, Field(ge=0)]


class Cells(Frozen):
    """A grid of scores: `edges` (3, q) of recency, frequency and monetary value, and the segment of each cell.

    A value's score is 1 + the number of edges strictly below it, so equal values always share a score; recency is
    reversed. `cells` (q + 1, q + 1) is indexed by the recency score and the mean of the other two, rounded up at the
    half. A grid knows no distances and no second best.
    """

    kind: Literal["cells"] = "cells"
    edges: tuple[Row, Row, Row]
    cells: tuple[tuple[Number, ...], ...]

    @model_validator(mode="after")
    def _dimensions(self) -> Self:
        q = len(self.edges[0])
        if {len(row) for row in self.edges} != {q} or any(list(row) != sorted(row) for row in self.edges):
            raise ValueError("the edges are not three rows of as many numbers that do not fall")
        if [len(row) for row in self.cells] != [q + 1] * (q + 1):
            raise ValueError(f"the cells are not {q + 1} rows of {q + 1}, for {q} edges")
        return self

    @property
    def k(self) -> int:
        """The number of segments."""
        return 1 + max(max(row) for row in self.cells)

    @property
    def width(self) -> int:
        """The number of coordinates of a point."""
        return len(self.edges)

    def place(self, points: Floats) -> Placed:
        """The cell's segment; no second best, no confidence."""
        high = len(self.edges[0]) + 2
        scores = [1 + (np.array(edge)[None, :] < points[:, [i]]).sum(axis=1) for i, edge in enumerate(self.edges)]
        recency, worth = high - scores[0], (scores[1] + scores[2] + 1) // 2
        segment = np.array(self.cells, dtype=np.int32)[recency - 1, worth - 1]
        return Placed(segment, np.full(len(points), -1, dtype=np.int32), np.full(len(points), np.nan))

    def distances(self, points: Floats) -> None:
        """None: a grid knows no distances."""

    def renumbered(self, order: Sequence[int]) -> Self:
        """See `Partition`."""
        rank = {old: new for new, old in enumerate(order)}
        return type(self)(edges=self.edges, cells=tuple(tuple(rank[one] for one in row) for row in self.cells))
