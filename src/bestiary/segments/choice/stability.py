"""Whether customers drawn again would be cut the same way.

Samples are drawn from the customers with replacement, as many as there are; segments are learned on each from scratch
and all customers are placed by each. Hennig (2007), "Cluster-wise assessment of cluster stability"; the agreement of
two is the adjusted Rand index (Hubert and Arabie 1985). As many samples as pairs stand in a ring, each paired with the
next: pairs of samples of their own would cost twice the fits, which are nearly all the time, for a standard error of
the mean that is lower by less than a third (neighbours share one sample, so their correlation is at most a half).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bestiary.segments.agreement import adjusted_rand, best_jaccard, contingency
from bestiary.segments.choice.bins import Bins, compress
from bestiary.segments.kmeans import one_thread
from bestiary.segments.partition import Fit, Partition
from bestiary.segments.transform import Floats, Ints


@dataclass(frozen=True)
class Stability:
    """How steady the segments of one k are. `ari` is the mean adjusted Rand index over the pairs.

    `jaccard` and `shares` have an entry for each segment, in the order of the partition that the samples' are
    compared with: the mean over samples of the Jaccard index with the most similar segment, and the share of customers.
    """

    k: int
    ari: float
    jaccard: tuple[float, ...]
    shares: tuple[float, ...]

    @property
    def worst(self) -> float:
        """The least steady segment's Jaccard index."""
        return min(self.jaccard)

    @property
    def smallest(self) -> float:
        """The smallest segment's share."""
        return min(self.shares)


def stability(
    points: Floats,
    whole: Mapping[int, Partition],
    fit: Fit,
    seed: int,
    *,
    pairs: int,
    cells: int,
    tell: Callable[[int], object] = lambda _: None,
) -> list[Stability]:
    """Stability of the partitions {k: partition} of customers at points (n, p); `tell` hears of samples that are done.

    Points are gathered into at most `cells` cells, and a sample gives each cell a multinomial number of customers,
    as drawing customers one by one would.
    """
    gathered = compress(points, np.ones(len(points)), cells)
    settled = {k: one.place(gathered.points).segment for k, one in whole.items()}
    seeds = np.random.SeedSequence(seed).spawn(pairs)
    samples = []
    with one_thread():
        for one in seeds:
            samples.append(_sample(gathered, list(whole), fit, one))
            tell(1)
    return [_summary(k, whole[k].k, settled[k], gathered.weights, [one[k] for one in samples]) for k in whole]


def _sample(cells: Bins, ks: Sequence[int], fit: Fit, seed: np.random.SeedSequence) -> dict[int, Ints]:
    """Where all cells are (m,) by what is learned for each k from one sample."""
    rng = np.random.default_rng(seed)
    drawn = rng.multinomial(int(cells.weights.sum()), cells.weights / cells.weights.sum()).astype(np.float64)
    start, there = int(rng.integers(2**32)), drawn > 0
    points, weights = cells.points[there], drawn[there]
    return {k: fit(points, weights, min(k, len(points)), start).place(cells.points).segment for k in ks}


def _summary(k: int, segments: int, settled: Ints, weights: Floats, samples: Sequence[Ints]) -> Stability:
    """Of the samples' labels of cells (m,), beside the `settled` ones of all customers."""
    ring = zip(samples, [*samples[1:], samples[0]], strict=True)
    agreed = [adjusted_rand(_table(one, other, weights)) for one, other in ring]
    like = np.zeros(segments)
    for again in samples:
        steady = best_jaccard(_table(settled, again, weights))
        like[: len(steady)] += steady
    shares = np.bincount(settled, weights=weights, minlength=segments) / weights.sum()
    return Stability(k, float(np.mean(agreed)), tuple((like / len(samples)).tolist()), tuple(shares.tolist()))


def _table(one: Ints, other: Ints, weights: Floats) -> Floats:
    return contingency(one, other, int(one.max()) + 1, int(other.max()) + 1, weights)
