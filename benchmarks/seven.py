"""The whole job at full size, month by month: what each file costs, and whether the last costs more than the first.

    uv run python benchmarks/seven.py --events 411709736 --format parquet csv.gz --memory 4GB 1GB

For each format: every month's file is read by a process of its own, in turn, beside a mere scan of it; then the
customers, the segments and the report; then all files in one call (`bestiary run`) for each bound of `--memory`. Each
table is checked to be the same customers. Prints Markdown.
"""

import argparse
import sys
from collections.abc import Iterator
from functools import reduce
from operator import add
from pathlib import Path

from measure import FIGURES, ChildError, Cost, figures, machine, measure, megabytes, table
from subject import FORMATS, SCAN, events_in, insist_equal, only_run, options, product, rows_read, working

MONTHS = ("month", "MB", *FIGURES, "x scan", "wall / event, of first", "CPU / event, of first")
TOTALS = ("what", *FIGURES)


def request() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = options(__doc__, events=4_000_000, months=7)
    parser.add_argument("--format", nargs="+", choices=FORMATS, default=["parquet"], help="in which formats")
    parser.add_argument("--memory", nargs="*", default=["4GB"], help="bounds for the one call; nothing: without it")
    return parser.parse_args()


def months(files: list[Path], store: Path) -> Iterator[tuple[Path, Cost, Cost, int]]:
    """Each file with what scanning it and reading it into the store took, and its rows."""
    for file in files:
        scan = measure([*SCAN, str(file)])
        yield file, scan, measure(product("ingest", file, store=store)), int(scan.printed)


def month_lines(read: list[tuple[Path, Cost, Cost, int]]) -> list[list[str]]:
    """A line for each month, and one for all."""
    _, _, first, first_rows = read[0]
    lines = []
    for file, scan, cost, rows in [*read, _together(read)]:
        per_event = (cost.wall / rows * first_rows / first.wall, cost.cpu / rows * first_rows / first.cpu)
        size = megabytes([file] if file.is_file() else [one[0] for one in read])
        ratios = (cost.wall / scan.wall, *per_event)
        lines.append([file.name, size, *figures(cost, rows), *(f"{ratio:.2f}" for ratio in ratios)])
    return lines


def _together(read: list[tuple[Path, Cost, Cost, int]]) -> tuple[Path, Cost, Cost, int]:
    _, scans, costs, rows = zip(*read, strict=True)
    return Path("all"), reduce(add, scans), reduce(add, costs), sum(rows)


def one_call(files: list[Path], store: Path, memory: str, like: Path) -> Cost:
    """Everything in one process, into a new store; its customers must be those of `like`."""
    cost = measure(product("run", *files, store=store, memory=memory))
    insist_equal(like, only_run(store) / "customers.parquet")
    return cost


def measured(files: list[Path], folder: Path, bounds: list[str]) -> tuple[list[list[str]], list[list[str]]]:
    """The lines of both tables for files of one format."""
    store = folder / "store"
    read = list(months(files, store))
    steps = {name: measure(product(name, store=store)) for name in ("customers", "fit", "report")}
    table_, rows = only_run(store) / "customers.parquet", rows_read(store)
    added, added_rows = read[-1][2], read[-1][3]
    _, scan, ingest, _ = _together(read)
    costs = {
        "scan, a process a file": scan,
        "ingest, a process a file": ingest,
        **steps,
        "all of these but the scan": reduce(add, (ingest, *steps.values())),
    }
    for memory in bounds:
        costs[f"run, one call, {memory}"] = one_call(files, folder / f"store-{memory}", memory, table_)
    lines = [[name, *figures(cost, rows)] for name, cost in costs.items()]
    next_month = figures(added + steps["customers"], added_rows)
    return month_lines(read), [*lines, [f"the last file added to {len(files) - 1}, and customers", *next_month]]


def main() -> None:
    """Measure and print."""
    asked = request()
    print(table(("what", "value"), machine(), texts=2), flush=True)
    for format_ in asked.format:
        with working(asked) as folder:
            by_month, totals = measured(events_in(asked, folder, format_), folder, asked.memory)
        print(f"\n{format_}, month by month:\n\n{table(MONTHS, by_month, texts=1)}")
        print(f"\n{format_}, in all:\n\n{table(TOTALS, totals, texts=1)}", flush=True)


if __name__ == "__main__":
    try:
        main()
    except ChildError as error:
        sys.exit(str(error))
