"""Rotation of the pseudonyms' key: everybody in a store is known by another pseudonym afterwards.

The shop gives its list of ids, since nobody can make an id of a pseudonym. `store.json` says while it lasts that the
store is between two keys, so that nothing else works on it; the same command finishes what was killed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bestiary.beyond import ENVIRONMENT, Places, Reach, forget_beyond, reached
from bestiary.config import Settings
from bestiary.errors import ConfigError
from bestiary.files import write_json
from bestiary.ids import Ids, Secret
from bestiary.lake import erased
from bestiary.lake.fixed import Fixed, read_fixed
from bestiary.lake.held import TABLES
from bestiary.lake.lock import MARK, locked
from bestiary.lake.objections import objections, rename, take_back
from bestiary.lake.recipients import recipients
from bestiary.lake.rekey import Keys, rekey_rejects, rekey_table, rekey_visits
from bestiary.lake.runs import all_runs
from bestiary.lake.store import Store
from bestiary.privacy import receipts
from bestiary.progress import SILENT, Progress, step
from bestiary.publish.audience_rekey import rekey_audiences, rekey_letters
from bestiary.publishing import send
from bestiary.removal import merged, out_of_lake, out_of_runs, tables_of_people
from bestiary.sql import within

DEFAULTS = Settings()


def rekey(
    store: Path,
    user_ids: Collection[str],
    new: Secret,
    *,
    drop_unlisted: bool = False,
    request: str | None = None,
    reach: Reach = ENVIRONMENT,
    settings: Settings = DEFAULTS,
    progress: Progress = SILENT,
) -> receipts.Receipt:
    """Bring a store of pseudonyms over to another key, for the ids of all its customers as the shop writes them.

    The key until now is the one that `settings` or the environment give. With `drop_unlisted` customers who are not
    among the ids leave the store as in an erasure, without being remembered. What was published is published again.

    Raises ConfigError, with nothing changed, for a plain store, another key than the store's, what is no id, customers
    who are not among the ids, or a place that was published to and cannot be reached.
    """
    with locked(store):
        fixed = read_fixed(store, rekeying=True)
        ids, old = _checked(store, fixed, new, settings)
        given = ids.checked(user_ids)
        places, lake = reached(store, settings, reach, old.digest(given[0])), Store(store, fixed)
        with _keys(lake, given, old, new, settings) as keys:
            unlisted, everyone = keys.unlisted(tables_of_people(lake), objections(store))
        if unlisted and not drop_unlisted:
            raise ConfigError(
                f"{len(unlisted):,} of the store's {everyone:,} customers are not among the {len(given):,} ids.",
                allowed="Nobody can make an id of a pseudonym: who is not listed cannot be brought over.",
                do="Give the ids of all; or say --drop-unlisted, and they leave the store. Nothing was changed.",
            )
        people = {"people": everyone - len(unlisted), "dropped": len(unlisted)}
        request = receipts.add(store, "rekey begun", people, request)["request"]
        told = people | _dropped(lake, unlisted, places, settings, progress)
        write_json(store / MARK, fixed.model_copy(update={"rekeying": new.check}).model_dump())
        with _keys(lake, given, old, new, settings) as keys:
            told["audiences"] = _brought_over(lake, keys, given, settings, progress)
            told |= _published_again(lake, places, keys.scratch, settings, progress)
        write_json(store / MARK, fixed.model_copy(update={"key_check": new.check, "rekeying": None}).model_dump())
        return receipts.add(store, "rekey", told, request)


def _checked(store: Path, fixed: Fixed, new: Secret, settings: Settings) -> tuple[Ids, Secret]:
    """The store's ids, and their key until now; ConfigError where the keys are not those that belong to it."""
    ids = fixed.ids(store, settings.privacy)
    if ids.key is None or ids.key.check == new.check:
        raise ConfigError(
            f"{store} holds {'the pseudonyms of the new key already' if ids.key else 'no pseudonyms'}.",
            allowed="A store of pseudonyms is brought over to another key than its own.",
        )
    if fixed.rekeying not in (None, new.check):
        raise ConfigError(
            f"{store} is half brought over to another new key than this.",
            do="Finish with the one that was begun with; then rotate once more.",
        )
    return ids, ids.key


@contextmanager
def _keys(lake: Store, given: Collection[str], old: Secret, new: Secret, settings: Settings) -> Iterator[Keys]:
    """Everybody's pseudonyms, in a scratch folder."""
    with lake.scratch() as scratch, within(settings.memory_bytes, "another key"):
        yield Keys.of(given, old, new, scratch, settings.engine_bytes)


def _dropped(
    lake: Store, unlisted: Collection[str], places: Places, settings: Settings, progress: Progress
) -> dict[str, Any]:
    """Take people who are not listed out of everything."""
    if not unlisted:
        return {}
    people: dict[int | str, None] = dict.fromkeys(unlisted)
    told = merged(out_of_lake(lake, people, settings, progress), out_of_runs(lake, people, settings, progress))
    told = merged(told, forget_beyond(places, people))
    take_back(lake.path, people)
    return told


def _brought_over(lake: Store, keys: Keys, given: Collection[str], settings: Settings, progress: Progress) -> int:
    """Everything in the store that knows people by pseudonyms; how many audiences."""
    erased.known_also(lake.path, settings.privacy, ((one, keys.key.digest(one)) for one in given))
    rename(lake.path, keys.renamed(objections(lake.path)))
    with step(progress, "visits", len({part.month for part in lake.visits()})):
        rekey_visits(lake, keys, progress)
    rekey_rejects(lake, keys)
    tables = [run.path / name for run in all_runs(lake.path) for name in TABLES]
    with step(progress, "tables of runs", len(tables)):
        for table in tables:
            if table.is_file():
                rekey_table(table, keys)
            progress.advance(1)
    rekey_letters(lake.path, keys)
    return rekey_audiences(lake.path, keys)


def _published_again(
    lake: Store, places: Places, scratch: Path, settings: Settings, progress: Progress
) -> dict[str, list[str]]:
    """Publish every run anew where it was; what was done, and runs there that the store has no more."""
    noted = {one.to: one.runs for one in recipients(lake.path)}
    whole = {run.as_of.isoformat(): run for run in all_runs(lake.path) if run.description() is not None}
    done, left = list[str](), list(places.left)
    for target in places.targets:
        for as_of in noted[target.told]:
            if as_of in whole:
                send(lake.path, whole[as_of], target, scratch, settings, again=True, progress=progress)
            (done if as_of in whole else left).append(f"{target.told}, run as of {as_of}")
    return {"published again": done, "left as they are": left}
