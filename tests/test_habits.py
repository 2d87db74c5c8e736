"""When customers come and what they buy: by hand, and against a plain count of random histories."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import shop
from bestiary import pipeline
from bestiary.config import Settings
from bestiary.customers.habits import FEWEST, Group, Habits, measure_habits
from bestiary.errors import EventsError, ModelError
from bestiary.events.contract import COLUMNS
from bestiary.lake.store import Store
from bestiary.sql import connect, quote

AS_OF = date(2020, 5, 1)  # the window begins on 2019-10-01, a Tuesday
WINDOWS = (2, 5, 7)
Row = tuple[str, ...]
Label = tuple[str, str, int | None]

GOLDEN = """\
event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session
2019-09-30 23:59:59 UTC,purchase,9,1,c9,early,99,1,z
2019-10-01 00:00:00 UTC,view,1,1,c1,x,10,1,a
2020-04-27 09:00:00 UTC,view,1,1,c1,x,10,1,b
2020-04-27 09:59:59 UTC,purchase,1,1,c1,x,10,1,b
2020-04-27 10:00:00 UTC,purchase,1,1,c1,x,10,1,b
2020-04-27 09:30:00 UTC,purchase,2,2,,y,,1,c
2020-04-30 23:59:59 UTC,purchase,3,1,c1,,5,2,d
2020-05-01 00:00:00 UTC,purchase,3,1,c1,late,5,2,e
2020-04-26 23:00:00 UTC,view,3,1,c1,x,5,3,f
2020-04-26 23:00:00 UTC,view,3,1,c1,x,5,4,g
2020-04-26 23:30:00 UTC,purchase,3,1,c1,x,5,5,h
"""
LABELS: list[Label] = [("1", "buyers", 0), ("2", "buyers", None), ("3", "visitors", 1), ("4", "visitors", None)]


def ingested(folder: Path, texts: Sequence[str], buckets: int, zone: str = "UTC") -> Store:
    chosen = Settings(threads=1, buckets=buckets, time_zone=zone)
    for number, text in enumerate(texts):
        (folder / f"{number}.csv").write_text(text, encoding="utf-8")
        pipeline.ingest([folder / f"{number}.csv"], folder / "store", settings=chosen)
    return Store.open(folder / "store", Settings())


def labelled(path: Path, labels: Sequence[Label], ids: str = "INTEGER") -> Path:
    """A table of segments, as far as it matters here."""
    with connect() as connection:
        connection.execute("CREATE TABLE t (user_id VARCHAR, population VARCHAR, segment INTEGER)")
        if labels:
            connection.executemany("INSERT INTO t VALUES (?, ?, ?)", [list(one) for one in labels])
        rows = f"SELECT user_id::{ids} AS user_id, population, segment FROM t ORDER BY ALL"
        connection.execute(f"COPY ({rows}) TO {quote(str(path))} (FORMAT parquet)")
    return path


def habits(
    store: Store, labels: Sequence[Label], threads: int = 1, ids: str = "INTEGER", as_of: date = AS_OF
) -> Habits:
    folder = store.path.parent
    parts = [(one.bucket, one.month, one.path) for one in store.visits()]
    table = labelled(folder / "segments.parquet", labels, ids)
    return measure_habits(parts, as_of, WINDOWS, table, folder, threads, 500_000_000)


def at(found: Any) -> dict[tuple[int, int], int]:
    """Weekday and hour of what is not 0."""
    return {(day, hour): n for day, row in enumerate(found) for hour, n in enumerate(row) if n}


@pytest.mark.parametrize("buckets", [1, 4])
def test_by_hand(tmp_path: Path, buckets: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bestiary.customers.habits.FEWEST", 1)
    found = habits(ingested(tmp_path, [GOLDEN], buckets), LABELS)
    assert found.groups == (
        Group("buyers", 0, 1),
        Group("buyers", None, 1),
        Group("visitors", 1, 1),
        Group("visitors", None, 1),
    )
    one = {(1, 0): 1, (0, 9): 2, (0, 10): 1}  # a session in two hours is two visits, two in one hour are two as well
    sunday = {(6, 23): 1}
    assert [at(group) for group in found.visits] == [one, {(3, 23): 1}, sunday, sunday]
    assert found.visits.sum() == 7  # customer 5 has no place at all
    assert at(found.hours(0)) == one
    assert found.hours(7) == [[0] * 24] * 7
    assert found.brands.values == ("x", "y")
    assert found.brands.customers.tolist() == [[1, 0, 0, 0], [1, 0, 0, 0]]
    assert found.categories.values == ("c1",)
    assert found.categories.customers.tolist() == [[1, 1, 0, 0]]
    # Customer 1 alone bought two brands, and customers 1 and 2 one category each.
    assert found.brands.expected.tolist() == [[1, 0, 0, 0], [1, 0, 0, 0]]
    assert found.categories.expected.tolist() == [[1, 1, 0, 0]]


def test_a_visit_that_came_in_two_files_is_one(tmp_path: Path) -> None:
    texts = [
        "\n".join([",".join(COLUMNS), shop.line(event_time=f"2020-04-27 09:{minute}:00 UTC", user_id="1")]) + "\n"
        for minute in ("10", "50")
    ]
    assert at(habits(ingested(tmp_path, texts, 1), LABELS).hours(0)) == {(0, 9): 1}


def test_the_window_begins_on_its_day_also_within_a_month(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Seven months before 15 May are from 15 October on: what is bought or seen the day before is not in it."""
    monkeypatch.setattr("bestiary.customers.habits.FEWEST", 1)
    lines = [
        shop.line(event_time=f"{day} 12:00:00 UTC", event_type="purchase", user_id="1", brand=brand, user_session=brand)
        for day, brand in (
            ("2019-10-14", "early"),
            ("2019-10-15", "first"),
            ("2020-05-14", "last"),
            ("2020-05-15", "late"),
        )
    ]
    store = ingested(tmp_path, ["\n".join([",".join(COLUMNS), *lines]) + "\n"], 1)
    found = habits(store, LABELS, as_of=date(2020, 5, 15))
    assert found.brands.values == ("first", "last")
    assert found.visits.sum() == 2


