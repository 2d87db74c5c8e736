"""The nearest of k centres."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from bestiary.config import Frozen
from bestiary.segments.place import Placed, placed, squared
from bestiary.segments.transform import Floats, Row


class Centroids(Frozen):
    """The nearest of k centres. confidence = 1 - d1 / d2, Euclidean."""

    kind: Literal["centroids"] = "centroids"
    centroids: Annotated[tuple[Row, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _same_width(self) -> Self:
        if len({len(row) for row in self.centroids}) != 1:
            raise ValueError("the centroids do not all have as many coordinates")
        return self

    @classmethod
    def of(cls, centroids: Floats) -> Self:
        """From an array (k, d)."""
        return cls(centroids=tuple(tuple(row) for row in centroids.tolist()))

    @property
    def array(self) -> Floats:
        """The centroids (k, d)."""
        return np.array(self.centroids)

    @property
    def k(self) -> int:
        """The number of segments."""
        return len(self.centroids)

    @property
    def width(self) -> int:
        """The number of coordinates of a point."""
        return len(self.centroids[0])

    def place(self, points: Floats) -> Placed:
        """See `place.placed`."""
        return placed(points, self.array)

    def distances(self, points: Floats) -> Floats:
        """Euclidean distances (n, k)."""
        return np.sqrt(squared(points, self.array))

    def renumbered(self, order: Sequence[int]) -> Self:
        """See `Partition`."""
        return type(self)(centroids=tuple(self.centroids[i] for i in order))
