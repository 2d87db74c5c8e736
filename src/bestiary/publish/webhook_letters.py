"""What a store remembers of webhooks: how far each has come, and the letters that could not be delivered.

`deliveries/KEY.json` says of each run up to which position its events were delivered or given up; nobody's id is in
it. `dead_letters/KEY.ndjson` holds what was given up, an event a line with when and why, until it is delivered after
all. A letter is written down before the position moves on: who is interrupted in between sends some events again, with
the same ids.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from bestiary.config import Frozen
from bestiary.errors import StoreError
from bestiary.faults import explain
from bestiary.files import read_json, replacing, write_json
from bestiary.lake.erase import Ids
from bestiary.publish.cloud_events import Record, line
from bestiary.publish.webhook import Endpoint

DELIVERIES, LETTERS = "deliveries", "dead_letters"
Count = Annotated[int, Field(ge=0)]


class Mark(Frozen):
    """How far the events of a run have come. `model` is the digest of the fit that they are of."""

    model: str
    position: str = ""
    delivered: Count = 0
    given_up: Count = 0


class Deliveries(Frozen):
    """How far an endpoint has come, by run and source."""

    format_version: Literal[1] = 1
    to: str
    marks: Mapping[str, Mark] = Field(default={})


@dataclass(frozen=True)
class Letter:
    """An event that was given up, when and why."""

    at: str
    why: str
    event: Record


def read_deliveries(store: Path, endpoint: Endpoint) -> Deliveries:
    """How far an endpoint has come; StoreError where the file is damaged."""
    path = _deliveries(store, endpoint)
    if not path.exists():
        return Deliveries(to=endpoint.told)
    again = "Put it back from a copy; or remove it, and everything is sent again."
    try:
        return Deliveries.model_validate(read_json(path, again))
    except ValidationError as error:
        raise StoreError(f"{path} is damaged: {'; '.join(explain(error))}", do=again) from error


def write_mark(store: Path, endpoint: Endpoint, name: str, mark: Mark) -> None:
    """Note how far the events of a run and source have come. Needs the lock."""
    there = read_deliveries(store, endpoint)
    found = there.model_copy(update={"marks": {**there.marks, name: mark}})
    write_json(_deliveries(store, endpoint), found.model_dump(mode="json"))


def add_letters(store: Path, endpoint: Endpoint, events: Iterable[Record], why: str) -> None:
    """Put events among the dead letters of an endpoint. Needs the lock."""
    path, now = letters_of(store, endpoint), datetime.now(UTC).isoformat(timespec="seconds")
    path.parent.mkdir(exist_ok=True)
    with path.open("ab") as file:
        if file.tell() and not _ends(path):
            file.write(b"\n")  # after a letter that was cut off
        file.writelines(f"{line({'at': now, 'why': why, 'event': event})}\n".encode() for event in events)
        file.flush()
        os.fsync(file.fileno())


def read_letters(path: Path) -> Iterator[Letter]:
    """The dead letters of a file, each event once; a line that was cut off is passed over: its event is sent again."""
    seen = set[str]()
    if not path.is_file():
        return
    with path.open("rb") as file:
        for text in file:
            try:
                found = json.loads(text)
                letter = Letter(found["at"], found["why"], found["event"])
                name = str(letter.event["id"])
            except (ValueError, KeyError, TypeError):
                continue
            if name not in seen:
                seen.add(name)
                yield letter


def keep_letters(path: Path, letters: Sequence[Letter]) -> None:
    """Leave these letters in a file and no others; no file where there are none. Needs the lock."""
    if not letters:
        path.unlink(missing_ok=True)
        return
    with replacing(path) as temporary, temporary.open("wb") as file:
        file.writelines(f"{line(vars(letter))}\n".encode() for letter in letters)
        file.flush()
        os.fsync(file.fileno())


def letters_about(store: Path, user_id: int | str) -> list[Letter]:
    """The dead letters that tell of a person, by the id as the store knows it."""
    files = sorted((store / LETTERS).glob("*.ndjson"))
    return [one for path in files for one in read_letters(path) if one.event.get("subject") == str(user_id)]


def forget_letters(store: Path, ids: Ids) -> int:
    """Remove the dead letters that tell of people, by their ids as the store knows them; how many. Needs the lock.

    Of who has a time, those of runs up to it.
    """
    gone = {str(one): until for one, until in ids.items()}

    def tells(letter: Letter) -> bool:
        subject = letter.event.get("subject")
        until = gone.get(subject) if isinstance(subject, str) else None
        return subject in gone and (until is None or str(letter.event.get("time", ""))[:10] <= until.date().isoformat())

    return _drop(store, tells)


def forget_letters_before(store: Path, day: date) -> int:
    """Remove the dead letters of runs before a day; how many. Needs the lock."""
    return _drop(store, lambda letter: str(letter.event.get("time", "")) < day.isoformat())


def _drop(store: Path, unwanted: Callable[[Letter], bool]) -> int:
    count = 0
    for path in sorted((store / LETTERS).glob("*.ndjson")):
        letters = list(read_letters(path))
        kept = [letter for letter in letters if not unwanted(letter)]
        count += len(letters) - len(kept)
        if len(kept) < len(path.read_bytes().splitlines()):  # also where a line was cut off, which may tell of anybody
            keep_letters(path, kept)
    return count


def letters_of(store: Path, endpoint: Endpoint) -> Path:
    """The file of an endpoint's dead letters."""
    return store / LETTERS / f"{endpoint.key}.ndjson"


def _deliveries(store: Path, endpoint: Endpoint) -> Path:
    return store / DELIVERIES / f"{endpoint.key}.json"


def _ends(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"