def test_what_is_expected_is_of_those_who_bought_as_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """1 and 2 bought one brand, 3 bought both; what has no brand is no further one, and visitors are nobody's like."""
    monkeypatch.setattr("bestiary.customers.habits.FEWEST", 1)
    bought = [("1", "x"), ("1", ""), ("2", "y"), ("3", "x"), ("3", "y"), ("4", "x")]
    many = [("5", f"b{n:02}") for n in range(20)] + [("6", f"b{n:02}") for n in range(45)]
    lines = [
        shop.line(
            event_type="purchase", user_id=user, brand=brand, event_time="2020-04-01 10:00:00 UTC", product_id=f"{n}"
        )
        for n, (user, brand) in enumerate(bought + many)
    ]
    places = [("1", "buyers", 0), ("2", "buyers", 1), ("3", "buyers", 1), ("4", "visitors", 2)]
    text = "\n".join([",".join(COLUMNS), *lines]) + "\n"
    labels: list[Label] = [*places, ("5", "buyers", 3), ("6", "buyers", 4)]
    found = habits(ingested(tmp_path, [text], 1), labels)
    told = dict(zip(found.brands.values, found.brands.expected.tolist(), strict=True))
    assert [(one.population, one.segment) for one in found.groups][-1] == ("visitors", 2)
    assert told["x"] == told["y"] == [0.5, 1.5, 0, 0, 0]
    # Twenty brands and forty-five are not alike either: each of the two is compared with nobody else.
    assert told["b00"] == [0, 0, 1, 1, 0]
    assert told["b44"] == [0, 0, 0, 1, 0]


def test_what_few_have_bought_is_left_out(tmp_path: Path) -> None:
    lines = [
        shop.line(event_type="purchase", user_id=str(user), brand=brand, event_time="2020-04-01 10:00:00 UTC")
        for brand, buyers in (("many", FEWEST), ("few", FEWEST - 1))
        for user in range(1, buyers + 1)
    ]
    text = "\n".join([",".join(COLUMNS), *lines, *lines]) + "\n"
    labels = [(str(user), "buyers", user % 2) for user in range(1, FEWEST + 1)]
    found = habits(ingested(tmp_path, [text], 2), labels)
    assert found.brands.values == ("many",)
    assert found.brands.customers.tolist() == [[5, 5]]


def test_hours_are_those_of_the_shop_and_ids_may_be_texts(tmp_path: Path) -> None:
    text = GOLDEN.replace(",1,a", ",o'neil <b>,a")
    labels: list[Label] = [("o'neil <b>", "buyers", 0)]
    found = habits(ingested(tmp_path, [text], 2, "Asia/Tokyo"), labels, ids="VARCHAR")
    assert at(found.hours(0)) == {(1, 9): 1}


def test_without_a_customer_placed_there_are_no_habits(tmp_path: Path) -> None:
    found = habits(ingested(tmp_path, [GOLDEN], 2), [])
    assert (found.groups, found.brands.values, found.visits.shape) == ((), (), (0, 7, 24))


