"""One customer's events -> the numbers of the customer table, as `visits.sql` and `customers.sql` would measure them.

Plain Python in place of the engine, for histories of a few hundred events. What the kernels settle on the way is
settled here alike: wall time is the shop's; exact duplicates count once; a session is known by its stable key, so
that a UUID is the same in either case; prices are exact decimals until the last division.

Two things are a store's and are not known here. Ids are compared as texts, so '007' and '7' are two products; and a
visit without a session is its hour alone, since all events are one customer's. Events are not held against the clock:
one between now and `as_of` counts.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from bestiary.contract import EVENT_TYPES, EventType
from bestiary.serve.event import Event
from bestiary.serve.moments import DAY, EARLIEST, instant, midnight, wall_time
from bestiary.serve.money import amount, millionths
from bestiary.windows import Windows, window_start

Text = str | None
Record = tuple[datetime, EventType, float | None, Text, datetime, str, Text, Text, Text]
"""Wall time, type, price, session, instant, product, category, its code, brand; no text is empty."""
Measures = dict[str, float | None]

UUID_LENGTH = 36
"""Characters of a session that may be a UUID."""


def measure(events: Iterable[Event], as_of: date, windows: Windows, zone: ZoneInfo) -> Measures | None:
    """Every numeric column of the customer table, in its order, as of a midnight of the shop's wall time.

    `events` are one customer's, in any order, and valid. None where no event lies in the longest window: such a
    customer has no row. `as_of` lies between 1990 and 9998. Raises ValueError for a text that is no time.
    """
    starts, end = [midnight(window_start(as_of, months)) for months in windows], midnight(as_of)
    records = _distinct(events, max(starts[-1], EARLIEST), end, zone)
    if not records:
        return None
    counts, money, sessions = _counts(records, starts), _money(records, starts), _sessions(records)
    measures: Measures = {}
    for number, months in enumerate(windows):
        bought = sum(money.priced[: number + 1])
        measures[f"number_of_views_{months}m"] = sum(counts["view"][: number + 1])
        measures[f"number_of_carts_{months}m"] = sum(counts["cart"][: number + 1])
        measures[f"number_of_sessions_{months}m"] = sum(last >= starts[number] for last in sessions.latest.values())
        measures[f"count_products_{months}m"] = sum(counts["purchase"][: number + 1])
        measures[f"avg_price_{months}m"] = amount(sum(money.spent[: number + 1])) / bought if bought else None
    longest = windows[-1]
    last_purchase = sessions.last_purchase
    measures["days_since_last_purchase"] = (end - last_purchase) // DAY if last_purchase else None
    measures["total_purchase_value"] = amount(sum(money.spent) - money.refunded)
    measures["cart_abandonments"] = max(0, sum(counts["cart"]) - sum(counts["purchase"]))
    measures[f"number_of_purchases_{longest}m"] = len(sessions.buying)
    measures[f"number_of_events_{longest}m"] = len(records)
    measures["days_since_last_visit"] = (end - max(sessions.latest.values())) // DAY
    viewed = money.viewed_prices
    measures[f"avg_price_viewed_{longest}m"] = amount(money.viewed) / viewed if viewed else None
    return measures


def _distinct(events: Iterable[Event], start: datetime, end: datetime, zone: ZoneInfo) -> set[Record]:
    """The events of `[start, end)` in wall time, exact duplicates once. Of those far from it the zone is not asked."""
    records = set[Record]()
    for event in events:
        at = instant(event["event_time"])
        if not start - DAY <= at < end + DAY:
            continue
        time = wall_time(at, zone)
        if start <= time < end:
            category = event.get("category_id")
            records.add(
                (
                    time,
                    event["event_type"],
                    event.get("price"),
                    event.get("user_session") or None,
                    at,
                    str(event["product_id"]),
                    None if category is None or category == "" else str(category),
                    event.get("category_code") or None,
                    event.get("brand") or None,
                )
            )
    return records


def _ring(time: datetime, starts: Sequence[datetime]) -> int:
    """The number of the shortest window that a time of the longest one lies in."""
    return 0 if time >= starts[0] else 1 if time >= starts[1] else 2


def _counts(records: Iterable[Record], starts: Sequence[datetime]) -> dict[EventType, list[int]]:
    """Events by type and ring."""
    counts = {kind: [0, 0, 0] for kind in EVENT_TYPES}
    for record in records:
        counts[record[1]][_ring(record[0], starts)] += 1
    return counts


@dataclass
class _Money:
    """Sums in millionths, and how many prices are in them; of what was bought, by ring."""

    spent: list[int] = field(default_factory=lambda: [0, 0, 0])
    priced: list[int] = field(default_factory=lambda: [0, 0, 0])
    refunded: int = 0
    viewed: int = 0
    viewed_prices: int = 0


def _money(records: Iterable[Record], starts: Sequence[datetime]) -> _Money:
    money = _Money()
    for time, kind, price, *_ in records:
        if price is None:
            continue
        if kind == "purchase":
            ring = _ring(time, starts)
            money.spent[ring] += millionths(price)
            money.priced[ring] += 1
        elif kind == "refund":
            money.refunded += millionths(price)
        elif kind == "view" and price > 0:
            money.viewed += millionths(price)
            money.viewed_prices += 1
    return money


@dataclass
class _Sessions:
    """The last wall time of each session, by its key; the keys of those with a purchase."""

    latest: dict[int, datetime] = field(default_factory=dict)
    buying: set[int] = field(default_factory=set)
    last_purchase: datetime | None = None


def _sessions(records: Iterable[Record]) -> _Sessions:
    found, keys = _Sessions(), dict[str, int]()
    latest = found.latest
    for time, kind, _, session, *_ in records:
        if session is None:
            key = -1 - (time.toordinal() * 24 + time.hour)  # stable keys are not below 0
        elif (known := keys.get(session)) is not None:
            key = known
        else:
            key = keys[session] = stable_key(session)
        if key not in latest or time > latest[key]:
            latest[key] = time
        if kind == "purchase":
            found.buying.add(key)
            if found.last_purchase is None or time > found.last_purchase:
                found.last_purchase = time
    return found


def stable_key(text: str) -> int:
    """`stable_key` of stable.sql: a number of 63 bits, by which sessions are told apart."""
    number = _uuid(text) if len(text) == UUID_LENGTH else None
    if number is None:
        digest = hashlib.md5(text.encode(errors="surrogatepass"), usedforsecurity=False).digest()
        number = int.from_bytes(digest, "little")
    return ((number >> 64) ^ number) & (2**63 - 1)


def _uuid(text: str) -> int | None:
    """The number of a UUID as DuckDB reads it: 32 hexadecimal digits, hyphens anywhere, perhaps in braces."""
    inner = text[1:-1] if text[0] == "{" and text[-1] == "}" else text
    digits = inner.replace("-", "")
    hexadecimal = len(digits) == 32 and digits.isascii() and digits.isalnum()
    try:
        return int(digits, 16) if hexadecimal else None
    except ValueError:
        return None
