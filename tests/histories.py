"""Random shops whose times, sessions and prices lie on edges, and what the real kernels measure of them."""

import csv
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import assume
from hypothesis import strategies as st

from bestiary import pipeline
from bestiary.config import IdKind
from bestiary.contract import COLUMNS, EVENT_TYPES
from bestiary.customers.features import features
from bestiary.errors import EventsError
from bestiary.serve.history import Measures
from bestiary.serve.moments import instant, midnight
from bestiary.sql import connect, quote
from bestiary.windows import Windows, window_start

ZONES = ("UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe")
DATES = (
    *(date(2020, 5, 1), date(2020, 3, 31), date(2020, 2, 29), date(2021, 2, 28), date(2020, 9, 30)),
    *(date(2020, 3, 29), date(2020, 3, 30), date(2019, 10, 27), date(2020, 3, 8), date(2020, 4, 5)),
)
"""Ends of months, and days on which clocks change."""
WINDOWS: tuple[Windows, ...] = ((2, 5, 7), (1, 2, 3), (1, 12, 24))
CHANGES: Mapping[str, tuple[datetime, ...]] = {
    "Europe/Paris": (datetime(2019, 10, 27, 1), datetime(2020, 3, 29, 1), datetime(2020, 10, 25, 1)),
    "America/New_York": (datetime(2019, 11, 3, 6), datetime(2020, 3, 8, 7), datetime(2020, 11, 1, 6)),
    "Australia/Lord_Howe": (datetime(2019, 10, 5, 15, 30), datetime(2020, 4, 4, 15), datetime(2020, 10, 3, 15, 30)),
}
"""Instants at which clocks change."""
MICROSECONDS = (0, 0, 0, -1, 1, -1_000_000, 1_000_000)
MINUTES = (-90, -60, -59, -30, -29, 30, 59, 60, 90)
STEPS = [*(timedelta(microseconds=step) for step in MICROSECONDS), *(timedelta(minutes=step) for step in MINUTES)]
UUID = "f47ac10b-58cc-4372-a567-0e02b2c3d479"
SESSIONS = (
    *(None, "", "s", "S", "é", "a visit"),
    *(UUID, UUID.upper(), UUID.replace("-", "") + "----", "{" + UUID.replace("-", "") + "--}", UUID[:-1] + "g"),
    *("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),  # keys of 63 bits are one
)
PRICES = (
    *(None, None, 0.0, -0.0, 0, 1e-7, 0.0000005, 0.00000049999, 2.675, 123.4567895, 19.99, 7),
    *(0.1, 0.2, 999999999999.9, 999999999999.9998, 240854336.6024525),
)
IDS: Mapping[IdKind, tuple[int | str, ...]] = {
    "integer": (7, "7", 0, -5, 2**63 - 1, str(-(2**63))),
    "string": (7, "7", "007", "é", "a,b", "12.5", " a "),
}


def moments(as_of: date, windows: Windows, zone: ZoneInfo) -> st.SearchStrategy[str]:
    """Texts of times, most of them where a window begins or ends, or where clocks change."""
    edges = [midnight(day) for day in (as_of, *(window_start(as_of, months) for months in windows))]
    walls = [edge.replace(tzinfo=zone).astimezone(ZoneInfo("UTC")).replace(tzinfo=None) for edge in edges]
    anywhere = st.datetimes(edges[-1] - timedelta(days=3), edges[0] + timedelta(days=3))
    anchors = [*walls, *edges, *CHANGES.get(zone.key, ())]
    near = st.tuples(st.sampled_from(anchors), st.sampled_from(STEPS)).map(lambda two: two[0] + two[1])
    return st.builds(written, near | near | anywhere, st.integers(0, 4))


def written(moment: datetime, manner: int) -> str:
    """One instant in one of five manners, all to the microsecond."""
    east = moment + timedelta(hours=5, minutes=45)
    return (
        f"{moment:%Y-%m-%d %H:%M:%S} UTC" if not moment.microsecond else f"{moment:%Y-%m-%d %H:%M:%S.%f} GMT",
        moment.isoformat(),
        f"{moment:%Y-%m-%dT%H:%M:%S.%f}Z",
        f"{east:%Y-%m-%d %H:%M:%S.%f} +05:45",
        f"{east:%Y-%m-%dT%H:%M:%S.%f}789+0545",
    )[manner]


@dataclass(frozen=True)
class Shop:
    """Events by customer, and how they are to be measured."""

    events: dict[int, list[Any]]
    as_of: date
    asked: pipeline.Settings


def changed(event: Any, what: str, value: object) -> Any:
    """An event like another, as texts or an hour later or with another value in one field."""
    if what == "ids as texts":
        return event | {name: str(event[name]) for name in ("product_id", "category_id") if event[name] is not None}
    if what == "an hour later":
        return event | {"event_time": written(instant(event["event_time"]) + timedelta(hours=1), 1)}
    return event | ({what: value} if what in event else {})


@st.composite
def shops(draw: st.DrawFn) -> Shop:
    """A dozen customers, with copies of some events that are exact or nearly so."""
    as_of, windows, zone = draw(st.sampled_from(DATES)), draw(st.sampled_from(WINDOWS)), draw(st.sampled_from(ZONES))
    kind: IdKind = draw(st.sampled_from(("integer", "string")))
    fields = {
        "event_time": moments(as_of, windows, ZoneInfo(zone)),
        "event_type": st.sampled_from([*EVENT_TYPES, "purchase", "view"]),
        "product_id": st.sampled_from(IDS[kind]),
        "category_id": st.sampled_from([None, "", *IDS[kind]]),
        "category_code": st.sampled_from([None, "", "a", "a.b"]),
        "brand": st.sampled_from([None, "", "x", "é"]),
        "price": st.sampled_from(PRICES) | st.floats(0, 1e12, exclude_max=True),
        "user_session": st.sampled_from(SESSIONS),
    }
    changes = st.lists(st.sampled_from(["exact", "ids as texts", "an hour later", *fields]), max_size=3)
    events: dict[int, list[Any]] = {}
    for user in range(1, 13):
        some = draw(st.lists(st.fixed_dictionaries(fields), max_size=30))
        copies = [changed(some[0], name, draw(fields.get(name, st.none()))) for name in draw(changes) if some]
        events[user] = [*some, *copies]
    assume(any(events.values()))
    ids = {"user_id": "integer", "product_id": kind, "category_id": kind}
    asked = {"time_zone": zone, "windows": windows, "buckets": 1, "threads": 1, **ids}
    return Shop(events, as_of, pipeline.Settings.model_validate(asked))


def kernels(shop: Shop) -> dict[int, Measures]:
    """The numbers of the customer table that the pipeline makes of a shop's events, by customer."""
    names = [feature.name for feature in features(shop.asked.windows) if feature.numeric]
    with tempfile.TemporaryDirectory() as folder:
        with (Path(folder) / "events.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows({**event, "user_id": user} for user, some in shop.events.items() for event in some)
        store = Path(folder) / "store"
        (ingested,), _ = pipeline.ingest([folder], store, settings=shop.asked)
        assert ingested.counts["rejected"] == 0
        try:
            run = pipeline.customers(store, as_of=shop.as_of, settings=shop.asked)
        except EventsError as error:
            if "No events from" not in str(error):
                raise
            return {}
        with connect() as connection:
            path = quote(str(run.path / "customers.parquet"))
            rows = connection.execute(f"SELECT user_id, {', '.join(names)} FROM read_parquet({path})").fetchall()
    return {int(user): dict(zip(names, values, strict=True)) for user, *values in rows}
