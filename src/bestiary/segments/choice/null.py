"""Whether the segments are more than a smooth cloud cut up: the silhouettes against those of a structureless shop.

The gap of a k is its silhouette less the mean of the null draws' (the idea of Tibshirani, Walther and Hastie 2001,
"Estimating the number of clusters via the gap statistic", on silhouettes); the statistic is the largest gap over k,
and p = (1 + draws with at least the data's) / (1 + draws), the Monte Carlo test of Barnard (1963). A draw's own gap
leaves the draw out of the mean. A null of independently permuted columns was tried: it calls one correlated cloud
structure in 2 to 10 of 10 cases, and a copula whose correlations are not tuned in 6 of 12.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bestiary.segments.choice import copula
from bestiary.segments.choice.bins import compress, with_width
from bestiary.segments.choice.curve import ToPoints, curve
from bestiary.segments.kmeans import one_thread
from bestiary.segments.partition import Fit
from bestiary.segments.transform import Floats


@dataclass(frozen=True)
class Null:
    """`values` (k,) of the data and `draws` (b, k) of the null, silhouettes by `ks`; NaN where undefined.

    Both come from the same number of customers through the same procedure.
    """

    ks: tuple[int, ...]
    values: Floats
    draws: Floats

    @property
    def mean(self) -> Floats:
        """The mean (k,) of the draws."""
        return _mean(self.draws)

    @property
    def band(self) -> Floats:
        """The 2.5 % and 97.5 % quantiles (2, k) of the draws, linearly interpolated; NaN where none is defined."""
        known = np.isfinite(self.draws).any(axis=0)
        found = np.full((2, len(self.ks)), np.nan)
        found[:, known] = np.nanquantile(self.draws[:, known], [0.025, 0.975], axis=0)
        return found

    @property
    def gaps(self) -> Floats:
        """Silhouette less the mean of the draws (k,)."""
        return self.values - self.mean

    @property
    def gap(self) -> float:
        """The largest gap; NaN where no k has one."""
        return float(_largest(self.gaps[None, :])[0])

    @property
    def p(self) -> float:
        """How often a structureless shop has as large a gap, at least 1 / (draws + 1); NaN where there is none."""
        others = np.array([_mean(np.delete(self.draws, one, axis=0)) for one in range(len(self.draws))])
        reached = int((_largest(self.draws - others) >= self.gap).sum())
        return (1 + reached) / (1 + len(self.draws)) if np.isfinite(self.gap) else float("nan")


def _mean(draws: Floats) -> Floats:
    known = np.isfinite(draws)
    total = np.where(known, draws, 0.0).sum(axis=0)
    count = known.sum(axis=0)
    found: Floats = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return found


def _largest(gaps: Floats) -> Floats:
    """The largest of each row (b, k), NaN where it has none."""
    found = np.where(np.isfinite(gaps), gaps, -np.inf).max(axis=1)
    return np.where(np.isfinite(found), found, np.nan)


def null(
    rows: Floats,
    to_points: ToPoints,
    fit: Fit,
    ks: Sequence[int],
    seed: int,
    *,
    draws: int,
    cells: int,
    tell: Callable[[int], object] = lambda _: None,
) -> Null:
    """Compare raw rows (n, d), n >= 2, with `draws` of their Gaussian copula; `tell` hears of curves that are done.

    Points are gathered into about `cells` cells, the draws' in boxes of the same width as the data's.
    """
    ones = np.ones(len(rows))
    own = compress(to_points(rows), ones, cells)
    smooth = copula.learn(rows, seed)
    seeds = np.random.SeedSequence(seed).spawn(draws)

    def one(number: int) -> Floats:
        gathered = own
        if number:
            drawn = smooth.draw(np.random.default_rng(seeds[number - 1]))
            gathered = with_width(to_points(drawn), ones, own.width)
        found = curve(gathered, ks, fit, seed)
        tell(1)
        return found

    with one_thread():
        curves = np.array([one(number) for number in range(draws + 1)])
    return Null(tuple(ks), curves[0], curves[1:])
