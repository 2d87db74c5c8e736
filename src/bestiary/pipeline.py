"""The whole flow: events -> visits -> customers -> segments -> report. Each function is also a command.

What writes holds the store's lock, which a process may take again while it has it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Unpack

from bestiary import steps
from bestiary.changes import cadence, movements
from bestiary.config import Settings
from bestiary.customers.lookup import customer as lookup
from bestiary.dashboard import dashboard
from bestiary.evaluation import evaluate
from bestiary.events.arrivals import Arrivals
from bestiary.events.ingest import Ingested
from bestiary.intake import Reading, Told, ingest, nobody
from bestiary.lake.doctor import doctor
from bestiary.lake.lock import locked
from bestiary.lake.runs import Run, all_runs, find_run
from bestiary.lake.store import Store
from bestiary.progress import SILENT, Progress
from bestiary.sharing import draw_shared, nothing
from bestiary.simulate import simulate

# fmt: off
__all__ = ["Settings", "cadence", "customer", "customers", "dashboard", "demo", "doctor", "evaluate", "fit", "ingest",
           "movements", "report", "run", "runs", "simulate"]
# fmt: on
DEFAULTS = Settings()


@dataclass(frozen=True)
class Outcome:
    """What a run did: its folder, what was read and found; `unchanged` when there was nothing left to do."""

    run: Run
    added: tuple[Ingested, ...]
    arrivals: Arrivals
    unchanged: bool = False


def run(
    events: Sequence[str | Path],
    store: Path,
    *,
    as_of: date | None = None,
    settings: Settings = DEFAULTS,
    progress: Progress = SILENT,
    **reading: Unpack[Reading],
) -> Outcome:
    """Ingest events (`reading` is what `ingest` takes), measure customers, learn the segments, draw the report."""
    steps.check(settings)
    with locked(store, create=True):
        added, found = ingest(events, store, settings=settings, progress=progress, **reading)
        lake = Store.open(store, settings)
        there = Run.of(store, as_of or steps.last_midnight(lake, settings, progress))
        done = there.description()
        if done and settings.language is None:
            settings = settings.model_copy(update={"language": done.get("language")})
        if done and done.get("key") == steps.key(lake, there.as_of, lake.fingerprints(), settings):
            if settings.language != done.get("language"):
                report(store, as_of=there.as_of, settings=settings, progress=progress)
                return Outcome(there, added, found)
            return Outcome(there, added, found, unchanged=True)
        with lake.scratch() as scratch, there.replaced("customers", scratch) as stage:
            steps.measure(lake, stage, settings, scratch, progress)
            steps.learn(lake, stage, settings, scratch, progress)
            steps.describe(lake, stage, settings, scratch, progress)
            steps.draw(lake, stage, settings, progress)
    return Outcome(there, added, found)


def customers(
    store: Path, *, as_of: date | None = None, settings: Settings = DEFAULTS, progress: Progress = SILENT
) -> Run:
    """Measure every customer as of a date (the first midnight after the last event), and the data's quality.

    Where they are others than before, the run's segments and report are `gone`.
    """
    with locked(store):
        lake = Store.open(store, settings)
        there = Run.of(store, as_of or steps.last_midnight(lake, settings, progress))
        before = there.files()
        with lake.scratch() as scratch, there.replaced("customers", scratch) as stage:
            steps.measure(lake, stage, settings, scratch, progress)
    return there.after(before)


def fit(store: Path, *, as_of: date | None = None, settings: Settings = DEFAULTS, progress: Progress = SILENT) -> Run:
    """Learn the segments of a run that has its customers, by default the latest.

    Where they are others than before, the run's report is `gone`.
    """
    with locked(store):
        lake, there = Store.open(store, settings), find_run(store, as_of, "customers")
        before = there.files()
        with lake.scratch() as scratch, there.replaced("fit", scratch) as stage:
            steps.learn(lake, stage, settings, scratch, progress)
            steps.describe(lake, stage, settings, scratch, progress)
    return there.after(before)


def report(
    store: Path,
    *,
    as_of: date | None = None,
    settings: Settings = DEFAULTS,
    progress: Progress = SILENT,
    share: bool = False,
    told: Callable[[Mapping[str, Any]], object] = nothing,
) -> Run:
    """Draw the report of a run that has its segments, by default the latest, from what is stored.

    With `share` also the edition that may leave the shop; what it holds back is `told`.
    """
    from bestiary.segments.model import load

    with locked(store):
        lake, there = Store.open(store, settings), find_run(store, as_of, "fit")
        load(there.path / "model.json")  # a damaged one is told before the work begins
        drawn = there.description()
        if drawn and settings.language is None:
            settings = settings.model_copy(update={"language": drawn.get("language")})
        with lake.scratch() as scratch, there.replaced("report", scratch) as stage:
            if share:
                told(draw_shared(lake, stage, settings, scratch, progress))
            steps.draw(lake, stage, settings, progress)
    return there


def runs(store: Path) -> list[Run]:
    """Every run of a store, oldest first."""
    return all_runs(Store.open(store, DEFAULTS).path)


def customer(
    store: Path, user_id: int | str, *, as_of: date | None = None, settings: Settings = DEFAULTS
) -> dict[str, Any] | None:
    """A customer's row of a run, by default the latest, by the id as the shop writes it; None where there is nobody."""
    stored = Store.open(store, settings).ids(settings).stored(str(user_id))
    return None if stored is None else lookup(find_run(store, as_of, "customers").path / "customers.parquet", stored)


def demo(folder: Path, *, settings: Settings = DEFAULTS, progress: Progress = SILENT, told: Told = nobody) -> Outcome:
    """Simulate a small shop into `folder/events` and run everything into `folder/store`."""
    simulate(folder / "events", events=120_000, dirty=True, progress=progress)
    return run([folder / "events"], folder / "store", settings=settings, progress=progress, told=told)
