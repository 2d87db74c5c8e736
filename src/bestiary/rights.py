"""The rights of the people in the data, conducted: access, erasure and objection reach every room that holds people.

Whoever asks gives ids as the shop writes them. Each of these holds the store's lock, can be run again after it was
killed, and leaves a receipt without any id.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bestiary.config import Settings
from bestiary.errors import ConfigError
from bestiary.lake import erased
from bestiary.lake.engine import LocalEngine
from bestiary.lake.erase import Ids, People, Removed
from bestiary.lake.erase import erase as erase_lake
from bestiary.lake.held import leave
from bestiary.lake.lock import locked
from bestiary.lake.objections import object_to, take_back
from bestiary.lake.recipients import recipients
from bestiary.lake.runs import Run, all_runs
from bestiary.lake.store import Store
from bestiary.privacy import receipts
from bestiary.privacy.access import held
from bestiary.progress import SILENT, Progress, step
from bestiary.sql import connect, path_list, stable_functions, within

DEFAULTS = Settings()
LISTED = 5
"""So many wrong ids an error names."""


@dataclass(frozen=True)
class Asked:
    """A store, and people by the store's ids."""

    lake: Store
    known: Mapping[str, int | str]


def export(store: Path, user_id: str, *, settings: Settings = DEFAULTS) -> dict[str, Any]:
    """All that is held of a person, as `privacy.access.held` says it, and whether they were ever erased.

    Raises ConfigError for what is no id of this store, or where the key of its pseudonyms is not given.
    """
    with locked(store):
        asked = _asked(store, [user_id], settings)
        return {"id": user_id, **held(asked.lake, asked.known[user_id]), "erased": _erased(asked, user_id, settings)}


def erase(
    store: Path,
    user_ids: Collection[str],
    *,
    request: str | None = None,
    settings: Settings = DEFAULTS,
    progress: Progress = SILENT,
) -> receipts.Receipt:
    """Remove people from everything that the store knows of, and remember by marks that they are gone.

    First the marks are kept, so that a kill in between loses nobody: the same command, or `replay`, does the rest.
    """
    with locked(store):
        asked = _asked(store, user_ids, settings)
        book = erased.read_book(store)
        key = erased.key_of(store, settings.privacy, book)
        ids = asked.lake.ids(settings)
        marks = {mark for one in user_ids for mark in erased.marks(key, ids, one)}
        erased.remember(store, settings.privacy, marks, datetime.now(UTC), key)
        return _remove(asked.lake, dict.fromkeys(asked.known.values()), "erase", request, settings, progress)


def replay(
    store: Path, *, request: str | None = None, settings: Settings = DEFAULTS, progress: Progress = SILENT
) -> receipts.Receipt:
    """Remove again who was erased before and has come back with a backup: what is older than their erasure goes."""
    with locked(store):
        lake = Store.open(store, settings)
        return _remove(lake, _returned(lake, settings), "replay", request, settings, progress)


def object_(
    store: Path,
    user_ids: Collection[str],
    *,
    withdraw: bool = False,
    request: str | None = None,
    settings: Settings = DEFAULTS,
    progress: Progress = SILENT,
) -> receipts.Receipt:
    """Take people out of every run, and measure them no more; with `withdraw`, measure them again from the next run on.

    Their visits stay, for totals that serve no marketing.
    """
    with locked(store):
        asked = _asked(store, user_ids, settings)
        if withdraw:
            people = take_back(store, asked.known.values())
            return receipts.add(store, "objection withdrawn", {"people": people}, request)
        object_to(store, asked.known.values())
        told = _out_of_runs(asked.lake, dict.fromkeys(asked.known.values()), settings, progress)
        return receipts.add(store, "objection", {"people": len(asked.known), **told}, request)


def _asked(store: Path, user_ids: Collection[str], settings: Settings) -> Asked:
    lake = Store.open(store, settings)
    ids = lake.ids(settings)
    known = {one: ids.stored(one) for one in user_ids}
    wrong = [one for one, stored in known.items() if stored is None]
    if wrong or not known:
        shown = ", ".join(repr(one) for one in wrong[:LISTED]) + ", ..." * (len(wrong) > LISTED)
        raise ConfigError(
            f"No ids of this store: {shown}." if wrong else "No id is given.",
            allowed=f"Here ids are {'whole numbers, such as 512365995' if ids.kind == 'integer' else 'texts'}.",
            do="Correct them; nothing was changed.",
        )
    return Asked(lake, {one: stored for one, stored in known.items() if stored is not None})


