"""How values become the contract's types: ids, quotes, time zones, physical types of Parquet."""

import hashlib
import uuid
from datetime import datetime
from pathlib import Path

import pytest

import shop
from bestiary.config import IdKind, Settings
from bestiary.errors import EventsError
from bestiary.lake.store import Store

KINDS: tuple[IdKind, IdKind] = ("integer", "string")


def zoned(zone: str) -> Settings:
    return shop.SMALL.model_copy(update={"time_zone": zone})


def kept_ids(tmp_path: Path, kind: IdKind | None, *ids: str) -> list[object]:
    store = tmp_path / "store"
    path = shop.write_csv(tmp_path / "a.csv", [shop.line(user_id=one) for one in ids])
    shop.ingest(path, store, settings=shop.SMALL.model_copy(update={"user_id": kind}))
    return [row[0] for row in shop.visits(store, "user_id")]


def test_integer_ids_are_numbers_and_string_ids_are_texts(tmp_path: Path) -> None:
    ids = ("-5", "007", "7", "9223372036854775807", "-9223372036854775808")
    whole = [-9223372036854775808, -5, 7, 9223372036854775807]
    assert kept_ids(tmp_path / "i", "integer", *ids) == whole
    assert kept_ids(tmp_path / "s", "string", *ids) == sorted(ids)


def test_a_string_id_keeps_everything_but_what_a_spreadsheet_has_cut(tmp_path: Path) -> None:
    ids = ("u-1", "é", "1" * 30, "12.5", "A1", " a ")
    assert kept_ids(tmp_path, "string", *ids, "2.10381E+18", "") == sorted(ids)
    reasons = [reason for _, _, reason in shop.rejects(tmp_path / "store")]
    assert reasons == ["bad_user_id", "missing_user_id"]


@pytest.mark.parametrize(
    ("ids", "kind"),
    [
        (["1"] * 99 + ["abc"], "integer"),  # one in a hundred is dirt
        (["1"] * 98 + ["abc"] * 2, "string"),
        (["1", "-5", "9223372036854775807"], "integer"),
        (["007"], "string"),  # a zero that would be lost
        (["0"], "integer"),
        (["1" * 20], "string"),
        (["2.10381E+18", "12.5"], "integer"),  # numbers that a spreadsheet has spoilt
        (["", ""], "integer"),
    ],
)
def test_the_kind_of_ids_is_told_by_the_first_file_and_then_fixed(ids: list[str], kind: str, tmp_path: Path) -> None:
    shop.ingest(shop.write_csv(tmp_path / "a.csv", [shop.line(user_id=one) for one in ids]), tmp_path / "store")
    store = Store.open(tmp_path / "store", Settings())
    assert store.fixed.user_id == kind
    assert store.fixed.product_id == "integer"
    shop.ingest(shop.write_csv(tmp_path / "b.csv", [shop.line(user_id="x1")]), tmp_path / "store")
    assert (("x1",) in shop.visits(tmp_path / "store", "user_id")) == (kind == "string")


def test_quoted_fields_hold_commas_and_doubled_quotes(tmp_path: Path) -> None:
    brands = ['a,b "c", d', '"', '""', ",", "e\u0301 👍🏽", "x,", " y", "'"]
    lines = [shop.line(brand=brand, event_type="purchase") for brand in brands]
    (ingested,), _ = shop.ingest(shop.write_csv(tmp_path / "a.csv", lines), tmp_path / "store")
    assert shop.counts(ingested) == (len(brands), len(brands), 0, 0)
    assert {one["brand"] for one in shop.bought(tmp_path / "store")} == set(brands)


def test_a_record_is_one_physical_line_even_within_quotes(tmp_path: Path) -> None:
    first, second = shop.line(brand="BREAK").replace("BREAK", '"two\nlines"').split("\n")
    lines = [shop.line(), f"{first}\n{second}", shop.line(user_id="6")]
    (ingested,), _ = shop.ingest(shop.write_csv(tmp_path / "a.csv", lines), tmp_path / "store")
    assert shop.counts(ingested) == (4, 2, 0, 2)
    assert shop.rejects(tmp_path / "store") == [(3, first, "unparsable_line"), (4, second, "unparsable_line")]


