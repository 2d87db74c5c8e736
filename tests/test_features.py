"""The customer table's columns: the contract's 24 first, and a file that has what the dictionary says."""

from datetime import date
from pathlib import Path

import pytest

from bestiary import pipeline
from bestiary.config import Settings
from bestiary.customers.features import features
from bestiary.sql import connect, quote
from shop import line, write_csv

AS_OF = date(2020, 5, 1)

CONTRACT = [
    ("user_id", "int32"),
    ("number_of_views_2m", "int64"),
    ("number_of_carts_2m", "int64"),
    ("number_of_sessions_2m", "int64"),
    ("count_products_2m", "int64"),
    ("avg_price_2m", "float64"),
    ("number_of_views_5m", "int64"),
    ("number_of_carts_5m", "int64"),
    ("number_of_sessions_5m", "int64"),
    ("count_products_5m", "int64"),
    ("avg_price_5m", "float64"),
    ("number_of_views_7m", "int64"),
    ("number_of_carts_7m", "int64"),
    ("number_of_sessions_7m", "int64"),
    ("count_products_7m", "int64"),
    ("avg_price_7m", "float64"),
    ("last_purchase", "datetime64[ns]"),
    ("days_since_last_purchase", "int32"),
    ("total_purchase_value", "float64"),
    ("cart_abandonments", "int64"),
    ("preferred_brand", "string"),
    ("preferred_category", "string"),
    ("most_active_time", "string"),
    ("most_active_day", "string"),
]
DUCKDB = {
    "int32": "INTEGER",
    "int64": "BIGINT",
    "float64": "DOUBLE",
    "datetime64[ns]": "TIMESTAMP_NS",
    "string": "VARCHAR",
}


def table(folder: Path, *ids: str, settings: Settings | None = None) -> list[tuple[str, str]]:
    """Names and DuckDB types of the customer table of a shop with a view and a purchase by each customer."""
    events = [
        line(user_id=id_, user_session=f"s{id_}", event_type=kind, event_time=f"2020-04-0{day} 09:00:00 UTC")
        for id_ in ids
        for day, kind in enumerate(("view", "purchase"), 1)
    ]
    write_csv(folder / "events.csv", events)
    settings = settings or Settings(threads=1, buckets=2, memory="500MB")
    pipeline.ingest([folder / "events.csv"], folder / "store", settings=settings)
    run = pipeline.customers(folder / "store", as_of=AS_OF, settings=settings)
    with connect() as connection:
        file = quote(str(run.path / "customers.parquet"))
        rows = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({file})").fetchall()
        assert connection.execute(f"SELECT count(*) FROM read_parquet({file})").fetchall() == [(len(ids),)]
    return [(row[0], row[1]) for row in rows]


def test_the_dictionary_begins_with_the_contract() -> None:
    assert [(feature.name, feature.dtype) for feature in features()][:24] == CONTRACT


def test_the_further_columns() -> None:
    assert [(feature.name, feature.dtype) for feature in features()][24:] == [
        ("number_of_purchases_7m", "int64"),
        ("first_seen", "datetime64[ns]"),
        ("last_seen", "datetime64[ns]"),
        ("number_of_events_7m", "int64"),
        ("lifecycle", "string"),
        ("days_since_last_visit", "int32"),
        ("avg_price_viewed_7m", "float64"),
    ]


def test_no_entry_of_the_dictionary_is_empty_or_told_twice() -> None:
    dictionary = features()
    assert len({feature.name for feature in dictionary}) == len(dictionary)
    for feature in dictionary:
        assert feature.unit
        assert feature.formula
        assert feature.null_rule
        assert feature.source


def test_the_table_has_the_columns_of_the_dictionary(tmp_path: Path) -> None:
    expected = [(feature.name, DUCKDB[feature.dtype]) for feature in features()]
    assert table(tmp_path, "1", "-2147483648", "2147483647") == expected


@pytest.mark.parametrize(
    ("id_", "kind", "type_"),
    [
        ("2147483648", None, "BIGINT"),
        ("-2147483649", None, "BIGINT"),
        ("9223372036854775807", None, "BIGINT"),
        ("7", "integer", "INTEGER"),
        ("7", "string", "VARCHAR"),
        ("alice", None, "VARCHAR"),
    ],
)
def test_user_id_is_as_wide_as_the_ids(tmp_path: Path, id_: str, kind: str | None, type_: str) -> None:
    settings = Settings.model_validate({"threads": 1, "buckets": 2, "memory": "500MB", "user_id": kind})
    expected = [(feature.name, DUCKDB[feature.dtype]) for feature in features()]
    assert table(tmp_path, id_, settings=settings) == [("user_id", type_), *expected[1:]]


def test_other_windows_rename_the_columns_and_nothing_else(tmp_path: Path) -> None:
    settings = Settings(threads=1, buckets=2, memory="500MB", windows=(1, 3, 12))
    found = table(tmp_path, "1", settings=settings)
    assert found == [(feature.name, DUCKDB[feature.dtype]) for feature in features((1, 3, 12))]
    renamed = {"2m": "1m", "5m": "3m", "7m": "12m"}
    expected = [(name[:-2] + renamed.get(name[-2:], name[-2:]), DUCKDB[dtype]) for name, dtype in CONTRACT]
    assert found[:24] == expected
    assert found[24][0] == "number_of_purchases_12m"
    assert found[27][0] == "number_of_events_12m"


def test_windows_of_the_dictionary() -> None:
    windows = {feature.name: feature.window for feature in features((1, 3, 12))}
    assert windows["user_id"] == 0
    assert windows["avg_price_1m"] == 1
    assert windows["number_of_carts_3m"] == 3
    assert windows["total_purchase_value"] == 12
    assert windows["lifecycle"] == 12
    assert windows["avg_price_viewed_12m"] == 12
