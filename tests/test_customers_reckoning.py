"""All 31 columns of random histories against a plain reckoning in Python, which shares nothing with the kernels."""

import csv
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bestiary import pipeline
from bestiary.errors import EventsError
from bestiary.events.contract import COLUMNS
from bestiary.sql import connect, quote

Row = tuple[str, ...]
AS_OF = datetime(2020, 5, 1)
STARTS = {2: datetime(2020, 3, 1), 5: datetime(2019, 12, 1), 7: datetime(2019, 10, 1)}
DAYPARTS = ("night", "morning", "afternoon", "evening")
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

EDGES = [*STARTS.values(), AS_OF]
TIMES = st.one_of(
    st.tuples(st.sampled_from(EDGES), st.integers(-1, 1)).map(lambda edge: edge[0] + timedelta(seconds=edge[1])),
    st.integers(0, 220 * 24).map(lambda hours: datetime(2019, 9, 26, 0, 30) + timedelta(hours=hours)),
    # Few moments, so that counts, last purchases and whole days tie.
    st.integers(0, 5).map(lambda hours: datetime(2020, 4, 6 + hours % 2, 4 * hours)),
)
EVENT = st.tuples(
    TIMES.map(lambda time: f"{time:%Y-%m-%d %H:%M:%S} UTC"),
    st.sampled_from(["view", "cart", "remove_from_cart", "purchase", "purchase", "purchase", "refund"]),
    st.sampled_from(["1", "2"]),
    st.just(""),
    st.sampled_from(["", "a", "a.b", "b"]),
    st.sampled_from(["", "x", "Y", "é"]),
    st.sampled_from(["", "0", "0.1", "19.99"]),
    st.sampled_from(["1", "2"]),
    st.sampled_from(["", "s", "t"]),
)


def preferred(purchases: Sequence[tuple[datetime, Row]], column: int) -> str | None:
    """The most frequent known value; ties go to the latest purchase, then to the first by code point."""
    times = Counter(row[column] for _, row in purchases if row[column])
    latest = {value: max(time for time, row in purchases if row[column] == value) for value in times}
    ranked = sorted(times, key=lambda value: (-times[value], -latest[value].timestamp(), value))
    return ranked[0] if ranked else None


def reckon(user: str, events: Sequence[Row]) -> tuple[Any, ...] | None:
    """One customer's row, or None."""
    mine = [(datetime.fromisoformat(row[0].removesuffix(" UTC")), row) for row in set(events) if row[7] == user]
    seen = sorted(event for event in mine if STARTS[7] <= event[0] < AS_OF)
    if not seen:
        return None
    purchases = [event for event in seen if event[1][1] == "purchase"]
    sessions: dict[tuple[str, bool], list[tuple[datetime, Row]]] = {}
    for time, row in seen:
        sessions.setdefault((row[8] or f"{time:%Y-%m-%d %H}", bool(row[8])), []).append((time, row))
    windows: list[Any] = []
    for start in STARTS.values():
        inside = [event for event in seen if event[0] >= start]
        kinds = Counter(row[1] for _, row in inside)
        prices = [Decimal(row[6]) for _, row in inside if row[1] == "purchase" and row[6]]
        live = [one for one in sessions.values() if any(time >= start for time, _ in one)]
        mean = float(sum(prices)) / len(prices) if prices else None
        windows += [kinds["view"], kinds["cart"], len(live), kinds["purchase"], mean]
    money = {kind: sum(Decimal(row[6] or "0") for _, row in seen if row[1] == kind) for kind in ("purchase", "refund")}
    last = max((time for time, _ in purchases), default=None)
    parts = Counter("night" if t.hour < 5 else DAYPARTS[1 + (t.hour > 12) + (t.hour > 17)] for t, _ in seen)
    days = Counter(DAYS[time.weekday()] for time, _ in seen)
    looked = [Decimal(row[6]) for _, row in seen if row[1] == "view" and Decimal(row[6] or "0") > 0]
    bought = sum(any(row[1] == "purchase" for _, row in one) for one in sessions.values())
    return (
        int(user),
        *windows,
        last,
        None if last is None else (AS_OF - last).days,
        float(money["purchase"] - money["refund"]),
        max(0, windows[11] - windows[13]),
        preferred(purchases, 5),
        preferred(purchases, 4),
        max(DAYPARTS, key=lambda part: parts[part]),
        max(DAYS, key=lambda day: days[day]),
        bought,
        seen[0][0],
        seen[-1][0],
        len(seen),
        ("visitor", "one_time", "repeat")[min(bought, 2)],
        (AS_OF - seen[-1][0]).days,
        float(sum(looked)) / len(looked) if looked else None,
    )


def measured(events: Sequence[Row]) -> list[tuple[Any, ...]]:
    with tempfile.TemporaryDirectory() as folder:
        with (Path(folder) / "events.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, *events])
        store = Path(folder) / "store"
        pipeline.ingest([folder], store, settings=pipeline.Settings(buckets=2))
        try:
            run = pipeline.customers(store, as_of=date(2020, 5, 1))
        except EventsError:
            return []
        with connect() as connection:
            path = quote(str(run.path / "customers.parquet"))
            return connection.execute(f"SELECT * FROM read_parquet({path})").fetchall()


@settings(max_examples=28, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EVENT, min_size=1, max_size=25))
def test_every_column_of_random_histories(events: list[Row]) -> None:
    expected = [row for row in (reckon("1", events), reckon("2", events)) if row]
    found = measured(events)
    assert [row[0] for row in found] == [row[0] for row in expected]
    for ours, plain in zip(found, expected, strict=True):
        assert ours == tuple(pytest.approx(one, rel=1e-12) if isinstance(one, float) else one for one in plain)


def test_the_most_purchased_wins_over_the_latest() -> None:
    def bought(day: int, category: str, brand: str) -> Row:
        return (f"2020-04-0{day} 10:00:00 UTC", "purchase", "1", "", category, brand, "5", "1", "s")

    (row,) = measured([bought(1, "a", "x"), bought(2, "a", "x"), bought(3, "b", "Y")])
    assert (row[20], row[21]) == ("x", "a")


def test_removals_and_refunds_are_activity_too() -> None:
    def event(time: str, kind: str) -> Row:
        return (f"2020-04-{time}:00 UTC", kind, "1", "", "", "", "5", "1", "s")

    (row,) = measured([event("06 20:00", "remove_from_cart"), event("06 21:00", "refund"), event("07 10:00", "view")])
    assert (row[22], row[23]) == ("evening", "monday")
