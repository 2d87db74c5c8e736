"""Random histories have the numbers that the kernels measure; prices and sessions are what DuckDB makes of them."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from pydantic import TypeAdapter

import bestiary
from bestiary.config import Settings
from bestiary.serve.event import Event
from bestiary.serve.history import measure, stable_key
from bestiary.serve.money import amount, millionths
from bestiary.sql import connect, render
from histories import SESSIONS, UUID, Shop, kernels, shops

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

EVENTS = TypeAdapter(list[Event])
MACROS = Path(bestiary.__file__ or "").with_name("stable.sql")
TWICE: dict[str, Any] = {"event_type": "view", "product_id": 1, "user_session": "s"}
CLOCKS_GO_BACK = Shop(
    {1: [TWICE | {"event_time": f"2019-10-27T02:30:00+0{hours}:00"} for hours in (1, 2, 2)]},
    date(2020, 5, 1),
    Settings(time_zone="Europe/Paris", user_id="integer", buckets=1, threads=1),
)
"""One wall time, two instants, and a copy."""
SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large)


@settings(max_examples=30, deadline=None, suppress_health_check=SLOW)
@given(shops())
@example(CLOCKS_GO_BACK)
def test_every_number_of_every_customer_is_what_the_kernels_measure(shop: Shop) -> None:
    zone = ZoneInfo(shop.asked.time_zone or "UTC")
    found = {
        user: measure(EVENTS.validate_python(events), shop.as_of, shop.asked.windows, zone)
        for user, events in shop.events.items()
    }
    assert {user: numbers for user, numbers in found.items() if numbers is not None} == kernels(shop)


def doubles(rng: np.random.Generator) -> NDArray[np.float64]:
    """Prices of every size, of two digits, and close to the half of a millionth on either side."""
    size = 100_000
    halves = (rng.integers(0, 10 ** rng.integers(1, 17, size)) + 0.5) / 10**6
    prices = [10 ** rng.uniform(-9, 12, size), rng.integers(0, 10**7, size) / 100, halves]
    prices += [np.nextafter(halves, 0), np.nextafter(halves, 1e12), np.array([0.0, 1e-7, 2.675, 999999999999.9998])]
    return np.minimum(np.concatenate(prices), np.nextafter(1e12, 0))


def test_prices_are_rounded_to_millionths_as_duckdb_casts_them() -> None:
    prices = doubles(np.random.default_rng(1))
    with connect() as connection:
        connection.register("prices", {"price": prices})
        texts = "replace(cast(cast(price AS DECIMAL(18, 6)) AS VARCHAR), '.', '')"
        found = connection.execute(f"SELECT cast({texts} AS BIGINT) AS exact FROM prices").fetchnumpy()["exact"]
    assert found.tolist() == [millionths(price) for price in prices.tolist()]


def test_sums_become_doubles_as_duckdb_casts_them() -> None:
    rng = np.random.default_rng(2)
    powers = 2.0 ** rng.uniform(0, 100, 200_000) * rng.choice([-1, 1], 200_000)
    sums = [int(power) + int(step) for power, step in zip(powers, rng.integers(0, 10**7, 200_000), strict=True)]
    sums += [sign * (2**53 + step) for sign in (1, -1) for step in range(-1000, 1000)]
    with connect() as connection:
        connection.register("sums", {"value": np.array([str(Decimal(one).scaleb(-6)) for one in sums], dtype=object)})
        query = "SELECT cast(cast(value AS DECIMAL(38, 6)) AS DOUBLE) AS value FROM sums"
        found = connection.execute(query).fetchnumpy()["value"]
    assert found.tolist() == [amount(one) for one in sums]


KEYS = st.one_of(
    st.sampled_from([one for one in SESSIONS if one]),
    st.text(st.characters(exclude_characters="\0", codec="utf-8"), min_size=1),
    st.text("0123456789abcdefABCDEF-{}g", min_size=34, max_size=37),
    st.tuples(st.uuids(), st.permutations("----" + UUID.replace("-", ""))).map(lambda two: "".join(two[1])),
    st.uuids().map(lambda one: "{" + one.hex + "--}"),
    st.uuids().map(str).map(str.upper),
)


@pytest.fixture(scope="module")
def macros() -> Iterator["DuckDBPyConnection"]:
    with connect() as connection:
        connection.execute(render(MACROS))
        yield connection


@settings(max_examples=200, deadline=None)
@given(st.lists(KEYS, min_size=1, max_size=30))
def test_sessions_have_the_kernels_keys(macros: "DuckDBPyConnection", texts: list[str]) -> None:
    query = "SELECT list_transform($texts, LAMBDA text: stable_key(text))"
    assert macros.execute(query, {"texts": texts}).fetchall()[0][0] == [stable_key(text) for text in texts]
