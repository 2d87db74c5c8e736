"""Gaussians as data: the likeliest of them, and how likely."""

from collections.abc import Sequence
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator

from bestiary.config import Frozen
from bestiary.segments.place import Placed, ranked
from bestiary.segments.transform import Floats, Row


class Mixture(Frozen):
    """The likeliest of k Gaussians: `weights` (k,), `means` (k, d), and of each covariance the precision's factor.

    `factors` (k, d, d) are the upper triangular U with U Uᵀ = the inverse covariance, so that the distance is
    |(x - mean) U| (Mahalanobis). Membership is soft: the probability of each Gaussian given the customer
    (McLachlan and Peel 2000, "Finite Mixture Models", section 2.8). confidence = 1 - p2 / p1.
    """

    kind: Literal["mixture"] = "mixture"
    weights: Row
    means: Annotated[tuple[Row, ...], Field(min_length=1)]
    factors: Annotated[tuple[tuple[Row, ...], ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _dimensions(self) -> Self:
        k, d = len(self.weights), len(self.means[0])
        if np.shape(self.means) != (k, d) or np.shape(self.factors) != (k, d, d):
            raise ValueError("weights, means and factors are not of one number of Gaussians and coordinates")
        if min(self.weights) <= 0 or (np.diagonal(np.array(self.factors), axis1=1, axis2=2) <= 0).any():
            raise ValueError("a weight or a factor's diagonal is not above 0")
        return self

    @property
    def k(self) -> int:
        """The number of segments."""
        return len(self.weights)

    @property
    def width(self) -> int:
        """The number of coordinates of a point."""
        return len(self.means[0])

    def log_joint(self, points: Floats) -> Floats:
        """ln(weight) + ln(density) (n, k), the constant of 2 pi left out."""
        return np.asarray(self.heights - self._squares(points) / 2)

    @property
    def heights(self) -> Floats:
        """The logarithm (k,) of each Gaussian's weight times its density at its mean."""
        factors = np.array(self.factors)
        logs: Floats = np.log(np.array(self.weights)) + np.log(np.diagonal(factors, axis1=1, axis2=2)).sum(axis=1)
        return logs

    def memberships(self, points: Floats) -> Floats:
        """The probability (n, k) of each segment given the point; rows sum to 1."""
        logs = self.log_joint(points)
        odds = np.exp(logs - logs.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))

    def place(self, points: Floats) -> Placed:
        """The likeliest segment, the next likeliest, and 1 - p2 / p1."""
        return ranked(self.log_joint(points))

    def distances(self, points: Floats) -> Floats:
        """Mahalanobis distances (n, k)."""
        return np.sqrt(self._squares(points))

    def _squares(self, points: Floats) -> Floats:
        """The squares of the distances (n, k), added up column by column in order, as every engine can."""
        found = np.zeros((len(points), self.k))
        for segment, (mean, factor) in enumerate(zip(np.array(self.means), np.array(self.factors), strict=True)):
            for column in _times(points - mean, factor).T:
                found[:, segment] += column**2
        return found

    def renumbered(self, order: Sequence[int]) -> Self:
        """See `Partition`."""
        return type(self)(
            weights=tuple(self.weights[i] for i in order),
            means=tuple(self.means[i] for i in order),
            factors=tuple(self.factors[i] for i in order),
        )


def _times(rows: Floats, matrix: Floats) -> Floats:
    """rows @ matrix, added up column by column: the same for one customer as for many."""
    product = np.zeros((len(rows), matrix.shape[1]))
    for column in range(matrix.shape[0]):
        product += rows[:, column, None] * matrix[None, column]
    return product
