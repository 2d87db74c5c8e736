"""The trailing windows that customers are measured over: whole calendar months before a midnight of the shop's time."""

from datetime import date, timedelta

Windows = tuple[int, int, int]
"""Lengths in calendar months, shortest first."""


def window_start(as_of: date, months: int) -> date:
    """`as_of` less calendar months; where that day does not exist, the last day of its month."""
    year, month = divmod(as_of.year * 12 + as_of.month - 1 - months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(as_of.day, last))
