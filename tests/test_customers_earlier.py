"""Customers as of an earlier midnight and what they did next: by hand, and the laws that bind it to the whole table."""

import csv
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
from bestiary.customers.earlier import horizon, measure_earlier, sampled
from bestiary.customers.features import features
from bestiary.errors import EventsError
from bestiary.events.contract import COLUMNS
from bestiary.lake.store import Store
from bestiary.sql import connect, quote

Row = tuple[str, ...]
AT, UNTIL = date(2020, 3, 1), date(2020, 5, 1)  # the longest window before AT begins on 2019-08-01
WINDOWS = (2, 5, 7)
FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])

GOLDEN = """\
event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session
2019-07-31 23:59:59 UTC,purchase,1,,,,70,7,g
2020-02-01 10:00:00 UTC,purchase,1,,c1,x,10.10,1,a
2020-02-29 23:59:59 UTC,view,2,,c2,y,20.20,1,b
2020-03-01 00:00:00 UTC,purchase,2,,c2,y,20.20,1,b
2020-03-05 00:00:00 UTC,refund,1,,c1,x,10.10,1,c
2020-05-01 00:00:00 UTC,purchase,3,,,,500,1,d
2020-02-10 10:00:00 UTC,purchase,1,,,,30.30,2,e
2020-04-30 23:59:59 UTC,refund,1,,,,30.30,2,f
2020-02-11 10:00:00 UTC,view,1,,,,5,3,g
2020-03-02 10:00:00 UTC,purchase,1,,,,,3,h
2020-02-12 10:00:00 UTC,cart,1,,,,5,4,i
2020-03-03 10:00:00 UTC,view,1,,,,5,4,j
2020-02-13 10:00:00 UTC,view,1,,,,5,5,k
2020-03-01 00:00:00 UTC,purchase,1,,,,60,6,l
2020-03-02 00:00:00 UTC,purchase,1,,,,8,7,m
"""


def ingested(folder: Path, text: str, **asked: Any) -> Store:
    (folder / "events.csv").write_text(text, encoding="utf-8")
    pipeline.ingest([folder / "events.csv"], folder / "store", settings=Settings(threads=1, **asked))
    return Store.open(folder / "store", Settings())


def earlier(
    store: Store, at: date = AT, until: date = UNTIL, buckets: Sequence[int] | None = None
) -> list[dict[str, Any]]:
    """The rows of the file that is written, in the file's order."""
    folder = store.path.parent
    parts = [(one.bucket, one.month, one.path) for one in store.visits() if buckets is None or one.bucket in buckets]
    return table(measure_earlier(parts, at, until, WINDOWS, folder / "earlier.parquet", folder, 1, 500_000_000))


def table(path: Path) -> list[dict[str, Any]]:
    with connect() as connection:
        cursor = connection.execute(f"SELECT * FROM read_parquet({quote(str(path))})")
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.mark.parametrize("buckets", [1, 5])
def test_by_hand(tmp_path: Path, buckets: int) -> None:
    found = earlier(ingested(tmp_path, GOLDEN, buckets=buckets))
    # Customer 6 came after the midnight only, and customer 7 before the longest window and after the midnight.
    assert [(row["user_id"], row["outcome_value"], row["outcome_bought"]) for row in found] == [
        (1, 10.1, True),  # 20.20 at the midnight itself, less 10.10; what was bought at the end is not in it
        (2, -30.3, False),  # paid back what was bought before
        (3, 0.0, True),  # bought at an unknown price
        (4, 0.0, False),  # looked only
        (5, 0.0, False),  # never came again
    ]
    one = found[0]
    assert list(one) == [*(feature.name for feature in features(WINDOWS)), "outcome_value", "outcome_bought"]
    # The session that goes on past the midnight counts with what it held before.
    assert (one["number_of_sessions_2m"], one["number_of_purchases_7m"], one["total_purchase_value"]) == (2, 1, 10.1)
    assert (one["days_since_last_purchase"], one["last_seen"]) == (28, datetime(2020, 2, 29, 23, 59, 59))


def test_midnights_are_those_of_the_shop(tmp_path: Path) -> None:
    lines = [
        "2020-02-01 10:00:00 UTC,view,1,,,,1,1,a",
        "2020-02-29 22:59:59 UTC,purchase,1,,,,1,1,b",
        "2020-02-29 23:00:00 UTC,purchase,1,,,,2,1,c",  # 1 March in Paris
        "2020-04-30 21:59:59 UTC,purchase,1,,,,4,1,d",
        "2020-04-30 22:00:00 UTC,purchase,1,,,,8,1,e",  # 1 May in Paris
    ]
    text = "\n".join([",".join(COLUMNS), *lines]) + "\n"
    (row,) = earlier(ingested(tmp_path, text, time_zone="Europe/Paris"))
    assert (row["total_purchase_value"], row["outcome_value"]) == (1.0, 6.0)


def test_where_nobody_came_again_and_where_nobody_came_before(tmp_path: Path) -> None:
    head, *lines = GOLDEN.splitlines(keepends=True)
    store = ingested(tmp_path, head + "".join(line for line in lines if line < "2020-03"), buckets=2)
    assert {(row["user_id"], row["outcome_value"], row["outcome_bought"]) for row in earlier(store)} == {
        (user, 0.0, False) for user in (1, 2, 3, 4, 5)
    }
    with pytest.raises(EventsError, match="No events from 2018-06-01 until 2019-01-01"):
        earlier(store, date(2019, 1, 1), date(2019, 3, 1))
    # Nothing is ever before the first event, though its month is in the window.
    assert earlier(store, date(2019, 7, 31), date(2019, 9, 30)) == []


