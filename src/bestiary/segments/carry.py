"""The same animal next month: segments carried on from the run before.

Where the candidate, its columns and k are those of the run before, its segments go on in the previous space, so that
segment i stays segment i: centroids are re-fitted from the previous ones (`follow.refit`), a tree or a mixture stays
as it was until a fresh one is better (`follow.hold`). In any case the customers of today, labelled by the old model
and by the new one, say which segment is which (`follow.match`), and names follow them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from bestiary.config import Settings
from bestiary.segments import kmeans
from bestiary.segments.agreement import contingency, jaccard, pairs
from bestiary.segments.attempt import Attempt, explain
from bestiary.segments.candidates import CANDIDATES
from bestiary.segments.centroids import Centroids
from bestiary.segments.choice.stability import Stability
from bestiary.segments.follow.hold import holds
from bestiary.segments.follow.match import Matching, Thresholds, match
from bestiary.segments.follow.notes import new_notes
from bestiary.segments.follow.refit import refit
from bestiary.segments.frame import Frame
from bestiary.segments.identity import Identity
from bestiary.segments.model import Segmentation
from bestiary.segments.partition import AnyPartition
from bestiary.segments.place import Placed
from bestiary.segments.transform import Floats, Ints

Words = dict[str, str]
Way = Literal["kept", "warm", "cold", "matched"]


@dataclass(frozen=True)
class Carried:
    """An attempt after it was carried on, in which way; `names` and `notes` by segment.

    `way` is "matched" where only names could be carried on. `learned_on` is the number of customers that the
    segments were learned from.
    """

    attempt: Attempt
    way: Way
    matching: Matching
    learned_on: int
    names: Mapping[int, Identity]
    notes: Mapping[int, Words]


def carry(previous: Segmentation, attempt: Attempt, frame: Frame, settings: Settings) -> Carried | None:
    """Carry the segments of the run before on to an attempt; None where its columns are not there any more."""
    there = {*frame.recipe.sources, *(frame.names if frame.wide is not None else ())}
    if not {column.source for column in previous.columns} <= there:
        return None
    rows = _rows(previous, frame)
    before = previous.partition.place(previous.transform.apply(rows)).segment
    way: Way = "matched"
    if (attempt.candidate.name, attempt.k) == (previous.candidate, previous.partition.k):
        attempt, way = _gone_on(previous, attempt, frame, settings)
    table = contingency(before, attempt.placed.segment, previous.partition.k, attempt.k)
    found = match(table, Thresholds(margin=settings.choice.match_margin))
    names = {
        number: Identity(old.persona, old.name.model_dump(), old.match, None)
        for number, one in enumerate(found.new)
        if one.previous is not None and not CANDIDATES[previous.candidate].cells
        for old in [previous.segments[one.previous]]
    }
    told = [segment.name.model_dump() for segment in previous.segments]
    notes = {number: words for number, words in enumerate(new_notes(found, told)) if words is not None}
    learned_on = previous.learned_on if way == "kept" else frame.size
    return Carried(attempt, way, found, learned_on, names, notes)


def _rows(previous: Segmentation, frame: Frame) -> Floats:
    """The frame's rows in the columns of the run before."""
    sources = {name: place for place, name in enumerate(frame.recipe.sources)}
    if all(column.source in sources for column in previous.columns):
        return frame.rows[:, [sources[column.source] for column in previous.columns]]
    assert frame.wide is not None  # noqa: S101 - a source that the recipe lacks is one of the wide columns
    return frame.wide[:, [frame.names.index(column.source) for column in previous.columns]]


def _gone_on(previous: Segmentation, attempt: Attempt, frame: Frame, settings: Settings) -> tuple[Attempt, Way]:
    """The attempt with the segments of the run before, as they were or moved, and in which way."""
    points = previous.transform.apply(frame.of(attempt.candidate))
    partition, tolerance = previous.partition, settings.choice.warm_tolerance
    if isinstance(partition, Centroids):
        return _refitted(previous, partition, points, attempt, frame, settings)
    if attempt.candidate.chooses == "fixed":
        return attempt, "matched"
    if len(points) < 2 or not holds(points, partition, attempt.candidate.fit, tolerance, seed=settings.seed):
        return attempt, "cold"
    return _with(previous, partition, partition.place(points), attempt, frame, settings), "kept"


def _refitted(
    previous: Segmentation, partition: Centroids, points: Floats, attempt: Attempt, frame: Frame, settings: Settings
) -> tuple[Attempt, Way]:
    """The attempt with centroids re-fitted in the previous space."""
    group = kmeans.distinct(points)
    cold = kmeans.cluster(group.points, group.weights, attempt.k, settings.seed)
    fitted = refit(
        group.points,
        group.weights,
        partition.array,
        cold,
        settings.choice.warm_tolerance,
        learned_on=previous.learned_on,
        seed=settings.seed,
    )
    centroids = Centroids.of(fitted.centroids)
    where = centroids.place(group.points)
    placed = Placed(where.segment[group.index], where.second[group.index], where.confidence[group.index])
    return _with(previous, centroids, placed, attempt, frame, settings), fitted.way


def _with(
    previous: Segmentation,
    partition: AnyPartition,
    placed: Placed,
    attempt: Attempt,
    frame: Frame,
    settings: Settings,
) -> Attempt:
    """The attempt with a partition of the previous space that placed everyone."""
    return replace(
        attempt,
        transform=previous.transform,
        partition=partition,
        placed=placed,
        stable=_in_order(attempt, placed.segment, partition.k),
        explanation=explain(frame, attempt.candidate, previous.transform, partition, placed.segment, settings),
    )


def _in_order(attempt: Attempt, labels: Ints, k: int) -> Stability | None:
    """The attempt's stability in the order of the segments as they were carried on; a segment without one has 0."""
    if attempt.stable is None:
        return None
    table = contingency(attempt.placed.segment, labels, attempt.k, k)
    fresh = {new: old for old, new in pairs(jaccard(table))}
    known = attempt.stable.jaccard
    shares = np.bincount(labels, minlength=k) / len(labels)
    return replace(
        attempt.stable,
        jaccard=tuple(known[fresh[one]] if one in fresh else 0.0 for one in range(k)),
        shares=tuple(shares.tolist()),
    )
