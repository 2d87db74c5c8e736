"""Who entered and who left a segment, told to other systems: as lines, or to a webhook. Also a command.

It holds the store's lock while it sends, since a run must not be replaced while its events are read; how long it waits
for a receiver in all is bounded, and what is left then is sent the next time.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from pathlib import Path

from bestiary.config import Settings
from bestiary.errors import BestiaryError, ConfigError, StoreError
from bestiary.files import replacing
from bestiary.lake.lock import locked
from bestiary.lake.recipients import delivered as note
from bestiary.lake.runs import all_runs, find_run
from bestiary.lake.store import Store
from bestiary.progress import SILENT, Progress, step
from bestiary.publish import webhook_letters as letters
from bestiary.publish.cloud_events import Record, Stream, Told, line, source_of
from bestiary.publish.webhook import Webhook, message
from bestiary.publish.webhook_letters import Letter, Mark
from bestiary.publish.webhook_retry import Patience, Result, deliver
from bestiary.sql import connect, within

DEFAULTS = Settings()
BATCH = 100
"""Events in a request."""
RUNNING = 3
"""So many requests given up one after the other, and the rest is left: the receiver is not there."""
WHAT = "who entered and who left which segment"


@dataclass(frozen=True)
class Sent:
    """What became of a run's events: `before` had come there already, `waiting` are left, and `why`.

    `dead` are events, of this run or another, that were given up earlier and are kept in `letters`.
    """

    as_of: date | None
    delivered: int = 0
    given_up: int = 0
    before: int = 0
    waiting: int = 0
    why: str = ""
    letters: Path | None = None
    dead: int = 0


def write_events(
    store: Path,
    write: Callable[[str], object],
    to: str,
    *,
    as_of: date | None = None,
    source: str | None = None,
    settings: Settings = DEFAULTS,
) -> Sent:
    """Give the events of a run, by default the latest, to `write`, a line at a time; `to` is noted as who gets them."""
    with _stream(store, as_of, source, settings) as (stream, read):
        note(store, kind="events", to=to, what=WHAT, as_of=stream.run.as_of)
        count = 0
        for told in read(""):
            write(line(told.event) + "\n")
            count += 1
    return Sent(stream.run.as_of, count)


def write_file(
    store: Path, out: Path, *, as_of: date | None = None, source: str | None = None, settings: Settings = DEFAULTS
) -> Sent:
    """The same into a file, wholly or not at all."""
    if out.exists() and not out.is_file():  # a folder; or a device, whose place a file would take
        raise ConfigError(f"{out} is there and is no file.", do="Name another with --out.")
    with replacing(out) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        return write_events(store, file.write, str(out.resolve()), as_of=as_of, source=source, settings=settings)


def send_events(
    store: Path,
    webhook: Webhook,
    *,
    as_of: date | None = None,
    source: str | None = None,
    batch: int = BATCH,
    patience: Patience | None = None,
    settings: Settings = DEFAULTS,
    progress: Progress = SILENT,
) -> Sent:
    """Send the events of a run that the webhook has not had, at most `batch` in a request; the last place is noted.

    What cannot be delivered goes to the dead letters. Raises BestiaryError where the receiver wants no more (410).
    """
    with _stream(store, as_of, source, settings) as (stream, read):
        endpoint, run = webhook.endpoint, stream.run
        name = f"{run.as_of} {stream.source}"
        model = hashlib.sha256((run.path / "model.json").read_bytes()).hexdigest()
        mark = letters.read_deliveries(store, endpoint).marks.get(name)
        if mark is None or mark.model != model:
            mark = Mark(model=model)
        waiting = sum(1 for _ in read(mark.position))
        file = letters.letters_of(store, endpoint)
        runs = [letter.event.get("data", {}).get("run") for letter in letters.read_letters(file)]
        dead, before = len(runs), mark.delivered + max(0, mark.given_up - runs.count(run.as_of.isoformat()))
        if not waiting:
            return Sent(run.as_of, before=before, letters=file if dead else None, dead=dead)
        note(store, kind="webhook", to=endpoint.told, what=WHAT, as_of=run.as_of)
        sending = _Sending(webhook, patience or Patience(), batch)
        with step(progress, "events", waiting):
            for some in _batches(read(mark.position), batch):
                events = [one.event for one in some]
                result = sending.send(events)
                if result not in ("delivered", "given up"):
                    break
                if result == "given up":
                    letters.add_letters(store, endpoint, events, sending.why)
                mark = _moved(mark, some, result)
                letters.write_mark(store, endpoint, name, mark)
                waiting -= len(some)
                progress.advance(len(some))
                if sending.running >= RUNNING:
                    break
    sending.check_wanted(endpoint.told)
    kept = file if dead or sending.given_up else None
    return Sent(run.as_of, sending.delivered, sending.given_up, before, waiting, sending.why, kept, dead)


def resend(
    store: Path,
    webhook: Webhook,
    *,
    batch: int = BATCH,
    patience: Patience | None = None,
    progress: Progress = SILENT,
) -> Sent:
    """Send the dead letters of a webhook again; those that are delivered are letters no more.

    Holds them all in memory. Raises BestiaryError where the receiver wants no more (410).
    """
    with locked(store):
        path = letters.letters_of(store, webhook.endpoint)
        found = list(letters.read_letters(path))
        sending = _Sending(webhook, patience or Patience(), batch)
        left: list[Letter] = []
        todo = list(found)
        try:
            with step(progress, "dead letters", len(found)):
                while todo and sending.running < RUNNING:
                    result = sending.send([letter.event for letter in todo[:batch]])
                    if result not in ("delivered", "given up"):
                        break
                    left += todo[:batch] if result == "given up" else []
                    progress.advance(len(todo[:batch]))
                    del todo[:batch]
        finally:
            if len(left) + len(todo) < len(found):
                letters.keep_letters(path, [*left, *todo])
    sending.check_wanted(webhook.endpoint.told)
    kept = path if left or todo else None
    return Sent(None, sending.delivered, sending.given_up, 0, len(todo), sending.why, kept)


@dataclass
class _Sending:
    """Requests one after the other, and what became of them."""

    webhook: Webhook
    patience: Patience
    batch: int
    delivered: int = 0
    given_up: int = 0
    running: int = 0
    why: str = ""
    last: Result = field(default="delivered")

    def send(self, events: list[Record]) -> Result:
        """Make a request until it is delivered, or there is no sense in it."""
        name, kind, body = message(events, batched=self.batch > 1)
        self.last, why = deliver(lambda: self.webhook.post(name, kind, body, int(time.time())), self.patience)
        if self.last == "delivered":
            self.delivered, self.running = self.delivered + len(events), 0
        else:
            self.why = why
        if self.last == "given up":
            self.given_up, self.running = self.given_up + len(events), self.running + 1
        return self.last

    def check_wanted(self, told: str) -> None:
        """Raise BestiaryError where the receiver wants no more."""
        if self.last == "gone":
            raise BestiaryError(
                f"{told} is gone ({self.why}): it wants no more events.", do="Ask who runs it, or name another webhook."
            )


def _moved(mark: Mark, some: list[Told], result: Result) -> Mark:
    delivered = mark.delivered + (len(some) if result == "delivered" else 0)
    given_up = mark.given_up + (len(some) if result == "given up" else 0)
    return mark.model_copy(update={"position": some[-1].position, "delivered": delivered, "given_up": given_up})


def _batches(told: Iterable[Told], size: int) -> Iterator[list[Told]]:
    rest = iter(told)
    while some := list(islice(rest, size)):
        yield some


@contextmanager
def _stream(
    store: Path, as_of: date | None, source: str | None, settings: Settings
) -> Iterator[tuple[Stream, Callable[[str], Iterator[Told]]]]:
    """A run's events, with the store's lock: how they are told, and those after a position."""
    with locked(store):
        lake, run = Store.open(store, settings), find_run(store, as_of, "fit")
        runs = {one.as_of: one for one in all_runs(store) if one.has("fit")}
        stream = Stream.of(run, runs, source_of(store, source), lake.fixed.time_zone)
        if not (run.path / "movements.parquet").is_file():
            raise StoreError(f"{run.path} has no movements.", do=f"Fit again: {run.command('fit')}")
        with (
            lake.scratch() as scratch,
            within(settings.memory_bytes, "the events"),
            connect(threads=settings.threads or 0, memory_bytes=settings.engine_bytes, spill=scratch) as connection,
        ):
            yield stream, lambda after: stream.told(connection, after)
