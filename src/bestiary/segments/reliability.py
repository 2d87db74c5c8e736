"""How many visits are enough to place a customer: the share whom their first n visits put where all of them do.

Everyone who can be placed is counted: whoever came n times or fewer has no later visit that could move them. Of those
who came more often the share is lower and is told beside it, because it is the chance that a newcomer stays put.
A segment is that of the day of the visit: recency goes on from there whether or not anything is learned of the
customer, so time that passes by itself is left out here and told as ageing (see `follow.ageing`). Counted from one
date for all instead, first visits are long ago for whoever came often; the curve then never came near 0.8 on an online
retailer's year nor on a simulated shop.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bestiary.segments.intervals import wilson_of
from bestiary.segments.transform import Ints

Words = dict[str, str]
Bools = NDArray[np.bool_]

LEVEL = 0.8
LEAST = 30
"""A number of visits that fewer customers went past is shown, and decides nothing."""


@dataclass(frozen=True)
class Point:
    """Of all `customers` who can be placed, `same` are where their first `n` visits put them: `share`, with its 95 %
    interval.

    Of these, `again` came more than n times, `again_same` of whom are. `events` is the median number of events in the
    first n visits of those who came n times or more.
    """

    n: int
    customers: int
    same: int
    share: float
    low: float
    high: float
    again: int
    again_same: int
    events: float


@dataclass(frozen=True)
class Reliability:
    """The curve by n, and where it passes `level`: from `visits` visits and `min_events` events on.

    Where it never does, `visits` is None and `min_events` 0.
    """

    level: float
    points: tuple[Point, ...]
    visits: int | None
    min_events: int

    def record(self) -> dict[str, Any]:
        """All of it as JSON, with the sentences that explain the threshold."""
        return {**asdict(self), "points": [asdict(point) for point in self.points], "words": self.words()}

    def words(self) -> Words:
        """Sentences that explain the threshold, or say that there is none."""
        deciding = _deciding(self.points)
        if not deciding:
            return {
                "en": f"Fewer than {LEAST} customers came again, so it cannot be told how many visits are enough to "
                "place a customer. Segments of customers who came seldom are to be read with care.",
                "fr": f"Moins de {LEAST} clients sont revenus : on ne peut pas dire combien de visites suffisent pour "
                "classer un client. Les segments des clients venus rarement sont à lire avec prudence.",
            }
        if self.visits is None:
            return _never(deciding[-1], self.level)
        return _enough(next(point for point in deciding if point.n == self.visits), self.min_events)


def reliability(n: Ints, visits: Ints, events: Ints, label: Ints, level: float = LEVEL) -> Reliability:
    """The curve over those n that somebody went past.

    Rows (m,) are ordered by customer and n, and the last of each customer is that of all visits: its n, how many
    visits there are in all, the events in the first n, and the segment from them, -1 where they give none. Customers
    whom all visits give none are left out; first visits that give none are not the same. The threshold is the first n
    whose share is at least `level` and after which none is surely under it (its 95 % interval reaches the level); only
    numbers of visits that `LEAST` customers went past are asked. `min_events` is the median of events there, rounded
    up.
    """
    ends = np.flatnonzero(n == visits)
    whole = label[ends[np.searchsorted(ends, np.arange(len(n)))]] if len(n) else label
    customers = int((label[ends] >= 0).sum())
    points = []
    for count in np.unique(n[(visits > n) & (whole >= 0)]).tolist():
        here = (n == count) & (whole >= 0)
        again = here & (visits > count)
        came, stayed = int(again.sum()), int((label[again] == whole[again]).sum())
        same = customers - came + stayed
        low, high = wilson_of(same, customers)
        events_held = float(np.median(events[here]))
        points.append(Point(count, customers, same, same / customers, low, high, came, stayed, events_held))
    enough: Point | None = None
    for point in reversed(_deciding(points)):
        if point.high < level:
            break
        enough = point if point.share >= level else enough
    found = (None, 0) if enough is None else (enough.n, ceil(enough.events))
    return Reliability(level, tuple(points), *found)


def _deciding(points: Sequence[Point]) -> list[Point]:
    return [point for point in points if point.again >= LEAST]


def _enough(point: Point, events: int) -> Words:
    low, high, once = _percent(point.low), _percent(point.high), point.n == 1
    again = _percent(point.again_same / point.again)
    fewer = {
        "en": "With fewer events it is too early to say." if events > 1 else "So it is too early for nobody.",
        "fr": "Avec moins d'événements, il est trop tôt pour le dire."
        if events > 1
        else "Il n'est donc trop tôt pour personne.",
    }
    return {
        "en": f"{point.n} {'visit is' if once else 'visits are'} enough to place a customer, about {events:,} "
        f"{'event' if events == 1 else 'events'}: {_percent(point.share)}% of {point.customers:,} customers are in the "
        f"segment that their first {'visit' if once else f'{point.n} visits'} gave (95% interval: {low}% to {high}%); "
        f"of the {point.again:,} who came more often, {again}%. {fewer['en']}",
        "fr": f"{point.n} {'visite suffit' if once else 'visites suffisent'} pour classer un client, soit environ "
        f"{_french(events)} {'événement' if events == 1 else 'événements'} : {_percent(point.share)}\u00a0% de "
        f"{_french(point.customers)} clients sont dans le segment que "
        f"{'leur première visite donnait' if once else f'leurs {point.n} premières visites donnaient'} (intervalle à "
        f"95\u00a0% : de {low}\u00a0% à {high}\u00a0%) ; parmi les {_french(point.again)} venus plus souvent, "
        f"{again}\u00a0%. {fewer['fr']}",
    }


def _never(last: Point, level: float) -> Words:
    return {
        "en": f"No number of visits is known to be enough to place a customer: at {last.n}, the largest that was "
        f"looked at, {_percent(last.share)}% of {last.customers:,} customers are in the segment that their first "
        f"visits gave, under the level of {_percent(level)}%. Segments of customers who came "
        "seldom are to be read with care.",
        "fr": f"On ne connaît aucun nombre de visites qui suffise pour classer un client : à {last.n}, le plus grand "
        f"qui ait été examiné, {_percent(last.share)}\u00a0% de {_french(last.customers)} clients sont dans le segment "
        f"que leurs premières visites donnaient, sous le seuil de {_percent(level)}\u00a0%. Les segments des clients "
        "venus rarement sont à lire avec prudence.",
    }


def _percent(share: float) -> str:
    """Whole percent, rounded down, so that nothing under a level reads as if it were at it."""
    return str(int(100 * share + 1e-9))


def _french(number: int) -> str:
    return f"{number:,}".replace(",", "\u202f")
