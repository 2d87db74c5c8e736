"""Which of the named files are new to a store: all are looked at before the first one is read."""

import os
from collections.abc import Callable, Collection, Sequence
from collections.abc import Mapping as Map
from concurrent.futures import CancelledError, ThreadPoolExecutor
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from threading import Event
from typing import TypeVar

from bestiary.errors import EventsError
from bestiary.events.contract import IDS
from bestiary.events.ingest import Pending, Remembered
from bestiary.events.kinds import infer_id_kinds
from bestiary.events.mapping import Mapping
from bestiary.events.source import open_source
from bestiary.events.sources import find_sources
from bestiary.events.survey import fingerprint, first_line, seen
from bestiary.progress import SILENT, Progress, step

MOST_TOLD = 10
Found = TypeVar("Found")
Memory = Map[str, Remembered]
"""By path, what files were like when they were read."""


@dataclass(frozen=True)
class Arrivals:
    """Files to read, and files whose content the store has, or that were named before in the same breath.

    `seen` says of the latter what is to be remembered.
    """

    pending: tuple[Pending, ...]
    seen: dict[Path, Remembered]

    @property
    def known(self) -> tuple[Path, ...]:
        """The files that are not read, because their content is there."""
        return tuple(self.seen)

    def id_kinds(self, mapping: Mapping, asked: Map[str, str]) -> dict[str, str]:
        """Integer or string for each id: as asked, else as told by the first file that has a record.

        Raises EventsError where neither says it, because a store keeps the answer for ever.
        """
        for pending in self.pending:
            kinds = infer_id_kinds(pending.source, mapping) | dict(asked)
            if len(kinds) == len(IDS):
                return kinds
        raise EventsError(
            f"{', '.join(str(one.source.path) for one in self.pending)}: no record that could be read, so that nothing "
            "tells whether this shop's ids are integers or text.",
            do="Begin a store with a file that holds events, or set user_id, product_id and category_id (--config).",
        )

    @property
    def ignored_columns(self) -> tuple[str, ...]:
        """Columns that some file has and nothing reads, sorted."""
        return tuple(sorted({name for pending in self.pending for name in pending.source.unused}))


def look_at(
    events: Sequence[str | Path],
    mapping: Mapping,
    *,
    header: bool,
    held: Collection[str],
    sizes: Map[str, int],
    remembered: Memory,
    may_grow: bool = False,
    progress: Progress = SILENT,
) -> Arrivals:
    """Find the files, skip those whose fingerprint is `held`, and check the columns of the rest.

    `sizes` are the bytes of held sources, by fingerprint, where they are known: a file that begins like one of them, or
    like another file of this call, has grown, and is refused unless it `may_grow`. A file that is as it was
    `remembered` is not read for its fingerprint.
    Raises EventsError, before anything is read, for every file that cannot be events, or has grown.
    """
    paths = find_sources(events)
    lengths = set() if may_grow else {*sizes.values(), *(seen(path).size for path in paths)}

    def look(path: Path, tell: Callable[[int], None]) -> Pending | EventsError | Remembered:
        try:
            before = seen(path)
            was = remembered.get(str(path))
            if was and was[1:] == before and was[0] in held:
                tell(before.size)
                return was
            shorter = [length for length in lengths if length < before.size]
            mark, begins = fingerprint(path, shorter, tell)
            if mark in held:
                return (mark, *before)
            if set(begins) & sizes.keys():
                raise _grown(path)
            return Pending(open_source(path, mapping, header=header), mark, before, frozenset(begins))
        except EventsError as error:
            return error

    found = _of_all(paths, look, progress)
    pending: dict[str, Pending] = {}
    known: dict[Path, Remembered] = {}
    for path, one in found.items():
        if isinstance(one, Pending) and one.fingerprint not in pending:
            pending[one.fingerprint] = one
        elif not isinstance(one, EventsError):
            known[path] = one.remembered if isinstance(one, Pending) else one
    short = {one.fingerprint: path for path, one in found.items() if isinstance(one, Pending) and not _is_bare(one)}
    errors = [one for one in found.values() if isinstance(one, EventsError)]
    for one in pending.values():
        errors += [_held_by(one.source.path, short[mark]) for mark in one.begins & short.keys()][:1]
    _raise(errors, alone=len(paths) == 1)
    return Arrivals(tuple(pending.values()), known)


def _of_all(
    paths: Sequence[Path], look: Callable[[Path, Callable[[int], None]], Found], progress: Progress
) -> dict[Path, Found]:
    """What `look` finds of each file, several at once; it tells of bytes that are done with."""
    stopping = Event()

    def tell(done: int) -> None:
        progress.advance(done)
        if stopping.is_set():
            raise CancelledError

    total = sum(seen(path).size for path in paths)
    with step(progress, "files", total), ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        try:
            return dict(zip(paths, pool.map(look, paths, repeat(tell)), strict=True))
        except BaseException:  # somebody wants it to end, and not after the last byte
            stopping.set()
            raise


def _is_bare(pending: Pending) -> bool:
    """Whether a CSV file may hold no more than its header, as other files begin too."""
    if pending.source.format != "csv":
        return False
    return pending.seen.size <= len(first_line(pending.source.path).encode()) + len(b"\xef\xbb\xbf\r\n")


def _grown(path: Path) -> EventsError:
    return EventsError(
        f"{path} has grown since it was read: it begins with a whole file that the store holds.",
        allowed="A file is read once; its events must not count twice.",
        do="Put what is new into a file of its own, or read all files into a new store.",
    )


def _held_by(path: Path, short: Path) -> EventsError:
    return EventsError(
        f"{path} begins with all of {short}: it is the same file, grown.",
        allowed="Each event stands in one file; it must not count twice.",
        do="Leave out the shorter one.",
    )


def _raise(errors: Sequence[EventsError], *, alone: bool) -> None:
    """Raise the error, or one that tells of all; `alone` says that there is no other file."""
    if len(errors) == 1:
        only = errors[0]
        raise only if alone else EventsError(only.found, allowed=only.allowed, do=f"{only.do} Nothing was read.")
    if errors:
        told = "\n".join(f"- {error.found}" for error in errors[:MOST_TOLD])
        more = f"\nand {len(errors) - MOST_TOLD} more" if len(errors) > MOST_TOLD else ""
        raise EventsError(
            f"{len(errors)} files cannot be read:\n{told}{more}", do="Mend or leave out these; nothing was read."
        )
