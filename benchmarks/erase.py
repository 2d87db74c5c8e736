"""Erasing one person and a thousand from a store with a run, beside reading all events into a new store.

    uv run python benchmarks/erase.py --events 42000000

Each erasure has a copy of the same store, and people from all over it. That none of them is left in its visits and its
run, and everybody else is, is held before any figure is printed.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from bestiary.config import Settings
from bestiary.lake.store import Store
from bestiary.sql import connect, path_list
from measure import FIGURES, ChildError, Cost, figures, machine, measure, table
from subject import BESTIARY, events_in, only_run, options, product, rows_read, working

SETTINGS = 'candidate = "rfm_log"\nk_max = 4\n\n[choice]\nsample = 1000\n'


def request() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = options(__doc__, events=4_000_000, months=7)
    parser.add_argument("--people", type=int, nargs="+", default=[1, 1000], help="how many are erased together")
    return parser.parse_args()


def tables(store: Path) -> list[Path]:
    """The tables that hold people."""
    run = only_run(store)
    visits = [part.path for part in Store.open(store, Settings()).visits()]
    return [*visits, *(run / f"{name}.parquet" for name in ("customers", "segments"))]


def some(store: Path, number: int, out: Path) -> Path:
    """Write a file of that many of the run's customers, spread over all of them."""
    customers = path_list([only_run(store) / "customers.parquet"])
    query = f"SELECT user_id FROM read_parquet({customers}) ORDER BY hash(user_id) LIMIT {number}"
    with connect() as connection:
        out.write_text("".join(f"{one}\n" for (one,) in connection.execute(query).fetchall()), encoding="utf-8")
    return out


def rows_left(files: Sequence[Path], ids: Path) -> tuple[int, int]:
    """How many rows of the tables are of the people in a file, and how many of others."""
    people = f"SELECT column0 AS user_id FROM read_csv('{ids}', header = false, columns = {{'column0': 'BIGINT'}})"
    counts = (0, 0)
    with connect() as connection:
        connection.execute(f"CREATE TABLE gone AS {people}")
        for file in files:
            theirs = "count(*) FILTER (WHERE user_id IN (SELECT user_id FROM gone))"
            query = f"SELECT {theirs}, count(*) FROM read_parquet({path_list([file])}, hive_partitioning = false)"
            found, rows = connection.execute(query).fetchall()[0]
            counts = (counts[0] + found, counts[1] + rows - found)
    return counts


def erased(store: Path, copy: Path, ids: Path) -> Cost:
    """Erase the people in a file from a copy of the store, which goes again; ends where that was not done."""
    shutil.copytree(store, copy)
    others = rows_left(tables(copy), ids)[1]
    cost = measure([*BESTIARY, "subject", "erase", "--ids", str(ids), "--store", str(copy), "--yes"])
    if rows_left(tables(copy), ids) != (0, others):
        sys.exit("Somebody is left, or somebody else went: no figures are given.")
    shutil.rmtree(copy)
    return cost


def main() -> None:
    """Measure and print."""
    asked = request()
    with working(asked) as folder:
        files, store = events_in(asked, folder, "parquet"), folder / "store"
        (folder / "settings.toml").write_text(SETTINGS, encoding="utf-8")
        read = measure(product("ingest", *files, store=store))
        measure([*product("run", *files, store=store), "--config", str(folder / "settings.toml")])
        rows = rows_read(store)
        lines = [["all events into a new store", *figures(read, rows), "1.00"]]
        for number in asked.people:
            cost = erased(store, folder / "copy", some(store, number, folder / "ids.txt"))
            lines.append([f"{number:,} erased together", *figures(cost, rows), f"{cost.wall / read.wall:.2f}"])
        with connect() as connection:
            customers = path_list([only_run(store) / "customers.parquet"])
            people = connection.execute(f"SELECT count(*) FROM read_parquet({customers})").fetchall()[0][0]
    print(table(("what", "value"), machine(), texts=2))
    print(f"\n{rows:,} events in the lake, {people:,} customers in its run.\n")
    print(table(("what", *FIGURES, "x wall"), lines, texts=1))


if __name__ == "__main__":
    try:
        main()
    except ChildError as error:
        sys.exit(str(error))
