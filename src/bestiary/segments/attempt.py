"""One candidate tried on one population: its space, its k and how believable it is, its segments, their tree."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from bestiary.config import Settings
from bestiary.progress import in_full
from bestiary.segments import kmeans
from bestiary.segments.candidates.candidate import Candidate
from bestiary.segments.cells import Cells
from bestiary.segments.choice.bins import compress
from bestiary.segments.choice.judge import FEWEST, Judgement, Size, drawn, judge, rounds
from bestiary.segments.choice.stability import Stability, stability
from bestiary.segments.frame import Frame
from bestiary.segments.leaves import Leaves
from bestiary.segments.optimal import DEEPEST, grow_optimal
from bestiary.segments.partition import AnyPartition
from bestiary.segments.place import Placed
from bestiary.segments.transform import AnyTransform, Floats, Ints, QuartileScores
from bestiary.segments.tree import Split, Tree, counted, grow, split

Tell = Callable[[int], object]


@dataclass(frozen=True)
class Explanation:
    """The tree, what reads its rows, the columns' names, and which customers it was grown and tested on.

    The rows are read when they are asked for: of many columns they are too large to be kept beside the customers'.
    """

    tree: Tree
    read: Callable[[], Floats]
    columns: tuple[str, ...]
    part: Split

    @property
    def rows(self) -> Floats:
        """What the tree asks about (n, d); a null counts as 0."""
        return self.read()

    @property
    def leaves(self) -> int:
        """The number of its leaves."""
        return sum(node.column is None for node in self.tree.nodes)

    def fidelity(self, labels: Ints) -> float:
        """The share of held-out customers whom the tree puts where they are."""
        at = self.tree.walk(self.rows[self.part.test], self.columns)
        said = np.array([node.segment for node in self.tree.nodes], dtype=np.int32)[at]
        return float((said == labels[self.part.test]).mean())


@dataclass(frozen=True)
class Attempt:
    """A candidate as it came out. `placed` has everyone's segment (n,), numbered by the recipe's ranking.

    `judgement` is None where k was not searched for; `stable` tells of the k that was taken, None where all customers
    are alike.
    """

    candidate: Candidate
    transform: AnyTransform
    partition: AnyPartition
    placed: Placed
    judgement: Judgement | None
    stable: Stability | None
    explanation: Explanation | None

    @property
    def k(self) -> int:
        """The number of segments."""
        return self.partition.k

    @property
    def sizes(self) -> Ints:
        """Customers in each segment (k,)."""
        return np.bincount(self.placed.segment, minlength=self.k).astype(np.int32)

    @property
    def fidelity(self) -> float | None:
        """The explaining tree's fidelity; None where there is no tree."""
        return None if self.explanation is None else self.explanation.fidelity(self.placed.segment)


def stages(candidate: Candidate, settings: Settings) -> int:
    """How much `attempt` tells of: its judgement, if it has one of its own, and the rest."""
    return 1 + (rounds(settings.choice) if candidate.chooses == "k" else 0)


def attempt(
    candidate: Candidate, frame: Frame, settings: Settings, like: Judgement | None, keep: int | None, tell: Tell
) -> Attempt:
    """Try a candidate. `like` is the judgement that it takes its k from, `keep` the k of the run before.

    The k of the run before stays while it would still be believed; a k that was asked for stays in any case.
    """
    rows = frame.of(candidate)
    transform = candidate.transform(rows)
    points = transform.apply(rows)
    judgement, rules = None, settings.choice
    if candidate.chooses == "k":
        size = Size(sample=rules.sample)
        with in_full(rounds(rules), tell) as told:
            judgement = judge(
                rows, transform.apply, candidate.fit, _searched(settings), rules, settings.seed, size=size, tell=told
            )
    found = _cut(candidate, frame, transform, points, judgement, _taken(judgement or like, settings, keep), settings)
    tell(1)
    return found


def again(tried: Attempt, judgement: Judgement, k: int, frame: Frame, settings: Settings) -> Attempt:
    """The same candidate cut into another k, with the stability that its own judgement knows or that is measured."""
    points = tried.transform.apply(frame.of(tried.candidate))
    own = judgement if tried.judgement else None
    return _cut(tried.candidate, frame, tried.transform, points, own, k, settings)


