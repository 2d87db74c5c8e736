"""Models that were really fitted: the SQL and the graph place everyone of the run where segments.parquet says."""

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

import segments_shop
from bestiary.segments.candidates import CANDIDATES
from bestiary.segments.export import score
from bestiary.segments.model import Model, load
from engines import started

QUICK: dict[str, Any] = {"k_max": 4, "choice": {"sample": 1000}}
WAYS: dict[str, dict[str, Any]] = {
    **{name: {"candidate": name} for name in CANDIDATES},
    "few visitors": {"candidate": "rfm_log", "visitors": 30},
    "amazing": {"preset": "amazing"},
    "texts as ids": {"candidate": "rfm_log", "ids": "VARCHAR"},
}


@pytest.mark.parametrize("way", WAYS)
def test_everyone_is_where_the_run_says(way: str, tmp_path: Path) -> None:
    segments_shop.learn(tmp_path, segments_shop.shop(), **{"visitors": 900, **QUICK, **WAYS[way]})
    model = load(tmp_path / "run" / "model.json")
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW customers AS FROM '{tmp_path / 'customers.parquet'}'")
        connection.execute(f"CREATE VIEW stored AS FROM '{tmp_path / 'run' / 'segments.parquet'}'")
        by_select(connection, model)
        by_graph(connection, model)
        too_early(connection, model)


def by_select(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """Population, segment and persona are those of segments.parquet, which leaves out who is of no population."""
    columns = "SELECT user_id, population, segment, persona FROM"
    ours = f"({columns} ({score(model, dialect='duckdb')}) WHERE population IS NOT NULL)"
    queries = (f"FROM {ours}", "FROM stored", f"FROM (FROM {ours} INTERSECT ALL {columns} stored)")
    rows, stored, same = (connection.execute(f"SELECT count(*) {query}").fetchall()[0][0] for query in queries)
    assert rows == stored == same > 500
    assert connection.execute("SELECT count(DISTINCT segment) > 1 FROM stored").fetchall() == [(True,)]


def by_graph(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    read = "SELECT COLUMNS('[a-z_]+_[0-9]m|days_.*|total_.*|cart_.*')::DOUBLE FROM customers ORDER BY user_id"
    rows = {name: np.ma.filled(values, np.nan) for name, values in connection.execute(read).fetchnumpy().items()}
    wanted = connection.execute(
        "SELECT coalesce(segment, -1)::BIGINT AS segment FROM customers LEFT JOIN stored USING (user_id) "
        "ORDER BY user_id"
    ).fetchnumpy()["segment"]
    with started("onnx", rows) as engine:
        found = engine.place(model)["segment"]
    assert found.dtype == np.int64
    assert found.tolist() == np.asarray(wanted).tolist()


def too_early(connection: duckdb.DuckDBPyConnection, model: Model) -> None:
    """With a least number of events, who has fewer is said to be, and has no segment."""
    least = 12
    stricter = model.model_copy(update={"fitted": model.fitted.model_copy(update={"min_events": least})})
    told = connection.execute(
        f"SELECT too_early, number_of_events_7m < {least}, count(segment) > 0, count(persona) > 0 "
        f"FROM ({score(stricter, dialect='duckdb')}) JOIN customers USING (user_id) GROUP BY ALL ORDER BY 1"
    ).fetchall()
    assert [row[:3] for row in told] == [(False, False, True), (True, True, False)]
    assert not told[1][3]