def test_an_unclosed_quote_costs_its_own_line_only(tmp_path: Path) -> None:
    lines = [shop.line(user_id=str(number)) for number in range(3000)]
    lines[1500] = lines[1500].replace("samsung", '"samsung')
    (ingested,), _ = shop.ingest(shop.write_csv(tmp_path / "a.csv", lines), tmp_path / "store")
    assert shop.counts(ingested) == (3000, 2999, 0, 1)
    assert shop.rejects(tmp_path / "store") == [(1502, lines[1500], "unparsable_line")]


def test_the_night_when_clocks_go_back_has_one_wall_time_twice(tmp_path: Path) -> None:
    # Paris: 2019-10-27 03:00 +02:00 becomes 02:00 +01:00. The first two are an hour apart and not duplicates.
    instants = ["2019-10-27 00:30:00 UTC", "2019-10-27 01:30:00 UTC", "2019-10-27T02:30:00+01:00"]
    instants += ["2019-10-27 02:30:00 UTC", "2019-03-31 00:59:59 UTC", "2019-03-31 01:00:00 UTC"]
    path = shop.write_csv(tmp_path / "a.csv", [shop.line(event_time=instant) for instant in instants])
    (ingested,), _ = shop.ingest(path, tmp_path / "store", settings=zoned("Europe/Paris"))
    assert shop.counts(ingested) == (6, 5, 1, 0)
    found = shop.visits(tmp_path / "store", "hour, first_time, last_time, views")
    assert [(str(hour), str(first), str(last), views) for hour, first, last, views in found] == [
        ("2019-03-31 01:00:00", *["2019-03-31 01:59:59"] * 2, 1),
        ("2019-03-31 03:00:00", *["2019-03-31 03:00:00"] * 2, 1),
        ("2019-10-27 02:00:00", *["2019-10-27 02:30:00"] * 2, 2),
        ("2019-10-27 03:00:00", *["2019-10-27 03:30:00"] * 2, 1),
    ]


def test_wall_time_decides_day_and_month(tmp_path: Path) -> None:
    path = shop.write_csv(tmp_path / "a.csv", [shop.line(event_time="2019-10-31 23:30:00 UTC")])
    shop.ingest(path, tmp_path / "store", settings=zoned("Asia/Kolkata"))
    assert shop.times(tmp_path / "store") == [datetime.fromisoformat("2019-11-01 05:00:00")]
    assert [part.month for part in Store.open(tmp_path / "store", Settings()).visits()] == ["2019-11"]


