"""Split event files into one Parquet file for each day.

Run as `python benchmarks/days.py FILE... --out FOLDER`.
"""

import argparse
from pathlib import Path

import duckdb


def main() -> None:
    """Split the files named on the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("events", nargs="+", help="Parquet files")
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True)
    with duckdb.connect() as connection:
        for file in asked.events:
            source = f"FROM read_parquet('{file}')"
            days = connection.execute(f"SELECT DISTINCT cast(event_time AS DATE) {source}").fetchall()
            for (day,) in sorted(days):
                # Sorted by time as the file is, so a day is read from the few row groups that hold it.
                inside = f"event_time >= DATE '{day}' AND event_time < DATE '{day}' + INTERVAL 1 DAY"
                connection.execute(f"COPY (SELECT * {source} WHERE {inside}) TO '{asked.out / f'{day}.parquet'}'")


if __name__ == "__main__":
    main()
