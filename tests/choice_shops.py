"""Shops with and without groups, for the laws of the choice of k: recency in days, purchases, value."""

import numpy as np

from bestiary.segments.transform import Floats


def independent(size: int, seed: int) -> Floats:
    """Columns that know nothing of each other: whole days, a geometric number of purchases, a lognormal value."""
    rng = np.random.default_rng(seed)
    days, value = np.floor(365 * rng.random(size) ** 1.3), np.round(np.exp(rng.normal(4.5, 1.1, size)), 2)
    return np.column_stack([days, rng.geometric(0.35, size), value]).astype(np.float64)


def correlated(size: int, seed: int) -> Floats:
    """One cloud: those who buy often (a Pareto number of times) spend more and were there lately."""
    from scipy.stats import norm

    rng = np.random.default_rng(seed)
    wanted = np.array([[1, -0.4, -0.35], [-0.4, 1, 0.75], [-0.35, 0.75, 1]])
    normal = rng.normal(size=(size, 3)) @ np.linalg.cholesky(wanted).T
    share = norm.cdf(normal)
    often = np.floor((1 - share[:, 1]) ** (-1 / 1.6))
    value = np.round(np.exp(4.8 + 1.2 * normal[:, 2]), 2)
    return np.column_stack([np.floor(365 * share[:, 0] ** 1.2), often, value]).astype(np.float64)


def accumulated(size: int, seed: int) -> Floats:
    """One cloud of another make: the value is the sum of the purchases, whose rate also drives recency."""
    rng = np.random.default_rng(seed)
    often = 1 + rng.poisson(rng.gamma(0.8, 1.5, size))
    spent = np.repeat(np.arange(size), often)
    value = np.bincount(spent, weights=rng.lognormal(3.5, 0.8, len(spent)))
    return np.column_stack([np.floor(365 * rng.beta(1, 1 + 0.6 * often)), often, np.round(value, 2)]).astype(np.float64)


def grouped(k: int, size: int, seed: int) -> Floats:
    """k round groups in the logarithms, of unequal sizes, at random places.

    The nearest two are 8 standard deviations apart, and still 6 of the widest column once columns are standardised.
    """
    rng = np.random.default_rng(seed)
    while True:
        centres = rng.uniform(size=(k, 3)) * [4.0, 3.5, 5.0] + [1.8, 1.8, 2.5]
        spread = _nearest(centres) / 8
        scale = np.sqrt(centres.var(axis=0) + spread**2)
        if spread >= 0.15 and _nearest(centres / scale) >= 6 * (spread / scale).max():
            break
    own = rng.choice(k, size, p=rng.dirichlet(np.full(k, 10.0)))
    rows = np.expm1(centres[own] + rng.normal(size=(size, 3)) * spread).clip(0)
    rows[:, :2] = np.round(rows[:, :2])
    rows[:, 1] = rows[:, 1].clip(1)
    return rows


def _nearest(centres: Floats) -> float:
    """The least distance of two of (k, d) centres."""
    apart = np.sqrt(((centres[:, None] - centres[None]) ** 2).sum(axis=2))
    return float(apart[~np.eye(len(centres), dtype=bool)].min())
