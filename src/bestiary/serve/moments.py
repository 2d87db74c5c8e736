r"""Times of events, read from text as the kernels read them (`time_from_text` in events/macros.sql), and midnights.

A moment is a datetime without a zone: an instant in UTC, or the shop's wall time. Digits of a fraction beyond the sixth
are dropped; hour 24 is the next midnight; a date alone is its midnight in UTC.

Refused though the macro reads them:

- what has anything but a digit where a digit belongs, which the macro lets pass in the form `2019-10-01 00:00:00 UTC`
  alone: DuckDB's cast is too kind there ('2019-10-01 01:02: 3 UTC' is 01:02:00 to it);
- the year 0, and instants after the year 9999 in UTC, which Python's calendar does not have. A lake has neither: one
  is before 1990, the other in the future.

>>> instant("2019-10-01T02:00+02:00")
datetime.datetime(2019, 10, 1, 0, 0)
>>> wall_time(instant("2019-10-01 00:00:00 UTC"), ZoneInfo("Europe/Paris"))
datetime.datetime(2019, 10, 1, 2, 0)
"""

import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
EARLIEST = datetime(1990, 1, 1)  # noqa: DTZ001 - the shop's wall time
"""What is told of earlier wall times is no event."""

_TEXT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})"
    r"(?:([ T][0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)"
    r"(?:Z| UTC| GMT| ?([+-])(0[0-9]|1[0-4])(?::?([0-5][0-9]))?)?)?"
)
_MICROSECONDS = 26
"""Characters of a date and time with six digits of a fraction."""


def instant(text: str) -> datetime:
    """The moment in UTC that a text names. Raises ValueError for a text that names none."""
    found = _TEXT.fullmatch(text)
    if found is None:
        raise ValueError("not a time")
    day, time, sign, hours, minutes = found.groups()
    clock = (day + time)[:_MICROSECONDS] if time else day
    moment = datetime.fromisoformat(clock) if clock[11:13] != "24" else _end_of_day(clock)
    if sign is None:
        return moment
    offset = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return _moved(moment, offset if sign == "-" else -offset)


def _end_of_day(clock: str) -> datetime:
    midnight = datetime.fromisoformat(clock[:10])
    if datetime.fromisoformat(f"{clock[:11]}00{clock[13:]}") != midnight:
        raise ValueError("the day has ended")
    return _moved(midnight, DAY)


def _moved(moment: datetime, by: timedelta) -> datetime:
    try:
        return moment + by
    except OverflowError as error:
        raise ValueError("beyond the calendar") from error


def wall_time(moment: datetime, zone: ZoneInfo) -> datetime:
    """What the shop's clocks show at an instant. Raises OverflowError within a day of the calendar's ends."""
    return zone.fromutc(moment.replace(tzinfo=zone)).replace(tzinfo=None)


def midnight(day: date) -> datetime:
    """The beginning of a day of the shop's wall time."""
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the shop's wall time


def coming_midnight(now: datetime, zone: ZoneInfo) -> date:
    """The date of the first midnight of the shop's wall time strictly after `now`, which has a zone of its own."""
    return now.astimezone(zone).date() + DAY
