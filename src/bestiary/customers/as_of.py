"""The date that customers are seen from, when nobody names one."""

from datetime import date, datetime, timedelta

from bestiary.errors import EventsError

STRAY = timedelta(days=7)


def infer_as_of(last_event: datetime, nearly_last: datetime) -> date:
    """The first midnight strictly after the last event.

    `nearly_last` is where the 99.9th percentile of event times lies. Raises EventsError when the midnight lies over
    a week past it: then a few stray events would decide what is recent.
    """
    as_of = last_event.date() + timedelta(days=1)
    if datetime(as_of.year, as_of.month, as_of.day) - nearly_last > STRAY:  # noqa: DTZ001 - shop's wall time
        raise EventsError(
            f"The last event is at {last_event}, but 99.9 % of all events lie before "
            f"{nearly_last + timedelta(hours=1)}.",
            do=f"Name the date to see customers from, such as --as-of {nearly_last.date() + timedelta(days=1)}.",
        )
    return as_of
