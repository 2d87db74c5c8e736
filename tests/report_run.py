"""A small run folder made up for the report's tests: its tables and its sample are real Parquet files."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bestiary.config import Settings
from bestiary.customers.features import features
from bestiary.customers.habits import Bought, Group, Habits, expected
from bestiary.files import write_json
from bestiary.report.summary import summarise
from bestiary.sql import connect, quote
from report_beliefs import follow, followed, text
from report_figures import FIRST_ID, HOSTILE, LOOKING, NAMES, PEOPLE, WINDOWS, model, quality, scorecard

__all__ = ["FIRST_ID", "HOSTILE", "LOOKING", "NAMES", "PEOPLE", "WINDOWS", "follow", "followed", "made_up", "make_run"]
__all__ += ["quality", "text"]

BRANDS = ("samsung", "apple", "xiaomi", HOSTILE, "a brand with a name " * 6)
CATEGORIES = ("electronics.audio", "electronics.clock", "electronics.phone")


def _rfm(personas: list[str], visitors: int) -> dict[str, np.ndarray[Any, Any]]:
    """Recency, frequency, monetary value and segment of every customer; -1 for those who never bought."""
    random = np.random.default_rng(3)
    parts = [(i, *PEOPLE[persona]) for i, persona in enumerate(personas)]
    segment = np.concatenate([np.full(n, i) for i, n, *_ in parts] + [np.full(visitors, -1)])
    days = np.concatenate([random.gamma(4, r / 4, n) for _, n, r, _, _ in parts] + [np.zeros(visitors)])
    bought = np.concatenate([1 + random.poisson(max(f - 1, 0.05), n) for _, n, _, f, _ in parts])
    spent = np.concatenate([random.lognormal(np.log(m), 0.5, n) for _, n, _, _, m in parts])
    nothing = np.zeros(visitors)
    return {
        "segment": segment.astype(np.int64),
        "days": np.minimum(days, 205).astype(np.int64),
        "bought": np.concatenate([bought, nothing]).astype(np.int64),
        "spent": np.round(np.concatenate([spent, nothing]), 2),
    }


def _customers_sql() -> str:
    """Every column of the customer table from the four drawn ones; buyers have a purchase, visitors have none."""
    own = {
        "user_id": "user_id",
        "last_purchase": "CASE WHEN buyer THEN TIMESTAMP '2019-12-01' - to_hours(24 * days::BIGINT + 5) END",
        "days_since_last_purchase": "CASE WHEN buyer THEN days END",
        "total_purchase_value": "spent",
        "cart_abandonments": "user_id % 4",
        "preferred_brand": "CASE WHEN buyer THEN brands[1 + (user_id * 7 % len(brands))::INTEGER] END",
        "preferred_category": "CASE WHEN buyer THEN 'electronics.' || categories[1 + (user_id % 3)::INTEGER] END",
        "most_active_time": "['night', 'morning', 'afternoon', 'evening'][1 + (user_id * 5 % 4)::INTEGER]",
        "most_active_day": "['monday', 'friday', 'sunday'][1 + (user_id % 3)::INTEGER]",
        "first_seen": "TIMESTAMP '2019-05-01' + to_hours(user_id % 900)",
        "last_seen": "TIMESTAMP '2019-12-01' - to_hours(24 * days::BIGINT + 1)",
        "lifecycle": "CASE WHEN bought = 0 THEN 'visitor' WHEN bought = 1 THEN 'one_time' ELSE 'repeat' END",
        "days_since_last_visit": "days",
    }
    windowed = {
        "number_of_views": "(3 + user_id % 17 + 4 * bought) * {w}",
        "number_of_carts": "(bought + user_id % 2) * {w} // 7",
        "number_of_sessions": "(1 + user_id % 5 + bought) * {w} // 2",
        "count_products": "bought * {w} // 7",
        "avg_price": "CASE WHEN buyer AND days < 30 * {w} THEN spent / bought END",
        "avg_price_viewed": "CASE WHEN user_id % 9 > 0 THEN 20 + user_id % 50 END",
        "number_of_purchases": "bought",
        "number_of_events": "(3 + user_id % 17 + 5 * bought) * {w}",
    }
    chosen = []
    for feature in features(WINDOWS):
        expression = own.get(feature.name) or windowed[feature.name.removesuffix(f"_{feature.window}m")]
        dtype = {"datetime64[ns]": "TIMESTAMP_NS", "string": "VARCHAR", "float64": "DOUBLE", "int32": "INTEGER"}
        filled = expression.format(w=feature.window)
        chosen.append(f'({filled})::{dtype.get(feature.dtype, "BIGINT")} AS "{feature.name}"')
    return ", ".join(chosen)


def _write_tables(folder: Path, personas: list[str], visitors: int, brands: list[str], early: int, mail: bool) -> None:
    rfm = _rfm(personas, visitors)
    renamed = "REPLACE ('customer-' || user_id || '@example.com' AS user_id)" if mail else ""
    connection = connect(threads=1)
    connection.execute("""
        CREATE TABLE drawn (user_id BIGINT, segment INTEGER, days BIGINT, bought BIGINT, spent DOUBLE)
    """)
    columns = (rfm["segment"], rfm["days"], rfm["bought"], rfm["spent"])
    rows = [(FIRST_ID + i, *row) for i, row in enumerate(zip(*(c.tolist() for c in columns), strict=True))]
    connection.executemany("INSERT INTO drawn VALUES (?, ?, ?, ?, ?)", rows)
    brand_list = "[" + ", ".join(quote(brand) for brand in brands) + "]"
    connection.execute(f"""
        COPY (
            SELECT * {renamed} FROM (
                SELECT {_customers_sql()} FROM (
                    SELECT *, bought > 0 AS buyer, {brand_list} AS brands, ['phone', 'clock', 'audio'] AS categories
                    FROM drawn
                )
            ) ORDER BY user_id
        ) TO {quote(str(folder / "customers.parquet"))} (FORMAT parquet)
    """)
    places = [FIRST_ID + sum(rfm["segment"] >= 0) + n for n in np.cumsum([0, *LOOKING.values()]).tolist()]
    visiting = " ".join(
        f"WHEN user_id >= {start} AND user_id < {stop} THEN {len(personas) + number}"
        for number, (start, stop) in enumerate(itertools.pairwise(places))
    )
    connection.execute(f"""
        COPY (
            SELECT * {renamed} FROM (
                SELECT user_id::INTEGER AS user_id,
                    CASE WHEN segment >= 0 THEN 'buyers' ELSE 'visitors' END AS population,
                    CASE
                        WHEN user_id < {FIRST_ID + early} THEN NULL WHEN segment >= 0 THEN segment {visiting}
                    END AS segment,
                    0.6::DOUBLE AS confidence,
                    CASE WHEN segment >= 0 THEN spent / 10 END AS expected_value,
                    CASE WHEN segment >= 0 THEN spent / 20 END AS expected_low,
                    CASE WHEN segment >= 0 THEN spent / 5 END AS expected_high
                FROM drawn
            ) ORDER BY user_id
        ) TO {quote(str(folder / "segments.parquet"))} (FORMAT parquet)
    """)
    connection.close()


def _bought(values: tuple[str, ...], groups: tuple[Group, ...]) -> Bought:
    """The first value is bought by half of the customers of segment 0, and so on; by a tenth of the other buyers."""
    listed = sorted(values)
    counts = [
        [0 if one.population == "visitors" else one.customers // (2 if one.segment == at else 10) for one in groups]
        for at in range(len(listed))
    ]
    told = np.array(counts, dtype=np.int64).reshape(len(listed), len(groups))
    of = np.array([[0 if one.population == "visitors" else one.customers] for one in groups], dtype=np.int64)
    return Bought(tuple(listed), told, expected(told.sum(axis=1, keepdims=True), of.reshape(-1, 1)))


def made_up(run: Path, brands: tuple[str, ...] = BRANDS) -> Habits:
    """Habits of the groups that a run's customers are in: none of them comes before seven in the morning."""
    with connect(threads=1) as connection:
        rows = connection.execute(f"""
            SELECT population, segment, count(*) FROM read_parquet({quote(str(run / "segments.parquet"))})
            GROUP BY ALL ORDER BY population, segment NULLS LAST
        """).fetchall()
    groups = tuple(Group(*row) for row in rows)
    week = np.array([[0 if hour < 7 else 10 + hour + day for hour in range(24)] for day in range(7)], dtype=np.int64)
    visits = np.array([week * one.customers for one in groups], dtype=np.int64).reshape(-1, 7, 24)
    return Habits(groups, visits, _bought(brands, groups), _bought(CATEGORIES, groups))


def make_run(
    folder: Path,
    *,
    personas: tuple[str, ...] = tuple(PEOPLE),
    visitors: int = 400,
    early: int = 0,
    brands: tuple[str, ...] = BRANDS,
    mail: bool = False,
    change: Callable[[dict[str, Any]], None] | None = None,
    settings: Settings | None = None,
) -> Path:
    """Write a run folder as `fit` leaves it, whose first `early` buyers have no segment yet.

    `change` may alter the parts `scorecard`, `quality` and `model` before they are written. With `mail` the ids of the
    customers are e-mail addresses. The shop is in Paris and sells in EUR.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_tables(folder, list(personas), visitors, list(brands), early, mail)
    parts = {
        "scorecard": scorecard(list(personas), visitors),
        "quality": quality(),
        "model": model(list(personas), visitors),
    }
    if change is not None:
        change(parts)
    for name, part in parts.items():
        write_json(folder / f"{name}.json", part)
    summarise(folder, settings or Settings(), made_up(folder, brands), currency="EUR", time_zone="Europe/Paris")
    return folder
