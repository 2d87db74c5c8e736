"""What the commands print: tables for people, progress when there is a terminal to see it."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Column, Table

from bestiary.events.arrivals import Arrivals
from bestiary.events.ingest import Ingested
from bestiary.files import read_json
from bestiary.lake.runs import Run
from bestiary.progress import SILENT, Progress

console = Console(highlight=False)
if not console.is_terminal:
    console = Console(highlight=False, width=120)


class Terminal:
    """Progress as a line for each step; see bestiary.progress.Progress."""

    def __init__(self) -> None:
        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        self.bars = Bars(*columns, TimeElapsedColumn(), console=Console(stderr=True), transient=True)
        self.task: TaskID | None = None

    def start(self, label: str, total: int) -> None:
        """Show a new line."""
        self.task = self.bars.add_task(label, total=total)
        self.bars.start()

    def advance(self, parts: int = 1) -> None:
        """Move the line on."""
        if self.task is not None:
            self.bars.advance(self.task, parts)

    def stop(self) -> None:
        """Take the line away."""
        self.bars.stop()
        if self.task is not None:
            self.bars.remove_task(self.task)
            self.task = None


def progress() -> Progress:
    """Bars on a terminal, silence elsewhere."""
    return Terminal() if Console(stderr=True).is_terminal else SILENT


def path(label: str, where: Path) -> None:
    """Say where something is."""
    console.print(f"{label}: {where}", markup=False)


def intake(added: Sequence[Ingested], arrivals: Arrivals, store: Path) -> None:
    """Say what was read, refused and skipped."""
    if arrivals.ignored_columns:
        console.print(f"Ignored columns: {', '.join(arrivals.ignored_columns)}", markup=False)
    if added:
        table = Table(Column("file", overflow="fold"), box=None, pad_edge=False)
        for name in ("read", "kept", "duplicates", "rejected"):
            table.add_column(name, justify="right")
        for one in added:
            figures = (f"{one.counts[name]:,}" for name in ("read", "kept", "duplicates", "rejected"))
            table.add_row(escape(one.name), *figures)
        console.print(table)
    if arrivals.known:
        console.print(f"Already there: {', '.join(path.name for path in arrivals.known)}", markup=False)
    reasons = sum((Counter(one.reasons) for one in added), Counter[str]())
    if reasons:
        told = ", ".join(
            f"{reason} {count:,}" for reason, count in sorted(reasons.items(), key=lambda r: (-r[1], r[0]))
        )
        console.print(f"Rejected: {told}", markup=False)
        path("The rejected rows, with line and text", store / "rejects")


def segments(run: Run, *, unchanged: bool = False) -> None:
    """Print the segments of a run, and where its report is."""
    card = read_json(run.path / "scorecard.json")
    currency = read_json(run.path.parents[1] / "store.json")["currency"]
    table = Table("segment", box=None, pad_edge=False, title=f"Customers as of {run.as_of}", title_justify="left")
    for name in ("customers", "of all", f"value, {currency}", "of value", "median days since", "median purchases"):
        table.add_column(name, justify="right")
    for one in sorted(card["segments"], key=lambda segment: -segment["value"]):
        medians = one["medians"]
        table.add_row(
            escape(one["name"]["en"]),
            f"{one['customers']:,}",
            _percent(one["share_of_customers"]),
            f"{one['value']:,.0f}",
            _percent(one["share_of_value"]),
            f"{medians['days_since_last_purchase']:,.0f}",
            f"{medians['number_of_purchases']:,.0f}",
        )
    console.print(table)
    population = card["population"]
    console.print(f"{population['segmented']:,} of {population['customers']:,} customers: {population['rule']['en']}.")
    for warning in card["warnings"]:
        console.print(f"Note: {warning['en']}", markup=False)
    if unchanged:
        console.print("Nothing new: the run was there already, and nothing was changed.")
    if (run.path / "report.html").is_file():
        path("Report", run.path / "report.html")


def runs(found: Sequence[Run]) -> None:
    """Print a line for each run."""
    if not found:
        console.print("No runs yet.")
        return
    table = Table("as of", "state", "preset", box=None, pad_edge=False)
    for name in ("sources", "customers", "segmented", "segments"):
        table.add_column(name, justify="right")
    for one in found:
        told = one.description()
        if told is None:
            table.add_row(str(one.as_of), "not complete", "", "", "", "", "")
        else:
            figures = (f"{told[name]:,}" for name in ("sources", "customers", "segmented", "segments"))
            table.add_row(str(one.as_of), "complete", told["preset"], *figures)
    console.print(table)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"
