"""How far two labelings of the same customers agree: the table of counts, and what is read from it."""

import numpy as np

from bestiary.segments.transform import Floats, Ints


def contingency(old: Ints, new: Ints, k_old: int, k_new: int, weights: Floats | None = None) -> Floats:
    """Count (k_old, k_new) customers with old and new labels (n,), each `weights` (n,) customers or one.

    A label below 0 is a customer who is not placed: counted nowhere.
    """
    placed = (old >= 0) & (new >= 0)
    cell = old[placed].astype(np.int64) * k_new + new[placed]
    counts = np.bincount(cell, None if weights is None else weights[placed], minlength=k_old * k_new)
    return counts.astype(np.float64).reshape(k_old, k_new)


def jaccard(table: Floats) -> Floats:
    """Jaccard index (k_old, k_new) of each pair of segments: shared customers over customers of either; 0 for 0/0."""
    either = table.sum(axis=1, keepdims=True) + table.sum(axis=0, keepdims=True) - table
    similarity: Floats = np.divide(table, either, out=np.zeros_like(table), where=either > 0)
    return similarity


def best_jaccard(table: Floats) -> Floats:
    """For each segment of the first labelling (k_old,) the Jaccard index with the segment that is most like it.

    Hennig (2007), "Cluster-wise assessment of cluster stability"; 0 for a segment without customers.
    """
    most: Floats = jaccard(table).max(axis=1)
    return most


def pairs(similarity: Floats) -> list[tuple[int, int]]:
    """One-to-one pairs (old, new) with the largest sum of similarity (k_old, k_new), min(k_old, k_new) of them."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = linear_sum_assignment(similarity, maximize=True)
    return [(int(row), int(column)) for row, column in zip(rows, columns, strict=True)]


def agreement_of(table: Floats) -> float:
    """Share of customers with the same label, once labels are matched, from counts (k_old, k_new)."""
    return float(sum(table[old, new] for old, new in pairs(jaccard(table))) / table.sum())


def adjusted_rand(table: Floats) -> float:
    """Adjusted Rand index of counts (k_old, k_new): 1 for equal partitions, also of one part only.

    Hubert and Arabie, Comparing partitions, 1985.
    """

    def choose(counts: Floats) -> float:
        return float((counts * (counts - 1) / 2).sum())

    together, rows, columns = choose(table), choose(table.sum(axis=1)), choose(table.sum(axis=0))
    everyone = choose(table.sum(keepdims=True))
    chance = rows * columns / everyone if everyone else 0.0
    most = (rows + columns) / 2
    return (together - chance) / (most - chance) if most != chance else 1.0
