"""Publishing a run to Postgres: beside what one would otherwise write, and the memory as the run grows.

    uv run python benchmarks/publish.py --to postgresql://USER@127.0.0.1/DATABASE --customers 1000000 3000000

A small shop is simulated and its last run made larger: its customers again and again under other ids. The database is a
local one that may be written to; the schemas of this program are dropped. What psycopg loads is held against what
bestiary has published, row by row, before any figure is printed.
"""

import argparse
import json
import shutil
import subprocess
import sys
from pathlib import Path

from bestiary.lake.runs import all_runs
from bestiary.publish.content import Content
from bestiary.sql import connect
from measure import FIGURES, ChildError, Cost, figures, machine, measure, table
from subject import events_in, options, product, working

OURS, THEIRS = "bestiary_benchmark", "bestiary_benchmark_peer"
TABLES = ("customers", "segments", "movements")
JOB = (sys.executable, str(Path(__file__).with_name("peers") / "copied_job.py"))
SETTINGS = 'candidate = "rfm_log"\nk_max = 4\n\n[choice]\nsample = 1000\n'


def request() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = options(__doc__, events=60_000, months=3)
    parser.add_argument("--to", required=True, help="a local Postgres: postgresql://USER@HOST/DATABASE")
    parser.add_argument("--customers", type=int, nargs="+", default=[1_000_000, 3_000_000])
    return parser.parse_args()


def run_once(uri: str, *statements: str) -> list[tuple[object, ...]]:
    """Run statements in a process of their own, so that this one stays small; the rows of the last."""
    code = (
        "import json, sys, psycopg\nwith psycopg.connect(sys.argv[1], autocommit=True) as c:\n"
        "    for s in sys.argv[2:]: found = c.execute(s)\n"
        "    print(json.dumps(found.fetchall() if found.description else []))"
    )
    told = subprocess.run([sys.executable, "-c", code, uri, *statements], capture_output=True, text=True, check=True)
    return [tuple(row) for row in json.loads(told.stdout)]


def grown(store: str, customers: str) -> None:
    """Make the last run of a store larger, by its own customers under other ids."""
    run = all_runs(Path(store))[-1].path
    with connect() as connection:
        for name in TABLES:
            connection.execute(f"CREATE TABLE {name} AS FROM '{run / name}.parquet'")
        ((size, widest),) = connection.execute(
            "SELECT count(*), max(user_id) - min(user_id) + 1 FROM customers"
        ).fetchall()
        copies = -(-int(customers) // size)
        for name in TABLES:
            ids = f"(user_id - (SELECT min(user_id) FROM customers) + copy * {widest})::INTEGER AS user_id"
            rows = (
                f"SELECT * EXCLUDE (copy) REPLACE ({ids}) FROM {name}, range({copies}) AS copies(copy) ORDER BY user_id"
            )
            connection.execute(f"COPY ({rows}) TO '{run / name}.parquet' (FORMAT parquet, COMPRESSION zstd)")


def compared(asked: argparse.Namespace, store: Path, folder: Path, how: str) -> Cost:
    """What psycopg takes for the same rows, into tables with the same keys and indexes; they must be equal."""
    aside("flat", store, folder)
    made = [f"CREATE TABLE {THEIRS}.{name} (LIKE {OURS}.{name} INCLUDING INDEXES)" for name in TABLES]
    run_once(asked.to, f"DROP SCHEMA IF EXISTS {THEIRS} CASCADE", f"CREATE SCHEMA {THEIRS}", *made)
    cost = measure([*JOB, how, str(folder), asked.to, THEIRS])
    for name in TABLES:
        ours, theirs = (f"TABLE {schema}.{name}" for schema in (OURS, THEIRS))
        lacking = [f"(SELECT count(*) FROM ({a} EXCEPT ALL {b}) AS c)" for a, b in ((ours, theirs), (theirs, ours))]
        query = f"SELECT {', '.join(lacking)}"
        if run_once(asked.to, query) != [(0, 0)]:
            sys.exit(f"{name}: what psycopg loaded is not what was published, so no figures are given.")
    return cost


def published(asked: argparse.Namespace, store: Path, *more: str) -> Cost:
    """What `bestiary publish` takes."""
    return measure([*product("publish", "--to", asked.to, "--schema", OURS, *more, store=store)])


def main() -> None:
    """Measure and print."""
    asked, lines = request(), list[list[str]]()
    with working(asked) as folder:
        config = folder / "quick.toml"
        config.write_text(SETTINGS, encoding="utf-8")
        small = folder / "small"
        measure([*product("run", *events_in(asked, folder, "parquet"), store=small), "--config", str(config)])
        for number, size in enumerate(asked.customers):
            store = folder / f"store-{number}"
            shutil.copytree(small, store)
            aside("grown", store, size)
            run_once(asked.to, f"DROP SCHEMA IF EXISTS {OURS} CASCADE")
            first = published(asked, store)
            found = {f"bestiary publish, {size:,} customers": first}
            found["the same run once more, --again"] = published(asked, store, "--again")
            found["psycopg, COPY of CSV"] = compared(asked, store, folder, "copy")
            if number == 0 and size <= 1_000_000:
                found["psycopg, INSERT by executemany"] = compared(asked, store, folder, "insert")
            aside("changed", store)
            found["made anew, every segment other than before"] = published(asked, store)
            lines += [[what, *figures(cost, size), f"{cost.wall / first.wall:.2f}"] for what, cost in found.items()]
            shutil.rmtree(store)
        run_once(asked.to, f"DROP SCHEMA IF EXISTS {OURS} CASCADE", f"DROP SCHEMA IF EXISTS {THEIRS} CASCADE")
    print(table(("what", "value"), machine(("adbc-driver-postgresql", "psycopg")), texts=2) + "\n")
    print(table(("what", *FIGURES, "x wall"), lines, texts=1))


def aside(function: str, *given: object) -> None:
    """Call a function of this file in a process of its own: who measures must stay small."""
    code = f"import sys, publish; publish.{function}(*sys.argv[1:])"
    here = str(Path(__file__).parent)
    subprocess.run([sys.executable, "-c", code, *map(str, given)], check=True, cwd=here)


def flat(store: str, folder: str) -> None:
    """Write the rows that are published as files, for whoever else is to load them."""
    run = all_runs(Path(store))[-1]
    content = Content(run.path, run.as_of)
    with connect() as connection:
        for name in TABLES:
            connection.execute(f"COPY ({content.select(name)}) TO '{folder}/{name}.parquet' (FORMAT parquet)")


def changed(store: str) -> None:
    """Make the segments of the last run others, for everybody."""
    file = all_runs(Path(store))[-1].path / "segments.parquet"
    with connect() as connection:
        connection.execute(f"CREATE TABLE segments AS FROM '{file}'")
        query = "SELECT * REPLACE (coalesce(confidence, 0) + 1 AS confidence) FROM segments"
        connection.execute(f"COPY ({query}) TO '{file}' (FORMAT parquet, COMPRESSION zstd)")


if __name__ == "__main__":
    try:
        main()
    except ChildError as error:
        sys.exit(str(error))
