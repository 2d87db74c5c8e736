"""Whether customers drawn again would be cut the same way.

Both samples of a pair are drawn from the customers with replacement, as many as there are; segments are learned on
each from scratch and all customers are placed by both. Hennig (2007), "Cluster-wise assessment of cluster
stability"; the agreement of a pair is the adjusted Rand index (Hubert and Arabie 1985).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bestiary.segments.agreement import adjusted_rand, best_jaccard, contingency
from bestiary.segments.choice.bins import Bins, compress
from bestiary.segments.choice.threads import in_order
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
    threads: int = 2,
    tell: Callable[[int], object] = lambda _: None,
) -> list[Stability]:
    """Stability of the partitions {k: partition} of customers at points (n, p); `tell` hears of pairs that are done.

    Points are gathered into at most `cells` cells, and a sample gives each cell a multinomial number of customers,
    as drawing customers one by one would. The number of threads changes nothing.
    """
    gathered = compress(points, np.ones(len(points)), cells)
    settled = {k: one.place(gathered.points).segment for k, one in whole.items()}
    seeds = np.random.SeedSequence(seed).spawn(pairs)

    def pair(number: int) -> dict[int, tuple[float, Floats]]:
        found = _pair(gathered, whole, settled, fit, seeds[number])
        tell(1)
        return found

    done = in_order(pair, range(pairs), threads)
    return [_summary(k, settled[k], gathered.weights, whole[k].k, [one[k] for one in done]) for k in whole]


def _pair(
    cells: Bins, whole: Mapping[int, Partition], settled: Mapping[int, Ints], fit: Fit, seed: np.random.SeedSequence
) -> dict[int, tuple[float, Floats]]:
    """For each k the adjusted Rand index of two samples, and the sum of both's Jaccard indices by segment (k,)."""
    rng = np.random.default_rng(seed)
    customers = int(cells.weights.sum())
    samples = rng.multinomial(customers, cells.weights / cells.weights.sum(), size=2)
    starts = rng.integers(2**32, size=2)
    found = {}
    for k in whole:
        one, other = (
            _placed(cells, sample.astype(np.float64), k, fit, int(start))
            for sample, start in zip(samples, starts, strict=True)
        )
        ari = adjusted_rand(_table(one, other, cells.weights))
        like = np.zeros(whole[k].k)
        for again in (one, other):
            steady = best_jaccard(_table(settled[k], again, cells.weights))
            like[: len(steady)] += steady
        found[k] = (ari, like)
    return found


def _table(one: Ints, other: Ints, weights: Floats) -> Floats:
    return contingency(one, other, int(one.max()) + 1, int(other.max()) + 1, weights)


def _placed(cells: Bins, sample: Floats, k: int, fit: Fit, seed: int) -> Ints:
    """Where all cells are by what is learned from a sample, weights (m,)."""
    there = sample > 0
    partition = fit(cells.points[there], sample[there], min(k, int(there.sum())), seed)
    return partition.place(cells.points).segment


def _summary(k: int, settled: Ints, weights: Floats, segments: int, done: Sequence[tuple[float, Floats]]) -> Stability:
    shares = np.bincount(settled, weights=weights, minlength=segments) / weights.sum()
    jaccard = np.sum([steady for _, steady in done], axis=0) / (2 * len(done))
    return Stability(k, float(np.mean([ari for ari, _ in done])), tuple(jaccard.tolist()), tuple(shares.tolist()))
