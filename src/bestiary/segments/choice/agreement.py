"""How far two labellings of the same customers agree, from the table of who is where in both."""

import numpy as np

from bestiary.segments.transform import Floats, Ints


def contingency(one: Ints, other: Ints, weights: Floats) -> Floats:
    """Customers (r, c) by label in one (m,) and the other (m,), each point counting `weights` (m,)."""
    columns = int(other.max()) + 1
    rows = int(one.max()) + 1
    joint = one.astype(np.int64) * columns + other
    return np.bincount(joint, weights=weights, minlength=rows * columns).astype(np.float64).reshape(rows, columns)


def adjusted_rand(table: Floats) -> float:
    """The adjusted Rand index: 1 for the same partition, 0 on average for unrelated ones of the same sizes.

    Hubert and Arabie (1985), "Comparing partitions", equation 5; 1 where both have one segment, or one each.
    """
    pairs, rows, columns = (float((x * (x - 1) / 2).sum()) for x in (table, table.sum(axis=1), table.sum(axis=0)))
    size = float(table.sum())
    total = size * (size - 1) / 2
    if total == 0:
        return 1.0
    expected = rows * columns / total
    most = (rows + columns) / 2
    return (pairs - expected) / (most - expected) if most != expected else 1.0


def best_jaccard(table: Floats) -> Floats:
    """For each segment of the first labelling (r,) the Jaccard index with the segment that is most like it.

    Hennig (2007), "Cluster-wise assessment of cluster stability"; 0 for a segment without customers.
    """
    union = table.sum(axis=1)[:, None] + table.sum(axis=0)[None, :] - table
    found: Floats = np.divide(table, union, out=np.zeros(table.shape), where=union > 0).max(axis=1)
    return found