EVENT = st.tuples(
    st.one_of(
        st.integers(0, 300 * 24).map(lambda hours: datetime(2019, 7, 20, 0, 30) + timedelta(hours=hours)),
        st.tuples(st.sampled_from([datetime(2020, 3, 1), datetime(2020, 5, 1)]), st.integers(-1, 1)).map(
            lambda edge: edge[0] + timedelta(seconds=edge[1])
        ),
    ).map(lambda time: f"{time:%Y-%m-%d %H:%M:%S} UTC"),
    st.sampled_from(["view", "cart", "purchase", "purchase", "purchase", "refund"]),
    st.sampled_from(["1", "2"]),
    st.just(""),
    st.sampled_from(["", "a"]),
    st.sampled_from(["", "x"]),
    st.sampled_from(["", "0", "0.1", "19.99"]),
    st.sampled_from(["1", "2", "3", "4", "5", "6", "7", "8"]),
    st.sampled_from(["", "s", "t"]),
)


@FEW
@given(st.lists(EVENT, min_size=1, max_size=60))
def test_the_columns_are_those_of_the_date_and_the_outcome_is_the_windows_net_revenue(events: list[Row]) -> None:
    """Over all buckets one by one: the customer table as of the midnight, and all the money of those in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        lines = [",".join(COLUMNS), *(",".join(row) for row in events)]
        store = ingested(folder, "\n".join(lines) + "\n", buckets=3)
        try:
            whole = table(pipeline.customers(store.path, as_of=AT).path / "customers.parquet")
        except EventsError:
            return
        found = []
        for bucket in sorted({part.bucket for part in store.visits()}):
            try:
                found += earlier(store, buckets=[bucket])
            except EventsError:  # none of its customers came before
                continue
        found.sort(key=lambda row: int(row["user_id"]))
        assert [{key: row[key] for key in whole[0]} for row in found] == whole
        known = {str(row["user_id"]) for row in whole}
        inside = [row for row in set(events) if f"{AT}" <= row[0] < f"{UNTIL}" and row[7] in known]
        sign = {"purchase": 1, "refund": -1}
        net = sum(sign.get(row[1], 0) * Decimal(row[6] or "0") for row in inside)
        assert sum(row["outcome_value"] for row in found) == pytest.approx(float(net), abs=1e-9)
        bought = {row[7] for row in inside if row[1] == "purchase"}
        assert {str(row["user_id"]) for row in found if row["outcome_bought"]} == bought


def test_a_real_shops_first_year_tells_its_last_months(shared_data: Path, tmp_path: Path) -> None:
    """The purchases of the CDNOW sample after 39 weeks, customer by customer, against a plain reading of its lines."""
    records = [line.split() for line in (shared_data / "cdnow" / "CDNOW_sample.txt").read_text().splitlines() if line]
    rows = [(user, date.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:]}"), price) for _, user, day, _, price in records]
    with (tmp_path / "events.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows(
            (f"{day} 12:00:00 UTC", "purchase", n, "", "", "", price, user, n)
            for n, (user, day, price) in enumerate(rows)
        )
    pipeline.ingest([tmp_path / "events.csv"], tmp_path / "store", settings=Settings(threads=1, buckets=4))
    at, until = date(1997, 10, 1), date(1998, 7, 1)
    store = Store.open(tmp_path / "store", Settings())
    parts = [(part.bucket, part.month, part.path) for part in store.visits()]
    out = measure_earlier(parts, at, until, (2, 5, 12), tmp_path / "earlier.parquet", tmp_path, 1, 500_000_000)
    found = {int(row["user_id"]): (row["outcome_value"], row["outcome_bought"]) for row in table(out)}
    seen = {int(user) for user, day, _ in rows if day < at}
    spent = dict.fromkeys(seen, Decimal(0))
    for user, day, price in rows:
        if at <= day < until:
            spent[int(user)] += Decimal(price)
    # The sample has purchases at 0, and whoever made one has bought.
    again = {int(user) for user, day, _ in rows if at <= day < until}
    assert again <= seen
    assert found == {user: (float(value), user in again) for user, value in spent.items()}
    assert sum(bought for _, bought in found.values()) > 500


@pytest.mark.parametrize(
    ("first", "until", "months", "at"),
    [
        (date(2019, 10, 1), date(2020, 5, 1), 2, date(2020, 3, 1)),  # the shortest window, though more would fit
        (date(2020, 1, 1), date(2020, 5, 1), 2, date(2020, 3, 1)),  # as much before as after, to the day
        (date(2020, 1, 2), date(2020, 5, 1), 2, date(2020, 4, 1)),
        (date(2020, 3, 1), date(2020, 5, 1), 2, date(2020, 4, 1)),
        (date(2020, 3, 2), date(2020, 5, 1), 2, None),
        (date(2019, 10, 1), date(2020, 5, 1), 4, date(2020, 2, 1)),  # four would leave three before
        (date(2010, 12, 1), date(2011, 12, 10), 6, date(2011, 6, 10)),
        (date(2020, 1, 30), date(2020, 3, 31), 1, None),  # 29 February less a month is 29 January
        (date(2020, 1, 29), date(2020, 3, 31), 1, date(2020, 2, 29)),
    ],
)
def test_the_horizon_leaves_as_much_before_it_as_after(first: date, until: date, months: int, at: date | None) -> None:
    assert horizon(first, until, (months, 12, 24)) == at


def test_buckets_are_sampled_until_they_hold_enough_buyers() -> None:
    assert sampled(32, 846_605) == (0, 1)  # 26,456 buyers each
    assert sampled(32, 50_000) == tuple(range(32))
    assert sampled(32, 50_001) == tuple(range(32))
    assert sampled(32, 10) == sampled(32, 0) == tuple(range(32))
    assert sampled(32, 10**9) == (0,)
    assert sampled(8, 800, enough=150) == (0, 1)
