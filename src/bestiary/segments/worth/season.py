"""The season: what a window learned on says of the window that follows it, a year later.

Only with a year of history can the season be told from growth; with less, ranks and intervals can be shown, but no
sums.
"""

from collections.abc import Sequence


def season_ratio(history: Sequence[tuple[str, float]], as_of: str, months: int) -> float | None:
    """How the `months` after `as_of` compared to the `months` before it, one year earlier.

    `history` holds (month, revenue net of refunds) of whole calendar months, "2011-06", in any order; `as_of` is
    the month that begins at the date. The expected value was learned on the window that ends at `as_of`; times
    this ratio it is that of the window that begins there. Both windows are a year old, so a shop's growth from
    year to year does not pass for a season. None where a month of either is missing (12 + `months` months of
    history are needed) or the earlier window's revenue is not above 0: then only ranks should be shown.
    """
    totals = dict(history)
    first = _number(as_of) - 12
    before = [totals.get(_month(first - back)) for back in range(1, months + 1)]
    after = [totals.get(_month(first + ahead)) for ahead in range(months)]
    known = [one for one in (*before, *after) if one is not None]
    if len(known) < 2 * months or not sum(known[:months]) > 0:
        return None
    return max(0.0, sum(known[months:]) / sum(known[:months]))


def _number(month: str) -> int:
    year, part = month.split("-")
    return int(year) * 12 + int(part) - 1


def _month(number: int) -> str:
    return f"{number // 12:04d}-{number % 12 + 1:02d}"
