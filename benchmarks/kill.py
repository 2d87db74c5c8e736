"""Kill the job at random moments, run it again, and look whether the customers are those of a job left in peace.

    uv run python benchmarks/kill.py --events 4000000 --kills 200

Each round begins with a new store, and a job (in turn `bestiary ingest` with `bestiary customers`, and `bestiary run`)
that is killed (SIGKILL) one to `--in-a-row` times, each time at a moment drawn evenly from the time that it takes in
peace, and is then left to end. Which step was hit is told from what lies in the store. Ends with status 1 where a
customer table differs, row for row, or a command after a kill fails.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlparse

from deltalake import DeltaTable

from bestiary.config import Settings
from bestiary.lake.store import Store
from equal import identical
from measure import machine, table
from subject import events_in, only_run, options, product, working

TABLES = ("rejects", "sources", "visits")
JOBS = {"ingest": ("ingest", "customers"), "run": ("run",)}
"""The commands of each job."""


def request() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = options(__doc__, events=1_000_000, months=7)
    parser.add_argument("--format", choices=("csv", "csv.gz", "parquet"), default="parquet")
    parser.add_argument("--kills", type=int, default=200, help="how many processes to kill")
    parser.add_argument("--jobs", nargs="+", choices=JOBS, default=list(JOBS), help="what to kill")
    parser.add_argument("--in-a-row", type=int, default=3, help="how many at most before one is left to end")
    return parser.parse_args()


def done(job: str, files: list[Path], store: Path, kill_after: float = float("inf")) -> bool:
    """Do a job, or kill it after some seconds; returns whether it came to its end. Ends the process where it fails."""
    until = time.perf_counter() + kill_after
    for command in JOBS[job]:
        events = () if command == "customers" else files
        child = subprocess.Popen(
            product(command, *events, store=store),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            printed, _ = child.communicate(timeout=min(until - time.perf_counter(), 10**6))
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.communicate()
            return False
        if child.returncode != 0:
            sys.exit(f"{command}: status {child.returncode}\n{printed.decode(errors='replace')}")
    return True


def moment(store: Path, files: int) -> str:
    """In which step a process was killed, from what it has left."""
    if not (store / "store.json").is_file():
        return "making the store"
    if len(Store.open(store, Settings()).fingerprints()) < files:
        return "reading events"
    if any(store.glob("runs/*/run.json")):
        return "after the end"
    return "segments or report" if any(store.rglob("quality.json")) else "customers"


def litter(store: Path) -> int:
    """How many files lie in a store that no table names, with those of steps that have not ended."""
    if not (store / "store.json").is_file():
        return 0
    named = {Path(unquote(urlparse(uri).path)) for name in TABLES for uri in DeltaTable(store / name).file_uris()}
    parts = {part.resolve() for name in TABLES for part in (store / name).rglob("*=*/*.parquet")}
    return len(parts - named) + sum(path.is_file() for path in (store / ".scratch").rglob("*"))


@dataclass
class Tally:
    """What was seen: where processes were killed, how many of these left litter, files of it then and at the end."""

    moments: Counter[str] = field(default_factory=Counter)
    with_litter: Counter[str] = field(default_factory=Counter)
    found: int = 0
    left: int = 0
    rounds: int = 0

    @property
    def kills(self) -> int:
        """How many processes were killed."""
        return self.moments.total()

    def see(self, step: str, files: int) -> None:
        """Take note of a kill, and of how many files of litter it has left."""
        self.moments[step] += 1
        self.with_litter[step] += files > 0
        self.found += files


def rounds(files: list[Path], folder: Path, asked: argparse.Namespace) -> Tally:
    """Kill, run again and compare until there were enough kills. Ends the process at the first difference."""
    store, tally, draw = folder / "store", Tally(), random.Random(asked.seed)
    peaceful = {job: folder / f"{job}-in-peace" for job in asked.jobs}
    seconds = {job: _seconds(job, files, peace) for job, peace in peaceful.items()}
    while tally.kills < asked.kills:
        job = asked.jobs[tally.rounds % len(asked.jobs)]
        shutil.rmtree(store, ignore_errors=True)
        for _ in range(draw.randint(1, min(asked.in_a_row, asked.kills - tally.kills))):
            if done(job, files, store, draw.uniform(0, seconds[job])):
                break
            tally.see(moment(store, len(files)), litter(store))
        done(job, files, store)
        tally.rounds, tally.left = tally.rounds + 1, tally.left + litter(store)
        differences = identical(*(only_run(one) / "customers.parquet" for one in (peaceful[job], store))).differences
        if differences:
            sys.exit(f"After {tally.kills} kills (seed {asked.seed}, {job}): {'; '.join(differences)}.")
        print(f"{tally.kills} of {asked.kills} kills", file=sys.stderr, flush=True)
    return tally


def _seconds(job: str, files: list[Path], store: Path) -> float:
    """How long a job takes in peace."""
    started = time.perf_counter()
    done(job, files, store)
    return time.perf_counter() - started


def main() -> None:
    """Kill, compare and print."""
    asked = request()
    with working(asked) as folder:
        files = events_in(asked, folder, asked.format)
        tally = rounds(files, folder, asked)
    lines = [[step, f"{kills:,}", f"{tally.with_litter[step]:,}"] for step, kills in tally.moments.most_common()]
    print(table(("what", "value"), machine(), texts=2))
    print(
        f"\n{tally.kills} kills in {tally.rounds} rounds: every customer table as if nothing had happened. "
        f"Files of litter found: {tally.found}; left after the plain run that followed: {tally.left}.\n"
    )
    print(table(("killed in", "kills", "with litter"), lines, texts=1))


if __name__ == "__main__":
    main()
