"""Whether two customer tables say the same of every customer, and where not.

    python benchmarks/equal.py OURS THEIRS EVENTS... --as-of 2020-05-01
    python benchmarks/equal.py OURS OTHER-OURS

Rows are matched by user_id. Every column that both must have is compared: exactly, or within 1e-9 of the larger for
fractions. A preference may differ only where it is a tie: then both values are counted in the events themselves, and
must be equally frequent. Without events, all columns and all rows must be the same. Ends with status 1 and says what
differs; otherwise prints how many customers were compared and how many ties were found, as JSON.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import duckdb

from bestiary.customers.features import features

MODES = {
    "preferred_brand": ("brand", "event_type = 'purchase'"),
    "preferred_category": ("category_code", "event_type = 'purchase'"),
    "most_active_time": (
        "CASE WHEN hour(event_time) < 5 THEN 'night' WHEN hour(event_time) < 13 THEN 'morning' "
        "WHEN hour(event_time) < 18 THEN 'afternoon' ELSE 'evening' END",
        "true",
    ),
    "most_active_day": ("lower(dayname(event_time))", "true"),
}
"""For each column that holds the most frequent value: of what, and of which events."""

CONTRACT = features()[:24]
"""The columns of the contract; further ones of ours are nobody's business."""


@dataclass(frozen=True)
class Verdict:
    """What was found: customers compared, ties by column, and every difference that is none."""

    customers: int
    ties: dict[str, int]
    differences: list[str]


def compare(ours: Path, theirs: Path, events: Sequence[Path], as_of: date, *, memory: str = "4GB") -> Verdict:
    """Compare two tables of customers, Parquet files or folders of them, made from the same Parquet files of events."""
    with duckdb.connect(config={"memory_limit": memory, "temp_directory": str(theirs.with_suffix(".spill"))}) as found:
        for name, path in (("ours", ours), ("theirs", theirs)):
            files = path / "*.parquet" if path.is_dir() else path
            found.execute(f"CREATE VIEW {name} AS FROM read_parquet('{files}')")
        missing = {column.name for column in CONTRACT} - {row[0] for row in found.execute("DESCRIBE theirs").fetchall()}
        if missing:
            return Verdict(0, {}, [f"they lack the columns {', '.join(sorted(missing))}"])
        differences = _rows(found)
        if differences:
            return Verdict(0, {}, differences)
        customers, *unlike = found.execute(_unlike()).fetchall()[0]
        counted = dict(zip((column.name for column in CONTRACT[1:]), unlike, strict=True))
        ties = {name: counted.pop(name) for name in MODES}
        differences = [f"{name}: {count} customers differ" for name, count in counted.items() if count]
        for name in (name for name, count in ties.items() if count):
            wrong = _not_ties(found, name, events, as_of)
            if wrong:
                differences.append(f"{name}: {wrong} customers differ, and it is no tie")
    return Verdict(customers, ties, differences)


def identical(one: Path, other: Path) -> Verdict:
    """Compare two Parquet files row for row, in all their columns."""
    sides = [f"FROM read_parquet('{path}')" for path in (one, other)]
    with duckdb.connect() as connection:
        columns = [connection.execute(f"DESCRIBE {side}").fetchall() for side in sides]
        if columns[0] != columns[1]:
            return Verdict(0, {}, ["their columns differ"])
        rows, *differing = connection.execute(
            f"SELECT (SELECT count(*) {sides[0]}), (SELECT count(*) FROM ({sides[0]} EXCEPT ALL {sides[1]})), "
            f"(SELECT count(*) FROM ({sides[1]} EXCEPT ALL {sides[0]}))"
        ).fetchall()[0]
    return Verdict(rows, {}, [f"{count} rows differ" for count in differing if count])


def _rows(found: duckdb.DuckDBPyConnection) -> list[str]:
    """What is wrong with the rows themselves: twice, or on one side only."""
    rows, customers = found.execute("SELECT count(*), count(DISTINCT user_id) FROM theirs").fetchall()[0]
    if rows != customers:
        return [f"they have {rows} rows for {customers} customers"]
    query = (
        "SELECT count(*) FILTER (WHERE theirs.user_id IS NULL), count(*) FILTER (WHERE ours.user_id IS NULL) "
        "FROM ours FULL JOIN theirs ON ours.user_id = theirs.user_id"
    )
    without, beyond = found.execute(query).fetchall()[0]
    return [f"they lack {without} customers and have {beyond} that we do not know"] if without or beyond else []


def _unlike() -> str:
    """The query that counts customers, and those who differ, column by column."""
    tests = {
        # Of a number and NaN or infinity the difference is not finite, and of a number and null it is null.
        "float64": "ours.{0} IS DISTINCT FROM theirs.{0} AND coalesce(NOT isfinite(ours.{0} - theirs.{0}) "
        "OR abs(ours.{0} - theirs.{0}) > 1e-9 * greatest(abs(ours.{0}), abs(theirs.{0})), TRUE)",
        "datetime64[ns]": "cast(ours.{0} AS TIMESTAMP) IS DISTINCT FROM cast(theirs.{0} AS TIMESTAMP)",
    }
    counts = [
        f"count(*) FILTER (WHERE {tests.get(column.dtype, 'ours.{0} IS DISTINCT FROM theirs.{0}').format(column.name)})"
        for column in CONTRACT[1:]
    ]
    return f"SELECT count(*), {', '.join(counts)} FROM ours JOIN theirs ON ours.user_id = theirs.user_id"


def _not_ties(found: duckdb.DuckDBPyConnection, name: str, events: Sequence[Path], as_of: date) -> int:
    """How many customers differ in a column of MODES although the two values are not equally frequent."""
    value, of_these = MODES[name]
    files = [str(file) for file in events]
    query = f"""
        WITH differing AS (
            SELECT user_id, ours.{name} AS our, theirs.{name} AS their
            FROM ours JOIN theirs USING (user_id) WHERE ours.{name} IS DISTINCT FROM theirs.{name}
        ), seen AS (
            SELECT DISTINCT * FROM read_parquet({files})
            WHERE {of_these} AND event_time < TIMESTAMP '{as_of}'
            AND event_time >= TIMESTAMP '{as_of}' - INTERVAL 7 MONTH
            AND user_id IN (SELECT user_id FROM differing)
        ), counted AS (
            SELECT
                user_id,
                count(*) FILTER (WHERE {value} = our) AS as_ours,
                count(*) FILTER (WHERE {value} = their) AS as_theirs
            FROM seen JOIN differing USING (user_id) GROUP BY user_id
        )
        SELECT count(*) FROM differing LEFT JOIN counted USING (user_id)
        WHERE coalesce(as_ours, 0) != coalesce(as_theirs, 0) OR coalesce(as_theirs, 0) = 0
    """
    return int(found.execute(query).fetchall()[0][0])


def main() -> None:
    """Compare and say so."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("ours", type=Path)
    parser.add_argument("theirs", type=Path)
    parser.add_argument("events", nargs="*", type=Path)
    parser.add_argument("--as-of", type=date.fromisoformat)
    asked = parser.parse_args()
    if asked.events and not asked.as_of:
        parser.error("events are looked at as of a date: --as-of")
    given = (asked.ours, asked.theirs)
    verdict = compare(*given, asked.events, asked.as_of) if asked.events else identical(*given)
    if verdict.differences:
        sys.exit("\n".join(verdict.differences))
    print(json.dumps(asdict(verdict)))


if __name__ == "__main__":
    main()
