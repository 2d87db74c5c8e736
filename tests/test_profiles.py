"""A segment's profile against its population: by hand, and as numpy has the quartiles."""

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bestiary.report.profiles import columns, index, interval, profiles, quartiles
from bestiary.sql import connect, quote

WINDOWS = (2, 5, 7)
Person = tuple[str, int | None, float | None]
"""Population, segment, and the figure that all columns have."""


def told(folder: Path, people: Sequence[Person], ids: str = "INTEGER") -> dict[int, list[dict[str, Any]]]:
    """Profiles of people whose every column holds their figure, and each column's own unit on top of it."""
    names = [*columns("buyers", WINDOWS).values(), columns("visitors", WINDOWS)["recency"]]
    with connect(threads=1) as connection:
        connection.execute("CREATE TABLE t (user_id INTEGER, population VARCHAR, segment INTEGER, x DOUBLE)")
        if people:
            connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", [(i, *one) for i, one in enumerate(people)])
        everything = ", ".join(f"x + {number} AS {name}" for number, name in enumerate(names))
        customers, labels = (quote(str(folder / f"{name}.parquet")) for name in ("customers", "segments"))
        connection.execute(
            f"COPY (SELECT user_id::{ids} AS user_id, {everything} FROM t) TO {customers} (FORMAT parquet)"
        )
        rows = f"SELECT user_id::{ids} AS user_id, population, segment FROM t ORDER BY hash(user_id)"
        connection.execute(f"COPY ({rows}) TO {labels} (FORMAT parquet)")
        return profiles(connection, customers, labels, WINDOWS)


@pytest.mark.parametrize("population", ["buyers", "active_buyers"])
@pytest.mark.parametrize("ids", ["INTEGER", "VARCHAR"])
def test_by_hand(tmp_path: Path, population: str, ids: str) -> None:
    people: list[Person] = [
        *[(population, 0, x) for x in (1, 2, 4, 8)],
        *[(population, 1, x) for x in (10, None)],
        (population, None, 100),
        *[("visitors", 2, 0), ("visitors", None, 50)],
    ]
    found = told(tmp_path, people, ids)
    assert list(found) == [0, 1, 2]
    recency = found[0][0]
    assert recency == {
        "role": "recency",
        "column": "days_since_last_purchase",
        "q1": 1.75,
        "median": 3.0,
        "q3": 5.0,
        "low": None,  # four customers are too few for an interval
        "high": None,
        "shop": {"q1": 2.5, "median": 6.0, "q3": 9.5},  # of 1, 2, 4, 8, 10 and 100
        "index": 50.0,
    }
    assert found[1][0]["median"] == 10
    roles = ["recency", "frequency", "monetary", "sessions", "carts", "abandonment"]
    assert [one["role"] for one in found[0]] == roles
    assert [one["median"] for one in found[0]] == [3, 4, 5, 6, 7, 8]  # each column is read from its own place
    assert [(one["role"], one["column"]) for one in found[2]] == [
        ("recency", "days_since_last_visit"),
        ("sessions", "number_of_sessions_7m"),
        ("carts", "number_of_carts_7m"),
        ("abandonment", "cart_abandonments"),
    ]
    assert found[2][1]["shop"]["median"] == 3 + 25
    json.dumps(found, allow_nan=False)


def test_what_is_not_known_is_none(tmp_path: Path) -> None:
    found = told(tmp_path, [("buyers", 0, None), ("buyers", 1, 0.0), ("buyers", 1, 0.0)])
    assert [found[0][0][name] for name in ("q1", "median", "q3", "index")] == [None] * 4
    assert (found[1][0]["median"], found[1][0]["index"]) == (0.0, None)  # the shop's median is 0
    assert told(tmp_path, []) == {}


def test_an_index_of_a_median_that_is_not_over_zero_says_nothing() -> None:
    assert index({"median": -4.0}, {"median": -2.0}) is None
    assert index({"median": -4.0}, {"median": 8.0}) == -50


@given(st.lists(st.floats(-1e9, 1e9).map(lambda x: round(x, 1)), min_size=1, max_size=60))
def test_quartiles_of_counts_are_those_of_the_values(values: list[float]) -> None:
    sorted_values, counts = np.unique(values, return_counts=True)
    found = quartiles(sorted_values, counts.astype(np.float64))
    expected = np.quantile(values, [0.25, 0.5, 0.75])
    assert [found[name] for name in ("q1", "median", "q3")] == pytest.approx(expected.tolist(), rel=1e-12, abs=1e-6)


def test_the_interval_of_a_median_by_hand_and_how_often_it_leaves_it_out() -> None:
    """Of 10 values the second and the ninth: at most one lies below the median in 11 of 1,024 samples of ten."""
    ten, ones = np.arange(1.0, 11.0), np.ones(10)
    assert interval(ten, ones, 0.05) == {"low": 2, "high": 9}
    assert interval(np.array([1.0, 7.0]), np.array([5.0, 5.0]), 0.05) == {"low": 1, "high": 7}
    assert interval(ten[:5], ones[:5], 0.05) == {"low": None, "high": None}
    assert interval(ten[:0], ones[:0], 0.05) == {"low": None, "high": None}
    rng, out = np.random.default_rng(3), 0
    for _ in range(2000):
        values, counts = np.unique(rng.poisson(3.2, 60), return_counts=True)
        found = interval(values.astype(np.float64), counts.astype(np.float64), 0.05)
        assert found["low"] is not None
        assert found["high"] is not None
        out += not found["low"] <= 3 <= found["high"]  # the median of a Poisson of 3.2 is 3
    assert out < 0.05 * 2000


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from([0, 1, None]), st.integers(0, 5)), min_size=1, max_size=40))
def test_everyone_of_a_population_is_in_the_shop(people: list[tuple[int | None, int]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = told(Path(folder), [("buyers", segment, float(x)) for segment, x in people])
    everyone = np.quantile([x for _, x in people], [0.25, 0.5, 0.75]).tolist()
    assert sorted(found) == sorted({segment for segment, _ in people if segment is not None})
    for segment, records in found.items():
        own = np.quantile([x for number, x in people if number == segment], 0.5)
        assert records[0]["median"] == own
        assert list(records[0]["shop"].values()) == everyone
