"""A tree as data, and the tree as a segmentation."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from bestiary.config import Frozen
from bestiary.segments.place import Placed, ranked
from bestiary.segments.transform import Floats, Ints, Row
from bestiary.segments.tree import Node, walk


class TreeNodes(Frozen):
    """A tree as data: the roles that its rows hold, in order, and its nodes from the root."""

    columns: Annotated[tuple[str, ...], Field(min_length=1)]
    nodes: Annotated[tuple[Node, ...], Field(min_length=1, max_length=4095)]

    @model_validator(mode="after")
    def _walkable(self) -> Self:
        for place, node in enumerate(self.nodes):
            if node.id != place:
                raise ValueError(f"node {place} calls itself {node.id}")
            branch = (node.column, node.threshold, node.left, node.right)
            if node.column is None and branch != (None,) * 4:
                raise ValueError(f"node {place} is a leaf with branches")
            if node.column is not None:
                if node.column not in self.columns or None in branch:
                    raise ValueError(f"node {place} splits on '{node.column}' without all of threshold, left and right")
                if not all(place < child < len(self.nodes) for child in (node.left or 0, node.right or 0)):
                    raise ValueError(f"node {place} has a child that does not come after it")
        children = sorted(child for node in self.nodes for child in (node.left, node.right) if child is not None)
        if children != list(range(1, len(self.nodes))):
            raise ValueError("some node is not the child of exactly one other")
        return self

    def leaves(self, points: Floats) -> NDArray[np.int64]:
        """The leaf (n,) that each of the points (n, d) comes to."""
        return walk(self.nodes, points, self.columns)


class Leaves(Frozen):
    """The leaves of a tree: `shares` (nodes, k) say which part of a node's customers each segment held when it grew.

    The second best is the segment with the second largest share of the leaf, -1 where nobody else is in it, and
    confidence = 1 - its share / the largest.
    """

    kind: Literal["leaves"] = "leaves"
    tree: TreeNodes
    shares: Annotated[tuple[Row, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _dimensions(self) -> Self:
        if len(self.shares) != len(self.tree.nodes) or len({len(row) for row in self.shares}) != 1:
            raise ValueError("the shares are not one row a node, one column a segment")
        if max(node.segment for node in self.tree.nodes) >= self.k:
            raise ValueError("the tree names a segment that has no share")
        return self

    @property
    def k(self) -> int:
        """The number of segments."""
        return len(self.shares[0])

    @property
    def width(self) -> int:
        """The number of coordinates of a point."""
        return len(self.tree.columns)

    def place(self, points: Floats) -> Placed:
        """The segment of the leaf that each customer comes to."""
        at = self.tree.leaves(points)
        with np.errstate(divide="ignore"):
            best = ranked(np.log(np.array(self.shares)))
        segment: Ints = np.array([node.segment for node in self.tree.nodes], dtype=np.int32)[at]
        return Placed(segment, best.second[at], best.confidence[at])

    def distances(self, points: Floats) -> None:
        """None: a tree knows no distances."""

    def renumbered(self, order: Sequence[int]) -> Self:
        """See `Partition`; of equal shares the lowest segment wins in this order too."""
        shares = tuple(tuple(row[i] for i in order) for row in self.shares)
        nodes = tuple(
            node.model_copy(update={"segment": row.index(max(row))})
            for node, row in zip(self.tree.nodes, shares, strict=True)
        )
        return type(self)(tree=TreeNodes(columns=self.tree.columns, nodes=nodes), shares=shares)
