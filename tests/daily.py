"""Events by day: the same ones as one file, as monthly files or as daily files."""

import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path

import shop

FIRST = date(2019, 9, 20)
_TYPES = ("view", "view", "view", "cart", "purchase", "remove_from_cart")


def of_day(number: int, customers: int = 12, events: int = 40) -> list[str]:
    """The events of one day as lines of CSV, in the order of time; sessions of some customers go on past midnight.

    Each line is another event, so that no file has duplicates and splitting the events changes nothing.
    """
    random_ = random.Random(f"day {number}")
    day = datetime.combine(FIRST + timedelta(days=number), datetime.min.time())
    seconds = sorted(random_.sample(range(86_400), events))
    return [
        shop.line(
            event_time=f"{day + timedelta(seconds=second):%Y-%m-%d %H:%M:%S} UTC",
            event_type=random_.choice(_TYPES),
            product_id=str(random_.randrange(1, 50)),
            price=f"{random_.randrange(1, 9000) / 100:.2f}",
            brand=random_.choice(("", "samsung", "apple")),
            user_id=str(user := random_.randrange(1, customers + 1)),
            user_session=f"{user}-{(number * 24 + second // 3600 + 3) // 12}",
        )
        for second in seconds
    ]


def write_daily(folder: Path, days: Sequence[int]) -> list[Path]:
    """A file for each day."""
    return [shop.write_csv(folder / f"day-{number:03d}.csv", of_day(number)) for number in days]


def write_monthly(folder: Path, days: Sequence[int]) -> list[Path]:
    """A file for each calendar month that the days are of."""
    months: dict[str, list[str]] = {}
    for number in days:
        months.setdefault(f"{FIRST + timedelta(days=number):%Y-%m}", []).extend(of_day(number))
    return [shop.write_csv(folder / f"{month}.csv", lines) for month, lines in months.items()]
