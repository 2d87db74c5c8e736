"""Event files -> customer table, as one straight DuckDB query: DISTINCT, then GROUP BY (duckdb_job.sql).

    python benchmarks/peers/duckdb_job.py EVENTS... --as-of 2020-05-01 --out customers.parquet

Default settings, with a folder to spill to. Rows are taken as sound: none is checked, and none may be a refund. Which
of equally frequent values `mode` gives is DuckDB's business: the most active time and day, the preferred brand and
category are those of `docs/columns.md` only where there is no tie.
"""

from datetime import datetime, time
from pathlib import Path

import duckdb
from request import parse


def main() -> None:
    """Do the job."""
    job = parse(__doc__)
    query = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    with duckdb.connect(config={"temp_directory": str(job.out.with_suffix(".spill"))}) as connection:
        connection.execute("SET VARIABLE files = ?", [job.events])
        connection.execute("SET VARIABLE as_of = ?", [datetime.combine(job.as_of, time())])
        connection.execute(f"COPY ({query}) TO '{job.out}' (FORMAT parquet)")


if __name__ == "__main__":
    main()
