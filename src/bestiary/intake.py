"""The first part of the flow: event files -> the lake, each file wholly and once."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from bestiary.config import Settings
from bestiary.events.arrivals import Arrivals, look_at
from bestiary.events.ingest import Ingested, Plan, ingest_file
from bestiary.events.mapping import CONTRACT, Mapping, load_mapping
from bestiary.lake.engine import LocalEngine
from bestiary.lake.store import Store, locked
from bestiary.progress import SILENT, Progress, step


def ingest(
    events: Sequence[str | Path],
    store: Path,
    *,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    mapping: str | None = None,
    header: bool = True,
    progress: Progress = SILENT,
) -> tuple[tuple[Ingested, ...], Arrivals]:
    """Read the files that the store does not hold yet, making the store where there is none.

    Returns what was added, and what was found. `mapping` names a mapping file or one that is shipped; without
    `header` the files' columns are the contract's, in its order. Raises EventsError, ConfigError or StoreError with
    nothing changed, or with the files before the faulty one committed.
    """
    columns = load_mapping(mapping) if mapping else CONTRACT
    with locked(store, create=True):
        made = not (store / "store.json").exists()
        held = () if made else Store.open(store, settings).fingerprints()
        arrivals = look_at(events, columns, header=header, held=held)
        kinds = arrivals.id_kinds(columns, settings.id_kinds) if made else {}
        lake = Store.create(store, _with_currency(settings, columns), kinds) if made else Store.open(store, settings)
        added: list[Ingested] = []
        try:
            with step(progress, "events", len(arrivals.pending)):
                _read(arrivals, lake, settings, columns, added, progress)
        finally:
            if made and not added:
                lake.remove_if_empty()
    return tuple(added), arrivals


def _with_currency(settings: Settings, columns: Mapping) -> Settings:
    return settings if settings.currency else settings.model_copy(update={"currency": columns.currency})


def _read(
    arrivals: Arrivals,
    lake: Store,
    settings: Settings,
    columns: Mapping,
    added: list[Ingested],
    progress: Progress,
) -> None:
    """Commit the files one after the other, appending to `added`, while the engine reads on."""
    engine = LocalEngine(threads=settings.threads, memory_bytes=settings.memory_bytes)
    share = engine.share(len(arrivals.pending))
    with lake.scratch() as scratch:
        plan = Plan(
            store=lake.path,
            spill=scratch,
            mapping=columns,
            id_kinds=lake.fixed.id_kinds,
            time_zone=lake.fixed.time_zone,
            buckets=lake.fixed.buckets,
            clock=datetime.now(ZoneInfo(lake.fixed.time_zone)).replace(tzinfo=None),
            threads=share.threads,
            memory_bytes=share.memory_bytes,
        )
        for ingested in engine.map(partial(ingest_file, plan=plan), arrivals.pending):
            lake.commit(ingested.fingerprint, ingested.parts)
            added.append(ingested)
            progress.advance()
