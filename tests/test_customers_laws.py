"""Laws of the customer table: order does not matter, nor the split into files; the future does not; sums are exact."""

import csv
import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bestiary import pipeline
from bestiary.customers.as_of import infer_as_of
from bestiary.errors import EventsError
from bestiary.events.contract import COLUMNS
from bestiary.sql import connect, quote
from bestiary.windows import window_start

Row = tuple[str, ...]
AS_OF = date(2020, 5, 1)
START = datetime(2019, 9, 25, tzinfo=UTC)

EVENT = st.tuples(
    st.integers(0, 225 * 24 * 60).map(lambda m: f"{START + timedelta(minutes=m):%Y-%m-%d %H:%M:%S} UTC"),
    st.sampled_from(["view", "view", "cart", "remove_from_cart", "purchase", "refund"]),
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from(["", "7"]),
    st.sampled_from(["", "a", "a.b"]),
    st.sampled_from(["", "x", "Y", "é"]),
    st.sampled_from(["", "0", "0.1", "0.2", "19.99", "1000000.01"]),
    st.sampled_from(["1", "2", "3"]),
    st.sampled_from(["", "s", "t", "u"]),
)
FEW = settings(max_examples=14, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def customers(files: Sequence[Sequence[Row]], as_of: date = AS_OF, **asked: Any) -> list[tuple[Any, ...]]:
    """The customer table of some files of events; [] where no event is in a window."""
    with tempfile.TemporaryDirectory() as folder:
        for number, rows in enumerate(files):
            with (Path(folder) / f"{number}.csv").open("w", newline="", encoding="utf-8") as file:
                csv.writer(file).writerows([COLUMNS, *rows])
        store = Path(folder) / "store"
        pipeline.ingest([folder], store, settings=pipeline.Settings(**asked))
        try:
            run = pipeline.customers(store, as_of=as_of)
        except EventsError:
            return []
        with connect() as connection:
            path = quote(str(run.path / "customers.parquet"))
            return connection.execute(f"SELECT * FROM read_parquet({path})").fetchall()


@FEW
@given(st.lists(EVENT, min_size=1, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(events: list[Row], random: Any) -> None:
    shuffled = random.sample(events, len(events))
    assert customers([events]) == customers([shuffled])


@FEW
@given(st.lists(EVENT, min_size=1, max_size=30), st.integers(2, 4))
def test_the_split_into_files_does_not_matter_while_equal_rows_stay_together(events: list[Row], files: int) -> None:
    split = [[row for row in events if sum(map(ord, "".join(row))) % files == n] for n in range(files)]
    assert sum(map(len, split)) == len(events)
    assert customers([events]) == customers([part for part in split if part])


@FEW
@given(st.lists(EVENT, min_size=1, max_size=20), st.lists(EVENT, min_size=1, max_size=10))
def test_no_event_at_or_after_as_of_matters(events: list[Row], more: list[Row]) -> None:
    midnight = f"{AS_OF} 00:00:00 UTC"
    future = [(max(row[0], midnight), *row[1:]) for row in more]
    before = [row for row in events if row[0] < midnight]
    assert customers([[*before, *future]]) == (customers([before]) if before else [])


@FEW
@given(st.lists(EVENT, min_size=1, max_size=30))
def test_the_number_of_buckets_does_not_matter(events: list[Row]) -> None:
    assert customers([events], buckets=1) == customers([events], buckets=7)


@FEW
@given(st.lists(EVENT, min_size=1, max_size=30))
def test_counts_and_money_equal_a_plain_reckoning(events: list[Row]) -> None:
    """The whole table's views, purchases, sessions and value against a few lines of Python with exact cents."""
    start = f"{window_start(AS_OF, 7)} 00:00:00 UTC"
    seen = [row for row in set(events) if start <= row[0] < f"{AS_OF} 00:00:00 UTC"]
    views, purchases, cents, sessions = Counter[int](), Counter[int](), Counter[int](), set()
    for time, kind, *_, price, user, session in seen:
        worth = round(float(price or 0) * 100)
        views[int(user)] += kind == "view"
        purchases[int(user)] += kind == "purchase"
        cents[int(user)] += worth * ((kind == "purchase") - (kind == "refund"))
        sessions.add((int(user), session or time[:13]))
    found = {row[0]: row for row in customers([events])}
    assert set(found) == {int(row[7]) for row in seen}
    for user, row in found.items():
        assert (row[11], row[14]) == (views[user], purchases[user])
        assert row[13] == sum(1 for owner, _ in sessions if owner == user)
        assert row[18] == pytest.approx(cents[user] / 100, abs=1e-9)


@pytest.mark.parametrize(
    ("as_of", "months", "start"),
    [
        (date(2020, 5, 1), 7, date(2019, 10, 1)),
        (date(2020, 3, 31), 1, date(2020, 2, 29)),
        (date(2019, 3, 31), 1, date(2019, 2, 28)),
        (date(2020, 1, 15), 1, date(2019, 12, 15)),
        (date(2020, 12, 31), 13, date(2019, 11, 30)),
        (date(2020, 6, 30), 120, date(2010, 6, 30)),
    ],
)
def test_windows_are_calendar_months_cut_at_the_end_of_a_month(as_of: date, months: int, start: date) -> None:
    assert window_start(as_of, months) == start


def test_stray_events_do_not_decide_the_date() -> None:
    with pytest.raises(EventsError, match="--as-of 2020-04-03"):
        infer_as_of(datetime(2020, 6, 1, 12), datetime(2020, 4, 2, 9))
    # A week from the 99.9th percentile to the midnight is allowed, and not an hour more.
    assert infer_as_of(datetime(2020, 6, 1, 12), datetime(2020, 5, 26)) == date(2020, 6, 2)
    with pytest.raises(EventsError, match="--as-of 2020-05-26"):
        infer_as_of(datetime(2020, 6, 1, 12), datetime(2020, 5, 25, 23))


def test_the_percentile_is_the_999th_of_a_thousand(tmp_path: Path) -> None:
    """Two strays in 2,000 events lie beyond the percentile and stop the run; three in 2,001 are part of the shop."""
    moments = [f"2020-04-01 {n // 60 % 24:02}:{n % 60:02}:00 UTC" for n in range(1998)]
    strays = [f"2020-06-0{n} 00:00:00 UTC" for n in (1, 2, 3)]
    for name, times in (("two", moments + strays[:2]), ("three", moments + strays)):
        rows = [(time, "view", "1", "", "", "", "", str(n), "s") for n, time in enumerate(times)]
        with (tmp_path / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([COLUMNS, *rows])
        pipeline.ingest([tmp_path / f"{name}.csv"], tmp_path / name)
    with pytest.raises(EventsError, match="--as-of 2020-04-02"):
        pipeline.customers(tmp_path / "two")
    assert pipeline.customers(tmp_path / "three").as_of == date(2020, 6, 4)
