"""The doctor: names the litter of interrupted work and removes it, and tells what it cannot mend.

Litter is what nothing reads, so that removing it changes no result. Of a run's folder only what the steps of a run
write can be litter, and only where `run.json` is missing, which goes first when a run is replaced: then a step that
has not all of its files, and every step after it, was interrupted and is done again by the next run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bestiary.config import Settings
from bestiary.contract import COUNTS
from bestiary.errors import BestiaryError, ModelError
from bestiary.files import TEMPORARY, read_json, whole_page, whole_parquet
from bestiary.lake import delta, litter
from bestiary.lake.litter import Litter
from bestiary.lake.lock import half_made, locked
from bestiary.lake.quality import events_in
from bestiary.lake.runs import EXTRAS, STEPS, Run, all_runs
from bestiary.lake.sources import read_sources
from bestiary.lake.store import Store
from bestiary.lake.tables import TABLES
from bestiary.progress import SILENT, Progress, step
from bestiary.sql import connect


@dataclass(frozen=True)
class Findings:
    """Litter, which has gone unless that was not wanted, and problems, which stay: a sentence or two each."""

    litter: tuple[Litter, ...]
    problems: tuple[str, ...]


def doctor(
    path: Path,
    *,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    dry_run: bool = False,
    progress: Progress = SILENT,
) -> Findings:
    """Look at a whole store under its lock, and remove its litter unless this is a `dry_run`.

    Raises StoreError where there is neither a store nor what the making of one has left. Memory: the counts of the
    visits, summed up within `settings.engine_bytes`.
    """
    with locked(path, create=bool(half_made(path))), step(progress, "doctor", 4):  # litter, files, counts, runs
        found, problems = litter.of_no_store(path), list[str]()
        progress.advance(4 if found else 0)
        if not found:
            try:
                lake = Store.open(path, Settings())
                found = list(_litter(lake))
                progress.advance()
                problems = list(_problems(lake, settings, progress))
            except BestiaryError as error:
                return Findings((), (str(error),))
            if not dry_run:
                for name, files in _halves(lake):
                    delta.drop(path / name, files)
        if not dry_run:
            litter.remove(found)
    return Findings(tuple(found), tuple(problems))


def _litter(lake: Store) -> Iterator[Litter]:
    if (lake.path / ".scratch").exists():
        yield Litter.of(lake.path / ".scratch", "of a step that was interrupted")
    for folder in (lake.path, *(run.path for run in all_runs(lake.path))):
        for path in sorted(folder.iterdir()):
            if TEMPORARY.fullmatch(path.name):
                yield Litter.of(path, "not written to its end")
    for name in TABLES:
        yield from litter.unnamed(lake.path / name)
    for name, files in _halves(lake):
        for file in files:
            yield Litter.of(lake.path / name / file.path, "of a source whose commit was interrupted")
    for run in all_runs(lake.path):
        yield from _left_of(run)


def _halves(lake: Store) -> Iterator[tuple[str, list[delta.Committed]]]:
    """What `rejects` and `sources` hold of sources that never came to count; the next attempt would replace it."""
    counted = delta.transactions(lake.path / "visits")
    for name in ("rejects", "sources"):
        files = delta.committed(lake.path / name)
        halves = [file for file in files if file.partition["fingerprint"] not in counted]
        if halves:
            yield name, halves


def _left_of(run: Run) -> Iterator[Litter]:
    if (run.path / "run.json").exists():
        return
    undone, files = False, dict[Path, str]()
    for name, made in STEPS.items():
        undone = undone or not run.has(name)
        told = (*made, *EXTRAS.get(name, ()))
        files |= {run.path / file: name for file in told if undone and (run.path / file).is_file()}
    if set(run.path.iterdir()) <= set(files):
        yield Litter.of(run.path, "a run that was interrupted at its beginning")
        return
    for path, name in files.items():
        yield Litter.of(path, f"of a run whose step '{name}' was interrupted")


def _problems(lake: Store, settings: Settings, progress: Progress) -> Iterator[str]:
    again = "Put the store back from a copy, or make a new one from the events."
    whole = True
    for name in TABLES:
        for file in delta.committed(lake.path / name):
            path = lake.path / name / file.path
            size = path.stat().st_size if path.is_file() else None
            if size != file.size:
                whole = False
                found = "is missing" if size is None else f"has {size:,} bytes instead of {file.size:,}"
                yield f"{path} {found}. {again}"
    progress.advance()
    if whole:
        yield from _miscounts(lake, settings, again)
    progress.advance()
    for run in all_runs(lake.path):
        lost = [name for names in STEPS.values() for name in names if not (run.path / name).is_file()]
        if (run.path / "run.json").is_file() and lost:
            yield f"{run.path} lacks {', '.join(lost)}. Make the run again: bestiary run with --as-of {run.as_of}."
        yield from _damaged(run)
    progress.advance()


def _damaged(run: Run) -> Iterator[str]:
    """Files of a run that are there and cannot be read; those of interrupted steps are litter."""
    complete = (run.path / "run.json").is_file()
    for name, made in {**STEPS, "report": (*STEPS["report"], *EXTRAS["report"], "run.json")}.items():
        if not complete and not run.has(name):
            return
        for path in (run.path / one for one in made if (run.path / one).is_file()):
            try:
                if path.suffix == ".json":
                    read_json(path)
                elif path.suffix == ".html":
                    whole_page(path)
                else:
                    whole_parquet(path)
            except ModelError as error:
                yield f"{error.found} Write it again, with the settings of the run: {run.command(name)}"


def _miscounts(lake: Store, settings: Settings, again: str) -> Iterator[str]:
    with connect(threads=settings.threads or 0, memory_bytes=settings.engine_bytes) as connection:
        sources = read_sources(connection, lake.files("sources"))
        events = events_in(connection, lake)
    for row in sources:
        accounted = sum(row[name] for name in COUNTS[1:])
        if row["read"] != accounted:
            yield f"{row['name']}: {row['read']:,} rows were read, and {accounted:,} are accounted for. {again}"
    kept, removed = sum(row["kept"] for row in sources), delta.removed(lake.path / "visits")
    if kept - removed != events:
        since = f", of which {removed:,} were removed since" if removed else ""
        yield f"The sources kept {kept:,} events{since}, and the visits hold {events:,}. {again}"
    lost = delta.transactions(lake.path / "visits") - {row["fingerprint"] for row in sources}
    if lost:
        yield f"The lake holds visits of {len(lost):,} sources of which it knows nothing else. {again}"
