"""How long the dashboard's pages take: on a store as it is, and with its customers many times over, side by side.

    uv run python benchmarks/pages.py --events 4000000
    uv run python benchmarks/pages.py --store STORE --customers 15600000

The real server on loopback, each page asked for by one client: the first time after the server was started, and then
`--times` over, in both languages. With `--customers` the tables of the latest run are written again with every customer
several times, under other ids, until there are so many; what was precomputed at the fit stays as it is. A customer's
page looks up another customer each time, first in tables that the server has not opened yet.
"""

import argparse
import math
import random
import statistics
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen

import duckdb

from measure import machine, measure, table
from subject import BESTIARY, events_in, options, product, working

PAGES = ("/", "/segments", "/segments/0", "/map", "/choice", "/why", "/quality", "/movement", "/glossary")
HEADER = ("page", "KB", "first ms", "median ms", "slowest ms", "first ms", "median ms", "slowest ms", "ratio")
TABLES = ("customers.parquet", "segments.parquet")


def request() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = options(__doc__, events=1_000_000, months=7)
    parser.add_argument("--store", type=Path, help="a store with its runs, instead of making one")
    parser.add_argument("--customers", type=int, default=15_600_000, help="how many the larger store is to have")
    parser.add_argument("--times", type=int, default=20, help="how often each page is asked for after the first time")
    return parser.parse_args()


def filled(asked: argparse.Namespace, folder: Path) -> Path:
    """The store that was named, or one made of simulated events."""
    if asked.store:
        return Path(asked.store).resolve()
    measure(product("run", *events_in(asked, folder, "parquet"), store=folder / "store"))
    return folder / "store"


def latest(store: Path) -> Path:
    """The folder of the latest run."""
    return max((store / "runs").iterdir())


def multiplied(store: Path, out: Path, customers: int) -> tuple[Path, int]:
    """The store with each customer of its latest run several times, ordered by id as before, and how often."""
    out.mkdir()
    for path in store.iterdir():
        if path.name != "runs":
            (out / path.name).symlink_to(path)
    for run in (store / "runs").iterdir():
        (out / "runs" / run.name).mkdir(parents=True)
        for path in run.iterdir():
            (out / "runs" / run.name / path.name).symlink_to(path)
    run = latest(out)
    with duckdb.connect(config={"memory_limit": "3GB", "temp_directory": str(out / ".spill")}) as connection:
        source = f"read_parquet('{run / TABLES[0]}')"
        count, least, most = connection.execute(
            f"SELECT count(*), min(user_id)::BIGINT, max(user_id)::BIGINT FROM {source}"
        ).fetchall()[0]
        copies = math.ceil(customers / count)
        for name in TABLES:
            path = (run / name).resolve()
            (run / name).unlink()
            parts = " UNION ALL ".join(
                f"SELECT * REPLACE (user_id::BIGINT + {place * (most - least + 1)} AS user_id) FROM '{path}'"
                for place in range(copies)
            )
            connection.execute(
                f"COPY (SELECT * FROM ({parts}) ORDER BY user_id) TO '{run / name}' (FORMAT parquet, COMPRESSION zstd)"
            )
    return out, copies


@contextmanager
def served(store: Path) -> Iterator[tuple[str, "Popen[str]"]]:
    """The address of a dashboard of the store, and its process."""
    command = [*BESTIARY, "dashboard", "--store", str(store), "--port", "0"]
    with Popen(command, stdout=PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            line = server.stdout.readline()
            if not line.startswith("Dashboard: "):
                sys.exit(f"The dashboard did not start: {line}")
            yield line.split()[1].rstrip("/"), server
        finally:
            server.terminate()


def asked_for(address: str) -> tuple[float, int]:
    """Milliseconds until the page is there, and its size in bytes."""
    started = time.perf_counter()
    with urllib.request.urlopen(address) as answer:
        size = len(answer.read())
    return (time.perf_counter() - started) * 1000, size


def timed(store: Path, times: int, seed: int) -> tuple[dict[str, tuple[list[float], int]], int]:
    """Milliseconds of every page, the first time first, with its largest size; and the server's peak memory."""
    with duckdb.connect() as connection:
        drawn = (
            f"SELECT user_id FROM '{latest(store) / TABLES[1]}' USING SAMPLE {2 * times + 2} ROWS (reservoir, {seed})"
        )
        people = [row[0] for row in connection.execute(drawn).fetchall()]
    random.Random(seed).shuffle(people)
    found = {}
    with served(store) as (address, server):
        for page in (*PAGES, "/customers"):
            several = [
                asked_for(f"{address}{page}?lang={language}" + (f"&id={people.pop()}" if page == "/customers" else ""))
                for _ in range(times + 1)
                for language in ("en", "fr")
            ]
            found[page] = [ms for ms, _ in several], max(size for _, size in several)
        status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    return found, peak * 1024


def columns(times: Sequence[float]) -> list[str]:
    """The slower of the two first times (one a language), and the median and the slowest of the others."""
    return [f"{ms:.0f}" for ms in (max(times[:2]), statistics.median(times[2:]), max(times[2:]))]


def main() -> None:
    """Measure and print."""
    asked = request()
    with working(asked) as folder:
        store = filled(asked, folder)
        large, copies = multiplied(store, folder / "large", asked.customers)
        with duckdb.connect() as connection:
            counts = [
                connection.execute(f"SELECT count(*) FROM '{latest(one) / TABLES[0]}'").fetchall()[0][0]
                for one in (store, large)
            ]
        one, one_peak = timed(store, asked.times, asked.seed)
        other, other_peak = timed(large, asked.times, asked.seed)
    print(table(("what", "value"), machine(), texts=2))
    print(f"\n{counts[0]:,} customers, and each {copies} times: {counts[1]:,}.")
    print(f"The server's peak memory: {one_peak / 10**6:,.0f} MB and {other_peak / 10**6:,.0f} MB.\n")
    lines = [
        [
            page,
            f"{size / 1000:,.0f}",
            *columns(times),
            *columns(other[page][0]),
            f"{statistics.median(other[page][0]) / statistics.median(times):.2f}",
        ]
        for page, (times, size) in one.items()
    ]
    print(table(HEADER, lines, texts=1))


if __name__ == "__main__":
    main()
