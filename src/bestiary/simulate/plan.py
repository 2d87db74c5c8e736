"""What each month of a simulation is to hold: how many events, sessions, new customers and repeats."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from bestiary.simulate import figures


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

    @property
    def buying_rate(self) -> float:
        """Share of the sessions that buy, from the published purchases per event of the month."""
        return self.published.purchases * figures.EVENTS_PER_SESSION / figures.PURCHASES_PER_BUYING_SESSION

    def by_day(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Sessions by day, which sum to `sessions`, and purchases per event by day relative to a usual one."""
        days = [self.first + timedelta(days=day) for day in range(self.days)]
        usual = (1.0, 1.0)
        weights = [figures.WEEKDAYS[day.weekday()] * figures.SPECIAL_DAYS.get(day, usual)[0] for day in days]
        edges = np.rint(np.cumsum([0.0, *weights]) / sum(weights) * self.sessions).astype(np.int64)
        return np.diff(edges), np.array([figures.SPECIAL_DAYS.get(day, usual)[1] for day in days])


def plan_months(events: int, months: int, start: date) -> list[Plan]:
    """Share the events out among the months like the published ones; the sum is exactly `events`."""
    firsts = [date(start.year + (start.month - 1 + m) // 12, (start.month - 1 + m) % 12 + 1, 1) for m in range(months)]
    weights = [Plan(number, first, 0).published.events for number, first in enumerate(firsts)]
    counts = np.diff(np.rint(np.cumsum([0, *weights]) / sum(weights) * events).astype(np.int64))
    return [Plan(number, first, int(counts[number])) for number, first in enumerate(firsts)]
