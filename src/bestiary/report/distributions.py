"""How the columns of the customer table are distributed: quantiles and histograms, computed by DuckDB.

Columns that differ only in their window share one histogram grid, so that they can be laid over each other. Means
are left out: a sum of floats depends on the order of rows, and a report has the same bytes every time.
"""

import math
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from bestiary.customers.features import Feature, features
from bestiary.sql import identifier
from bestiary.windows import Windows

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BINS = 30
TOP = 12
"""Values of a text column that are shown; the others are counted together."""
SKEWED = 12.0
"""A column whose maximum is over this many times its median gets a logarithmic axis."""
DAILY = 62
"""A span of time of at most this many days is counted by day, a longer one by week."""
ORDERED: Mapping[str, tuple[str, ...]] = {
    "most_active_time": ("night", "morning", "afternoon", "evening"),
    "most_active_day": ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"),
    "lifecycle": ("visitor", "one_time", "repeat"),
}


def distributions(connection: "DuckDBPyConnection", customers: str, windows: Windows) -> list[dict[str, Any]]:
    """One record per column, or per family of columns that differ only in their window; ids are left out.

    `customers` is the path of customers.parquet as an SQL literal. Each record has `key`, `kind` (numeric, text or
    time), `unit` and `columns`, whose entries have `name`, `window` and `nulls`, and, for quantities, the five
    numbers `min`, `q1`, `median`, `q3`, `max` (None where every value is null).
    """
    table = f"read_parquet({customers})"
    shown = [feature for feature in features(windows) if feature.unit != "id"]
    families = groupby(sorted(shown, key=lambda f: _order(f, shown)), key=lambda f: base_name(f.name, f.window))
    return [_distribution(connection, table, key, list(members)) for key, members in families]


def base_name(name: str, window: int) -> str:
    """A column's name without its window: `avg_price_2m` is `avg_price`."""
    return name.removesuffix(f"_{window}m")


def _order(feature: Feature, shown: Sequence[Feature]) -> int:
    """Families stand where their first column stands."""
    base = base_name(feature.name, feature.window)
    return next(i for i, other in enumerate(shown) if base_name(other.name, other.window) == base)


def _distribution(connection: "DuckDBPyConnection", table: str, key: str, members: list[Feature]) -> dict[str, Any]:
    record = {"key": key, "unit": members[0].unit}
    if members[0].numeric:
        return {**record, "kind": "numeric", **_numeric(connection, table, members)}
    if members[0].dtype.startswith("datetime"):
        return {**record, "kind": "time", **_time(connection, table, members[0])}
    return {**record, "kind": "text", **_text(connection, table, members[0])}


def _numeric(connection: "DuckDBPyConnection", table: str, members: list[Feature]) -> dict[str, Any]:
    columns = [_five_numbers(connection, table, member) for member in members]
    known = [column for column in columns if column["median"] is not None]
    integer = all(member.dtype.startswith("int") for member in members)
    if not known:
        return {"columns": columns, "integer": integer, "scale": "linear", "edges": [], "counts": []}
    low, high = min(c["min"] for c in known), max(c["max"] for c in known)
    skewed = high > SKEWED * max(1.0, known[-1]["median"])
    edges = grid(low, high, integer=integer, log=skewed)
    counts = [_histogram(connection, table, column["name"], edges) for column in columns]
    scale = "log1p" if skewed else "linear"
    return {"columns": columns, "integer": integer, "scale": scale, "edges": edges, "counts": counts}


def _five_numbers(connection: "DuckDBPyConnection", table: str, member: Feature) -> dict[str, Any]:
    name = identifier(member.name)
    row = connection.execute(f"""
        SELECT count(*) - count({name}), quantile_cont({name}::DOUBLE, [0, 0.25, 0.5, 0.75, 1]) FROM {table}
    """).fetchone()
    assert row is not None  # noqa: S101 - an aggregate without groups has one row
    quantiles = row[1] or [None] * 5
    names = ("min", "q1", "median", "q3", "max")
    return {"name": member.name, "window": member.window, "nulls": row[0], **dict(zip(names, quantiles, strict=True))}


