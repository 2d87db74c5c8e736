"""The silhouette of each k: how much nearer customers are to their own segment than to the next one.

Rousseeuw (1987), "Silhouettes: a graphical aid to the interpretation and validation of cluster analysis",
with Euclidean distance: s(i) = (b - a) / max(a, b), where a is the mean distance to the other members of
the customer's own segment and b the least mean distance to the members of another; s(i) = 0 for a segment
of one. Customers who are alike are one weighted point, at distance 0 from each other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from bestiary.segments.transform import Floats, Ints

EXACT = 15_000
"""Up to this many distinct points every pair is measured (about 2 seconds for k = 2..11 on one core)."""
SAMPLED = 1_000
"""Beyond it, this many customers are drawn and each one is measured exactly, against all points."""
BLOCK = 4_000_000
"""Distances held at a time: 32 MB."""


@dataclass(frozen=True)
class Silhouette:
    """The mean silhouette of one k. `value` is None where undefined: one segment, or one per customer.

    `low` and `high` are the 95 % interval of a sampled value (normal approximation, finite population),
    else None.
    """

    k: int
    value: float | None
    kind: Literal["exact", "sampled"]
    low: float | None = None
    high: float | None = None


def silhouettes(
    points: Floats, weights: Floats, labelings: Mapping[int, Ints], seed: int, exact: int = EXACT
) -> list[Silhouette]:
    """The silhouette of each labelling {k: labels (m,)} of (m, d) weighted points, in one pass of distances."""
    if not labelings:
        return []
    customers = int(weights.sum())
    if len(points) <= exact or customers <= SAMPLED:
        chosen, share, sampled = np.arange(len(points), dtype=np.int64), weights, False
    else:
        drawn = np.random.default_rng(seed).choice(customers, SAMPLED, replace=False, shuffle=False)
        owners = np.searchsorted(np.cumsum(weights), drawn, side="right")
        chosen, counts = np.unique(owners, return_counts=True)
        share, sampled = counts.astype(np.float64), True
    widths = _widths(points, weights, labelings, chosen)
    return [_summary(k, labels, widths[k], share, weights, sampled) for k, labels in labelings.items()]


def _summary(k: int, labels: Ints, widths: Floats, share: Floats, weights: Floats, sampled: bool) -> Silhouette:
    segments, customers = len(np.unique(labels)), int(weights.sum())
    kind: Literal["exact", "sampled"] = "sampled" if sampled else "exact"
    if not 2 <= segments < customers:
        return Silhouette(k, None, kind)
    size = float(share.sum())
    mean = float((widths * share).sum() / size)
    if not sampled:
        return Silhouette(k, mean, kind)
    variance = float(((widths - mean) ** 2 * share).sum()) / (size - 1)
    half = 1.96 * np.sqrt(variance / size * (1 - size / customers))
    return Silhouette(k, mean, kind, max(-1.0, float(mean - half)), min(1.0, float(mean + half)))


def _widths(
    points: Floats, weights: Floats, labelings: Mapping[int, Ints], chosen: NDArray[np.int64]
) -> dict[int, Floats]:
    """Silhouette widths s(i) of the chosen points, for each labelling."""
    from threadpoolctl import threadpool_limits

    widths = {k: np.empty(len(chosen)) for k in labelings}
    rows = max(1, min(len(chosen), 1_000))
    with threadpool_limits(limits=1):
        for start in range(0, len(chosen), rows):
            part = chosen[start : start + rows]
            sums = _distance_sums(points[part], points, weights, labelings)
            for k, labels in labelings.items():
                widths[k][start : start + rows] = _width(sums[k], labels[part], labels, weights)
    return widths


def _distance_sums(
    queries: Floats, points: Floats, weights: Floats, labelings: Mapping[int, Ints]
) -> dict[int, Floats]:
    """For each labelling, sums (q, segments) of distances from each query to the customers of a segment."""
    from scipy.spatial.distance import cdist

    counts = [int(labels.max()) + 1 for labels in labelings.values()]
    offsets = np.concatenate([[0], np.cumsum(counts)])
    sums = np.zeros((len(queries), offsets[-1]))
    block = max(1, BLOCK // len(queries))
    for start in range(0, len(points), block):
        part = slice(start, start + block)
        here = np.arange(len(points[part]))
        members = np.zeros((len(here), offsets[-1]))
        for offset, labels in zip(offsets, labelings.values(), strict=False):
            members[here, offset + labels[part]] = weights[part]
        sums += cdist(queries, points[part]) @ members
    return {k: sums[:, offsets[i] : offsets[i + 1]] for i, k in enumerate(labelings)}


def _width(sums: Floats, own: Ints, labels: Ints, weights: Floats) -> Floats:
    """s(i) from the sums (q, segments) and the queries' own segments (q,); 0 in a segment of one customer."""
    sizes = np.bincount(labels, weights=weights, minlength=sums.shape[1])
    rows = np.arange(len(own))
    others = sizes[own] - 1
    a = np.divide(sums[rows, own], others, out=np.zeros(len(own)), where=others > 0)
    means = np.divide(sums, sizes, out=np.full(sums.shape, np.inf), where=sizes > 0)
    means[rows, own] = np.inf
    b = means.min(axis=1)
    widest = np.maximum(a, b)
    defined = (others > 0) & (widest > 0) & np.isfinite(widest)
    widths: Floats = np.divide(b - a, widest, out=np.zeros(len(own)), where=defined)
    return widths


def choose_k(curve: list[Silhouette], floor: int) -> int:
    """The k of the largest silhouette among k >= floor, the smaller k on a tie.

    Where none of these is defined, the best of all that are; where none is, the largest k.
    """
    defined = [(one.k, one.value) for one in curve if one.value is not None]
    eligible = [(k, value) for k, value in defined if k >= floor] or defined
    if not eligible:
        return max(one.k for one in curve)
    return max(eligible, key=lambda one: (one[1], -one[0]))[0]
