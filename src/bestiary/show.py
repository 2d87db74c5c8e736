"""What the commands print: tables for people on standard output, and the same as results for the log."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from bestiary.contract import COUNTS
from bestiary.logs import Log
from bestiary.streams import unread

if TYPE_CHECKING:
    from bestiary.events.arrivals import Arrivals
    from bestiary.events.ingest import Ingested
    from bestiary.lake.doctor import Findings
    from bestiary.lake.rejects import Refused
    from bestiary.lake.runs import Run

RUN_FIGURES = {"sources": "sources", "customers": "customers", "placed": "in a segment", "segments": "segments"}
"""Of `run.json`, with the titles of their columns. Who is `placed` older versions did not count."""
SELDOM = ("erased", "excluded")
"""Shown where there are any."""


class Out(Console):
    """Standard output; where its reader has gone (`| head`), the work goes on and nothing more is printed."""

    def __init__(self, log: Log) -> None:
        super().__init__(highlight=False, quiet=log.quiet)
        if not self.is_terminal:
            self.width = 120

    def say(self, text: str, *, wrap: bool = False) -> None:
        """Print a text as it is, in one line, so that paths and commands can be copied, unless it may `wrap`."""
        self.print(text, markup=False, soft_wrap=not wrap)

    def on_broken_pipe(self) -> None:
        """See rich.console.Console.on_broken_pipe, which would end the process."""
        self.quiet = True
        unread(self.file)


def path(log: Log, what: str, where: Path) -> None:
    """Say where something is."""
    Out(log).say(f"{what.capitalize()}: {where}")
    log.result(what, path=where)


def shared(log: Log, where: Path, held: Mapping[str, Any]) -> None:
    """Say where the edition is that may leave the shop, and how much of the report it holds back."""
    out = Out(log)
    out.say(f"Shared report: {where}")
    out.say(
        f"It tells of no group under {held['k']} people. Held back: {held['numbers']:,} numbers, and as parts of the "
        f"page {', '.join(held['parts'])}. What it cannot protect against: docs/sharing.md",
        wrap=True,
    )
    log.result("shared", path=where, smallest_group=held["k"], numbers=held["numbers"], parts=held["parts"])


def passed_over(log: Log, found: Sequence["Run"], done: "Run") -> None:
    """Warn of later runs than the one that was taken for the latest, which lack their segments."""
    for run in found:
        if run.as_of > done.as_of:
            log.warning(f"The run as of {run.as_of} is later and has no whole segments: bestiary doctor tells why.")


def dashboard(log: Log, address: str, token: str | None) -> None:
    """Say where the dashboard is and, to people alone, what it asks for; a log is no place for a secret."""
    out = Out(log)
    out.say(f"Dashboard: {address} (Ctrl-C ends it)")
    if token:
        out.say(f"Token: {token}")
        out.say("Others read along where there is no TLS: put a proxy with a certificate before it.")
    log.result("dashboard", address=address)


def files(log: Log, paths: Sequence[Path], folder: Path) -> None:
    """Say which files were written, and where."""
    Out(log).say(f"{len(paths)} files: {folder}")
    log.result("simulate", path=folder, files=[one.name for one in paths])


def customers(log: Log, run: "Run") -> None:
    """Say where the customer table is, and what may come next."""
    table, out = run.path / "customers.parquet", Out(log)
    out.say(f"Customers: {table}")
    if run.gone:
        out.say(f"What was made of the customers before is gone: {', '.join(run.gone)}.")
    if not run.has("fit"):
        out.say(f"Their segments: bestiary fit --store {run.path.parents[1]} --as-of {run.as_of}")
    log.result("customers", as_of=run.as_of, path=table, removed=run.gone)


def _names(paths: Sequence[Path]) -> dict[Path, str]:
    """What to call each file: its name, with its folder where several are called alike."""
    alike = Counter(path.name for path in paths)
    return {path: path.name if alike[path.name] == 1 else f"{path.parent.name}/{path.name}" for path in paths}


def _mostly_refused(one: "Ingested", store: Path) -> list[str]:
    """What to say of a file of which less than half was fit for use."""
    refused, read = one.counts["rejected"], one.counts["read"]
    if refused * 2 <= read:
        return []
    return [f"{one.name}: {refused:,} of {read:,} rows were refused; to see why: bestiary rejects --store {store}"]


def intake(log: Log, added: Sequence["Ingested"], arrivals: "Arrivals", store: Path) -> None:
    """Say what was read, refused and skipped."""
    out, names = Out(log), _names([*(one.path for one in added), *arrivals.known])
    if arrivals.ignored_columns:
        out.say(f"Ignored columns: {', '.join(arrivals.ignored_columns)}")
    if added:
        table = Table(Column("file", overflow="fold"), box=None, pad_edge=False)
        shown = [name for name in COUNTS if name not in SELDOM or any(one.counts[name] for one in added)]
        for name in shown:
            table.add_column(name, justify="right")
        for one in added:
            table.add_row(escape(names[one.path]), *(f"{one.counts[name]:,}" for name in shown))
        out.print(table)
    if arrivals.known:
        out.say(f"Already there: {', '.join(names[path] for path in arrivals.known)}")
    reasons = sum((Counter(one.reasons) for one in added), Counter[str]())
    if reasons:
        out.say(f"Rejected: {_told(reasons)}", wrap=True)
        out.say(f"To see them: bestiary rejects --store {store}")
    for warning in (text for one in added for text in (*one.overlaps, *_mostly_refused(one, store))):
        log.warning(warning)
    log.result(
        "events",
        files=[{"name": one.name, "path": one.path, **one.counts, "reasons": dict(one.reasons)} for one in added],
        known=[path.name for path in arrivals.known],
        ignored_columns=arrivals.ignored_columns,
    )


def _printable(sign: str) -> str:
    return sign if sign.isprintable() else repr(sign)[1:-1]


def rejects(log: Log, found: "Refused") -> None:
    """Print refused rows as `file:line: reason: text`, with unprintable signs escaped; then how many there are."""
    out = Out(log)
    for row in found.rows:
        raw = "(not kept)" if row.raw is None else "".join(map(_printable, row.raw))
        out.say(f"{row.source}:{row.number or '-'}: {row.reason}: {raw}")
    out.say(f"Refused in all: {_told(found.reasons)}" if found.reasons else "No row was refused.", wrap=True)
    if len(found.rows) < found.matching:
        out.say(f"These are the first {len(found.rows):,} of {found.matching:,}; more with --limit.")


def health(log: Log, found: "Findings", store: Path, *, removed: bool) -> None:
    """Print what the doctor has found: litter with sizes, and problems."""
    out = Out(log)
    for one in found.litter:
        out.say(f"{'Removed' if removed else 'Litter'}: {one.path} ({one.bytes:,} bytes): {one.why}")
    for problem in found.problems:
        out.say(f"Problem: {problem}")
    if not found.litter and not found.problems:
        out.say(f"{store} is well: no litter, and all that was committed is there.")
    litter = [{"path": one.path, "bytes": one.bytes, "why": one.why} for one in found.litter]
    log.result("doctor", litter=litter, removed=removed, problems=found.problems)


def runs(log: Log, found: Sequence["Run"]) -> None:
    """Print a line for each run; customers in a segment are all but those of whom it is too early to say."""
    out = Out(log)
    if not found:
        out.say("No runs yet.")
        return
    table = Table("as of", "state", "preset", box=None, pad_edge=False)
    for title in RUN_FIGURES.values():
        table.add_column(title, justify="right")
    next_steps = list[str]()
    for one in found:
        told = one.description()
        if told is None:
            step, why = one.undone()
            table.add_row(str(one.as_of), f"not complete: {why}", "", "", "", "", "")
            next_steps.append(f"To go on: {one.command(step)}")
        else:
            figures = (f"{told[name]:,}" if name in told else "-" for name in RUN_FIGURES)
            table.add_row(str(one.as_of), "complete", told["preset"], *figures)
    out.print(table)
    for text in next_steps:
        out.say(text)


def _told(reasons: Mapping[str, int]) -> str:
    """Reasons with their numbers, most first."""
    ranked = sorted(reasons.items(), key=lambda reason: (-reason[1], reason[0]))
    return ", ".join(f"{reason} {count:,}" for reason, count in ranked)
