"""A mixture of Gaussians by expectation and maximisation, on weighted points.

Dempster, Laird and Rubin (1977), "Maximum likelihood from incomplete data via the EM algorithm"; a weight counts the
customers at a point. scikit-learn's mixture takes no weights, so it would need every customer as a row. It begins
from KMeans; a covariance never gets narrower than `RIDGE` in any direction, because recency and frequency are whole
numbers and a Gaussian on customers with one purchase would otherwise become infinitely thin.
"""

import numpy as np

from bestiary.segments import kmeans
from bestiary.segments.mixture import Mixture
from bestiary.segments.transform import Floats

RIDGE = 0.02
"""Added to the variances, in squared standard deviations of the columns."""
ROUNDS = 200
TOLERANCE = 1e-5
"""It ends when the mean log likelihood grows by less than this."""
MANY = 50_000
"""Above this many points, a seeded sample of them is learned from."""


def mixture(points: Floats, weights: Floats, k: int, seed: int) -> Mixture:
    """Learn at most k Gaussians from points (m, d) with weights (m,); empty ones are left out."""
    if len(points) > MANY:
        chosen = np.sort(np.random.default_rng(seed).choice(len(points), MANY, replace=False))
        points, weights = points[chosen], weights[chosen]
    start = kmeans.cluster(points, weights, min(k, len(points)), seed)
    shares = np.zeros((len(points), len(start.centroids)))
    shares[np.arange(len(points)), start.labels] = 1.0
    fitted = _maximised(points, weights, shares)
    before = -np.inf
    for _ in range(ROUNDS):
        logs = fitted.log_joint(points)
        most = logs.max(axis=1)
        odds = np.exp(logs - most[:, None])
        total = odds.sum(axis=1)
        likelihood = float(((most + np.log(total)) * weights).sum() / weights.sum())
        fitted = _maximised(points, weights, odds / total[:, None])
        if likelihood - before < TOLERANCE:
            break
        before = likelihood
    return fitted


def _maximised(points: Floats, weights: Floats, shares: Floats) -> Mixture:
    """The Gaussians that are likeliest when the points belong to them in these shares (m, k)."""
    parts = shares * weights[:, None]
    sizes = parts.sum(axis=0)
    parts, sizes = parts[:, sizes > 1e-9], sizes[sizes > 1e-9]
    means = np.einsum("mk,md->kd", parts, points) / sizes[:, None]
    factors = []
    for part, size, mean in zip(parts.T, sizes, means, strict=True):
        centred = points - mean
        covariance = np.einsum("m,mi,mj->ij", part, centred, centred) / size + RIDGE * np.eye(points.shape[1])
        factors.append(np.linalg.inv(np.linalg.cholesky(covariance)).T)
    return Mixture(
        weights=tuple((sizes / sizes.sum()).tolist()),
        means=tuple(tuple(row) for row in means.tolist()),
        factors=tuple(tuple(tuple(row) for row in factor.tolist()) for factor in factors),
    )