def test_no_events_and_no_table_are_said(tmp_path: Path) -> None:
    store = ingested(tmp_path, [GOLDEN], 2)
    parts = [(one.bucket, one.month, one.path) for one in store.visits()]
    table = labelled(tmp_path / "segments.parquet", LABELS)
    with pytest.raises(EventsError, match="No events from"):
        measure_habits(parts, date(2030, 1, 1), WINDOWS, table, tmp_path, 1, 500_000_000)
    with pytest.raises(ModelError, match=r"none\.parquet"):
        measure_habits(parts, AS_OF, WINDOWS, tmp_path / "none.parquet", tmp_path, 1, 500_000_000)


USERS = [str(user) for user in range(1, 9)]
EVENT = st.tuples(
    st.one_of(
        st.integers(0, 40).map(lambda n: datetime(2020, 4, 20) + timedelta(minutes=37 * n)),
        st.integers(0, 230).map(lambda n: datetime(2019, 9, 20, 5) + timedelta(days=n)),
    ).map(lambda time: f"{time:%Y-%m-%d %H:%M:%S} UTC"),
    st.sampled_from(["view", "cart", "purchase", "purchase", "refund"]),
    st.sampled_from(["1", "2"]),
    st.just(""),
    st.sampled_from(["", "c1", "c2"]),
    st.sampled_from(["", "x", "y", "Y"]),
    st.sampled_from(["", "0", "19.99"]),
    st.sampled_from(USERS),
    st.sampled_from(["s", "t", "u"]),
)
PLACE = st.sampled_from([("buyers", 0), ("buyers", 1), ("buyers", None), ("visitors", 2), ("visitors", None), None])


def reckon(events: Sequence[Row], labels: Sequence[Label]) -> tuple[Counter[Any], Counter[Any], Counter[Any]]:
    """Visits by group and hour of the week; customers by group of buyers and brand, and by group and category."""
    groups = {user: (population, segment) for user, population, segment in labels}
    seen = [(datetime.fromisoformat(row[0].removesuffix(" UTC")), row) for row in events]
    seen = [one for one in seen if datetime(2019, 10, 1) <= one[0] < datetime(2020, 5, 1)]
    visits = {(row[7], row[8], time.date(), time.hour) for time, row in seen}
    bought = [row for _, row in seen if row[1] == "purchase" and groups.get(row[7], ("visitors",))[0] == "buyers"]
    return (
        Counter((groups.get(user), day.weekday(), hour) for user, _, day, hour in visits),
        Counter((groups[user], brand) for user, brand in {(row[7], row[5]) for row in bought if row[5]}),
        Counter((groups[user], code) for user, code in {(row[7], row[4]) for row in bought if row[4]}),
    )


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(EVENT, min_size=1, max_size=60),
    st.lists(PLACE, min_size=len(USERS), max_size=len(USERS)),
    st.integers(1, 5),
    st.integers(0, 60),
)
def test_counts_equal_a_plain_count_however_the_events_are_dealt(
    events: list[Row], places: list[tuple[str, int | None] | None], buckets: int, cut: int
) -> None:
    events = sorted(set(events))  # equal rows of two files are two events, not one
    labels: list[Label] = [(user, *place) for user, place in zip(USERS, places, strict=True) if place]
    texts = [
        "\n".join([",".join(COLUMNS), *(",".join(row) for row in some)]) + "\n"
        for some in (events[:cut], events[cut:])
        if some
    ]
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        patch.setattr("bestiary.customers.habits.FEWEST", 1)
        patch.setattr("bestiary.customers.measure.BATCH_BYTES", 1)  # a batch for each bucket
        store = ingested(Path(name), texts, buckets)
        try:
            found = habits(store, labels, threads=1 + buckets % 2)
        except EventsError:
            assert not reckon(events, labels)[0]
            return
    visits, brands, categories = reckon(events, labels)
    groups = [(group.population, group.segment) for group in found.groups]
    ours = {(group, *slot): n for group, week in zip(groups, found.visits, strict=True) for slot, n in at(week).items()}
    assert ours == {key: n for key, n in visits.items() if key[0] is not None}
    for told, plain in ((found.brands, brands), (found.categories, categories)):
        rows = zip(told.values, told.customers, strict=True)
        counts = {(group, value): n for value, row in rows for group, n in zip(groups, row.tolist(), strict=True) if n}
        assert counts == plain
        assert told.expected.sum(axis=1) == pytest.approx(told.customers.sum(axis=1))  # nobody is lost or made up
