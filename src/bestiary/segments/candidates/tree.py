"""A tree that explains the logarithms' segments, itself taken as the segmentation: its fidelity is 1."""

from bestiary.segments.candidates.candidate import Candidate, kmeans
from bestiary.segments.partition import AnyPartition
from bestiary.segments.transform import Floats, Unchanged, learn_log1p

ROLES = ("recency", "frequency", "monetary")
LEAVES = 3
"""Leaves a segment."""


def unchanged(rows: Floats) -> Unchanged:
    """The raw columns."""
    return Unchanged(width=rows.shape[1])


def tree(points: Floats, weights: Floats, k: int, seed: int) -> AnyPartition:
    """Grow a tree on the KMeans segments of raw points (m, 3) with weights (m,), and keep its leaves."""
    from bestiary.segments.sketch import sketch

    coordinates = learn_log1p(points).apply(points)
    segments = kmeans(coordinates, weights, k, seed)
    labels = segments.place(coordinates).segment
    return sketch(points, labels, weights, segments.k, ROLES, LEAVES * segments.k, seed)


CANDIDATE = Candidate(
    name="tree",
    order=5,
    title={"en": "a decision tree on RFM", "fr": "un arbre de décision sur RFM"},
    columns="rfm",
    transform=unchanged,
    fit=tree,
    chooses="as",
    like="rfm_log",
)
