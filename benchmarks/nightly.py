"""A year of daily files against its twelve monthly ones, and one call for each of the last nights.

    uv run python benchmarks/nightly.py --events 12000000

The same events: the monthly files are split by day. All daily files in one call; then, into another store, all but the
last `--nights` in one call and these in a call each. The customer tables must be the same row for row before anything
is printed.
"""

import argparse
import statistics
import sys
from functools import reduce
from operator import add
from pathlib import Path

from measure import FIGURES, ChildError, Cost, figures, machine, measure, table
from subject import SCAN, event_files, events_in, insist_equal, only_run, options, product, working

SPLIT = (sys.executable, str(Path(__file__).with_name("days.py")))


def request() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = options(__doc__, events=4_000_000, months=12)
    parser.add_argument("--nights", type=int, default=30, help="how many of the last days are read by a call each")
    return parser.parse_args()


def filled(files: list[Path], store: Path) -> list[Cost]:
    """What reading the files in one call took, and then the customers."""
    ingest = measure(product("ingest", *files, store=store))
    return [ingest, measure(product("customers", store=store))]


def night_by_night(days: list[Path], nights: int, store: Path) -> tuple[list[Cost], Cost]:
    """What each of the last nights took, and the customers after them."""
    measure(product("ingest", *days[:-nights], store=store))
    return [measure(product("ingest", day, store=store)) for day in days[-nights:]], measure(
        product("customers", store=store)
    )


def parts(store: Path) -> str:
    """How many Parquet files of visits lie in the lake."""
    return f"{sum(1 for _ in (store / 'visits').rglob('*.parquet')):,}"


def main() -> None:
    """Measure and print."""
    asked = request()
    with working(asked) as folder:
        months = events_in(asked, folder, "parquet")
        measure([*SPLIT, *map(str, months), "--out", str(folder / "days")])
        days = event_files(folder / "days", "parquet")
        rows, late = (int(measure([*SCAN, *map(str, files)]).printed) for files in (months, days[-asked.nights :]))
        stores = {name: folder / name for name in ("monthly", "daily", "nightly")}
        monthly, daily = filled(months, stores["monthly"]), filled(days, stores["daily"])
        nights, customers = night_by_night(days, asked.nights, stores["nightly"])
        for name in ("daily", "nightly"):
            insist_equal(*(only_run(stores[one]) / "customers.parquet" for one in ("monthly", name)))
        lines = [
            [f"{len(months)} monthly files, one call", *figures(monthly[0], rows), parts(stores["monthly"])],
            ["customers after it", *figures(monthly[1], rows), ""],
            [f"{len(days)} daily files, one call", *figures(daily[0], rows), parts(stores["daily"])],
            ["customers after it", *figures(daily[1], rows), ""],
            [
                f"the last {asked.nights} days, a call each",
                *figures(reduce(add, nights), late),
                parts(stores["nightly"]),
            ],
            ["customers after them", *figures(customers, rows), ""],
        ]
    print(table(("what", "value"), machine(), texts=2))
    print(
        f"\nThe three customer tables are the same. Daily against monthly, to the table: "
        f"{sum(cost.wall for cost in daily) / sum(cost.wall for cost in monthly):.2f} times the wall time. "
        f"One night: {statistics.median(cost.wall for cost in nights):.2f} s (median).\n"
    )
    print(table(("what", *FIGURES, "parts"), lines, texts=1))


if __name__ == "__main__":
    try:
        main()
    except ChildError as error:
        sys.exit(str(error))
