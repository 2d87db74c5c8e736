"""The whole flow: events -> visits -> customers -> segments -> report. Each function is also a command.

What writes holds the store's lock, which a process may take again while it has it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

from bestiary.config import Settings
from bestiary.customers.as_of import infer_as_of
from bestiary.customers.measure import Measure, bucketed, measure_bucket, merge
from bestiary.events.arrivals import Arrivals
from bestiary.events.ingest import Ingested
from bestiary.files import read_json, write_json
from bestiary.intake import ingest
from bestiary.lake.engine import LocalEngine
from bestiary.lake.quality import quality, time_span
from bestiary.lake.runs import Run, all_runs, find_run, run_key
from bestiary.lake.store import Store, locked
from bestiary.progress import SILENT, Progress, step
from bestiary.simulate import simulate
from bestiary.sql import connect

__all__ = ["customers", "demo", "fit", "ingest", "report", "run", "runs", "simulate"]
DEFAULTS = Settings()
runs = all_runs


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
    mapping: str | None = None,
    header: bool = True,
    progress: Progress = SILENT,
) -> Outcome:
    """Ingest events, measure the customers as of a date, learn the segments and draw the report."""
    with locked(store):
        added, found = ingest(events, store, settings=settings, mapping=mapping, header=header, progress=progress)
        lake = Store.open(store, settings)
        there = Run.of(store, as_of or _last_midnight(lake))
        done = there.description()
        if done and done["key"] == run_key(lake.fingerprints(), settings):
            return Outcome(there, added, found, unchanged=True)
        customers(store, as_of=there.as_of, settings=settings, progress=progress)
        fit(store, as_of=there.as_of, settings=settings, progress=progress)
        report(store, as_of=there.as_of, settings=settings, progress=progress)
    return Outcome(there, added, found)


def customers(
    store: Path, *, as_of: date | None = None, settings: Settings = DEFAULTS, progress: Progress = SILENT
) -> Run:
    """Measure every customer as of a date (the first midnight after the last event), and the data's quality."""
    with locked(store):
        lake = Store.open(store, settings)
        there = Run.of(store, as_of or _last_midnight(lake))
        buckets = bucketed(((p.bucket, p.month, p.path) for p in lake.visits()), there.as_of, settings.windows)
        engine = LocalEngine(threads=settings.threads, memory_bytes=settings.memory_bytes)
        share = engine.share(len(buckets))
        with lake.scratch() as scratch, step(progress, "customers", len(buckets)):
            measure = Measure(there.as_of, settings.windows, scratch, share.threads, share.memory_bytes)
            parts: list[Path] = []
            for part in engine.map(partial(measure_bucket, measure=measure), buckets):
                parts.append(part)
                progress.advance()
            there.begin("customers")
            with connect(threads=engine.threads, memory_bytes=engine.memory_bytes, spill=scratch) as connection:
                merge(connection, parts, there.path / "customers.parquet")
                write_json(there.path / "quality.json", quality(connection, lake, there.as_of))
    return there


def fit(store: Path, *, as_of: date | None = None, settings: Settings = DEFAULTS, progress: Progress = SILENT) -> Run:
    """Learn the segments of a run that has its customers, by default the latest."""
    from bestiary.segments.fit import fit as learn

    with locked(store), step(progress, "segments", 1):
        there = find_run(store, as_of, "customers")
        there.begin("fit")
        provenance = {"as_of": there.as_of.isoformat(), "fingerprint": run_key(there.sources(), settings)}
        learn(there.path / "customers.parquet", there.path, settings, provenance)
    return there


def report(
    store: Path, *, as_of: date | None = None, settings: Settings = DEFAULTS, progress: Progress = SILENT
) -> Run:
    """Draw the report of a run that has its segments, by default the latest, from what is stored."""
    from bestiary.report.html import write_report

    with locked(store), step(progress, "report", 1):
        there, fixed = find_run(store, as_of, "fit"), Store.open(store, settings).fixed
        learned = read_json(there.path / "model.json")["config"]
        settings = Settings.model_validate(settings.model_dump() | learned)
        there.begin("report")
        write_report(there.path, settings, currency=fixed.currency, time_zone=fixed.time_zone)
        there.finish(_summary(there, settings))
    return there


def demo(folder: Path, *, events: int = 120_000, settings: Settings = DEFAULTS, progress: Progress = SILENT) -> Outcome:
    """Simulate a small shop into `folder/events` and run everything into `folder/store`."""
    simulate(folder / "events", events=events, dirty=True, progress=progress)
    return run([folder / "events"], folder / "store", settings=settings, progress=progress)


def _summary(there: Run, settings: Settings) -> dict[str, Any]:
    model, sources = read_json(there.path / "model.json"), there.sources()
    counts = {name: model["provenance"][name] for name in ("customers", "segmented")}
    segments = len(model["fitted"]["segments"])
    key = run_key(sources, settings)
    return {"key": key, "preset": settings.preset, "sources": len(sources), **counts, "segments": segments}


def _last_midnight(lake: Store) -> date:
    with connect() as connection:
        return infer_as_of(*time_span(connection, lake))
