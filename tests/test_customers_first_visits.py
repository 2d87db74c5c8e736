"""What the first visits tell: by hand, against a plain reckoning, and equal to the customer table once all are in."""

import tempfile
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bestiary import pipeline
from bestiary.config import Settings
from bestiary.customers.first_visits import COUNTS, measure_first_visits
from bestiary.errors import EventsError
from bestiary.events.contract import COLUMNS
from bestiary.lake.store import Store
from bestiary.sql import connect, quote

Row = tuple[str, ...]
AS_OF = date(2020, 5, 1)  # the longest window begins on 2019-10-01
WINDOWS = (2, 5, 7)

GOLDEN = """\
event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session
2019-09-30 23:59:59 UTC,view,1,,,,7,1,z
2020-01-01 09:00:00 UTC,view,1,,,,10,1,a
2020-01-01 11:30:00 UTC,cart,1,,,,10,1,a
2020-01-01 10:00:00 UTC,view,1,,,,0,1,b
2020-01-01 10:05:00 UTC,purchase,1,,,,10.10,1,b
2020-01-05 10:00:00 UTC,refund,1,,,,10.10,1,c
2020-04-30 23:00:00 UTC,view,1,,,,21,1,d
2020-04-30 23:59:59 UTC,purchase,1,,,,5,1,d
2020-05-01 00:00:00 UTC,purchase,1,,,,99,1,e
2020-04-29 00:00:00 UTC,remove_from_cart,1,,,,10,2,a
2020-05-01 00:00:00 UTC,view,1,,,,10,3,a
"""

# user, n, visits, days since purchase, purchases, value, days since visit, sessions, carts, price viewed, events.
# The first visit goes on after the second has begun, and is one with all that it holds.
BY_HAND = [
    (1, 1, 4, None, 0, 0.0, 120, 1, 1, 10.0, 2),
    (1, 2, 4, 120, 1, 10.1, 120, 2, 1, 10.0, 4),
    (1, 3, 4, 120, 1, 0.0, 116, 3, 1, 10.0, 5),
    (1, 4, 4, 0, 2, 5.0, 0, 4, 1, 15.5, 7),
    (2, 1, 1, None, 0, 0.0, 2, 1, 0, None, 1),
]


def ingested(folder: Path, text: str, buckets: int) -> Store:
    (folder / "events.csv").write_text(text, encoding="utf-8")
    pipeline.ingest([folder / "events.csv"], folder / "store", settings=Settings(threads=1, buckets=buckets))
    return Store.open(folder / "store", Settings())


def first_visits(store: Store, counts: Sequence[int] = COUNTS) -> list[dict[str, Any]]:
    folder = store.path.parent
    parts = [(one.bucket, one.month, one.path) for one in store.visits()]
    return table(measure_first_visits(parts, AS_OF, WINDOWS, folder / "first.parquet", folder, 1, 500_000_000, counts))


def table(path: Path) -> list[dict[str, Any]]:
    with connect() as connection:
        cursor = connection.execute(f"SELECT * FROM read_parquet({quote(str(path))})")
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.parametrize("buckets", [1, 4])
def test_by_hand(tmp_path: Path, buckets: int) -> None:
    found = first_visits(ingested(tmp_path, GOLDEN, buckets))
    assert [tuple(row.values()) for row in found] == BY_HAND
    assert list(found[0])[3:] == [
        "days_since_last_purchase",
        "number_of_purchases_7m",
        "total_purchase_value",
        "days_since_last_visit",
        "number_of_sessions_7m",
        "number_of_carts_7m",
        "avg_price_viewed_7m",
        "number_of_events_7m",
    ]


def test_only_the_numbers_asked_for(tmp_path: Path) -> None:
    store = ingested(tmp_path, GOLDEN, 2)
    assert [tuple(row.values()) for row in first_visits(store, (2, 4))] == [BY_HAND[1], BY_HAND[3]]


EVENT = st.tuples(
    st.one_of(
        st.integers(0, 120).map(lambda n: datetime(2020, 4, 1, 0, 30) + timedelta(minutes=20 * n)),
        st.integers(0, 300).map(lambda n: datetime(2019, 9, 20) + timedelta(days=n)),
    ).map(lambda time: f"{time:%Y-%m-%d %H:%M:%S} UTC"),
    st.sampled_from(["view", "cart", "purchase", "purchase", "refund"]),
    st.sampled_from(["1", "2"]),
    st.just(""),
    st.just(""),
    st.just(""),
    st.sampled_from(["", "0", "0.1", "19.99"]),
    st.sampled_from(["1", "2"]),
    st.sampled_from(["", "s", "t", "u", "v", "w"]),
)


