"""What each candidate is worth: learned again as of an earlier date, measured on the window that followed.

`fit` compares candidates here to choose one; `evaluate` compares those of a run, between any two dates.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import numpy as np

from bestiary.config import Settings
from bestiary.segments import kmeans
from bestiary.segments.agreement import contingency
from bestiary.segments.candidates.candidate import Candidate as Way
from bestiary.segments.follow.match import match
from bestiary.segments.frame import Frame, framed
from bestiary.segments.partition import AnyPartition
from bestiary.segments.population import opened
from bestiary.segments.presets import Recipe
from bestiary.segments.transform import AnyTransform, Ints
from bestiary.segments.worth import compare as worth
from bestiary.segments.worth.compare import Candidate, compare
from bestiary.segments.worth.expected import Expected, learn_expected
from bestiary.segments.worth.findings import Comparison, Figure
from bestiary.segments.worth.scores import Outcome

SEVERAL = 15_000
"""Above this many customers a seeded sample of them tells which of several k is worth more."""
OUTCOMES = ("outcome_value", "outcome_bought")


@dataclass(frozen=True)
class Earlier:
    """Customers as of the midnight `at` and what they did in [at, until)."""

    at: date
    until: date
    frame: Frame
    outcome: Outcome


def earlier(customers: Path, at: date, until: date, recipe: Recipe, settings: Settings) -> Earlier | None:
    """Read the recipe's customers from a table of an earlier date (`customers.earlier`); None where there are none."""
    with opened(customers, at, [recipe], settings, OUTCOMES) as populations:
        people = populations[0]
        if people.size == 0:
            return None
        outcome = people.values(OUTCOMES)
        frame = framed(people, recipe, wide=True)
    return Earlier(at, until, frame, Outcome(outcome[:, 0], outcome[:, 1] > 0))


@dataclass(frozen=True)
class Valued:
    """The comparison, each candidate's labels (n,) and normalised Gini, and the expected value learned on log RFM."""

    before: Earlier
    comparison: Comparison
    labels: Mapping[str, Ints]
    gini: dict[str, float]
    expected: Expected | None

    @property
    def at(self) -> date:
        """The date of the features."""
        return self.before.at

    @property
    def until(self) -> date:
        """The end of the outcome's window."""
        return self.before.until

    def figures(self, name: str) -> dict[str, dict[str, float | None]]:
        """A candidate's figures for its hard labels, by metric: value and 95 % interval."""
        found = next(one for one in self.comparison.scorers if (one.name, one.kind) == (name, "segments"))
        return {metric: figure.record() for metric, figure in found.metrics.items()}

    def lifts(self, way: Way, transform: AnyTransform, partition: AnyPartition) -> tuple[Figure | None, ...]:
        """The lift of each segment of today's partition: that of the segment of then which it is.

        Both place the customers of then, and are matched by those whom they share (`follow.match`): the borders of
        today know what followed, and may not be measured on it. None for a segment that is none of those of then.
        """
        today = partition.place(transform.apply(self.before.frame.of(way))).segment
        then, found = self.labels[way.name], self.comparison.lifts[way.name]
        matched = match(contingency(then, today, len(found), partition.k)).new
        return tuple(None if one.previous is None else found[one.previous].figure for one in matched)


def valued(before: Earlier, ways: Iterable[tuple[Way, int]], settings: Settings) -> Valued | None:
    """Compare candidates, each with a k; None where too few customers were there then, or brought nothing."""
    frame = before.frame
    if frame.size < worth.FEWEST or not before.outcome.revenue.sum() > 0:
        return None
    then = [_then(way, k, frame, settings) for way, k in ways]
    found = _compared(before, then, settings.seed)
    return Valued(
        before=before,
        comparison=found,
        labels={one.name: one.labels for one in then},
        gini={one.name: found.figure(one.name, "gini", "segments").value or 0.0 for one in then},
        expected=learn_expected(frame.rows[:, :3], before.outcome.revenue, before.outcome.bought),
    )


def several(ways: Sequence[tuple[Way, int]], before: Earlier, settings: Settings) -> Comparison:
    """Compare hard labels, named as `tried` says, of candidates for several k; their intervals say nothing."""
    some = _sample(before, settings.seed)
    then = [replace(_then(way, k, some.frame, settings), name=tried(way.name, k), distances=None) for way, k in ways]
    return _compared(some, then, settings.seed, resamples=2)


def _sample(before: Earlier, seed: int) -> Earlier:
    frame, outcome = before.frame, before.outcome
    if frame.size <= SEVERAL:
        return before
    kept = np.sort(np.random.default_rng(seed).choice(frame.size, SEVERAL, replace=False))
    return replace(before, frame=frame.some(kept), outcome=Outcome(outcome.revenue[kept], outcome.bought[kept]))


def tried(name: str, k: int) -> str:
    """What a candidate with a k is called among `several`."""
    return f"{name}, {k}"


def _compared(before: Earlier, then: Sequence[Candidate], seed: int, **asked: int) -> Comparison:
    frame = before.frame
    wide = frame.rows if frame.wide is None else frame.wide
    return compare(then, frame.rows[:, :3], wide, before.outcome, seed, **asked)


def _then(way: Way, k: int, frame: Frame, settings: Settings) -> Candidate:
    """The candidate learned on the customers of then."""
    rows = frame.of(way)
    points = kmeans.distinct(way.transform(rows).apply(rows))
    partition = way.fit(points.points, points.weights, min(k, len(points.points)), settings.seed)
    placed, distances = partition.place(points.points), partition.distances(points.points)
    far = None if distances is None else distances[points.index]
    return Candidate(way.name, placed.segment[points.index], partition.k, far)