def _cut(
    candidate: Candidate,
    frame: Frame,
    transform: AnyTransform,
    points: Floats,
    judgement: Judgement | None,
    k: int,
    settings: Settings,
) -> Attempt:
    """Segments of the points (n, p), numbered, with their stability and their tree."""
    if judgement and k in judgement.partitions:
        partition = judgement.partitions[k]
    else:
        cells = compress(points, np.ones(len(points)), Size().points)
        partition = candidate.fit(cells.points, cells.weights, min(k, len(cells.points)), settings.seed)
    partition, order = ranked(partition, partition.place(points).segment, frame)
    placed = partition.place(points)
    stable = _stable(candidate, points, partition, judgement, order, settings)
    explanation = explain(frame, candidate, transform, partition, placed.segment, settings)
    return Attempt(candidate, transform, partition, placed, judgement, stable, explanation)


def _searched(settings: Settings) -> list[int]:
    """The k to try, growing: the range asked for, and a k that is asked for."""
    fixed = {settings.k} if settings.k != "auto" else set()
    return sorted({*range(settings.k_min, settings.k_max + 1), *fixed})


def _taken(judgement: Judgement | None, settings: Settings, keep: int | None) -> int:
    """The k to take: the one asked for, the kept one while it is still believed, or the judgement's."""
    if settings.k != "auto":
        return settings.k
    if judgement is None:
        return settings.choice.fallback_k
    return keep if keep in judgement.verdict.steady else judgement.verdict.k


def _stable(
    candidate: Candidate,
    points: Floats,
    partition: AnyPartition,
    judgement: Judgement | None,
    order: list[int],
    settings: Settings,
) -> Stability | None:
    """The stability of the chosen k: the judgement's, renumbered as the segments were, or measured now."""
    if partition.k < 2 or len(points) < FEWEST:
        return None
    for one in judgement.stability if judgement else ():
        if one.k == partition.k:
            jaccard, shares = (tuple(values[old] for old in order) for values in (one.jaccard, one.shares))
            return replace(one, jaccard=jaccard, shares=shares)
    size = Size(sample=settings.choice.sample)
    sample = points[drawn(len(points), size.sample, settings.seed)]
    found = stability(
        sample, {partition.k: partition}, candidate.fit, settings.seed, pairs=settings.choice.pairs, cells=size.cells
    )
    return found[0]


def ranked(partition: AnyPartition, labels: Ints, frame: Frame) -> tuple[AnyPartition, list[int]]:
    """Number the segments from the highest mean percentile of the ranking axes down, and say what each was before.

    Buyers are ranked by monetary value and then frequency, visitors by sessions and then carts. A grid keeps the
    order of its names.
    """
    if isinstance(partition, Cells):
        return partition, list(range(partition.k))
    first, second = (2, 1) if frame.recipe.animals == "buyers" else (1, 2)
    means = kmeans.segment_means(frame.percentiles, labels, partition.k)
    order = [int(one) for one in np.lexsort((np.arange(len(means)), -means[:, second], -means[:, first]))]
    return partition.renumbered(order), order


def explain(
    frame: Frame,
    candidate: Candidate,
    transform: AnyTransform,
    partition: AnyPartition,
    labels: Ints,
    settings: Settings,
) -> Explanation | None:
    """The tree that tells the segments in the candidate's own columns, or its scores; None for one segment.

    A null counts as 0. Raises ConfigError where an optimal tree is asked for and its package is missing.
    """
    if partition.k == 1 or len(labels) < 2:
        return None
    part = split(labels, settings.test_share, settings.seed)
    columns = tuple(column.name for column in frame.columns(candidate))
    read = partial(_asked, frame, candidate, transform)
    rows = read()
    if isinstance(partition, Leaves):
        tree = Tree(counted(partition.tree.nodes, partition.tree.leaves(rows), labels), np.array(partition.shares))
        return Explanation(tree, read, columns, part)
    shape, seed = frame.recipe.shape, settings.seed
    if settings.tree == "optimal":
        depth = min(shape.depth, DEEPEST)
        tree = grow_optimal(rows, labels, partition.k, part, columns, depth, seed, shape.least_share)
    else:
        tree = grow(rows, labels, partition.k, part, columns, shape, seed)
    return Explanation(tree, read, columns, part)


def _asked(frame: Frame, candidate: Candidate, transform: AnyTransform) -> Floats:
    """The candidate's columns (n, d) as a tree asks about them: a null is 0; the deck's tree asks about scores."""
    rows = frame.of(candidate)
    if isinstance(transform, QuartileScores):
        return transform.apply(rows)
    return np.nan_to_num(rows) if np.isnan(rows).any() else rows