def reckon(user: str, events: Sequence[Row]) -> list[tuple[Any, ...]]:
    """One customer's rows. Of sessions that begin together the order is not known here: None where that matters."""
    end = datetime(2020, 5, 1)
    mine = [(datetime.fromisoformat(row[0].removesuffix(" UTC")), row) for row in set(events) if row[7] == user]
    seen = sorted(event for event in mine if datetime(2019, 10, 1) <= event[0] < end)
    sessions: dict[tuple[str, bool], list[tuple[datetime, Row]]] = {}
    for time, row in seen:  # in the order of their first events
        sessions.setdefault((row[8] or f"{time:%Y-%m-%d %H}", bool(row[8])), []).append((time, row))
    begun = [one[0][0] for one in sessions.values()]
    rows: list[tuple[Any, ...]] = []
    for n in range(1, len(sessions) + 1):
        if n < len(begun) and begun[n] == begun[n - 1]:
            continue
        held = [event for one in list(sessions.values())[:n] for event in one]
        kinds = {kind: [(time, row[6]) for time, row in held if row[1] == kind] for kind in KINDS}
        net = sum(Decimal(p or "0") for _, p in kinds["purchase"]) - sum(Decimal(p or "0") for _, p in kinds["refund"])
        last = max((time for time, _ in kinds["purchase"]), default=None)
        looked = [Decimal(price) for _, price in kinds["view"] if Decimal(price or "0") > 0]
        bought = sum(any(row[1] == "purchase" for _, row in one) for one in list(sessions.values())[:n])
        recency = (end - max(time for time, _ in held)).days
        mean = float(sum(looked)) / len(looked) if looked else None
        carts = len(kinds["cart"])
        since = None if last is None else (end - last).days
        rows.append((int(user), n, len(sessions), since, bought, float(net), recency, n, carts, mean, len(held)))
    return rows


KINDS = ("view", "cart", "purchase", "refund")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(EVENT, min_size=1, max_size=40))
def test_random_histories_and_all_visits_tell_what_the_customer_table_tells(events: list[Row]) -> None:
    with tempfile.TemporaryDirectory() as name:
        text = "\n".join([",".join(COLUMNS), *(",".join(row) for row in events)]) + "\n"
        store = ingested(Path(name), text, 2)
        try:
            customers = table(pipeline.customers(store.path, as_of=AS_OF).path / "customers.parquet")
        except EventsError:
            return
        found = first_visits(store, range(1, 42))
    expected = {row[:2]: row for user in ("1", "2") for row in reckon(user, events)}
    for row in found:
        ours = tuple(row.values())
        plain = expected.get(ours[:2], ours)  # not told where sessions begin together
        assert ours == tuple(pytest.approx(one, rel=1e-12) if isinstance(one, float) else one for one in plain)
    # Every visit of everyone is there, and the last one tells what the customer table does, to the last digit.
    assert [row["n"] for row in found] == [n for one in customers for n in range(1, one["number_of_sessions_7m"] + 1)]
    whole = [row for row in found if row["n"] == row["visits"]]
    for row, customer in zip(whole, customers, strict=True):
        assert {key: row[key] for key in list(row)[3:]} == {key: customer[key] for key in list(row)[3:]}
        assert row["user_id"] == customer["user_id"]


def test_visits_that_begin_together_come_in_the_order_of_their_keys(tmp_path: Path) -> None:
    names = "abcdefgh"
    lines = [f"2020-04-0{1 + n} 10:00:00 UTC,cart,{n},,,,,{n},{name}" for n, name in enumerate(names)]
    for n in range(len(names)):  # each customer n has the session n with a cart, and another one, of the same moment
        lines.append(f"2020-04-0{1 + n} 10:00:00 UTC,remove_from_cart,{n},,,,,{n},other")
    store = ingested(tmp_path, "\n".join([",".join(COLUMNS), *lines]) + "\n", 2)
    first = {row["user_id"]: row["number_of_carts_7m"] for row in first_visits(store, (1,))}
    parts = ", ".join(quote(str(part.path)) for part in store.visits())
    with connect() as connection:
        query = f"SELECT user_id, arg_min(carts, session_key) FROM read_parquet([{parts}]) GROUP BY user_id"
        assert dict(connection.execute(query).fetchall()) == first
    assert set(first.values()) == {0, 1}
