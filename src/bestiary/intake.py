"""The first part of the flow: event files -> the lake, each file wholly and once."""

from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from contextlib import closing, suppress
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TypedDict
from zoneinfo import ZoneInfo

from bestiary.config import Settings
from bestiary.errors import ModelError
from bestiary.events.arrivals import Arrivals, look_at
from bestiary.events.door import Door, Erased
from bestiary.events.ingest import Ingested, Remembered, ingest_file
from bestiary.events.kernel import Plan
from bestiary.events.mapping import CONTRACT, Mapping, load_mapping
from bestiary.files import read_json, write_json
from bestiary.gate import Gate, OnOverlap
from bestiary.lake.compact import compact, is_crowded
from bestiary.lake.engine import LocalEngine
from bestiary.lake.erased import key_of, read_book, strike, until
from bestiary.lake.lock import SEEN, locked
from bestiary.lake.retention import first_day, retain
from bestiary.lake.store import Store
from bestiary.privacy import receipts
from bestiary.progress import SILENT, Progress, step
from bestiary.publish.audience_rights import Forgotten, forget_before

Told = Callable[[Sequence[Ingested], Arrivals], object]


class Reading(TypedDict, total=False):
    """How files are read: see `ingest`."""

    mapping: str | None
    header: bool
    on_overlap: OnOverlap | None
    told: Told


def nobody(added: Sequence[Ingested], arrivals: Arrivals) -> None:
    """Tell nobody what was read."""


def ingest(
    events: Sequence[str | Path],
    store: Path,
    *,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    mapping: str | None = None,
    header: bool = True,
    on_overlap: OnOverlap | None = None,
    progress: Progress = SILENT,
    told: Told = nobody,
) -> tuple[tuple[Ingested, ...], Arrivals]:
    """Read the files that the store does not hold yet, making the store where there is none.

    Returns what was added, and what was found. `mapping` names a mapping file or one that is shipped; without
    `header` the files' columns are the contract's, in its order; `on_overlap` is explained in `bestiary.gate`.
    `told` hears what was added and found, also where a file in the middle fails and those before it stay. Raises
    EventsError, ConfigError or StoreError with nothing changed, or with the files before the faulty one committed.
    """
    columns = load_mapping(mapping) if mapping else CONTRACT
    with locked(store, create=True):
        made = not (store / "store.json").exists()
        held = None if made else Store.open(store, settings)
        arrivals = look_at(
            events,
            columns,
            header=header,
            held=held.fingerprints() if held else (),
            sizes=held.sizes() if held else {},
            remembered=_remembered(store),
            may_grow=on_overlap == "warn",
            progress=progress,
        )
        kinds = arrivals.id_kinds(columns, settings.id_kinds) if made else {}
        lake = held or Store.create(store, _with_currency(settings, columns), kinds)
        lake.ids(settings)  # so that a job with another key ends also in a night without files
        lake.tidy()
        added: tuple[Ingested, ...] = ()
        try:
            if arrivals.pending:
                added = _read(arrivals, lake, settings, columns, on_overlap, progress, told)
            else:
                told(added, arrivals)
        finally:
            if made:
                lake.remove_if_empty()
        _remember(store, arrivals)
        if is_crowded(lake):  # by these files, or by others whose compaction was interrupted
            engine = LocalEngine(threads=settings.threads, memory_bytes=settings.engine_bytes)
            with lake.scratch() as scratch:
                compact(lake, engine, scratch, progress)
        if not made or added:
            _retain(lake, settings)
    return added, arrivals


def _retain(lake: Store, settings: Settings) -> None:
    """Let go of what the shop keeps no longer, and write a receipt where there was any."""
    strike(lake.path)
    today = datetime.now(ZoneInfo(lake.fixed.time_zone)).date()
    expired, first = retain(lake, settings.privacy, today), first_day(settings.privacy, today)
    old = forget_before(lake.path, first) if first else Forgotten()
    if expired or old != Forgotten():
        beyond = {"audiences": old.members, "letters": old.letters, "files": [str(path) for path in old.rewritten]}
        receipts.add(
            lake.path, "retention", {**asdict(expired), **beyond, "files to mend": [str(path) for path in old.to_mend]}
        )


def _remembered(store: Path) -> dict[str, Remembered]:
    """What files were like when they were read, so that a nightly call does not read them all for a fingerprint."""
    try:
        return {path: (mark, size, changed) for path, (mark, size, changed) in read_json(store / SEEN).items()}
    except (ModelError, TypeError, ValueError):
        return {}  # it only saves time


def _remember(store: Path, arrivals: Arrivals) -> None:
    """Called when all files that were pending are in the store."""
    now = arrivals.seen | {one.source.path: one.remembered for one in arrivals.pending}
    before = _remembered(store)
    after = before | {str(path): was for path, was in now.items()}
    if after != before:
        with suppress(OSError):
            write_json(store / SEEN, after)


def _with_currency(settings: Settings, columns: Mapping) -> Settings:
    return settings if settings.currency else settings.model_copy(update={"currency": columns.currency})


def _door(lake: Store, settings: Settings) -> Door:
    """What the lake does not let in."""
    book = read_book(lake.path)
    erased = None
    if book and book.entries:
        key = key_of(lake.path, settings.privacy, book)
        erased = Erased(key, until(book, lake.fixed.time_zone))
    return Door(lake.ids(settings).key, erased, lake.fixed.drop_categories)


def _read(
    arrivals: Arrivals,
    lake: Store,
    settings: Settings,
    columns: Mapping,
    on_overlap: OnOverlap | None,
    progress: Progress,
    told: Told,
) -> tuple[Ingested, ...]:
    """Admit the files one after the other, while the engine reads on."""
    engine = LocalEngine(threads=settings.threads, memory_bytes=settings.engine_bytes)
    share = engine.share(len(arrivals.pending))
    size = sum(one.seen.size for one in arrivals.pending)
    with lake.scratch() as scratch:
        plan = Plan(
            store=lake.path,
            spill=scratch,
            mapping=columns,
            id_kinds=lake.fixed.id_kinds,
            stored_kinds=lake.fixed.stored_kinds,
            time_zone=lake.fixed.time_zone,
            buckets=lake.fixed.buckets,
            clock=datetime.now(ZoneInfo(lake.fixed.time_zone)).replace(tzinfo=None),
            threads=share.threads,
            memory_bytes=share.memory_bytes,
            door=_door(lake, settings),
        )

        def tell(done: int, rows: int) -> None:
            progress.advance(done, rows=rows)
            if engine.stopping.is_set():
                raise CancelledError

        gate = Gate(lake, on_overlap, memory_bytes=share.memory_bytes // 4, spill=scratch)
        task = partial(ingest_file, plan=plan, tell=tell)
        try:
            with step(progress, "events", size), closing(engine.map(task, arrivals.pending)) as files:
                try:
                    for ingested in files:
                        gate.admit(ingested)
                finally:
                    gate.commit()
        finally:  # where one fails, the files before it stay, and are told; after the step, so that both can be seen
            told(gate.admitted, arrivals)
    return tuple(gate.admitted)
