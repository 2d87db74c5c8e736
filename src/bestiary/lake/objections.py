"""Who objects to marketing (Art. 21 GDPR): `privacy/objections.json`, by the ids that the store knows them by.

Who is on the list is not measured: no features, no segment, no expected value, and so no audience either. Their visits
stay, for totals that serve no marketing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from bestiary.config import Frozen
from bestiary.errors import StoreError
from bestiary.faults import explain
from bestiary.files import read_json, write_json
from bestiary.lake.erased import FOLDER

FILE = "objections.json"
BACK = "Put it back from a copy: without it, people who objected would be segmented again."


class _Book(Frozen):
    format_version: Literal[1] = 1
    since: dict[str, datetime] = Field(default_factory=dict)


def objections(store: Path) -> dict[str, datetime]:
    """When each person objected (UTC), by the text of the store's id. StoreError where the list is damaged."""
    path = store / FOLDER / FILE
    if not path.exists():
        return {}
    try:
        return _Book.model_validate(read_json(path, BACK)).since
    except ValidationError as error:
        raise StoreError(f"{path} is damaged: {'; '.join(explain(error))}", do=BACK) from error


def object_to(store: Path, ids: Iterable[int | str], at: datetime | None = None) -> int:
    """Put people on the list; how many were not there before. Needs the lock."""
    known = objections(store)
    new = {str(one): at or datetime.now(UTC) for one in ids if str(one) not in known}
    if new:
        _write(store, known | new)
    return len(new)


def take_back(store: Path, ids: Iterable[int | str]) -> int:
    """Take people off the list; how many were there. Needs the lock."""
    known, gone = objections(store), {str(one) for one in ids}
    rest = {one: since for one, since in known.items() if one not in gone}
    if len(rest) < len(known):
        _write(store, rest)
    return len(known) - len(rest)


def rename(store: Path, ids: Mapping[str, str]) -> None:
    """Know people by other ids; who has none leaves the list. Needs the lock."""
    known = objections(store)
    if known:
        _write(store, {ids[one]: since for one, since in known.items() if one in ids})


def _write(store: Path, since: dict[str, datetime]) -> None:
    write_json(store / FOLDER / FILE, _Book(since=since).model_dump(mode="json"))
