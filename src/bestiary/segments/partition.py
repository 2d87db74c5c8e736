"""What a method has learned, as data that numpy alone can place customers with; one class for each kind of method.

Every kind answers the same questions: which segment, which would be second, how sure, and, where the method has
them, the distances to all segments. Ties go to the lowest segment.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, Self

from bestiary.segments.cells import Cells
from bestiary.segments.centroids import Centroids
from bestiary.segments.leaves import Leaves
from bestiary.segments.mixture import Mixture
from bestiary.segments.place import Placed
from bestiary.segments.transform import Floats

AnyPartition = Centroids | Mixture | Cells | Leaves
Fit = Callable[[Floats, Floats, int, int], AnyPartition]
"""From points (m, d), their weights (m,), k and a seed to a partition into at most k segments."""


class Partition(Protocol):
    """What every kind can do. Points are (n, d) in the space of the segmentation's transform."""

    @property
    def k(self) -> int:
        """The number of segments."""

    @property
    def width(self) -> int:
        """The number of coordinates of a point."""

    def place(self, points: Floats) -> Placed:
        """Segment, second best and confidence of each point."""

    def distances(self, points: Floats) -> Floats | None:
        """How far (n, k) each point is from each segment; None where the method knows no distances."""

    def renumbered(self, order: Sequence[int]) -> Self:
        """The same segments in another order: `order[i]` is the number that segment i has had."""
