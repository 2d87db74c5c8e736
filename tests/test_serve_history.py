"""A customer's numbers from raw events, worked by hand; what is wrong with an event is told field by field."""

import csv
import doctest
from datetime import UTC, date, datetime
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter, ValidationError

from bestiary.customers.features import features
from bestiary.faults import faults
from bestiary.serve import moments, money
from bestiary.serve.event import Event
from bestiary.serve.history import Measures, measure
from bestiary.serve.moments import coming_midnight
from test_customers_golden import AS_OF, EVENTS, ONE, THREE, TWO

WINDOWS = (2, 5, 7)
NUMERIC = [feature.name for feature in features(WINDOWS) if feature.numeric]
EVENT = TypeAdapter(Event)
UTC_ZONE, PARIS = ZoneInfo("UTC"), ZoneInfo("Europe/Paris")
ID = "f47ac10b-58cc-4372-a567-0e02b2c3d479"


def valid(zone: ZoneInfo = UTC_ZONE, **fields: Any) -> Event:
    """A view of a product at noon, with some fields changed."""
    event = {"event_time": "2020-04-01 12:00:00 UTC", "event_type": "view", "product_id": 1, **fields}
    return EVENT.validate_python(event, context={"zone": zone})


def measured(*changes: dict[str, Any], zone: ZoneInfo = UTC_ZONE, as_of: date = AS_OF) -> Measures:
    """The numbers of a customer with these events."""
    found = measure([valid(zone, **one) for one in changes], as_of, WINDOWS, zone)
    assert found is not None
    return found


def history(user: str) -> list[Event]:
    """The golden log's events of one customer, as an application would send them."""
    found = []
    for row in csv.DictReader(EVENTS.splitlines()):
        if row["user_id"] == user:
            fields: dict[str, Any] = {name: value or None for name, value in row.items()}
            found.append(valid(**fields | {"price": float(row["price"]) if row["price"] else None}))
    return found


@pytest.mark.parametrize("row", [ONE, TWO, THREE], ids=["one", "two", "three"])
def test_the_golden_log_has_the_golden_numbers(row: dict[str, Any]) -> None:
    found = measure(history(str(row["user_id"])), AS_OF, WINDOWS, UTC_ZONE)
    assert found == {name: row[name] for name in NUMERIC}
    assert list(found) == NUMERIC


def test_who_did_nothing_in_the_longest_window_has_no_row() -> None:
    assert measure(history("4"), AS_OF, WINDOWS, UTC_ZONE) is None
    assert measure([], AS_OF, WINDOWS, UTC_ZONE) is None


def test_in_another_zone_the_golden_log_has_other_hours() -> None:
    # 30 April 23:59:59 UTC is 1 May 01:59:59 in Paris; 30 September 23:59:59 is 1 October 01:59:59.
    found = measure(history("1"), AS_OF, WINDOWS, PARIS)
    assert found is not None
    assert (found["days_since_last_visit"], found["total_purchase_value"]) == (60, 159.6)


def test_refunds_are_paid_back_exactly() -> None:
    prices = [("purchase", 0.1), ("purchase", 0.2), ("refund", 0.3), ("refund", 0.0000005)]
    found = measured(*({"event_type": kind, "price": price} for kind, price in prices))
    assert found["total_purchase_value"] == -0.000001  # half a millionth goes up
    assert (found["avg_price_2m"], found["count_products_2m"]) == (0.15, 2)


def test_an_exact_duplicate_counts_once_however_it_is_written() -> None:
    same: list[dict[str, Any]] = [
        {"event_time": "2020-04-01T14:00+02:00", "product_id": "1", "category_id": "", "price": 0},
        {"brand": "", "category_code": None, "user_session": "", "price": -0.0, "category_id": None},
    ]
    other: list[dict[str, Any]] = [
        {"price": None},
        {"price": 0.0, "event_time": "2020-04-01 12:00:00.000001"},
        {"category_id": 0},
    ]
    differing = [{name: "x"} for name in ("category_code", "brand", "user_session")]
    assert measured(*same)["number_of_events_7m"] == 1
    assert measured(*same, *other)["number_of_events_7m"] == 4
    assert measured({}, *differing)["number_of_events_7m"] == 4


def test_sessions_are_keys_and_without_one_the_hour() -> None:
    hours = [{"event_time": f"2020-04-01 12:{minute}:00"} for minute in (10, 20)]
    assert measured(*hours, {"event_time": "2020-04-01 13:00"})["number_of_sessions_2m"] == 2
    assert measured({"user_session": ID}, {"user_session": ID.upper()})["number_of_sessions_2m"] == 1
    assert measured({"user_session": "s"}, {"user_session": "S"}, {})["number_of_sessions_2m"] == 3


