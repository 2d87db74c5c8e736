"""The rights of the people in the data, conducted: access, erasure and objection reach every room that holds people.

Whoever asks gives ids as the shop writes them. Each of these holds the store's lock, can be run again after it was
killed, and leaves a receipt without any id.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bestiary.beyond import ENVIRONMENT, Places, Reach, forget_beyond, found_beyond, named, reached, told_to
from bestiary.config import Settings
from bestiary.lake import erased
from bestiary.lake.lock import locked
from bestiary.lake.objections import object_to, take_back
from bestiary.lake.store import Store
from bestiary.privacy import receipts
from bestiary.privacy.access import held
from bestiary.progress import SILENT, Progress
from bestiary.removal import known, merged, out_of_lake, out_of_runs, returned, runs_with

DEFAULTS = Settings()


@dataclass(frozen=True)
class Asked:
    """A store, and people by the store's ids."""

    lake: Store
    known: Mapping[str, int | str]


def export(store: Path, user_id: str, *, reach: Reach = ENVIRONMENT, settings: Settings = DEFAULTS) -> dict[str, Any]:
    """All that is held of a person: see `privacy.access.held` and `beyond`; and whether they were ever erased.

    Raises ConfigError for what is no id of this store, where the key of its pseudonyms is not given, or where a place
    that was published to cannot be reached.
    """
    with locked(store):
        asked = _asked(store, [user_id], settings)
        stored = asked.known[user_id]
        beyond = found_beyond(reached(store, settings, reach, stored), stored)
        found = held(asked.lake, stored)
        told = told_to(store, [run["as_of"] for run in found["runs"]], [stored])
        return {
            "id": user_id,
            **found,
            **beyond,
            "recipients": [one.model_dump() for one in told],
            "erased": _erased(asked, user_id, settings),
        }


def erase(
    store: Path,
    user_ids: Collection[str],
    *,
    request: str | None = None,
    reach: Reach = ENVIRONMENT,
    settings: Settings = DEFAULTS,
    progress: Progress = SILENT,
) -> receipts.Receipt:
    """Remove people from everything that the store knows of, and remember by marks that they are gone.

    Nothing goes before a first receipt and the marks are written; after a kill the same command does the rest.
    Raises ConfigError, with nothing changed, as `export` does.
    """
    with locked(store):
        asked = _asked(store, user_ids, settings)
        people = tuple(asked.known.values())
        places = reached(store, settings, reach, people[0])
        book = erased.read_book(store)
        key = erased.key_of(store, settings.privacy, book)
        ids = asked.lake.ids(settings)
        marks = {mark for one in user_ids for mark in erased.marks(key, ids, one)}
        begun = _begun(asked.lake, "erase", people, request)
        erased.remember(store, settings.privacy, marks, datetime.now(UTC), key)
        there = out_of_lake(asked.lake, dict.fromkeys(people), settings, progress)
        told = merged(there, out_of_runs(asked.lake, dict.fromkeys(people), settings, progress))
        told = merged(told, forget_beyond(places, dict.fromkeys(people)))
        take_back(store, people)
        return receipts.add(store, "erase", {**begun, **told}, begun["request"])


def replay(
    store: Path, *, request: str | None = None, settings: Settings = DEFAULTS, progress: Progress = SILENT
) -> receipts.Receipt:
    """Remove again who was erased before and has come back with a backup: what is older than their erasure goes.

    Audiences go with it. A warehouse that was restored as well holds nothing that cannot be published again.
    """
    with locked(store):
        lake = Store.open(store, settings)
        people = returned(lake, settings)
        there = out_of_lake(lake, people, settings, progress)
        told = merged(there, out_of_runs(lake, people, settings, progress))
        told = merged(told, forget_beyond(Places(store, (), ()), people))
        return receipts.add(store, "replay", {"people": len(people), **told}, request)


def object_(
    store: Path,
    user_ids: Collection[str],
    *,
    withdraw: bool = False,
    request: str | None = None,
    reach: Reach = ENVIRONMENT,
    settings: Settings = DEFAULTS,
    progress: Progress = SILENT,
) -> receipts.Receipt:
    """Take people out of runs, audiences and what was published, and measure them no more.

    With `withdraw` they are measured again from the next run on.

    Their visits stay, for totals that serve no marketing.
    """
    with locked(store):
        asked = _asked(store, user_ids, settings)
        if withdraw:
            back = {"people": take_back(store, asked.known.values())}
            return receipts.add(store, "objection withdrawn", back, request)
        people = tuple(asked.known.values())
        places = reached(store, settings, reach, people[0])
        begun = _begun(asked.lake, "objection", people, request)
        object_to(store, people, begun["recipients"])
        told = out_of_runs(asked.lake, dict.fromkeys(people), settings, progress)
        told = merged(told, forget_beyond(places, dict.fromkeys(people)))
        return receipts.add(store, "objection", {**begun, **told}, begun["request"])


def _begun(lake: Store, action: str, people: Sequence[int | str], request: str | None) -> receipts.Receipt:
    """Write a receipt before anything goes, with who was given the data: after a kill nobody could tell any more."""
    to = told_to(lake.path, runs_with(lake, dict.fromkeys(people)), people)
    told = {"people": len(people), "known": known(lake, people), "recipients": [named(one) for one in to]}
    receipt = receipts.add(lake.path, f"{action} begun", told, request)
    return {name: receipt[name] for name in ("request", *told)}


def _asked(store: Path, user_ids: Collection[str], settings: Settings) -> Asked:
    lake = Store.open(store, settings)
    ids = lake.ids(settings)
    known = {one: ids.stored(one) for one in ids.checked(user_ids)}
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


def all_receipts(store: Path) -> Sequence[receipts.Receipt]:
    """Every receipt of a store, the oldest first; StoreError where there is no store, or a receipt was changed."""
    return receipts.receipts(Store.open(store, DEFAULTS).path)
