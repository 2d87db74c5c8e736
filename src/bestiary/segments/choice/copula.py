"""Customers without segments: each column as it is, the correlations as they are, and otherwise one smooth cloud.

A Gaussian copula (Nelsen 2006, "An Introduction to Copulas", section 2.3): the ranks of a normal sample, with the
columns' own sorted values in their places. So a draw has the same values, ties and extremes, column by column.
Ties and skew weaken a correlation, so the normal's are tuned pair by pair until those of ln(1 + x) are the data's.
"""

from dataclasses import dataclass

import numpy as np

from bestiary.segments.transform import Floats

STEPS = 12
"""Halvings of the interval for a correlation: to 0.0005."""
UTMOST = 0.9995


@dataclass(frozen=True)
class Copula:
    """Sorted columns (n, d) and the lower triangle (d, d) that gives normal columns their correlations."""

    columns: Floats
    factor: Floats

    def draw(self, rng: np.random.Generator) -> Floats:
        """As many rows (n, d) as were learned from."""
        normal = rng.standard_normal(self.columns.shape) @ self.factor.T
        return np.column_stack([own[_ranks(one)] for own, one in zip(self.columns.T, normal.T, strict=True)])


def learn(rows: Floats, seed: int) -> Copula:
    """Learn from raw rows (n, d), n >= 2. A value below 0 counts as 0 in a logarithm; a null (NaN) as the mean.

    A null is kept as a value of its column, above all others.
    """
    columns = np.sort(rows, axis=0)
    logs = _logs(rows)
    ordered = np.column_stack([_logs(column[:, None])[:, 0] for column in columns.T])
    width = rows.shape[1]
    latent = np.eye(width)
    first, second = _orthogonal(len(rows), seed)
    for i in range(width):
        for j in range(i):
            wanted = float(np.mean(logs[:, i] * logs[:, j]))
            latent[i, j] = latent[j, i] = _latent(ordered[:, i], ordered[:, j], wanted, first, second)
    factor: Floats = np.linalg.cholesky(_positive(latent)).astype(np.float64)
    return Copula(columns, factor)


def _ranks(values: Floats) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[np.argsort(values, kind="stable")] = np.arange(len(values))
    return ranks


def _logs(rows: Floats) -> Floats:
    """ln(1 + x) of (n, d) columns, standardised; a constant column is 0."""
    logs = np.log(1.0 + np.maximum(rows, 0.0))
    for column in logs.T:
        known = np.isfinite(column)
        column[~known] = column[known].mean() if known.any() else 0.0
        scale = column.std()
        column[:] = (column - column.mean()) / scale if scale > 1e-12 else 0.0
    return logs


def _orthogonal(size: int, seed: int) -> tuple[Floats, Floats]:
    """Two standard normal columns (size,) whose own correlation is 0, the same for every pair and every step."""
    first, second = np.random.default_rng(seed).standard_normal((2, size))
    first = (first - first.mean()) / first.std()
    second = second - second.mean()
    second -= first * np.mean(first * second)
    return first, second / second.std()


def _latent(one: Floats, other: Floats, wanted: float, first: Floats, second: Floats) -> float:
    """The normal correlation at which two sorted, standardised columns (n,) correlate as wanted, or nearest to it."""
    own = one[_ranks(first)]
    low, high = -UTMOST, UTMOST
    for _ in range(STEPS):
        middle = (low + high) / 2
        mixed = middle * first + np.sqrt(1 - middle**2) * second
        if np.mean(own * other[_ranks(mixed)]) < wanted:
            low = middle
        else:
            high = middle
    return (low + high) / 2 if one.any() and other.any() else 0.0


def _positive(correlations: Floats) -> Floats:
    """The matrix with its eigenvalues raised to 1e-6 at least, and its diagonal to 1 again."""
    values, vectors = np.linalg.eigh(correlations)
    raised = (vectors * np.maximum(values, 1e-6)) @ vectors.T
    scale = np.sqrt(np.diag(raised))
    found: Floats = raised / np.outer(scale, scale)
    return found