def test_when_clocks_go_back_one_wall_time_is_two_events_in_one_hour() -> None:
    # Paris: 2019-10-27 03:00 +02:00 becomes 02:00 +01:00.
    moments = ["2019-10-27T02:30:00+02:00", "2019-10-27T02:30:00+01:00", "2019-10-27 01:30:00 UTC"]
    found = measured(*({"event_time": text} for text in moments), zone=PARIS)
    assert (found["number_of_events_7m"], found["number_of_sessions_7m"]) == (2, 1)


def test_nothing_is_measured_of_the_years_before_1990() -> None:
    eve: list[Event] = [{"event_time": "1989-12-31 23:30:00", "event_type": "view", "product_id": 1}]
    assert measure(eve, date(1990, 2, 1), WINDOWS, UTC_ZONE) is None
    found = measure(eve, date(1990, 2, 1), WINDOWS, PARIS)
    assert found is not None
    assert found["days_since_last_visit"] == 30


@pytest.mark.parametrize(
    ("now", "zone", "midnight"),
    [
        (datetime(2020, 4, 30, 23, 59, 59, tzinfo=UTC), "UTC", date(2020, 5, 1)),
        (datetime(2020, 5, 1, tzinfo=UTC), "UTC", date(2020, 5, 2)),
        (datetime(2020, 4, 30, 21, 59, 59, tzinfo=UTC), "Europe/Paris", date(2020, 5, 1)),
        (datetime(2020, 4, 30, 22, tzinfo=UTC), "Europe/Paris", date(2020, 5, 2)),
        (datetime(2020, 5, 1, 3, tzinfo=UTC), "America/New_York", date(2020, 5, 1)),
        (datetime(2020, 2, 28, 13, tzinfo=UTC), "Australia/Lord_Howe", date(2020, 3, 1)),
    ],
)
def test_the_coming_midnight_is_the_shops_and_strictly_after_now(now: datetime, zone: str, midnight: date) -> None:
    assert coming_midnight(now, ZoneInfo(zone)) == midnight


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("event_time", "2019-02-29", "a time from 1990 on"),
        ("event_time", "1989-12-31 23:30:00", "a time from 1990 on"),
        ("event_time", 1569888000, "a time from 1990 on"),
        ("event_type", "buy", "'view', 'cart', 'remove_from_cart', 'purchase' or 'refund'"),
        ("product_id", "", "a whole number of 64 bits, or a text, not empty,"),
        ("product_id", None, "a whole number of 64 bits"),
        ("product_id", 2**63, "a whole number of 64 bits"),
        ("product_id", True, "a whole number of 64 bits"),
        ("category_id", "2.10381E+18", "that a spreadsheet has not cut short (such as 2.1E+18), or null"),
        ("category_code", 7, "a text, or null"),
        ("brand", ["x"], "a text, or null"),
        ("price", -0.01, "a number from 0 to below 1e12, or null"),
        ("price", 1e12, "a number from 0 to below 1e12, or null"),
        ("price", float("nan"), "a number from 0 to below 1e12, or null"),
        ("price", "1", "a number from 0 to below 1e12, or null"),
        ("user_id", 1.5, "a whole number of 64 bits"),
        ("user_session", 3, "a text, or null"),
        ("colour", "red", "not a known name"),
    ],
)
def test_a_field_that_is_wrong_is_named_once_with_what_is_allowed(field: str, value: Any, allowed: str) -> None:
    with pytest.raises(ValidationError) as error:
        valid(**{field: value})
    (fault,) = faults(error.value)
    assert fault.place == field
    assert allowed in fault.allowed


def test_what_must_be_there_is_named_where_it_is_missing() -> None:
    with pytest.raises(ValidationError) as error:
        EVENT.validate_json("{}")
    assert [(one.place, one.found) for one in faults(error.value)] == [
        ("event_time", None),
        ("event_type", None),
        ("product_id", None),
    ]


def test_1990_begins_with_the_shops_clocks() -> None:
    valid(PARIS, event_time="1989-12-31 23:30:00")
    with pytest.raises(ValidationError):
        valid(PARIS, event_time="1989-12-31 22:59:59.999999")


@pytest.mark.parametrize("module", [moments, money])
def test_the_examples_in_the_modules_hold(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0