def log1p(value: float) -> float:
    """The signed logarithm `sign(x) ln(1 + |x|)`: refunds can make a value negative."""
    return math.copysign(math.log(1 + abs(value)), value)


def grid(low: float, high: float, *, integer: bool, log: bool) -> list[float]:
    """Growing edges of at most 30 bins from `low` to `high`, both within; equally wide on the axis that is drawn.

    Edges for whole numbers lie at halves, so that no bin falls between two of them.
    """
    if low == high:
        return [low - 0.5, high + 0.5]
    if integer and not log:
        step = math.ceil((high - low + 1) / BINS)
        return [low - 0.5 + step * i for i in range(math.ceil((high - low + 1) / step) + 1)]
    start, stop = (log1p(low), log1p(high)) if log else (low, high)
    even = np.linspace(start, stop, BINS + 1)
    edges = np.copysign(np.expm1(np.abs(even)), even) if log else even
    if integer:
        edges = np.unique(np.concatenate([[low - 0.5], np.floor(edges[1:-1]) + 0.5, [high + 0.5]]))
    else:
        # Two values a rounding error apart leave fewer edges, which must still grow.
        edges = np.unique(np.concatenate([[low], np.clip(edges[1:-1], low, high), [high]]))
    return [float(edge) for edge in edges]


def _histogram(connection: "DuckDBPyConnection", table: str, column: str, edges: Sequence[float]) -> list[int]:
    """Counts of the values in `(edges[i], edges[i + 1]]`; the first bin holds its lower edge too."""
    uppers = "[" + ", ".join(f"{edge!r}::DOUBLE" for edge in edges[1:]) + "]"
    row = connection.execute(f"SELECT histogram({identifier(column)}::DOUBLE, {uppers}) FROM {table}").fetchone()
    found = {} if row is None or row[0] is None else row[0]
    return [int(found.get(edge, 0)) for edge in edges[1:]]


def _text(connection: "DuckDBPyConnection", table: str, member: Feature) -> dict[str, Any]:
    name = identifier(member.name)
    rows = connection.execute(
        f"SELECT {name}, count(*) AS n FROM {table} GROUP BY 1 ORDER BY n DESC, 1 LIMIT {TOP + 1}"
    ).fetchall()
    row = connection.execute(f"SELECT count(*) - count({name}), count({name}) FROM {table}").fetchone()
    assert row is not None  # noqa: S101 - an aggregate without groups has one row
    values = [(value, int(n)) for value, n in rows if value is not None][:TOP]
    order = ORDERED.get(member.name)
    if order:
        counts = dict(values)
        unknown = sorted(set(counts) - set(order))
        values = [(value, counts.get(value, 0)) for value in (*order, *unknown)]
    return {
        "columns": [{"name": member.name, "window": member.window, "nulls": row[0]}],
        "values": [{"value": value, "count": n} for value, n in values],
        "others": int(row[1]) - sum(n for _, n in values),
    }


def _time(connection: "DuckDBPyConnection", table: str, member: Feature) -> dict[str, Any]:
    name = f"{identifier(member.name)}::TIMESTAMP"
    row = connection.execute(f"""
        SELECT count(*) - count({name}), date_diff('day', min({name}), max({name})), min({name}), max({name})
        FROM {table}
    """).fetchone()
    assert row is not None  # noqa: S101 - an aggregate without groups has one row
    nulls, days, first, last = row
    step = "day" if days is not None and days <= DAILY else "week"
    counted = connection.execute(f"""
        SELECT date_trunc('{step}', {name})::DATE::VARCHAR AS start, count(*) FROM {table}
        WHERE {name} IS NOT NULL GROUP BY 1 ORDER BY 1
    """).fetchall()
    ends = {
        "min": None if first is None else first.date().isoformat(),
        "max": None if last is None else last.date().isoformat(),
    }
    return {
        "columns": [{"name": member.name, "window": member.window, "nulls": nulls, **ends}],
        "step": step,
        "starts": [start for start, _ in counted],
        "counts": [int(n) for _, n in counted],
    }
