"""The interval of a share: Wilson (1927), "Probable inference, the law of succession, and statistical inference"."""

import numpy as np

from bestiary.segments.transform import Floats

Z = 1.959963984540054
"""The normal distribution's 97.5 % point."""


def wilson(hits: Floats, of: Floats) -> tuple[Floats, Floats]:
    """The 95 % interval, low and high, of shares hits / of, which are broadcast.

    Within 0 to 1, and not empty where all or none hit; 0 to 0 where there is nobody.
    """
    trials = np.broadcast_to(of, hits.shape)
    some = np.maximum(trials, 1.0)
    share, spread = hits / some, Z**2 / some
    middle = (share + spread / 2) / (1 + spread)
    half = np.sqrt(share * (1 - share) * spread + spread**2 / 4) / (1 + spread)
    known = trials > 0
    low = np.where(known & (hits > 0), np.maximum(middle - half, 0.0), 0.0)
    high = np.where(known, np.where(hits < trials, np.minimum(middle + half, 1.0), 1.0), 0.0)
    return low, high


def wilson_of(hits: int, of: int) -> tuple[float, float]:
    """The same of one share, `of` >= 1."""
    low, high = wilson(np.array([float(hits)]), np.array([float(of)]))
    return float(low[0]), float(high[0])
