"""Overlap: files that tell the same sessions twice are noticed, and files that only follow each other are not."""

from datetime import datetime
from pathlib import Path

import pytest

import daily
import shop
from bestiary.config import Settings
from bestiary.lake.overlap import Overlap, shared, spans
from bestiary.lake.store import Store
from bestiary.sql import connect, quote


def arriving(path: Path, folder: Path) -> tuple[datetime, datetime, list[Path]]:
    """First and last time and the parts of a file, as a store of its own has them."""
    shop.ingest(path, folder)
    lake = Store.open(folder, Settings())
    with connect() as connection:
        (span,) = spans(connection, lake)
    return span.first, span.last, [part.path for part in lake.visits()]


def overlap(held: list[Path], new: Path, folder: Path) -> Overlap | None:
    shop.ingest(held, folder / "store")
    with connect() as connection:
        return shared(connection, Store.open(folder / "store", Settings()), *arriving(new, folder / "new"))


def lines(*events: tuple[str, str, str]) -> list[str]:
    """Events of time on the 1st of October, customer and session."""
    return [
        shop.line(event_time=f"2019-10-01 {time} UTC", user_id=user, user_session=session)
        for time, user, session in events
    ]


def test_sessions_that_two_files_share_are_counted_by_hand(tmp_path: Path) -> None:
    held = lines(("10:00:00", "1", "a"), ("10:05:00", "1", "a"), ("11:30:00", "2", "b"), ("12:00:00", "3", "c"))
    new = lines(
        ("10:00:00", "1", "a"),  # the visit of 10 o'clock as it is held
        ("10:05:00", "1", "a"),
        ("11:00:00", "1", "a"),  # the same session's next hour
        ("11:30:00", "2", "b"),  # as held, and one event more
        ("11:31:00", "2", "b"),
        ("11:40:00", "4", "b"),  # another customer's session of the same name
        ("12:30:00", "3", "c"),  # after all that is held
    )
    files = [shop.write_csv(tmp_path / "held.csv", held), shop.write_csv(tmp_path / "aside.csv", [daily.of_day(0)[0]])]
    found = overlap(files, shop.write_csv(tmp_path / "new.csv", new), tmp_path)
    first, last = datetime(2019, 10, 1, 10), datetime(2019, 10, 1, 12)
    assert found == Overlap(("held.csv",), first, last, sessions=2, visits=3, events=5, identical_visits=1)
    assert found.told() == (
        "shares 2 sessions (5 events) with held.csv, from 2019-10-01 10:00:00 to 2019-10-01 12:00:00; "
        "of their 3 visits 1 are alike in all that is kept."
    )


def test_days_that_follow_each_other_share_nothing_though_sessions_go_on_past_midnight(tmp_path: Path) -> None:
    one, two, three = daily.write_daily(tmp_path / "events", range(3))
    sessions = [{line.rsplit(",", 1)[1] for line in path.read_text().splitlines()[1:]} for path in (one, two)]
    assert sessions[0] & sessions[1]
    assert overlap([one, three], two, tmp_path) is None


def test_files_of_other_customers_at_the_same_time_share_nothing(tmp_path: Path) -> None:
    web = shop.write_csv(tmp_path / "web.csv", lines(("10:00:00", "1", "a"), ("12:00:00", "1", "a")))
    shop_ = shop.write_csv(tmp_path / "shop.csv", lines(("11:00:00", "2", "a"), ("13:00:00", "2", "a")))
    assert overlap([web], shop_, tmp_path) is None


def test_one_instant_in_common_is_enough(tmp_path: Path) -> None:
    one = shop.write_csv(tmp_path / "one.csv", lines(("10:00:00", "1", "a"), ("11:00:00", "1", "a")))
    two = shop.write_csv(tmp_path / "two.csv", lines(("11:00:00", "1", "a"), ("12:00:00", "1", "a")))
    found = overlap([one], two, tmp_path)
    assert found is not None
    assert (found.sessions, found.visits, found.events, found.identical_visits) == (1, 1, 1, 1)


def test_a_month_and_its_days_are_the_same_visits(tmp_path: Path) -> None:
    month = daily.write_monthly(tmp_path / "events", range(11))[0]
    found = overlap(daily.write_daily(tmp_path / "events", range(11)), month, tmp_path)
    assert found is not None
    assert found.events == 11 * 40
    assert len(found.names) == 11
    assert "and 8 more" in found.told()
    assert found.identical_visits == found.visits > 100


@pytest.mark.parametrize(
    ("change", "identical"),
    [
        ("views AS views", 1),
        ("hour + INTERVAL 1 HOUR AS hour", 0),
        ("first_time + INTERVAL 1 SECOND AS first_time", 0),
        ("last_time - INTERVAL 1 SECOND AS last_time", 0),
        ("views + 1 AS views", 0),
        ("carts + 1 AS carts", 0),
        ("removals + 1 AS removals", 0),
        ("purchases + 1 AS purchases", 0),
        ("refunds + 1 AS refunds", 0),
        ("viewed_value + 0.01 AS viewed_value", 0),
        ("viewed_prices + 1 AS viewed_prices", 0),
        ("refunded + 0.01 AS refunded", 0),
        ("bought[:-2] AS bought", 0),
    ],
)
def test_a_visit_that_differs_in_one_thing_alone_is_another(change: str, identical: int, tmp_path: Path) -> None:
    kinds = ("view", "cart", "remove_from_cart", "purchase", "purchase", "refund")
    told = [shop.line(event_time=f"2019-10-01 10:0{minute}:00", event_type=kind) for minute, kind in enumerate(kinds)]
    path = shop.write_csv(tmp_path / "told.csv", told)
    shop.ingest(path, tmp_path / "store")
    first, last, (part,) = arriving(path, tmp_path / "new")
    copy = tmp_path / "changed" / part.relative_to(tmp_path / "new")
    copy.parent.mkdir(parents=True)
    with connect() as connection:
        read = f"read_parquet({quote(str(part))}, hive_partitioning = false)"
        changed = f"SELECT * REPLACE ({change}) FROM {read}"
        connection.execute(f"COPY ({changed}) TO {quote(str(copy))} (FORMAT parquet)")
        found = shared(connection, Store.open(tmp_path / "store", Settings()), first, last, [copy])
    assert found is not None
    assert (found.visits, found.identical_visits) == (1, identical)


@pytest.mark.parametrize("kind", ["all rows refused", "an empty store"])
def test_where_there_are_no_events_nothing_is_shared(kind: str, tmp_path: Path) -> None:
    junk = shop.write_csv(tmp_path / "junk.csv", ["junk"] if kind == "all rows refused" else [])
    settings = shop.SMALL.model_copy(update={"user_id": "integer", "product_id": "integer", "category_id": "integer"})
    shop.ingest(junk, tmp_path / "store", settings=settings)
    new = arriving(shop.write_csv(tmp_path / "new.csv", [shop.line()]), tmp_path / "new")
    with connect() as connection:
        assert shared(connection, Store.open(tmp_path / "store", Settings()), *new) is None
