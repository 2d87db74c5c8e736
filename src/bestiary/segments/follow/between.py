"""Two runs of a shop set side by side: which segment is which, who went where, and what of it is news."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from bestiary.segments.follow.ageing import Ageing
from bestiary.segments.follow.flows import Counts, Numbers, numbered, populations, segments
from bestiary.segments.follow.match import Matching
from bestiary.segments.follow.notes import new_notes, old_notes
from bestiary.segments.model import Fitted, Model, Segmentation

Words = dict[str, str]
Record = dict[str, Any]
TOO_EARLY = {"en": "Too early to say", "fr": "Trop tôt pour le dire"}
NEW = {"en": "New", "fr": "Nouveaux"}
GONE = {"en": "Gone", "fr": "Partis"}


@dataclass(frozen=True)
class Between:
    """An earlier run's model and a later one's; `matchings` of buyers and visitors, None where there are none.

    `ways` say how each population's segments came from the earlier ones: kept, warm or cold (see `refit` and `hold`),
    or matched.
    `counts` (k_old + 2, k_new + 2) are as in `count_flows`; `ageing` is about its first k_old rows, None where the
    customers of the earlier run are not there any more.
    """

    old: Model
    new: Model
    matchings: tuple[Matching | None, ...]
    ways: tuple[str, ...]
    counts: Counts
    ageing: Ageing | None

    @property
    def heirs(self) -> Numbers:
        """See `numbered`."""
        return numbered(self.old.fitted, self.new.fitted, self.matchings)

    def record(self) -> Record:
        """Plain values for JSON. `from` and `to` of a flow, rows and columns count the states in their order."""
        was, now = (date.fromisoformat(one.provenance.as_of) for one in (self.old, self.new))
        return {
            "from": was.isoformat(),
            "to": now.isoformat(),
            "days": (now - was).days,
            "populations": self._matched(),
            "states": {
                "from": _states(self.old.fitted, self.counts.sum(axis=1).tolist(), NEW),
                "to": _states(self.new.fitted, self.counts.sum(axis=0).tolist(), GONE),
            },
            "counts": self.counts.tolist(),
            "flows": self._flows(),
        }

    def _matched(self) -> Record:
        """By population: what each segment is, and what became of those of the earlier run."""
        pairs = zip(populations(self.old.fitted), populations(self.new.fitted), self.matchings, self.ways, strict=False)
        return {
            kind: {"way": way, "segments": _new(was, now, found), "before": _old(was, now, found)}
            for kind, (was, now, found, way) in zip(("buyers", "visitors"), pairs, strict=False)
            if found is not None
        }

    def _flows(self) -> list[Record]:
        """Each flow that there was or that ageing expects, from a segment to any state; the largest surprise first."""
        heirs, told = self.heirs, self.ageing
        stay = set(zip(heirs["old"].tolist(), heirs["new"].tolist(), strict=True))
        observed = self.counts[: len(segments(self.old.fitted))]
        there = observed > 0 if told is None else (observed > 0) | (told.expected > 0)
        found = [
            {
                "from": old,
                "to": new,
                "stayed": (old, new) in stay,
                "customers": int(observed[old, new]),
                "expected": None if told is None else float(told.expected[old, new]),
                "low": None if told is None else float(told.low[old, new]),
                "high": None if told is None else float(told.high[old, new]),
                "excess": None if told is None else float(told.excess[old, new]),
                "surprise": None if told is None else bool(told.surprise[old, new]),
            }
            for old, new in np.argwhere(there).tolist()
        ]
        return sorted(found, key=lambda flow: (-abs(flow["excess"] or 0), flow["from"], flow["to"]))


def _states(fitted: Fitted, customers: Sequence[int], last: Words) -> list[Record]:
    """What the rows or columns of the matrix are, with their numbers of customers."""
    told: list[Record] = [
        {"kind": "segment", "segment": one.segment, "population": population.population, "name": one.name.model_dump()}
        for population in populations(fitted)
        for one in population.segments
    ]
    told += [{"kind": "too_early", "segment": None, "population": None, "name": TOO_EARLY}]
    told += [{"kind": last["en"].lower(), "segment": None, "population": None, "name": last}]
    return [{**one, "customers": number} for one, number in zip(told, customers, strict=True)]


def _new(was: Segmentation, now: Segmentation, found: Matching) -> list[Record]:
    notes = new_notes(found, names(was))
    return [
        {
            "segment": now.first + number,
            "name": now.segments[number].name.model_dump(),
            "kind": one.kind,
            "previous": None if one.previous is None else was.first + one.previous,
            "jaccard": one.jaccard,
            "margin": one.margin,
            "doubtful": one.doubtful,
            "note": note,
        }
        for number, (one, note) in enumerate(zip(found.new, notes, strict=True))
    ]


def _old(was: Segmentation, now: Segmentation, found: Matching) -> list[Record]:
    notes = old_notes(found, names(was), names(now), (was.first, now.first))
    return [
        {
            "segment": was.first + number,
            "name": was.segments[number].name.model_dump(),
            "fate": one.fate,
            "into": [now.first + into for into in one.into],
            "note": note,
        }
        for number, (one, note) in enumerate(zip(found.old, notes, strict=True))
    ]


def names(segmentation: Segmentation) -> list[Words]:
    """What its segments are called, in order."""
    return [one.name.model_dump() for one in segmentation.segments]
