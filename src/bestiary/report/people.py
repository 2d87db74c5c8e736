"""What the summary asks of the customers themselves: how many are placed, what is expected of them, who has lapsed."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bestiary.files import whole_parquet
from bestiary.sql import identifier, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def table(path: Path) -> str:
    """A Parquet file's path as an SQL literal; ModelError where it is missing or damaged."""
    return quote(str(whole_parquet(path)))


def placed(connection: "DuckDBPyConnection", labels: str) -> dict[int, dict[str, Any]]:
    """Per segment how many customers are placed in it, and what is expected of them.

    `rank` is the mean percent rank (0 to 1) of their expected value among all customers who have one; `low`, `middle`
    and `high` are medians of the expected value and its interval. All four are None where nothing is expected.
    """
    rows = connection.execute(f"""
        WITH ranked AS (
            SELECT segment, expected_value, expected_low, expected_high,
                percent_rank() OVER (ORDER BY expected_value) AS rank
            FROM read_parquet({labels}) WHERE expected_value IS NOT NULL
        ), told AS (
            SELECT segment, round(avg(rank), 6) AS rank, median(expected_low) AS low, median(expected_value) AS middle,
                median(expected_high) AS high
            FROM ranked GROUP BY segment
        ), counted AS (
            SELECT segment, count(*) AS customers FROM read_parquet({labels}) WHERE segment IS NOT NULL GROUP BY segment
        )
        SELECT segment, customers, rank, low, middle, high FROM counted LEFT JOIN told USING (segment) ORDER BY segment
    """).fetchall()
    names = ("customers", "rank", "low", "middle", "high")
    return {segment: dict(zip(names, figures, strict=True)) for segment, *figures in rows}


def lapsed(
    connection: "DuckDBPyConnection", customers: str, labels: str, segment: int | None, months: int
) -> int | None:
    """How many customers placed in a segment bought nothing in the last `months`; None for no segment."""
    if segment is None:
        return None
    bought = identifier(f"count_products_{months}m")
    rows = connection.execute(
        f"SELECT count(*) FROM read_parquet({labels}) JOIN read_parquet({customers}) USING (user_id) "
        f"WHERE segment = {int(segment)} AND {bought} = 0"
    ).fetchall()
    return int(rows[0][0])


def with_people(segment: Mapping[str, Any], found: Mapping[int, Mapping[str, Any]]) -> dict[str, Any]:
    """A card with what its customers say: `placed` and `expects`."""
    people = found.get(segment["segment"], {"customers": 0, "rank": None, "low": None, "middle": None, "high": None})
    return {
        **segment,
        "placed": people["customers"],
        "expects": {name: people[name] for name in ("rank", "low", "middle", "high")},
    }
