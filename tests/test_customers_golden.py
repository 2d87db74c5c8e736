"""The customer table worked by hand: seventeen events, four customers, every column, window edges and ties."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from bestiary import pipeline
from bestiary.customers.features import features
from bestiary.sql import connect, quote

AS_OF = date(2020, 5, 1)  # windows begin 2020-03-01, 2019-12-01 and 2019-10-01

EVENTS = """\
event_time,event_type,product_id,category_id,category_code,brand,price,user_id,user_session
2019-09-30 23:59:59 UTC,purchase,9,1,c9,w,99,1,z
2019-10-01 00:00:00 UTC,view,1,1,c1,x,10,1,a
2019-12-01 00:00:00 UTC,cart,1,1,c1,x,10.10,1,b
2019-12-01 00:05:00 UTC,purchase,1,1,c1,x,10.10,1,b
2020-02-29 23:59:59 UTC,purchase,2,2,c2,y,20.20,1,c
2020-03-01 00:00:00 UTC,purchase,3,,,,30.30,1,c
2020-04-30 23:59:59 UTC,view,3,,,,0,1,d
2020-05-01 00:00:00 UTC,purchase,3,,c3,v,500,1,d
2020-04-06 13:00:00 UTC,cart,1,1,c1,x,10.10,2,e
2020-04-06 13:00:00 UTC,cart,1,1,c1,x,10.10,2,e
2020-04-06 18:00:00 UTC,remove_from_cart,1,1,c1,x,10.10,2,e
2020-04-07 12:59:59 UTC,cart,1,1,c1,x,10.10,2,
2020-04-07 05:00:00 UTC,view,1,1,c1,x,10.10,3,e
2020-04-07 05:00:01 UTC,view,1,1,c1,x,10.10,3,e
2020-04-08 05:00:00 UTC,purchase,4,4,z,b,,3,f
2020-04-08 05:00:00 UTC,purchase,5,4,a,B,0,3,f
2019-09-30 12:00:00 UTC,view,1,1,c1,x,10.10,4,y
"""

# Session c began on 29 February and goes on past midnight, so it is in the window of 2 months as well. The events of
# 30 September and of 1 May lie outside every window, at either end.
ONE = {
    "user_id": 1,
    "number_of_views_2m": 1, "number_of_carts_2m": 0, "number_of_sessions_2m": 2, "count_products_2m": 1,
    "avg_price_2m": 30.3,
    "number_of_views_5m": 1, "number_of_carts_5m": 1, "number_of_sessions_5m": 3, "count_products_5m": 3,
    "avg_price_5m": 20.2,
    "number_of_views_7m": 2, "number_of_carts_7m": 1, "number_of_sessions_7m": 4, "count_products_7m": 3,
    "avg_price_7m": 20.2,
    "last_purchase": datetime(2020, 3, 1),
    "days_since_last_purchase": 61,
    "total_purchase_value": 60.6,
    "cart_abandonments": 0,
    "preferred_brand": "y",  # x and y once each, y later; the unknown brand never wins
    "preferred_category": "c2",
    "most_active_time": "night",
    "most_active_day": "sunday",
    "number_of_purchases_7m": 2,
    "first_seen": datetime(2019, 10, 1),
    "last_seen": datetime(2020, 4, 30, 23, 59, 59),
    "number_of_events_7m": 6,
    "lifecycle": "repeat",
    "days_since_last_visit": 0,
    "avg_price_viewed_7m": 10.0,  # the other view's price is not known
}  # fmt: skip

# One exact duplicate; the cart without a session makes one of customer and hour. Three dayparts tie.
TWO = {
    "user_id": 2,
    "number_of_views_2m": 0, "number_of_carts_2m": 2, "number_of_sessions_2m": 2, "count_products_2m": 0,
    "avg_price_2m": None,
    "number_of_views_5m": 0, "number_of_carts_5m": 2, "number_of_sessions_5m": 2, "count_products_5m": 0,
    "avg_price_5m": None,
    "number_of_views_7m": 0, "number_of_carts_7m": 2, "number_of_sessions_7m": 2, "count_products_7m": 0,
    "avg_price_7m": None,
    "last_purchase": None,
    "days_since_last_purchase": None,
    "total_purchase_value": 0.0,
    "cart_abandonments": 2,
    "preferred_brand": None,
    "preferred_category": None,
    "most_active_time": "morning",
    "most_active_day": "monday",
    "number_of_purchases_7m": 0,
    "first_seen": datetime(2020, 4, 6, 13),
    "last_seen": datetime(2020, 4, 7, 12, 59, 59),
    "number_of_events_7m": 3,
    "lifecycle": "visitor",
    "days_since_last_visit": 23,  # and 11 hours
    "avg_price_viewed_7m": None,  # nothing was looked at
}  # fmt: skip

# Two purchases at the same second: brand and category by code point. An unknown price is not 0; a purchase at 0 is.
THREE = {
    "user_id": 3,
    "number_of_views_2m": 2, "number_of_carts_2m": 0, "number_of_sessions_2m": 2, "count_products_2m": 2,
    "avg_price_2m": 0.0,
    "number_of_views_5m": 2, "number_of_carts_5m": 0, "number_of_sessions_5m": 2, "count_products_5m": 2,
    "avg_price_5m": 0.0,
    "number_of_views_7m": 2, "number_of_carts_7m": 0, "number_of_sessions_7m": 2, "count_products_7m": 2,
    "avg_price_7m": 0.0,
    "last_purchase": datetime(2020, 4, 8, 5),
    "days_since_last_purchase": 22,
    "total_purchase_value": 0.0,
    "cart_abandonments": 0,
    "preferred_brand": "B",
    "preferred_category": "a",
    "most_active_time": "morning",
    "most_active_day": "tuesday",  # two events each on Tuesday and Wednesday
    "number_of_purchases_7m": 1,
    "first_seen": datetime(2020, 4, 7, 5),
    "last_seen": datetime(2020, 4, 8, 5),
    "number_of_events_7m": 4,
    "lifecycle": "one_time",
    "days_since_last_visit": 22,
    "avg_price_viewed_7m": 10.1,
}  # fmt: skip


def table(path: Path) -> list[dict[str, Any]]:
    """A Parquet file's rows, in the file's order."""
    with connect() as connection:
        cursor = connection.execute(f"SELECT * FROM read_parquet({quote(str(path))})")
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture
def golden(tmp_path: Path) -> list[dict[str, Any]]:
    (tmp_path / "events.csv").write_text(EVENTS)
    pipeline.ingest([tmp_path / "events.csv"], tmp_path / "store")
    run = pipeline.customers(tmp_path / "store", as_of=AS_OF)
    return table(run.path / "customers.parquet")


def test_every_column_of_every_customer(golden: list[dict[str, Any]]) -> None:
    assert golden == [ONE, TWO, THREE]


def test_columns_are_those_of_the_dictionary_in_order(golden: list[dict[str, Any]]) -> None:
    assert list(golden[0]) == [feature.name for feature in features()]


def test_as_of_is_the_first_midnight_strictly_after_the_last_event(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(EVENTS)
    pipeline.ingest([tmp_path / "events.csv"], tmp_path / "store")
    # The last event lies exactly on midnight of 1 May.
    assert pipeline.customers(tmp_path / "store").as_of == date(2020, 5, 2)


def test_a_shop_in_another_zone_has_its_own_hours_and_midnights(tmp_path: Path) -> None:
    (tmp_path / "events.csv").write_text(EVENTS)
    settings = pipeline.Settings(time_zone="Europe/Paris")
    pipeline.ingest([tmp_path / "events.csv"], tmp_path / "store", settings=settings)
    rows = table(pipeline.customers(tmp_path / "store", as_of=AS_OF).path / "customers.parquet")
    # 30 April 23:59:59 UTC is 1 May 01:59:59 in Paris; 30 September 23:59:59 is 1 October 01:59:59.
    assert rows[0]["last_seen"] == datetime(2020, 3, 1, 1)
    assert rows[0]["days_since_last_visit"] == 60  # and 23 hours
    assert rows[0]["total_purchase_value"] == 159.6
    assert rows[0]["first_seen"] == datetime(2019, 10, 1, 1, 59, 59)
    assert rows[1]["most_active_time"] == "afternoon"
