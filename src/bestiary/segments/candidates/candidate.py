"""The interface of a candidate: how rows become points, and points segments."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bestiary.segments.centroids import Centroids
from bestiary.segments.partition import AnyPartition, Fit
from bestiary.segments.transform import AnyTransform, Floats

Words = dict[str, str]


@dataclass(frozen=True)
class Candidate:
    """One way to segment.

    `columns` says what its rows (n, d) hold: recency, frequency and monetary value, or all numeric columns.
    `transform` learns the space from the rows; `fit` the segments from points in it, customers who are alike as one
    point with their number as weight. `chooses` says where k comes from: "k" is searched for, "as" the candidate
    called `like`, or the method knows no other than its own ("fixed"). `cells` names the segments of a grid.
    """

    name: str
    order: int
    title: Words
    columns: Literal["rfm", "all"]
    transform: Callable[[Floats], AnyTransform]
    fit: Fit
    chooses: Literal["k", "as", "fixed"] = "k"
    like: str = ""
    cells: tuple[Words, ...] = ()


def kmeans(points: Floats, weights: Floats, k: int, seed: int) -> AnyPartition:
    """KMeans: the nearest of k centroids."""
    from bestiary.segments.kmeans import cluster

    return Centroids.of(cluster(points, weights, min(k, len(points)), seed).centroids)
