"""Customer tables of a small shop with four kinds of buyers, written through DuckDB, and what is learned from them."""

import json
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from bestiary.config import Settings
from bestiary.segments.fit import fit
from bestiary.segments.history import NOTHING, History
from bestiary.segments.model import Model

PROVENANCE = {"as_of": "2020-05-01", "fingerprint": "abc"}
KINDS = [(240, 2, 12, 90.0), (400, 100, 1, 20.0), (300, 30, 3, 60.0), (160, 150, 1, 400.0)]
"""Customers, days since the last purchase, purchases and value of a purchase: four kinds that a person can see."""
QUICK: dict[str, Any] = {"candidate": "rfm_log", "k_max": 5}
"""Settings for what is not about the choice between candidates or of k."""

Rows = list[tuple[int, int, float]]


def shop(seed: int = 0, share: float = 1.0) -> Rows:
    """Buyers (days since the last purchase, purchases, value), or a share of each kind of them."""
    random = np.random.default_rng(seed)

    def value(mean: float) -> float:
        return round(random.lognormal(np.log(mean), 0.2), 2)

    return [
        (max(0, round(random.normal(days, 0.15 * days))), bought, value(bought * price))
        for size, days, purchases, price in KINDS
        for bought in np.maximum(1, random.poisson(purchases, round(share * size))).tolist()
    ]


def write(path: Path, buyers: Rows, visitors: int = 0, ids: str = "INTEGER") -> Path:
    """A customer table: `buyers`, and visitors who never bought; ids fall as rows grow.

    Views, carts, sessions and events grow with purchases; visitors come in three kinds: once and long ago, often and
    lately, and with full carts.
    """
    rows = [*buyers, *[(None, 0, 0.0)] * visitors]
    windowed = ", ".join(
        f"(5 * purchases + 3)::BIGINT AS number_of_views_{m}m, {_looks('carts')} AS number_of_carts_{m}m, "
        f"{_looks('sessions')} AS number_of_sessions_{m}m, purchases AS count_products_{m}m, "
        f"(4 * purchases + i % 7 + 1 + CASE purchases WHEN 0 THEN 4 * (i % 3) ELSE 0 END)::BIGINT "
        f"AS number_of_events_{m}m, "
        f"value / nullif(purchases, 0) AS avg_price_{m}m, nullif(i % 11, 0)::DOUBLE AS avg_price_viewed_{m}m"
        for m in (2, 5, 7)
    )
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE t (i INTEGER, days INTEGER, purchases BIGINT, value DOUBLE)")
        if rows:
            connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?)", [(i, *row) for i, row in enumerate(rows)])
        connection.execute(
            f"COPY (SELECT (1000000 - i)::{ids} AS user_id, {windowed}, NULL::TIMESTAMP_NS AS last_purchase, "
            f"days AS days_since_last_purchase, {_looks('days')} AS days_since_last_visit, "
            "value AS total_purchase_value, TIMESTAMP_NS '2019-10-01 12:00:00' + to_days(i % 60) AS first_seen, "
            "(i % 2)::BIGINT AS cart_abandonments, 'b' AS preferred_brand, purchases AS number_of_purchases_7m, "
            f"'x' AS lifecycle FROM t) TO '{path}' (FORMAT parquet)"
        )
    return path


def _looks(column: str) -> str:
    """A visitor's figure by kind, and a buyer's by purchases."""
    kinds, buyers = {
        "carts": (("0", "i % 2", "4 + i % 3"), "greatest(0, purchases - 1 + i % 2)"),
        "sessions": (("1", "9 + i % 5", "2 + i % 2"), "purchases * 2 + i % 5"),
        "days": (("120 + i % 40", "i % 4", "30 + i % 9"), "days"),
    }[column]
    cases = " ".join(f"WHEN {kind} THEN {one}" for kind, one in enumerate(kinds))
    dtype = "INTEGER" if column == "days" else "BIGINT"
    return f"(CASE WHEN purchases > 0 THEN {buyers} ELSE CASE i % 3 {cases} END END)::{dtype}"


def first_visits(path: Path, customers: Path, known_from: int) -> Path:
    """What customers' first visits hold, 4 events each, of five: all that is known from visit `known_from` on, and
    before it what a customer picked at random among all of them looks like.
    """
    columns = ["number_of_purchases_7m", "days_since_last_purchase", "total_purchase_value"]
    looked = ["days_since_last_visit", "number_of_sessions_7m", "number_of_carts_7m", "avg_price_viewed_7m"]
    figures = ", ".join(
        f"CASE WHEN n >= {known_from} THEN own.{name} ELSE other.{name} END AS {name}" for name in [*columns, *looked]
    )
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (WITH numbered AS (SELECT *, row_number() OVER (PARTITION BY number_of_purchases_7m > 0 ORDER BY "
            f"user_id) - 1 AS place, count(*) OVER (PARTITION BY number_of_purchases_7m > 0) AS size "
            f"FROM '{customers}') SELECT own.user_id, n::INTEGER AS n, 5::INTEGER AS visits, "
            f"(4 * n)::BIGINT AS number_of_events_7m, {figures} FROM numbered AS own "
            "CROSS JOIN range(1, 6) AS visits(n) JOIN numbered AS other "
            "ON (own.number_of_purchases_7m > 0) = (other.number_of_purchases_7m > 0) "
            f"AND other.place = (own.place * 7 + n * 131) % own.size ORDER BY 1, 2) TO '{path}' (FORMAT parquet)"
        )
    return path


def earlier(path: Path, customers: Path) -> Path:
    """The same customers as if seen earlier, with an outcome that grows with what they had bought; few buy nothing."""
    with duckdb.connect() as connection:
        connection.execute(
            "COPY (SELECT *, CASE WHEN bought THEN total_purchase_value * (0.4 + user_id % 5 / 10) ELSE 0 END::DOUBLE "
            "AS outcome_value, bought AS outcome_bought FROM (SELECT *, user_id % 4 < least(3, number_of_purchases_7m) "
            f"AS bought FROM '{customers}')) TO '{path}' (FORMAT parquet)"
        )
    return path


def learn(
    folder: Path, buyers: Rows, visitors: int = 0, ids: str = "INTEGER", history: History = NOTHING, **settings: Any
) -> tuple[Model, dict[str, Any]]:
    """Fit in `folder/run`; the model and the scorecard."""
    customers = write(folder / "customers.parquet", buyers, visitors, ids)
    model = fit(customers, folder / "run", Settings(**settings), PROVENANCE, history)
    return model, json.loads((folder / "run" / "scorecard.json").read_text())


def labels(folder: Path, name: str = "segments") -> dict[str, Any]:
    """The columns of `segments.parquet`, or of another table of the run."""
    with duckdb.connect() as connection:
        return dict(connection.execute(f"SELECT * FROM '{folder / 'run' / name}.parquet'").fetchnumpy())


def all_in(card: dict[str, Any], column: str) -> list[Any]:
    """A figure of every segment of buyers."""
    return [one[column] for one in card["segments"]]
