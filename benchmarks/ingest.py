"""How fast, and in how much memory: every step of the main job in a process of its own, beside a mere scan.

    uv run python benchmarks/ingest.py --events 10000000 --format csv csv.gz parquet

Prints Markdown: the machine, then a table. `scan` is DuckDB reading the same files with typed columns in the same run
(see scan.py); the last column is how many times its wall time a step takes.
"""

import argparse
import json
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from measure import ChildError, Cost, machine, measure, megabytes, table

FORMATS = ("csv", "csv.gz", "parquet")
BESTIARY = (sys.executable, "-c", "from bestiary.cli import main; main()")
SCAN = (sys.executable, str(Path(__file__).with_name("scan.py")))
HEADER = ("format", "step", "rows", "wall s", "CPU s", "peak MB", "rows / s", "x scan")


@dataclass(frozen=True)
class Step:
    """One line of the table."""

    name: str
    cost: Cost


def options() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=1_000_000, help="how many events to simulate, about")
    parser.add_argument("--format", nargs="+", choices=FORMATS, default=list(FORMATS), help="in which formats")
    parser.add_argument("--take", type=Path, help="a folder of events to take instead of simulating any")
    parser.add_argument("--months", type=int, default=7, help="in how many monthly files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--memory", default="4GB", help="the bound given to ingest and customers")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder is made in it and removed")
    return parser.parse_args()


def simulated(asked: argparse.Namespace, format_: str, folder: Path) -> tuple[Path, Step]:
    """Simulate events in a child."""
    out = folder / "events"
    facts = ("--events", str(asked.events), "--months", str(asked.months), "--seed", str(asked.seed))
    return out, Step("simulate", measure([*BESTIARY, "simulate", str(out), *facts, "--format", format_]))


def event_files(folder: Path, format_: str) -> list[Path]:
    """The files that the product would read too: those in a folder such as `_truth` are no events."""
    found = folder.rglob(f"*.{format_}")
    return sorted(file for file in found if not any(part[0] in "_." for part in file.relative_to(folder).parts))


def job(files: list[Path], store: Path, memory: str) -> list[Step]:
    """Scan, then each step of the main job."""
    names, where = [str(file) for file in files], ("--store", str(store))
    return [
        Step("scan", measure([*SCAN, *names])),
        Step("ingest", measure([*BESTIARY, "ingest", *names, *where, "--memory", memory])),
        Step("customers", measure([*BESTIARY, "customers", *where, "--memory", memory])),
        Step("fit", measure([*BESTIARY, "fit", *where])),
        Step("report", measure([*BESTIARY, "report", *where])),
    ]


def rows_read(store: Path) -> int:
    """Rows that the store's sources held, as the product counts them."""
    (quality,) = (store / "runs").glob("*/quality.json")
    return int(json.loads(quality.read_text(encoding="utf-8"))["counts"]["read"])


def lines(format_: str, steps: list[Step], rows: int) -> list[list[str]]:
    """The steps as lines of the table."""
    yardstick = next(step.cost.wall for step in steps if step.name == "scan")
    return [
        [
            format_,
            step.name,
            f"{rows:,}",
            f"{step.cost.wall:.2f}",
            f"{step.cost.cpu:.2f}",
            f"{step.cost.peak / 10**6:,.0f}",
            f"{rows / step.cost.wall:,.0f}",
            f"{step.cost.wall / yardstick:.2f}",
        ]
        for step in steps
    ]


def main() -> None:
    """Measure and print."""
    asked = options()
    print(table(("what", "value"), machine(), texts=2), end="\n\n", flush=True)
    found: list[list[str]] = []
    sizes: list[list[str]] = []
    for format_ in asked.format:
        with tempfile.TemporaryDirectory(dir=asked.folder, prefix="bestiary-benchmark-") as name:
            folder, steps = Path(name), []
            events = asked.take
            if events is None:
                events, step = simulated(asked, format_, folder)
                steps.append(step)
            files, store = event_files(events, format_), folder / "store"
            if not files:
                sys.exit(f"{events}: no .{format_} files.")
            steps += job(files, store, asked.memory)
            found += lines(format_, steps, rows_read(store))
            sizes.append([format_, megabytes(files), megabytes((store / "visits").rglob("*.parquet"))])
    print(table(HEADER, found, texts=2), end="\n\n")
    print(table(("format", "events, MB", "visits in the lake, MB"), sizes, texts=1))


if __name__ == "__main__":
    try:
        main()
    except ChildError as error:
        sys.exit(str(error))
