"""How many visits are enough to place a customer: the share of labels that the first n visits give and later ones keep.

Two rules, one curve. Against all visits, a label counts as kept where it is the one from all visits. Tried on an
online retailer's year and a simulated shop (k = 4 to 7): recency, frequency and value go on growing, so that rule
never came near a level of 0.8 (0.15 to 0.75 of those who came again): it measures how customers change, not how much
is enough. Against the next visit, a label counts as kept where one more visit leaves it as it is; that rule decides.
It promises no more than that: the changes of many visits add up.
Only customers who came again are evidence: where the first n visits are all of them, every label is kept. Counting
everyone, as of the day of each visit, was tried as well: it passes at one or two visits, but so do labels drawn at
random at five or six; and corrected for chance, first visits told nothing of later ones before the fifteenth.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from bestiary.segments.intervals import wilson_of
from bestiary.segments.transform import Ints
from bestiary.segments.wording import number, percent

Words = dict[str, str]
Bools = NDArray[np.bool_]
Places = NDArray[np.int64]
Against = Literal["next", "all"]

LEVEL = 0.8
FEW = 0.1
"""The share of those who came often enough who may have too few events."""
LEAST = 30
"""A number of visits that fewer customers went past is shown, and decides nothing."""


@dataclass(frozen=True)
class Point:
    """Of `customers` who came more than `n` times, `same` kept their segment: `share`, with its 95 % interval.

    `events` is the median number of events that their first n visits hold, `least` the number that nine of ten have had
    by then.
    """

    n: int
    customers: int
    same: int
    share: float
    low: float
    high: float
    events: float
    least: int


@dataclass(frozen=True)
class Reliability:
    """The curve by n, and where it passes `level`: from `visits` visits and `min_events` events on.

    Both are None where it never does.
    """

    against: Against
    level: float
    points: tuple[Point, ...]
    visits: int | None
    min_events: int | None

    def record(self) -> dict[str, Any]:
        """All of it as JSON, with the sentences."""
        return {**asdict(self), "points": [asdict(point) for point in self.points], "words": self.words()}

    def words(self) -> Words:
        """Two sentences that explain the threshold, or say that there is none."""
        deciding = _deciding(self.points)
        if not deciding:
            return {
                "en": f"Fewer than {LEAST} customers came again, so it cannot be told how many visits are enough to "
                "place a customer. Segments of customers who came seldom are to be read with care.",
                "fr": f"Moins de {LEAST} clients sont revenus : on ne peut pas dire combien de visites suffisent pour "
                "classer un client. Les segments des clients venus rarement sont à lire avec prudence.",
            }
        if self.visits is None or self.min_events is None:
            return _never(deciding, self.against, self.level)
        point = next(point for point in deciding if point.n == self.visits)
        return _enough(point, self.min_events, self.against, None if point is deciding[-1] else self.level)


def against_next(user: NDArray[Any], n: Ints, first: Ints) -> tuple[Places, Bools]:
    """Which rows are evidence, and whether the next visit left their label as it was.

    Rows are customers' first n visits, ordered by customer and n: user (m,), n (m,) and first (m,), the segments
    from these visits, -1 where they cannot be placed. A row is evidence where it has a label and the next row is
    the same customer's n + 1; a label that the next visit takes away is not kept. Returns places (e,) in the rows
    and kept (e,).
    """
    followed = (user[1:] == user[:-1]) & (n[1:] == n[:-1] + 1) & (first[:-1] >= 0)
    rows = np.flatnonzero(followed).astype(np.int64)
    kept: Bools = first[rows] == first[rows + 1]
    return rows, kept


def against_all(n: Ints, visits: Ints, first: Ints, whole: Ints) -> tuple[Places, Bools]:
    """Which rows are evidence, and whether their label is the one from all of the customer's visits.

    n, visits (how many there are in all), first and whole (segments from the first n visits and from all; -1 where a
    customer cannot be placed) are (m,). A row is evidence where its customer came more than n times and is placed
    from all visits; one that the first n cannot place is not the same. Returns places (e,) in the rows and same (e,).
    """
    rows = np.flatnonzero((visits > n) & (whole >= 0)).astype(np.int64)
    same: Bools = first[rows] == whole[rows]
    return rows, same


def reliability(n: Ints, events: Ints, same: Bools, level: float = LEVEL, against: Against = "next") -> Reliability:
    """The curve of the evidence: of each row (e,) its n, the events that these visits hold, and whether it was kept.

    The threshold is the first n whose share is at least `level`, and after which none is surely under it (its 95 %
    interval reaches the level: many visits are few customers, and their shares are noisy); only numbers of visits that
    `LEAST` customers went past are asked. `min_events` is `least` there: the threshold is in events, because
    customers are counted so, and should leave out few who came often enough.
    """
    points = []
    for visits in np.unique(n):
        chosen = n == visits
        customers, kept = int(chosen.sum()), int(same[chosen].sum())
        share = kept / customers
        low, high = wilson_of(kept, customers)
        held = float(np.median(events[chosen]))
        least = int(np.quantile(events[chosen], FEW, method="inverted_cdf"))
        points.append(Point(int(visits), customers, kept, share, low, high, held, least))
    enough: Point | None = None
    for point in reversed(_deciding(points)):
        if point.high < level:
            break
        enough = point if point.share >= level else enough
    found = (None, None) if enough is None else (enough.n, enough.least)
    return Reliability(against, level, tuple(points), *found)


def _deciding(points: Sequence[Point]) -> list[Point]:
    return [point for point in points if point.customers >= LEAST]


def _enough(point: Point, events: int, against: Against, level: float | None) -> Words:
    """`level` is what larger numbers of visits keep to; None where none was looked at."""
    once = point.n == 1
    kept = {
        "next": ("were in the same segment after the next visit", "étaient dans le même segment après la suivante"),
        "all": ("are in the same segment by all their visits", "sont dans le même segment selon toutes leurs visites"),
    }[against]
    later = ("", "")
    if level is not None:
        later = (
            f", and with more visits it is never surely under {percent(level, 'en', 0)}",
            f", et avec plus de visites ce n'est jamais sûrement moins de {percent(level, 'fr', 0)}",
        )
    return {
        "en": f"{point.n} {'visit is' if once else 'visits are'} enough to place a customer; nine of ten "
        f"have had {events:,} {'event' if events == 1 else 'events'} by then. Of {point.customers:,} customers who "
        f"came more often, {percent(point.share, 'en')} {kept[0]} (95% interval: {percent(point.low, 'en')} to "
        f"{percent(point.high, 'en')}){later[0]}. With fewer events it is too early to say.",
        "fr": f"{point.n} {'visite suffit' if once else 'visites suffisent'} pour classer un client ; neuf sur dix "
        f"ont alors {number(events, 'fr')} {'événement' if events == 1 else 'événements'} ou plus. Sur "
        f"{number(point.customers, 'fr')} clients venus plus souvent, "
        f"{percent(point.share, 'fr')} {kept[1]} (intervalle à 95\u00a0% : de {percent(point.low, 'fr')} à "
        f"{percent(point.high, 'fr')}){later[1]}. Avec moins d'événements, il est trop tôt pour le dire.",
    }


def _never(deciding: Sequence[Point], against: Against, level: float) -> Words:
    last = deciding[-1]
    kept = {
        "next": ("the next visit leaves the segment as it is", "la visite suivante laisse le segment tel quel"),
        "all": ("the segment is the one that all visits give", "le segment est celui que donnent toutes les visites"),
    }[against]
    return {
        "en": f"No number of visits is known to be enough to place a customer: at {last.n}, the largest that was "
        f"looked at, {kept[0]} for {percent(last.share, 'en')} of {last.customers:,} customers, under the level of "
        f"{percent(level, 'en', 0)}. Segments of customers who came seldom are to be read with care.",
        "fr": f"On ne connaît aucun nombre de visites qui suffise pour classer un client : à {last.n}, le plus grand "
        f"qui ait été examiné, {kept[1]} pour {percent(last.share, 'fr')} de {number(last.customers, 'fr')} clients, "
        f"sous le seuil de {percent(level, 'fr', 0)}. Les segments des clients venus rarement sont à lire avec "
        "prudence.",
    }
