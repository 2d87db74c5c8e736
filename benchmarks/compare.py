"""From Parquet files of events to the customer table: ours beside scripts that a good user of other tools would write.

    uv run --group peers python benchmarks/compare.py --events 10000000 --peers polars duckdb pandas pyspark

Everyone does the whole job in a process of its own (ours: `bestiary ingest`, then `bestiary customers`), in turn, on
the same files, `--repeat` times; the figures are medians. After the first turn every table is checked to be equal to
ours (equal.py), and where one is not, no figure is printed at all. A peer that dies, or is killed above `--ceiling` or
after `--timeout`, is reported with what it had taken until then. The scan comes first: all find the files in memory.
"""

import argparse
import json
import shutil
import statistics
import sys
from dataclasses import dataclass, field, fields
from pathlib import Path

from measure import ChildError, Cost, machine, measure, megabytes, table
from subject import SCAN, events_in, insist_equal, only_run, options, product, rows_read, working

PEERS = {
    "polars": ("polars",),
    "duckdb": (),
    "pandas": ("pandas", "pyarrow"),
    "pyspark": ("pyspark",),
}
"""The scripts in `peers/`, with the packages whose versions count (DuckDB's is told anyway)."""

HERE = Path(__file__).parent
HEADER = ("who", "wall s", "CPU s", "peak MB", "not of files MB", "rows / s", "x wall", "x CPU", "x memory", "remark")


@dataclass
class Contender:
    """Someone's figures, a Cost for each turn; `remark` says what the check found, or how it failed."""

    name: str
    costs: list[Cost] = field(default_factory=list)
    remark: str = ""
    failed: bool = False

    @property
    def cost(self) -> Cost:
        """The median of each figure over the turns."""
        figures = [one.name for one in fields(Cost) if one.name not in ("stopped", "printed")]
        return Cost(**{name: statistics.median(getattr(cost, name) for cost in self.costs) for name in figures})


@dataclass(frozen=True)
class Race:
    """The files that all are given, where they work, and their limits."""

    files: list[Path]
    folder: Path
    as_of: str | None
    memory: str | None
    ceiling: float
    timeout: float

    @property
    def store(self) -> Path:
        """Ours, of the latest turn."""
        return self.folder / "store"

    @property
    def ours(self) -> Path:
        """Our customer table."""
        return only_run(self.store) / "customers.parquet"

    def run(self, *command: str) -> Cost:
        """One process within the limits."""
        return measure(command, ceiling=self.ceiling, timeout=self.timeout)

    def ingest(self) -> Cost:
        """Read the files into a new store."""
        shutil.rmtree(self.store, ignore_errors=True)
        return self.run(*product("ingest", *self.files, store=self.store, memory=self.memory))

    def customers(self) -> Cost:
        """Measure the customers of that store."""
        when = ("--as-of", self.as_of) if self.as_of else ()
        return self.run(*product("customers", *when, store=self.store, memory=self.memory))

    def peer(self, name: str) -> tuple[Cost, Path]:
        """Let a peer do the same; returns its cost and its table."""
        out = self.folder / f"{name}.parquet"
        shutil.rmtree(out, ignore_errors=True)
        as_of = ("--as-of", only_run(self.store).name, "--out", str(out))
        return self.run(sys.executable, str(HERE / "peers" / f"{name}_job.py"), *map(str, self.files), *as_of), out

    def check(self, theirs: Path) -> str:
        """What is to be said of a table that equals ours; ends the process where it does not."""
        verdict = json.loads(insist_equal(self.ours, theirs, *self.files, "--as-of", only_run(self.store).name))
        ties = ", ".join(f"{name} {count:,}" for name, count in verdict["ties"].items() if count)
        return f"equal for {verdict['customers']:,} customers" + (f"; other choice in a tie: {ties}" if ties else "")


def request() -> argparse.Namespace:
    """What is asked for on the command line."""
    parser = options(__doc__, events=1_000_000, months=1)
    parser.add_argument("--peers", nargs="*", choices=PEERS, default=["polars", "duckdb"], help="beside whom")
    parser.add_argument("--repeat", type=int, default=1, help="how many turns")
    parser.add_argument("--as-of", help="see customers from this date; by default the first midnight after all events")
    parser.add_argument("--memory", help="the bound given to ours; by default its own")
    parser.add_argument("--ceiling", type=float, default=14, help="GB above which a process is killed")
    parser.add_argument("--timeout", type=float, default=3600, help="seconds after which a process is killed")
    return parser.parse_args()


def turn(race: Race, parts: dict[str, Contender], peers: list[Contender], *, first: bool) -> None:
    """Let everyone do the job once; those who failed before are left out."""
    ingest, customers = race.ingest(), race.customers()
    for name, cost in (("bestiary", ingest + customers), ("of it ingest", ingest), ("of it customers", customers)):
        parts[name].costs.append(cost)
    for peer in (peer for peer in peers if not peer.failed):
        try:
            cost, out = race.peer(peer.name)
        except ChildError as error:
            peer.costs, peer.failed, peer.remark = [error.cost], True, f"**{error.cost.stopped}**"
            print(error, file=sys.stderr)
            continue
        peer.costs.append(cost)
        if first:
            peer.remark = race.check(out)


def line(one: Contender, ours: Cost, rows: int) -> list[str]:
    """A line of the table."""
    cost = one.cost
    ratios = (cost.wall / ours.wall, cost.cpu / ours.cpu, cost.peak / ours.peak)
    at_least = "> " if one.failed else ""
    return [
        one.name,
        f"{cost.wall:.2f}",
        f"{cost.cpu:.2f}",
        f"{cost.peak / 10**6:,.0f}",
        f"{cost.anonymous / 10**6:,.0f}",
        "" if one.failed else f"{rows / cost.wall:,.0f}",
        *(f"{at_least}{ratio:.2f}" for ratio in ratios),
        one.remark,
    ]


def main() -> None:
    """Measure and print."""
    asked = request()
    with working(asked) as folder:
        files = events_in(asked, folder, "parquet")
        race = Race(files, folder, asked.as_of, asked.memory, asked.ceiling * 10**9, asked.timeout)
        scan = Contender("a mere scan", [measure([*SCAN, *map(str, files)])])
        parts = {name: Contender(name) for name in ("bestiary", "of it ingest", "of it customers")}
        peers = [Contender(name) for name in asked.peers]
        for number in range(asked.repeat):
            turn(race, parts, peers, first=number == 0)
        rows, ours = rows_read(race.store), parts["bestiary"].cost
        print(table(("what", "value"), machine(package for name in asked.peers for package in PEERS[name]), texts=2))
        print(f"\n{rows:,} events in {len(files)} files of {megabytes(files)} MB; median of {asked.repeat}.\n")
        print(table(HEADER, [line(one, ours, rows) for one in (*parts.values(), *peers, scan)], texts=1))


if __name__ == "__main__":
    try:
        main()
    except ChildError as error:
        sys.exit(str(error))