def _erased(asked: Asked, user_id: str, settings: Settings) -> list[dict[str, str]]:
    """When the person was erased, and until when that is remembered."""
    book = erased.read_book(asked.lake.path)
    if book is None:
        return []
    key = erased.key_of(asked.lake.path, settings.privacy, book)
    marks = erased.marks(key, asked.lake.ids(settings), user_id)
    times = {(one.at.isoformat(), one.ends.isoformat()) for one in book.entries if one.mark in marks}
    return [{"at": at, "remembered_until": ends, "purpose": book.purpose} for at, ends in sorted(times)]


def _remove(
    lake: Store, people: Ids, action: str, request: str | None, settings: Settings, progress: Progress
) -> receipts.Receipt:
    """Take people out of lake, runs, audiences and published tables, and write the receipt."""
    engine = LocalEngine(threads=settings.threads, memory_bytes=settings.engine_bytes)
    removed = Removed()
    if people:
        bounded = within(settings.memory_bytes, "the erasure")
        with lake.scratch() as scratch, bounded, step(progress, "erasure", len(lake.visits())):
            removed = erase_lake(lake, People.of(people, scratch), engine, progress)
    told = _out_of_runs(lake, people, settings, progress)
    take_back(lake.path, people)
    lake_told = {"visits": removed.visits, "events": removed.events, "refused rows": removed.rejects}
    return receipts.add(
        lake.path,
        action,
        {
            "people": len(people),
            "removed": {**lake_told, **told.pop("removed")},
            **told,
            "may still be in": list(removed.sources),
        },
        request,
    )


def _out_of_runs(lake: Store, people: Ids, settings: Settings, progress: Progress) -> dict[str, Any]:
    """Take people out of every run's tables, draw the reports that showed them anew; rows removed and recipients."""
    gone, named = Counter[str](), set[str]()
    if people:
        with lake.scratch() as scratch, step(progress, "runs", len(all_runs(lake.path))):
            some = People.of(people, scratch)
            for run in all_runs(lake.path):
                rows = leave(run, some, settings.engine_bytes)
                gone.update(rows)
                if rows:
                    named.add(run.as_of.isoformat())
                    _drawn_anew(lake, run)
                progress.advance(1)
    told = [f"{one.kind}: {one.to}" for one in recipients(lake.path) if named & set(one.runs)]
    return {"removed": dict(gone), "runs": sorted(named), "recipients": told}


def _drawn_anew(lake: Store, run: Run) -> None:
    """The report shows points of a sample of customers: it is drawn again without those who went."""
    from bestiary.report.html import write_report

    if (run.path / "report.html").is_file() and (run.path / "summary.json").is_file():
        described = run.description()
        write_report(run.path, (described or {}).get("language") or "en", lake.cadence())


def _returned(lake: Store, settings: Settings) -> Ids:
    """Who is in the lake or a run although they were erased; each with the wall time of their erasure."""
    book = erased.read_book(lake.path)
    if book is None or not book.entries:
        return {}
    key = erased.key_of(lake.path, settings.privacy, book)
    until = erased.until(book, lake.fixed.time_zone)
    tables = [part.path for part in lake.visits()]
    tables += [run.path / "customers.parquet" for run in all_runs(lake.path) if run.has("customers")]
    with connect(memory_bytes=settings.engine_bytes, threads=settings.threads or 0) as connection:
        stable_functions(connection)
        for side, pad in zip(("i", "o"), key.pads(), strict=True):
            connection.execute(f"SET VARIABLE {side} = ?::BLOB", [pad])
        connection.execute("CREATE TABLE marks (mark VARCHAR)")
        connection.executemany("INSERT INTO marks VALUES (?)", [[mark] for mark in until])
        people = f"SELECT DISTINCT user_id FROM read_parquet({path_list(tables)}, hive_partitioning = false)"
        mark = "keyed_hash(getvariable('i'), getvariable('o'), user_id) AS mark"
        query = f"SELECT user_id, mark FROM (SELECT user_id, {mark} FROM ({people})) SEMI JOIN marks USING (mark)"
        rows = connection.execute(query).fetchall()
    return {user_id: until[mark] for user_id, mark in rows}


def today(lake: Store) -> date:
    """The day that it is in the shop's time zone."""
    return datetime.now(ZoneInfo(lake.fixed.time_zone)).date()


def all_receipts(store: Path) -> Sequence[receipts.Receipt]:
    """Every receipt of a store, the oldest first; StoreError where there is no store, or a receipt was changed."""
    return receipts.receipts(Store.open(store, DEFAULTS).path)


__all__ = ["all_receipts", "erase", "export", "object_", "replay", "today"]
