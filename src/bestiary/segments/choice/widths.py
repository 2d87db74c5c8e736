"""Silhouette widths s(i) of many labellings at once, from sums of distances to the combinations of their labels.

Customers who have the same label for every k form one group; the groups of all k = 2..11 are some hundred, and the
sum of distances to a segment is the sum over its groups. So one pass of distances serves every k.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from bestiary.segments.choice.distances import crowd, sums
from bestiary.segments.transform import Floats, Ints

PARTS = 20
"""Parts of the delete-a-group jackknife."""
BLOCK = 1_000


@dataclass(frozen=True)
class Joint:
    """The combination of labels of each point, `groups` (m,), and for each k the label (g,) of a combination."""

    groups: Ints
    labels: dict[int, Ints]


def join(labelings: Mapping[int, Ints]) -> Joint:
    """Combine labellings {k: labels (m,)}, in the lexical order of their labels; at least one."""
    groups = np.zeros(len(next(iter(labelings.values()))), dtype=np.int32)
    for labels in labelings.values():
        groups = without_gaps(groups * (int(labels.max()) + 1) + labels)
    member = np.empty(int(groups.max()) + 1, dtype=np.int64)
    member[groups] = np.arange(len(groups))
    return Joint(groups, {k: labels[member] for k, labels in labelings.items()})


def without_gaps(numbers: Ints) -> Ints:
    """Numbers (n,), at least 0, renumbered 0, 1, ... in their order without those that nobody has."""
    held = np.bincount(numbers) > 0
    return (np.cumsum(held, dtype=np.int32) - 1)[numbers]


def widths(apart: Floats, sizes: Floats, own: Ints, joint: Joint) -> dict[int, Floats]:
    """s(i) (q,) for each k from sums `apart` (q, g), `sizes` (g,) in customers and the queries' own groups (q,)."""
    found = {}
    for k, labels in joint.labels.items():
        members = np.bincount(labels, weights=sizes).astype(np.float64)
        found[k] = width(by_segment(apart, labels), members, labels[own])
    return found


def by_segment(apart: Floats, labels: Ints) -> Floats:
    """Sums (q, segments) from sums (q, g) over groups with labels (g,); a label without a group has 0."""
    order = np.argsort(labels, kind="stable")
    used, starts = np.unique(labels[order], return_index=True)
    total = np.zeros((len(apart), int(labels.max()) + 1))
    total[:, used] = np.add.reduceat(apart[:, order], starts, axis=1)
    return total


def width(apart: Floats, sizes: Floats, own: Ints) -> Floats:
    """s(i) from sums (q, segments), sizes (segments,) and own segments (q,); 0 in a segment of one customer."""
    rows = np.arange(len(own))
    others = sizes[own] - 1
    a = np.divide(apart[rows, own], others, out=np.zeros(len(own)), where=others > 0)
    means = np.divide(apart, sizes, out=np.full(apart.shape, np.inf), where=sizes > 0)
    means[rows, own] = np.inf
    b = means.min(axis=1)
    widest = np.maximum(a, b)
    defined = (others > 0) & (widest > 0) & np.isfinite(widest)
    found: Floats = np.divide(b - a, widest, out=np.zeros(len(own)), where=defined)
    return found


def jackknife(
    points: Floats, groups: Ints, part: Ints, joint: Joint, threads: int
) -> tuple[dict[int, float], dict[int, Floats]]:
    """Mean silhouettes of (n, d) customers among themselves, and (PARTS,) with each part (n,) left out.

    A part is left out of both the customers measured and those that they are measured against.
    """
    kept, combined = np.unique(groups.astype(np.int64) * PARTS + part, return_inverse=True)
    others = crowd(points, np.ones(len(points)), combined.astype(np.int32), single=True)
    counts = np.bincount(combined).astype(np.float64)
    whole = dict.fromkeys(joint.labels, 0.0)
    partial = {k: np.zeros(PARTS) for k in joint.labels}
    for start in range(0, len(points), BLOCK):
        here = slice(start, start + BLOCK)
        apart = sums(points[here], others, threads)
        for k, labels in joint.labels.items():
            segments = int(labels.max()) + 1
            cell = (labels[kept // PARTS] * PARTS + kept % PARTS).astype(np.int32)
            shape = (segments, PARTS)
            folded = np.zeros((len(apart), segments * PARTS))
            some = by_segment(apart, cell)
            folded[:, : some.shape[1]] = some
            sizes = np.bincount(cell, weights=counts, minlength=segments * PARTS).astype(np.float64).reshape(shape)
            own = labels[groups[here]]
            total, one = _left_out(folded.reshape(-1, *shape), sizes, own, part[here])
            whole[k] += total
            partial[k] += one
    size = np.bincount(part, minlength=PARTS)
    return (
        {k: value / len(points) for k, value in whole.items()},
        {k: value / (len(points) - size) for k, value in partial.items()},
    )


def _left_out(apart: Floats, sizes: Floats, own: Ints, part: Ints) -> tuple[float, Floats]:
    """Sum of s(i), and (PARTS,) without each part, from sums (q, segments, PARTS) and sizes (segments, PARTS)."""
    all_sums, all_sizes = apart.sum(axis=2), sizes.sum(axis=1)
    found = np.empty(PARTS)
    for one in range(PARTS):
        stay = part != one
        found[one] = width(all_sums[stay] - apart[stay, :, one], all_sizes - sizes[:, one], own[stay]).sum()
    return float(width(all_sums, all_sizes, own).sum()), found
