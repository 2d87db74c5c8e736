"""A small run folder made up for the report's tests, with real Parquet files written by DuckDB."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from bestiary.customers.features import features
from bestiary.files import write_json
from bestiary.sql import connect, quote
from report_beliefs import follow, text
from report_figures import FIRST_ID, HOSTILE, LOOKING, NAMES, PEOPLE, WINDOWS, model, quality, scorecard

__all__ = ["FIRST_ID", "HOSTILE", "LOOKING", "NAMES", "PEOPLE", "WINDOWS", "follow", "make_run", "quality", "text"]


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


def _write_tables(folder: Path, personas: list[str], visitors: int, brands: list[str], early: int) -> None:
    rfm = _rfm(personas, visitors)
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
            SELECT {_customers_sql()} FROM (
                SELECT *, bought > 0 AS buyer, {brand_list} AS brands, ['phone', 'clock', 'audio'] AS categories
                FROM drawn
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
            SELECT user_id::INTEGER AS user_id, CASE WHEN segment >= 0 THEN 'buyers' ELSE 'visitors' END AS population,
                CASE
                    WHEN user_id < {FIRST_ID + early} THEN NULL WHEN segment >= 0 THEN segment {visiting}
                END AS segment,
                0.6::DOUBLE AS confidence,
                CASE WHEN segment >= 0 THEN spent / 10 END AS expected_value,
                CASE WHEN segment >= 0 THEN spent / 20 END AS expected_low,
                CASE WHEN segment >= 0 THEN spent / 5 END AS expected_high
            FROM drawn ORDER BY user_id
        ) TO {quote(str(folder / "segments.parquet"))} (FORMAT parquet)
    """)
    connection.close()


def make_run(
    folder: Path,
    *,
    personas: tuple[str, ...] = tuple(PEOPLE),
    visitors: int = 400,
    early: int = 0,
    brands: tuple[str, ...] = ("samsung", "apple", "xiaomi", HOSTILE, "a brand with a name " * 6),
    change: Callable[[dict[str, Any]], None] | None = None,
) -> Path:
    """Write a run folder whose first `early` buyers have no segment yet.

    `change` may alter the parts `scorecard`, `quality` and `model` before they are written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _write_tables(folder, list(personas), visitors, list(brands), early)
    parts = {
        "scorecard": scorecard(list(personas), visitors),
        "quality": quality(),
        "model": model(list(personas), visitors),
    }
    if change is not None:
        change(parts)
    for name, part in parts.items():
        write_json(folder / f"{name}.json", part)
    return folder
