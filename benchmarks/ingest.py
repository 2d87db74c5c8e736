"""How fast, and in how much memory: every step of the main job in a process of its own, beside a mere scan.

    uv run python benchmarks/ingest.py --events 10000000 --format csv csv.gz parquet

Prints Markdown: the machine, then a table. `scan` is DuckDB reading the same files with typed columns in the same run
(see scan.py); the last column is how many times its wall time a step takes.
"""

import argparse
import sys
from pathlib import Path

from measure import FIGURES, ChildError, Cost, figures, machine, measure, megabytes, table
from subject import FORMATS, SCAN, events_in, options, product, rows_read, working

HEADER = ("format", "step", *FIGURES, "x scan")


def request() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = options(__doc__, events=1_000_000, months=7)
    parser.add_argument("--format", nargs="+", choices=FORMATS, default=list(FORMATS), help="in which formats")
    parser.add_argument("--memory", help="the bound given to ingest and customers; by default their own")
    return parser.parse_args()


def job(files: list[Path], store: Path, memory: str | None) -> dict[str, Cost]:
    """Scan, then each step of the main job."""
    return {
        "scan": measure([*SCAN, *map(str, files)]),
        "ingest": measure(product("ingest", *files, store=store, memory=memory)),
        "customers": measure(product("customers", store=store, memory=memory)),
        "fit": measure(product("fit", store=store)),
        "report": measure(product("report", store=store)),
    }


def main() -> None:
    """Measure and print."""
    asked = request()
    print(table(("what", "value"), machine(), texts=2), end="\n\n", flush=True)
    found: list[list[str]] = []
    sizes: list[list[str]] = []
    for format_ in asked.format:
        with working(asked) as folder:
            files, store = events_in(asked, folder, format_), folder / "store"
            steps = job(files, store, asked.memory)
            rows, yardstick = rows_read(store), steps["scan"].wall
            found += [
                [format_, name, *figures(cost, rows), f"{cost.wall / yardstick:.2f}"] for name, cost in steps.items()
            ]
            sizes.append([format_, megabytes(files), megabytes((store / "visits").rglob("*.parquet"))])
    print(table(HEADER, found, texts=2), end="\n\n")
    print(table(("format", "events, MB", "visits in the lake, MB"), sizes, texts=1))


if __name__ == "__main__":
    try:
        main()
    except ChildError as error:
        sys.exit(str(error))
