"""How the customers of a segment differ from everyone of their population: quartiles, and an index of the medians."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from bestiary.segments.personas import Kind
from bestiary.segments.transform import Floats
from bestiary.sql import identifier
from bestiary.windows import Windows

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

QUARTILES = {"q1": 0.25, "median": 0.5, "q3": 0.75}
LEVEL = 0.05
"""How often, over the roles of a profile, an interval may leave its median out by chance."""
NOWHERE = -1
"""Stands for the segment of those who have none."""
Quartiles = dict[str, float | None]


def columns(kind: Kind, windows: Windows) -> dict[str, str]:
    """The columns of a profile by role, in order; `windows` in months, the longest last."""
    longest = windows[-1]
    looked = {
        "sessions": f"number_of_sessions_{longest}m",
        "carts": f"number_of_carts_{longest}m",
        "abandonment": "cart_abandonments",
    }
    if kind == "visitors":
        return {"recency": "days_since_last_visit", **looked}
    bought = {
        "recency": "days_since_last_purchase",
        "frequency": f"number_of_purchases_{longest}m",
        "monetary": "total_purchase_value",
    }
    return {**bought, **looked}


def profiles(
    connection: "DuckDBPyConnection", customers: str, labels: str, windows: Windows
) -> dict[int, list[dict[str, Any]]]:
    """By segment that somebody is placed in, a record a role: role, column, q1, median, q3, low, high, shop, index.

    `shop` are the same quartiles of everyone of the population, also of those without a segment. `index` is 100 times
    the median over the shop's, None where that is not over 0. Quartiles lie between two neighbours in proportion (type
    7 of Hyndman and Fan, 1996), of what is known; None where nothing is. `low` and `high` are the `interval` of the
    segment's median. `customers` and `labels` are the paths of
    customers.parquet and segments.parquet as SQL literals. Memory: one column at a time, as counts of its values.
    """
    found: dict[int, list[dict[str, Any]]] = {}
    kinds: tuple[Kind, ...] = ("buyers", "visitors")
    for kind in kinds:
        roles = columns(kind, windows)
        for role, column in roles.items():
            shop, told = _quartiles(connection, customers, labels, kind, column, LEVEL / len(roles))
            for segment, own in told.items():
                record = {"role": role, "column": column, **own, "shop": shop, "index": index(own, shop)}
                found.setdefault(segment, []).append(record)
    return found


def index(own: Mapping[str, float | None], shop: Mapping[str, float | None]) -> float | None:
    """100 * median / the shop's median; None where that is not over 0, or either is not known."""
    ours, theirs = own["median"], shop["median"]
    return None if ours is None or theirs is None or theirs <= 0 else 100 * ours / theirs


def quartiles(values: Floats, counts: Floats) -> Quartiles:
    """The quartiles of values (v,), sorted, of which there are `counts` (v,); None where there are none."""
    ends = np.cumsum(counts)
    if not len(ends):
        return dict.fromkeys(QUARTILES)
    found: Quartiles = {}
    for name, share in QUARTILES.items():
        at = share * (float(ends[-1]) - 1)
        low, high = values[np.searchsorted(ends, [np.floor(at), np.ceil(at)], side="right")].tolist()
        found[name] = low + (high - low) * (at % 1)
    return found


def interval(values: Floats, counts: Floats, level: float) -> Quartiles:
    """The interval, low and high, of the median of values (v,), sorted, of which there are `counts` (v,).

    It leaves the median out at most so often as `level` says: between the two values before and after which binomially
    few of a sample lie (Conover 1999, "Practical Nonparametric Statistics", 3.2). None where so few have none.
    """
    from scipy.stats import binom

    ends = np.cumsum(counts)
    n = int(ends[-1]) if len(ends) else 0
    before = int(binom.ppf(level / 2, n, 0.5)) - 1  # so many lie below the low end
    if before < 0:
        return {"low": None, "high": None}
    low, high = values[np.searchsorted(ends, [before, n - 1 - before], side="right")].tolist()
    return {"low": low, "high": high}


def _quartiles(
    connection: "DuckDBPyConnection", customers: str, labels: str, kind: Kind, column: str, level: float
) -> tuple[Quartiles, dict[int, Quartiles]]:
    """The quartiles of a column: of everyone of the population, and by segment, there with the median's interval."""
    counted = connection.execute(f"""
        SELECT coalesce(s.segment, {NOWHERE}) AS segment, c.{identifier(column)}::DOUBLE AS value, count(*) AS n
        FROM read_parquet({labels}) AS s JOIN read_parquet({customers}) AS c USING (user_id)
        WHERE (s.population = 'visitors') = ({kind == "visitors"}) GROUP BY ALL ORDER BY value
    """).fetchnumpy()
    segment = np.asarray(counted["segment"])
    value = np.ma.filled(np.ma.asarray(counted["value"]).astype(np.float64), np.nan)
    known, n = ~np.isnan(value), np.asarray(counted["n"]).astype(np.float64)
    found: dict[int, Quartiles] = {}
    for number in np.unique(segment[segment != NOWHERE]).tolist():
        own = known & (segment == number)
        found[number] = quartiles(value[own], n[own]) | interval(value[own], n[own], level)
    return quartiles(value[known], n[known]), found
