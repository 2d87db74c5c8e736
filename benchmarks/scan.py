"""The yardstick: DuckDB reads event files with typed columns, looks at every value, and does nothing more.

Run as `python benchmarks/scan.py FILE...`; prints the number of rows.
"""

import sys

import duckdb

TYPES = {
    "event_time": "TIMESTAMP",
    "event_type": "VARCHAR",
    "product_id": "BIGINT",
    "category_id": "BIGINT",
    "category_code": "VARCHAR",
    "brand": "VARCHAR",
    "price": "DOUBLE",
    "user_id": "BIGINT",
    "user_session": "VARCHAR",
}


def main() -> None:
    """Scan the files named on the command line."""
    files = sys.argv[1:]
    # A sum needs every value; counts, minima and maxima come from a Parquet file's own statistics.
    sums = {"TIMESTAMP": "sum(epoch({}))", "VARCHAR": "sum(length({}))", "BIGINT": "sum({})", "DOUBLE": "sum({})"}
    every = ", ".join(sums[kind].format(name) for name, kind in TYPES.items())
    if files[0].endswith(".parquet"):
        source = f"read_parquet({files})"
    else:
        source = f"read_csv({files}, header = true, columns = {TYPES}, ignore_errors = true)"
    with duckdb.connect() as connection:
        print(connection.execute(f"SELECT {every}, count(*) FROM {source}").fetchall()[0][-1])


if __name__ == "__main__":
    main()
