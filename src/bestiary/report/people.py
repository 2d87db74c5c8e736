"""What the report asks of the customers themselves: habits of each segment, and how many are placed."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bestiary.files import whole_parquet
from bestiary.sql import identifier, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HABITS = ("preferred_brand", "preferred_category", "most_active_time", "most_active_day")
LOOKING = ("most_active_time", "most_active_day")
"""The habits of those who never bought; the other columns tell of what was bought."""
Habits = Mapping[str, Mapping[int, dict[str, Any]]]


def table(path: Path) -> str:
    """A Parquet file's path as an SQL literal; ModelError where it is missing or damaged."""
    return quote(str(whole_parquet(path)))


def habit(connection: "DuckDBPyConnection", customers: str, labels: str, column: str) -> dict[int, dict[str, Any]]:
    """Per segment the most frequent value of a text column and its share of the known values; ties go A to Z.

    Customers without a segment count nowhere.
    """
    name = identifier(column)
    rows = connection.execute(f"""
        WITH counted AS (
            SELECT s.segment, c.{name} AS value, count(*) AS n
            FROM read_parquet({customers}) AS c JOIN read_parquet({labels}) AS s USING (user_id)
            WHERE c.{name} IS NOT NULL AND s.segment IS NOT NULL GROUP BY ALL
        )
        SELECT segment, value, n / sum(n) OVER (PARTITION BY segment) AS share FROM counted
        QUALIFY row_number() OVER (PARTITION BY segment ORDER BY n DESC, value) = 1
    """).fetchall()
    return {segment: {"value": value, "share": share} for segment, value, share in rows}


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


def with_people(
    segment: Mapping[str, Any], found: Mapping[int, Mapping[str, Any]], habits: Habits, columns: Sequence[str]
) -> dict[str, Any]:
    """A card with what its customers say: `placed`, `expects` and `habits`."""
    number = segment["segment"]
    people = found.get(number, {"customers": 0, "rank": None, "low": None, "middle": None, "high": None})
    return {
        **segment,
        "placed": people["customers"],
        "expects": {name: people[name] for name in ("rank", "low", "middle", "high")},
        "habits": {column: habits[column].get(number) for column in columns},
    }
