"""Who was given personal data of a store: the file `recipients.json`.

Whoever sends data out of a store notes it here, so that the people in the data can be told (Art. 15 and 19 GDPR) and
an erasure knows where else to go. An address never holds a password.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from bestiary.config import Frozen
from bestiary.errors import StoreError
from bestiary.faults import explain
from bestiary.files import read_json, write_json

FILE = "recipients.json"
Kind = Literal["warehouse", "redshift", "s3", "folder", "audience", "events", "webhook"]


class Recipient(Frozen):
    """One place that data went to, and the runs that they were of; times are UTC, to the second."""

    kind: Kind
    to: str
    what: str
    first: str
    last: str
    runs: tuple[str, ...]


class _Book(Frozen):
    format_version: Literal[1] = 1
    recipients: tuple[Recipient, ...] = Field(default=())


def recipients(store: Path) -> tuple[Recipient, ...]:
    """Everyone who was given data, in the order of the first time; StoreError where the file is damaged."""
    if not (store / FILE).exists():
        return ()
    try:
        return _Book.model_validate(read_json(store / FILE, "Put it back from a copy.")).recipients
    except ValidationError as error:
        raise StoreError(
            f"{store / FILE} is damaged: {'; '.join(explain(error))}", do="Put it back from a copy."
        ) from error


def delivered(store: Path, *, kind: Kind, to: str, what: str, as_of: date) -> None:
    """Note that data of a run went somewhere. Needs the lock; called before they go, so that none goes unnoted.

    `to` is an address without secrets, `what` says in a few words which data. The same place is noted once, with the
    first and last time and all the runs.
    """
    now, run = datetime.now(UTC).isoformat(timespec="seconds"), as_of.isoformat()
    book = {(one.kind, one.to): one for one in recipients(store)}
    known = book.get((kind, to))
    first, runs = (known.first, known.runs) if known else (now, ())
    book[kind, to] = Recipient(kind=kind, to=to, what=what, first=first, last=now, runs=tuple(sorted({*runs, run})))
    write_json(store / FILE, _Book(recipients=tuple(book.values())).model_dump(mode="json"))


def dismissed(store: Path, *, kind: Kind, to: str) -> None:
    """Note that a place holds no data any more. Needs the lock."""
    rest = tuple(one for one in recipients(store) if (one.kind, one.to) != (kind, to))
    write_json(store / FILE, _Book(recipients=rest).model_dump(mode="json"))