def test_session_keys_and_buckets_are_the_same_on_every_engine(tmp_path: Path) -> None:
    uuids = [str(uuid.UUID(int=number * 0x1234_5678_9ABC_DEF0_0FED_CBA9, version=4)) for number in range(1, 20)]
    sessions = [*(f"s{number}" for number in range(20)), *uuids, uuids[0][:-1], "x" * 36, ""]
    users = [str(number * 16) for number in range(len(sessions))]
    lines = [shop.line(user_session=one, user_id=user) for one, user in zip(sessions, users, strict=True)]
    path = shop.write_csv(tmp_path / "a.csv", lines)
    shop.ingest(path, tmp_path / "store", settings=shop.SMALL.model_copy(update={"buckets": 16}))

    def key(text: str) -> int:
        number = int.from_bytes(hashlib.md5(text.encode()).digest(), "little")
        if text in uuids:
            number = uuid.UUID(text).int
        return ((number >> 64) ^ number) & (2**63 - 1)

    named = [one or f"{user} @ 2019-10-01 10:00:00" for one, user in zip(sessions, users, strict=True)]
    prime = 2**31 - 1
    buckets = [int(user) % prime * 1327217885 % prime * 16 // prime for user in users]
    assert shop.visits(tmp_path / "store", "session_key, user_id") == [
        *sorted(zip(map(key, named), map(int, users), strict=True))
    ]
    found = {part.bucket for part in Store.open(tmp_path / "store", Settings()).visits()}
    assert found == set(buckets)
    assert len(found) > 8


PLAIN_TYPES = {"product_id": "BIGINT", "category_id": "BIGINT", "price": "DOUBLE", "user_id": "BIGINT"}
PHYSICAL = {
    "32-bit ids": {"user_id": "INTEGER", "product_id": "UINTEGER"},
    "wide ids": {"user_id": "UBIGINT", "category_id": "UBIGINT"},
    "double ids": {"user_id": "DOUBLE", "product_id": "FLOAT"},
    "decimals": {"user_id": "DECIMAL(18,0)", "category_id": "DECIMAL(38,0)", "price": "DECIMAL(10,2)"},
    "time with zone": {"event_time": "TIMESTAMPTZ"},
    "nanoseconds": {"event_time": "TIMESTAMP_NS"},
    "milliseconds": {"event_time": "TIMESTAMP_MS"},
    "bytes": {"brand": "BLOB", "user_session": "BLOB", "event_type": "BLOB"},
    "all text": dict.fromkeys(PLAIN_TYPES, "VARCHAR") | {"event_time": "VARCHAR"},
}


@pytest.mark.parametrize("physical", PHYSICAL)
def test_physical_types_of_parquet_make_no_difference(physical: str, tmp_path: Path) -> None:
    events = [
        shop.event(event_time="2019-10-01 10:00:00", product_id="1048576", price="12.50", event_type="purchase"),
        shop.event(event_time="2019-10-01 11:30:00", product_id="2", user_id="9", brand="", user_session=""),
    ]
    lines = [",".join(one.values()) for one in events]
    shop.ingest(shop.write_csv(tmp_path / "a.csv", lines), tmp_path / "csv")
    types = {"event_time": "TIMESTAMP"} | PLAIN_TYPES | PHYSICAL[physical]
    (ingested,), _ = shop.ingest(shop.write_parquet(tmp_path / "a.parquet", events, types), tmp_path / "parquet")
    assert shop.counts(ingested) == (2, 2, 0, 0)
    assert shop.visits(tmp_path / "parquet") == shop.visits(tmp_path / "csv")


def test_uuids_are_string_ids_and_sessions(tmp_path: Path) -> None:
    uuid = "72d76fde-8bb3-4e00-8c23-a032dfed738c"
    types = {"user_id": "UUID", "user_session": "UUID"}
    path = shop.write_parquet(tmp_path / "a.parquet", [shop.event(user_id=uuid, user_session=uuid)], types)
    shop.ingest(path, tmp_path / "store")
    assert shop.visits(tmp_path / "store", "user_id") == [(uuid,)]


def test_a_double_that_cannot_hold_its_id_is_refused(tmp_path: Path) -> None:
    ids = ("2053013555631882655", "9007199254740992", "9007199254740991", "1.5", "nan")
    path = shop.write_parquet(tmp_path / "a.parquet", [shop.event(user_id=one) for one in ids], {"user_id": "DOUBLE"})
    shop.ingest(path, tmp_path / "store")
    assert shop.visits(tmp_path / "store", "user_id") == [(9007199254740991,)]
    assert {reason for _, _, reason in shop.rejects(tmp_path / "store")} == {"bad_user_id"}


def test_odd_numbers_and_times_of_parquet_have_their_reasons(tmp_path: Path) -> None:
    changes = [{"price": price} for price in ("nan", "inf", "-inf", "-1", "1e12")]
    changes += [{"event_time": time} for time in ("infinity", "-infinity")]
    events = [shop.event(event_time="2019-10-01 10:00:00") | change for change in changes]
    shop.ingest(
        shop.write_parquet(tmp_path / "a.parquet", events, {"price": "DOUBLE", "event_time": "TIMESTAMP"}),
        tmp_path / "store",
    )
    reasons = [reason for _, _, reason in shop.rejects(tmp_path / "store")]
    expected = ["bad_price", "infinite_price", "infinite_price", "negative_price", "price_too_large"]
    assert reasons == [*expected, "time_in_the_future", "time_before_1990"]


def test_a_time_that_is_a_number_is_an_error_that_says_so(tmp_path: Path) -> None:
    path = shop.write_parquet(tmp_path / "a.parquet", [shop.event(event_time="1569924000")], {"event_time": "BIGINT"})
    with pytest.raises(EventsError, match="event_time is BIGINT"):
        shop.ingest(path, tmp_path / "store")


def test_a_folder_named_like_a_column_changes_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "brand=other" / "price=cheap" / "month=2019-10"
    folder.mkdir(parents=True)
    bought = shop.event(event_type="purchase")
    shop.write_parquet(folder / "a.parquet", [bought])
    shop.write_csv(folder / "b.csv", [shop.line(event_type="purchase", user_id="6")])
    _, arrivals = shop.ingest(folder, tmp_path / "store")
    assert arrivals.ignored_columns == ()
    assert [one["brand"] for one in shop.bought(tmp_path / "store")] == ["samsung", "samsung"]
