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
from bestiary.files import for_the_owner, read_json, write_json
from bestiary.lake.erased import FOLDER

FILE = "objections.json"
BACK = "Put it back from a copy: without it, people who objected would be segmented again."


class _Book(Frozen):
    format_version: Literal[1] = 1
    since: dict[str, datetime] = Field(default_factory=dict)
    told: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Who had been given their data until then: what says so elsewhere goes with the objection."""


def objections(store: Path) -> dict[str, datetime]:
    """When each person objected (UTC), by the text of the store's id. StoreError where the list is damaged."""
    return _book(store).since


def told_before(store: Path, ids: Iterable[int | str]) -> set[str]:
    """Who had been given data of some people when they objected."""
    told = _book(store).told
    return {one for somebody in ids for one in told.get(str(somebody), ())}


def object_to(store: Path, ids: Iterable[int | str], told: Iterable[str] = (), at: datetime | None = None) -> int:
    """Put people on the list, with who was given their data; how many were not there before. Needs the lock."""
    book = _book(store)
    new = {str(one): at or datetime.now(UTC) for one in ids if str(one) not in book.since}
    if new:
        _write(store, _Book(since=book.since | new, told=book.told | dict.fromkeys(new, tuple(told))))
    return len(new)


def take_back(store: Path, ids: Iterable[int | str]) -> int:
    """Take people off the list; how many were there. Needs the lock."""
    book, gone = _book(store), {str(one) for one in ids}
    rest = {one: one for one in book.since if one not in gone}
    if len(rest) < len(book.since):
        rename(store, rest)
    return len(book.since) - len(rest)


def rename(store: Path, ids: Mapping[str, str]) -> None:
    """Know people by other ids; who has none leaves the list. Needs the lock."""
    book = _book(store)
    if book.since:
        since = {ids[one]: at for one, at in book.since.items() if one in ids}
        _write(store, _Book(since=since, told={ids[one]: told for one, told in book.told.items() if one in ids}))


def _book(store: Path) -> _Book:
    path = store / FOLDER / FILE
    if not path.exists():
        return _Book()
    try:
        return _Book.model_validate(read_json(path, BACK))
    except ValidationError as error:
        raise StoreError(f"{path} is damaged: {'; '.join(explain(error))}", do=BACK) from error


def _write(store: Path, book: _Book) -> None:
    with for_the_owner():
        write_json(store / FOLDER / FILE, book.model_dump(mode="json"))
