"""What one would otherwise write to bring a run's tables to Postgres: psycopg, by COPY of CSV or by INSERT.

    python benchmarks/peers/copied_job.py copy|insert FOLDER URI SCHEMA

FOLDER holds customers.parquet, segments.parquet and movements.parquet with the columns of the schema's tables, which
are there and have their keys and indexes.
"""

import sys
from pathlib import Path

import duckdb
import psycopg
from psycopg import sql

TABLES = ("customers", "segments", "movements")
ROWS = 10_000


def copied(cursor: "psycopg.Cursor", source: duckdb.DuckDBPyConnection, file: Path, table: sql.Identifier) -> None:
    """By way of a CSV file."""
    text = file.with_suffix(".csv")
    source.execute(f"COPY (FROM '{file}') TO '{text}' (FORMAT csv, HEADER false)")
    with text.open("rb") as lines, cursor.copy(sql.SQL("COPY {} FROM STDIN (FORMAT csv)").format(table)) as copy:
        while part := lines.read(1 << 20):
            copy.write(part)
    text.unlink()


def inserted(cursor: "psycopg.Cursor", source: duckdb.DuckDBPyConnection, file: Path, table: sql.Identifier) -> None:
    """Row by row, in psycopg's pipelined batches."""
    found = source.execute(f"FROM '{file}'")
    marks = sql.SQL(", ").join([sql.Placeholder()] * len(found.description or ()))
    statement = sql.SQL("INSERT INTO {} VALUES ({})").format(table, marks)
    while rows := found.fetchmany(ROWS):
        cursor.executemany(statement, rows)


def main() -> None:
    """Load in one transaction."""
    how, folder, uri, schema = sys.argv[1:]
    work = {"copy": copied, "insert": inserted}[how]
    with duckdb.connect() as source, psycopg.connect(uri) as connection, connection.cursor() as cursor:
        source.execute("SET memory_limit = '1GB'")
        for name in TABLES:
            work(cursor, source, Path(folder) / f"{name}.parquet", sql.Identifier(schema, name))


if __name__ == "__main__":
    main()
