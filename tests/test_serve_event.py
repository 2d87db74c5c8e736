"""Texts are times exactly when the kernels' macro says so; what the JSON schema allows of an event is accepted."""

import json
import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

import bestiary.events
from bestiary.contract import COLUMNS, EVENT_TYPES
from bestiary.serve.event import CUT_SHORT, TIME_PATTERN, Event
from bestiary.serve.moments import instant
from bestiary.sql import connect, render, stable_functions

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MACROS = Path(bestiary.events.__file__ or "").with_name("macros.sql")
EPOCH, LAST = datetime(1970, 1, 1), datetime(9999, 12, 31, 23, 59, 59, 999999)
EVENT = TypeAdapter(Event)


def two(*odd: str) -> st.SearchStrategy[str]:
    """Two digits, often those at the ends of what is allowed."""
    return st.sampled_from(["00", "01", "02", "12", *odd]) | st.integers(0, 99).map("{:02}".format)


def joined(*parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(*parts).map("".join)


YEARS = st.sampled_from(["0000", "0001", "1900", "1989", "1990", "2000", "2020", "2019", "9999"])
DATES = joined(YEARS, st.just("-"), two("13"), st.just("-"), two("28", "29", "30", "31", "32"))
FRACTIONS = st.sampled_from(["", "", "."]) | st.text("059", min_size=1, max_size=12).map(".{}".format)
SIXTIETHS = two("59", "60").map(":{}".format)
CLOCKS = joined(st.sampled_from(" T"), two("23", "24", "24"), SIXTIETHS, st.just("") | joined(SIXTIETHS, FRACTIONS))
OFFSETS = joined(st.sampled_from("+-"), two("14", "15"), st.sampled_from(["", "00", "30", "59", "60"]) | SIXTIETHS)
TAILS = joined(st.sampled_from(["", " "]), st.sampled_from(["", "UTC", "GMT", "Z"]) | OFFSETS)
TIMES = joined(DATES, st.just("") | CLOCKS, TAILS)
UTC_FORM = "....-..-.. ..:..:.. UTC"


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A time of which one or two characters are others, more or less."""
    text = draw(TIMES | st.just("2019-10-01 02:03:04 UTC"))
    for _ in range(draw(st.integers(1, 2))):
        place, width = draw(st.integers(0, len(text))), draw(st.integers(0, 1))
        more = draw(st.sampled_from(["", *"0159 -+:.TtZzUGé٣\n"]))
        text = text[:place] + more + text[place + width :]
    return text


@pytest.fixture(scope="module")
def macros() -> Iterator["DuckDBPyConnection"]:
    with connect() as connection:
        stable_functions(connection)
        connection.execute(render(MACROS))
        yield connection


def moment(text: str) -> int | None:
    """Microseconds since 1970 of a text that is a time."""
    try:
        return (instant(text) - EPOCH) // timedelta(microseconds=1)
    except ValueError:
        return None


def refused_on_purpose(text: str, microseconds: int) -> bool:
    """What the macro reads and the service does not: see the docstring of `moments`."""
    sloppy = re.fullmatch(UTC_FORM, text, re.DOTALL) and not re.fullmatch(UTC_FORM.replace(".", "[0-9]"), text)
    return bool(sloppy) or text.startswith("0000") or microseconds > (LAST - EPOCH) // timedelta(microseconds=1)


@settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(TIMES | mutated(), min_size=1, max_size=50))
@example(["2019-10-01 24:00:00.0000009", "2019-10-01 24:00:00.000001", "2019-10-01T24:00-14:59", "9999-12-31 24:00"])
@example(["2019-10-01 01:02: 3 UTC", "2019-10-01  1:02:03 UTC", "2019-10-01Z", "2019-10-01+02", "2019-10-01 01:02UTC"])
def test_texts_are_times_when_the_macro_says_so_and_to_the_microsecond(
    macros: "DuckDBPyConnection", texts: list[str]
) -> None:
    query = "SELECT list_transform($texts, LAMBDA text: epoch_us(time_from_text(text)))"
    for text, expected in zip(texts, macros.execute(query, {"texts": texts}).fetchall()[0][0], strict=True):
        found = moment(text)
        if found is None and expected is not None:
            assert refused_on_purpose(text, expected), text
        else:
            assert found == expected, text


@pytest.fixture(scope="module")
def schema() -> Any:
    """The judge of the JSON schema, which comes with what fuzzes the service."""
    if os.environ.get("CI") != "true":
        pytest.importorskip("jsonschema_rs", reason="jsonschema_rs is not installed: the JSON schema WAS NOT TESTED")
    import jsonschema_rs

    return jsonschema_rs.validator_for(EVENT.json_schema())


def accepted(event: dict[str, Any]) -> bool:
    try:
        EVENT.validate_json(json.dumps(event))
    except ValidationError:
        return False
    return True


ODD: st.SearchStrategy[Any] = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=3) | st.just([])
)
NUMBERS = st.integers(-(2**65), 2**65) | st.sampled_from([2**63 - 1, 2**63, -(2**63), -(2**63) - 1])
NAMES = st.text(max_size=3) | st.from_regex(CUT_SHORT, fullmatch=True) | st.sampled_from(["", "2.1E+18", "7", "1E+5 "])
PRICES = st.floats(-1, 1.1e12) | st.sampled_from([0, -0.0, 1e12, 10**12, 999999999999.9999, -1e-300, 10**400])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "event_time": st.from_regex(TIME_PATTERN, fullmatch=True) | TIMES | mutated(),
    "event_type": st.sampled_from([*EVENT_TYPES, "buy"]),
    "price": PRICES,
    **dict.fromkeys(("product_id", "category_id", "user_id"), NUMBERS | NAMES),
    **dict.fromkeys(("category_code", "brand", "user_session"), st.text(max_size=3)),
}


def expressible(event: dict[str, Any]) -> bool:
    """Whether JSON schema can tell: not 1.0 from 1, nor the shop's 1990 and the calendar's end from what is near."""
    ids = [event.get(name) for name in ("product_id", "category_id", "user_id")]
    time = event.get("event_time")
    near = isinstance(time, str) and time.startswith(("1989-12-31", "1990-01-01", "9999-12-31"))
    return not near and not any(isinstance(one, float) and one.is_integer() for one in ids)


@settings(max_examples=1500, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(st.data())
def test_the_json_schema_allows_what_is_accepted_and_nothing_else(schema: Any, data: st.DataObject) -> None:
    good: dict[str, Any] = {"event_time": "2019-10-01", "event_type": "view", "product_id": 1}
    changed = data.draw(st.sets(st.sampled_from(COLUMNS), min_size=1, max_size=2))
    event = good | {name: data.draw(VALUES[name] | VALUES[name] | ODD, label=name) for name in sorted(changed)}
    for name in data.draw(st.sets(st.sampled_from(["event_time", "product_id"]), max_size=1)):
        del event[name]
    if data.draw(st.integers(0, 9)) == 0:
        event["colour"] = "red"
    if expressible(event):
        assert accepted(event) == schema.is_valid(event)
