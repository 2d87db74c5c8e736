"""A simulated month: its days are dealt sessions, its sessions events, and the events leave sorted by time.

A month is made alone, from the customers, the catalogue and a seed of its own, a batch of sessions at a time.
What is held is one block of whole days (about a million events, or one day) and the later events of sessions
that began in it.
"""

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from bestiary.simulate import figures
from bestiary.simulate.assortment import HIGHEST_PRICE
from bestiary.simulate.catalogue import Catalogue
from bestiary.simulate.customers import Customers
from bestiary.simulate.funnel import Rows, make_rows
from bestiary.simulate.visits import DAY, make_visits

BATCH = 220_000
"""Sessions drawn at once: about a million events."""


@dataclass(frozen=True)
class Plan:
    """A month to make: its place in the simulation, its first day and its number of events."""

    number: int
    first: date
    events: int

    @property
    def published(self) -> figures.Month:
        """The published month that it resembles; after the seventh they begin again with the second."""
        last = len(figures.MONTHS) - 1
        return figures.MONTHS[self.number if self.number <= last else 1 + (self.number - 1) % last]

    @property
    def days(self) -> int:
        """Days of the month."""
        return calendar.monthrange(self.first.year, self.first.month)[1]

    @property
    def repeats(self) -> int:
        """Events that are there twice, exactly."""
        return round(self.events * self.published.duplicates)

    @property
    def distinct(self) -> int:
        """Events without their repeats."""
        return self.events - self.repeats

    @property
    def sessions(self) -> int:
        """Sessions of the month."""
        return min(self.distinct, max(1, round(self.events / figures.EVENTS_PER_SESSION)))

    @property
    def arrivals(self) -> int:
        """Customers who come for the first time."""
        return min(self.sessions, max(1, round(self.events * self.published.arrivals)))


def plan_months(events: int, months: int, start: date) -> list[Plan]:
    """Share the events out among the months like the published ones; the sum is exactly `events`."""
    firsts = [date(start.year + (start.month - 1 + m) // 12, (start.month - 1 + m) % 12 + 1, 1) for m in range(months)]
    weights = [Plan(number, first, 0).published.events for number, first in enumerate(firsts)]
    counts = np.diff(np.rint(np.cumsum([0, *weights]) / sum(weights) * events).astype(np.int64))
    return [Plan(number, first, int(counts[number])) for number, first in enumerate(firsts)]


def make_month(seed: int, plan: Plan, customers: Customers, catalogue: Catalogue) -> Iterator[Rows]:
    """Yield the month's events in blocks, sorted by time within and between them."""
    if not plan.events:
        return
    by_day, day_buying = _days(plan)
    prices = _prices(np.random.default_rng([seed, 3, plan.number]), catalogue)
    crowd = _Crowd(customers, plan)
    carried: list[Rows] = []
    rows_done = sessions_done = repeats_done = 0
    for number, (start, stop) in enumerate(_blocks(by_day)):
        rng = np.random.default_rng([seed, 4, plan.number, number])
        days = np.repeat(np.arange(start, stop), by_day[start:stop])
        for days_of_batch in np.array_split(days, max(1, -(-len(days) // BATCH))):
            who = crowd.draw(rng, sessions_done, len(days_of_batch))
            sessions_done += len(who)
            events = plan.distinct * sessions_done // plan.sessions - rows_done
            rows_done += events
            visits = make_visits(
                rng, customers, who, days_of_batch, day_buying, events, plan.days * DAY,
                _buying_rate(plan),
            )  # fmt: skip
            carried.append(make_rows(rng, customers, catalogue, prices, visits, plan.published.carts))
        block, carried = _until(carried, stop * DAY if stop < plan.days else plan.days * DAY)
        repeats = plan.repeats * sessions_done // plan.sessions - repeats_done
        repeats_done += min(repeats, len(block["second"]))
        yield _repeated(rng, block, min(repeats, len(block["second"])))


def _buying_rate(plan: Plan) -> float:
    """Sessions that buy, from the published purchases per event of the month."""
    return plan.published.purchases * figures.EVENTS_PER_SESSION / figures.PURCHASES_PER_BUYING_SESSION


def _days(plan: Plan) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Sessions by day, which sum to the plan's, and purchases per event by day relative to a usual one."""
    days = [plan.first + timedelta(days=day) for day in range(plan.days)]
    usual = (1.0, 1.0)
    weights = [figures.WEEKDAYS[day.weekday()] * figures.SPECIAL_DAYS.get(day, usual)[0] for day in days]
    edges = np.rint(np.cumsum([0.0, *weights]) / sum(weights) * plan.sessions).astype(np.int64)
    return np.diff(edges), np.array([figures.SPECIAL_DAYS.get(day, usual)[1] for day in days])


def _blocks(by_day: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Runs of whole days, as long as they stay within one batch."""
    start = 0
    for stop in range(1, len(by_day) + 1):
        if stop == len(by_day) or by_day[start : stop + 1].sum() > BATCH:
            yield start, stop
            start = stop


def _prices(rng: np.random.Generator, catalogue: Catalogue) -> NDArray[np.int32]:
    """This month's prices in cents: two in five differ a little from the usual ones."""
    change = np.where(rng.random(len(catalogue.price)) < 0.4, 0.03 * rng.standard_normal(len(catalogue.price)), 0.0)
    cents = np.rint(100 * catalogue.price * np.exp(change))
    return np.clip(cents, 50, round(100 * HIGHEST_PRICE)).astype(np.int32)


def _until(parts: list[Rows], end: int) -> tuple[Rows, list[Rows]]:
    """The events before `end`, sorted by time, and the others."""
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    order = np.argsort(rows["second"], kind="stable")
    now = int(np.searchsorted(rows["second"][order], end))
    return {name: column[order[:now]] for name, column in rows.items()}, [
        {name: column[order[now:]] for name, column in rows.items()}
    ]


def _repeated(rng: np.random.Generator, rows: Rows, repeats: int) -> Rows:
    """The rows, of which so many stand there twice."""
    times = np.ones(len(rows["second"]), np.int64)
    times[rng.choice(len(times), repeats, replace=False)] = 2
    return {name: np.repeat(column, times) for name, column in rows.items()}


class _Crowd:
    """Who comes in a month: each arrival once, the rest drawn from the active customers by their rates."""

    def __init__(self, customers: Customers, plan: Plan) -> None:
        self._first, stop = customers.arrivals(plan.number)
        self._arrivals, self._sessions = stop - self._first, plan.sessions
        self._active = customers.active(plan.number)
        self._edges = np.cumsum(customers.rate[self._active], dtype=np.float64)

    def draw(self, rng: np.random.Generator, done: int, count: int) -> NDArray[np.intp]:
        """The customers of the next `count` sessions after `done`, in random order."""
        new = np.arange(
            self._first + self._arrivals * done // self._sessions,
            self._first + self._arrivals * (done + count) // self._sessions,
        )
        places = rng.random(count - len(new)) * self._edges[-1]
        known = np.searchsorted(self._edges, places, side="right").clip(max=len(self._edges) - 1)
        return rng.permutation(np.concatenate([new, self._active[known]]))
