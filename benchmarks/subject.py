"""What is measured: the commands, and the files of events that they are given, simulated or taken."""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from measure import FIGURES, Cost, figures, measure

FORMATS = ("csv", "csv.gz", "parquet")
BESTIARY = (sys.executable, "-c", "from bestiary.cli import main; main()")
SCAN = (sys.executable, str(Path(__file__).with_name("scan.py")))
EQUAL = (sys.executable, str(Path(__file__).with_name("equal.py")))


def options(doc: str | None, *, events: int, months: int) -> argparse.ArgumentParser:
    """What every program here can be asked; `events` and `months` are its defaults."""
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    parser.add_argument("--events", type=int, default=events, help="how many events to simulate, about")
    parser.add_argument("--months", type=int, default=months, help="in how many monthly files")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--take", type=Path, help="a folder of events to take instead of simulating any")
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder is made in it and removed")
    return parser


@contextmanager
def working(asked: argparse.Namespace) -> Iterator[Path]:
    """The folder to work in, which goes again."""
    with tempfile.TemporaryDirectory(dir=asked.folder, prefix="bestiary-benchmark-") as name:
        yield Path(name)


def events_in(asked: argparse.Namespace, folder: Path, format_: str) -> list[Path]:
    """The files that were asked for, by month; those to be simulated are put into `folder/events`."""
    if asked.take is None:
        simulate(folder / "events", asked, format_)
    return event_files(asked.take or folder / "events", format_)


def product(command: str, *arguments: str | Path, store: Path, memory: str | None = None) -> list[str]:
    """One of the product's commands on a store; without `memory` its own bound holds."""
    bound = ("--memory", memory) if memory else ()
    return [*BESTIARY, command, *map(str, arguments), "--store", str(store), *bound]


def insist_equal(ours: Path, theirs: Path, *events: str | Path) -> str:
    """What equal.py says of two tables; ends the process where it says that they differ."""
    checked = subprocess.run(
        [*EQUAL, str(ours), str(theirs), *map(str, events)], capture_output=True, text=True, check=False
    )
    if checked.returncode != 0:
        sys.exit(f"{theirs}: not the table {ours}, so no figures are given.\n{checked.stdout}{checked.stderr}")
    return checked.stdout


def simulate(out: Path, asked: argparse.Namespace, format_: str) -> Cost:
    """Simulate events into a folder, in a child; tells what it took on stderr."""
    facts = ("--events", str(asked.events), "--months", str(asked.months), "--seed", str(asked.seed))
    cost = measure([*BESTIARY, "simulate", str(out), *facts, "--format", format_])
    print(f"simulated .{format_}: {', '.join(figures(cost, asked.events))} ({', '.join(FIGURES)})", file=sys.stderr)
    return cost


def event_files(folder: Path, format_: str) -> list[Path]:
    """The files that the product would read too, by month: those in a folder such as `_truth` are no events.

    Ends the process where there is none.
    """
    found = (file for file in folder.rglob(f"*.{format_}") if file.is_file())
    files = [file for file in found if not any(part[0] in "_." for part in file.relative_to(folder).parts)]
    if not files:
        sys.exit(f"{folder}: no .{format_} files.")
    return sorted(files, key=_by_month)


def _by_month(file: Path) -> tuple[str, str]:
    """Files are named like `2019-Oct.csv`; others stay in the order of their names."""
    months = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    year, _, month = file.name.partition(".")[0].partition("-")
    return (f"{year}-{months.index(month) + 1:02}", "") if month in months else (file.name, file.name)


def only_run(store: Path) -> Path:
    """The folder of a store's single run."""
    (run,) = (store / "runs").iterdir()
    return run


def rows_read(store: Path) -> int:
    """Rows that the store's sources held, as the product counts them."""
    quality = json.loads((only_run(store) / "quality.json").read_text(encoding="utf-8"))
    return int(quality["counts"]["read"])
