"""The same animal next month: segments carried on from the run before.

Where the candidate, its columns and k are those of the run before and it knows centroids, they are re-fitted from
the previous ones in the previous space (`follow.refit`), so that segment i stays segment i. In any case the
customers of today, labelled by the old model and by the new one, say which segment is which (`follow.match`), and
names follow them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from bestiary.config import Settings
from bestiary.segments import kmeans
from bestiary.segments.agreement import contingency, jaccard, pairs
from bestiary.segments.attempt import Attempt, explain
from bestiary.segments.candidates import CANDIDATES
from bestiary.segments.centroids import Centroids
from bestiary.segments.choice.stability import Stability
from bestiary.segments.follow.match import Matching, Thresholds, match
from bestiary.segments.follow.notes import new_notes
from bestiary.segments.follow.refit import Refit, refit
from bestiary.segments.frame import Frame
from bestiary.segments.identity import Identity
from bestiary.segments.model import Segmentation
from bestiary.segments.place import Placed
from bestiary.segments.transform import Floats, Ints

Words = dict[str, str]


@dataclass(frozen=True)
class Carried:
    """An attempt after it was carried on: `refit` is None where only names could be; `names` and `notes` by segment.

    `learned_on` is the number of customers that the centroids come from.
    """

    attempt: Attempt
    refit: Refit | None
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
    fitted = None
    if (
        attempt.candidate.name == previous.candidate
        and attempt.k == previous.partition.k
        and isinstance(previous.partition, Centroids)
    ):
        attempt, fitted = _refitted(previous, previous.partition, attempt, frame, settings)
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
    learned_on = previous.learned_on if fitted and fitted.way == "kept" else frame.size
    return Carried(attempt, fitted, found, learned_on, names, notes)


def _rows(previous: Segmentation, frame: Frame) -> Floats:
    """The frame's rows in the columns of the run before."""
    sources = {name: place for place, name in enumerate(frame.recipe.sources)}
    if all(column.source in sources for column in previous.columns):
        return frame.rows[:, [sources[column.source] for column in previous.columns]]
    assert frame.wide is not None  # noqa: S101 - a source that the recipe lacks is one of the wide columns
    return frame.wide[:, [frame.names.index(column.source) for column in previous.columns]]


def _refitted(
    previous: Segmentation, partition: Centroids, attempt: Attempt, frame: Frame, settings: Settings
) -> tuple[Attempt, Refit]:
    """The attempt with centroids re-fitted in the previous space."""
    points = previous.transform.apply(frame.of(attempt.candidate))
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
    explanation = explain(frame, attempt.candidate, previous.transform, centroids, placed.segment, settings)
    carried = replace(
        attempt,
        transform=previous.transform,
        partition=centroids,
        placed=placed,
        stable=_in_order(attempt, placed.segment, centroids.k),
        explanation=explanation,
    )
    return carried, fitted


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
