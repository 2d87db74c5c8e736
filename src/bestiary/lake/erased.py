"""The list of the erased: so that an old file, or a backup, does not bring back who had themselves erased.

`privacy/erased.json` holds a keyed hash of each id, when it was erased and when it is struck off the list; the key is
another one than that of pseudonyms, by default in a file beside it. The list is personal data itself: it has this one
purpose, an end, and a place in what people are told of themselves.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from bestiary.config import Frozen, Privacy
from bestiary.errors import ConfigError, StoreError
from bestiary.faults import explain
from bestiary.files import for_the_owner, read_json, write_json, write_text
from bestiary.ids import Ids, Secret, read_key
from bestiary.windows import window_start

FOLDER = "privacy"
FILE = "erased.json"
KEY = "erasure.key"
VARIABLE = "BESTIARY_ERASURE_KEY"
BACK = "Put it back from a copy: without it, erased people would come back with old files."


class Entry(Frozen):
    """One id: its mark, when it was erased (UTC), and the first day on which nobody remembers that."""

    mark: str
    at: datetime
    ends: date


class Book(Frozen):
    """The whole list. `key_check` tells its key from others."""

    format_version: Literal[1] = 1
    purpose: str = "So that old files and backups do not bring back people who were erased."
    key_check: str
    entries: tuple[Entry, ...] = ()


def read_book(store: Path) -> Book | None:
    """The list, without those whose time is over; None where nobody was ever erased. StoreError: it is damaged."""
    path = store / FOLDER / FILE
    if not path.exists():
        return None
    try:
        book = Book.model_validate(read_json(path, BACK))
    except ValidationError as error:
        raise StoreError(f"{path} is damaged: {'; '.join(explain(error))}", do=BACK) from error
    today = datetime.now(UTC).date()
    return book.model_copy(update={"entries": tuple(one for one in book.entries if one.ends > today)})


def key_of(store: Path, privacy: Privacy, book: Book | None) -> Secret:
    """The list's key; made where there is no list yet and no key is given. ConfigError for another key than its own."""
    own = store / FOLDER / KEY
    key = read_key(VARIABLE, privacy.erasure_key_file or (own if own.exists() else None))
    if key is None and book is None:
        with for_the_owner():
            write_text(own, secrets.token_hex(32) + "\n")
        return Secret(own.read_text(encoding="utf-8").strip().encode())
    if key is None or (book is not None and key.check != book.key_check):
        raise ConfigError(
            f"The key of the list of erased people in {store} is {'another one' if key else 'not given'}.",
            allowed=f"It is in {own}, in the file that the setting privacy.erasure_key_file names, or in {VARIABLE}.",
            do="Give the key that the list was made with; else people who were erased would come back.",
        )
    return key


def marks(key: Secret, ids: Ids, given: str) -> set[str]:
    """The marks of a person: of the id as the shop gives it, and as the store knows it."""
    return {key.digest(str(text)) for text in (ids.given(given), ids.stored(given)) if text is not None}


def remember(store: Path, privacy: Privacy, found: Iterable[str], at: datetime, key: Secret) -> None:
    """Put marks on the list, as of `at` (UTC); one that is there already is remembered anew. Needs the lock."""
    book = read_book(store) or Book(key_check=key.check)
    ends = window_start(at.date(), -privacy.erased_months)
    known = {one.mark: one for one in book.entries}
    _write(store, book, known | {mark: Entry(mark=mark, at=at, ends=ends) for mark in found})


def known_also(store: Path, privacy: Privacy, ids: Iterable[tuple[str, str]]) -> None:
    """Remember those who are on the list by another id of the store's, too. Needs the lock.

    Of `ids` the first is as the shop gives it, the second what the store knows the person by from now on.
    """
    book = read_book(store)
    if book is None or not book.entries:
        return
    key, known = key_of(store, privacy, book), {one.mark: one for one in book.entries}
    there = ((known.get(key.digest(given)), key.digest(stored)) for given, stored in ids)
    _write(store, book, known | {mark: one.model_copy(update={"mark": mark}) for one, mark in there if one})


def strike(store: Path) -> None:
    """Take those off the list whose time is over. Needs the lock."""
    book = read_book(store)
    if book is not None and len(book.entries) < len(read_json(store / FOLDER / FILE, BACK)["entries"]):
        _write(store, book, {one.mark: one for one in book.entries})


def until(book: Book, time_zone: str) -> dict[str, datetime]:
    """For each mark, the shop's wall time up to which the person is gone."""
    zone = ZoneInfo(time_zone)
    return {one.mark: one.at.astimezone(zone).replace(tzinfo=None) for one in book.entries}


def _write(store: Path, book: Book, entries: Mapping[str, Entry]) -> None:
    content = book.model_copy(update={"entries": tuple(entries.values())}).model_dump(mode="json")
    with for_the_owner():
        write_json(store / FOLDER / FILE, content)
