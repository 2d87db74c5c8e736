"""How long it takes to look up one customer: the row of the customer table, and the visits in the lake.

    uv run python benchmarks/lookup.py --events 4000000
    uv run python benchmarks/lookup.py --store STORE

Random customers, one after the other, in this process: each with a connection of its own, opened for it, and again
with one that stays open. The visits of a customer lie in one bucket, which is known from the id alone; which files that
bucket has is asked of the lake each time, or once. The events found must be as many as the customer's row says.
"""

import argparse
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import duckdb

from bestiary.config import Settings
from bestiary.customers.lookup import customer
from bestiary.lake.store import Store
from bestiary.sql import path_list, stable_functions
from measure import machine, measure, table
from subject import events_in, only_run, options, product, rows_read, working

HEADER = ("look-up", "median ms", "95th percentile ms", "slowest ms")
COUNTS = "views + carts + removals + purchases + refunds"


def request() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = options(__doc__, events=1_000_000, months=7)
    parser.add_argument("--store", type=Path, help="a store with one run as of its last event, instead of making one")
    parser.add_argument("--lookups", type=int, default=200, help="how many customers to look up")
    return parser.parse_args()


def buckets(customers: Sequence[int], store: Store) -> dict[int, int]:
    """In which bucket the visits of each customer are, by the kernel's own function."""
    query = f"SELECT stable_bucket_of_{store.fixed.id_kinds['user_id']}(?, {store.fixed.buckets})"
    with duckdb.connect() as connection:
        stable_functions(connection)
        return {one: int(connection.execute(query, [one]).fetchall()[0][0]) for one in customers}


@dataclass
class Lookup:
    """Finds a customer's row and visits; `files` is what the lake said when it was last asked, by bucket."""

    store: Path
    run: Path
    buckets: dict[int, int]
    files: dict[int, list[Path]] = field(default_factory=dict)

    def ask(self) -> None:
        """Ask the lake for the files of every bucket."""
        self.files = {}
        for part in Store.open(self.store, Settings()).visits():
            self.files.setdefault(part.bucket, []).append(part.path)

    def row_by_product(self, user_id: int) -> int:
        """The same as `row` by the product's own function, which opens a connection."""
        found = customer(self.run / "customers.parquet", user_id)
        return 0 if found is None else int(found["number_of_events_7m"])

    def row(self, connection: duckdb.DuckDBPyConnection, user_id: int) -> int:
        """Read the customer's row; returns the number of events that it tells of."""
        query = f"SELECT number_of_events_7m, * FROM read_parquet('{self.run / 'customers.parquet'}') WHERE user_id = ?"
        ((count, *_),) = connection.execute(query, [user_id]).fetchall()
        return int(count)

    def visits(self, connection: duckdb.DuckDBPyConnection, user_id: int) -> int:
        """Read all that the customer did; returns the number of events in the seven months before the run's date."""
        files = self.files[self.buckets[user_id]]
        query = (
            f"SELECT hour >= DATE '{self.run.name}' - INTERVAL 7 MONTH AND hour < DATE '{self.run.name}', {COUNTS}, * "
            f"FROM read_parquet({path_list(files)}, hive_partitioning = false) WHERE user_id = ?"
        )
        found = connection.execute(query, [user_id]).fetchall()
        return sum(int(count) for inside, count, *_ in found if inside)


def timed(customers: Sequence[int], find: Callable[[int], int]) -> tuple[list[float], list[int]]:
    """Milliseconds for each look-up, and the events that it told of."""
    times, counts = [], []
    for user_id in customers:
        started = time.perf_counter()
        counts.append(find(user_id))
        times.append((time.perf_counter() - started) * 1000)
    return times, counts


def measured(lookup: Lookup, customers: Sequence[int]) -> dict[str, list[float]]:
    """The times of each kind of look-up. Ends the process where row and visits tell of other numbers of events."""

    def fresh(find: Callable[[duckdb.DuckDBPyConnection, int], int], user_id: int, *, ask: bool = False) -> int:
        if ask:
            lookup.ask()
        with duckdb.connect() as connection:
            return find(connection, user_id)

    lookup.ask()
    with duckdb.connect() as connection:
        found = {
            "the row, a new connection": timed(customers, lookup.row_by_product),
            "the row, an open connection": timed(customers, partial(lookup.row, connection)),
            "the visits, a new connection, files asked for": timed(customers, partial(fresh, lookup.visits, ask=True)),
            "the visits, an open connection, files known": timed(customers, partial(lookup.visits, connection)),
        }
    told = [counts for _, counts in found.values()]
    if any(counts != told[0] for counts in told):
        sys.exit("The rows and the visits tell of other numbers of events.")
    return {name: times for name, (times, _) in found.items()}


def line(name: str, times: list[float]) -> list[str]:
    """A line of the table."""
    return [
        name,
        *(f"{ms:.1f}" for ms in (statistics.median(times), statistics.quantiles(times, n=20)[-1], max(times))),
    ]


def filled(asked: argparse.Namespace, folder: Path) -> Path:
    """The store that was named, or one made of simulated events."""
    if asked.store:
        return Path(asked.store)
    store = folder / "store"
    measure(product("ingest", *events_in(asked, folder, "parquet"), store=store))
    measure(product("customers", store=store))
    return store


def main() -> None:
    """Look up, and print."""
    asked = request()
    with working(asked) as folder:
        store = filled(asked, folder)
        run = only_run(store)
        with duckdb.connect() as connection:
            drawn = f"SELECT user_id FROM read_parquet('{run / 'customers.parquet'}') ORDER BY user_id"
            everyone = [row[0] for row in connection.execute(drawn).fetchall()]
        customers = random.Random(asked.seed).sample(everyone, asked.lookups)
        lookup = Lookup(store, run, buckets(customers, Store.open(store, Settings())))
        found, rows = measured(lookup, customers), rows_read(store)
        parts = sum(len(files) for files in lookup.files.values())
    print(table(("what", "value"), machine(), texts=2))
    print(f"\n{rows:,} events, {len(everyone):,} customers, {parts:,} files in {len(lookup.files)} buckets.\n")
    print(table(HEADER, [line(name, times) for name, times in found.items()], texts=1))


if __name__ == "__main__":
    main()
