"""Which of the named files are new to a store: all are looked at before the first one is read."""

import os
from collections.abc import Collection, Sequence
from collections.abc import Mapping as Map
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from bestiary.errors import EventsError
from bestiary.events.contract import IDS
from bestiary.events.ingest import Pending
from bestiary.events.kinds import infer_id_kinds
from bestiary.events.mapping import Mapping
from bestiary.events.source import open_source
from bestiary.events.sources import find_sources
from bestiary.events.survey import fingerprint, seen

MOST_TOLD = 10


@dataclass(frozen=True)
class Arrivals:
    """Files to read, and files whose content the store has, or that were named before in the same breath."""

    pending: tuple[Pending, ...]
    known: tuple[Path, ...]

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
    events: Sequence[str | Path], mapping: Mapping, *, header: bool, held: Collection[str], sizes: Map[str, int]
) -> Arrivals:
    """Find the files, skip those whose fingerprint is `held`, and check the columns of the rest.

    `sizes` are the bytes of held sources, by fingerprint, where they are known: a file that begins like one of them
    has grown since. Raises EventsError, before anything is read, for every file that cannot be events, or has grown.
    """

    def look(path: Path) -> Pending | EventsError | None:
        try:
            before = seen(path)
            mark, begins = fingerprint(path, sizes.values())
            if mark in held:
                return None
            if set(begins) & sizes.keys():
                raise _grown(path)
            return Pending(open_source(path, mapping, header=header), mark, before)
        except EventsError as error:
            return error

    paths = find_sources(events)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        found = dict(zip(paths, pool.map(look, paths), strict=True))
    _raise([one for one in found.values() if isinstance(one, EventsError)])
    pending: dict[str, Pending] = {}
    known: list[Path] = []
    for path, one in found.items():
        if isinstance(one, Pending) and one.fingerprint not in pending:
            pending[one.fingerprint] = one
        else:
            known.append(path)
    return Arrivals(tuple(pending.values()), tuple(known))


def _grown(path: Path) -> EventsError:
    return EventsError(
        f"{path} has grown since it was read: it begins with a whole file that the store holds.",
        allowed="A file is read once; its events must not count twice.",
        do="Put what is new into a file of its own, or read all files into a new store.",
    )


def _raise(errors: Sequence[EventsError]) -> None:
    """Raise the error, or one that tells of all."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        told = "\n".join(f"- {error.found}" for error in errors[:MOST_TOLD])
        more = f"\nand {len(errors) - MOST_TOLD} more" if len(errors) > MOST_TOLD else ""
        raise EventsError(
            f"{len(errors)} files cannot be read:\n{told}{more}", do="Mend or leave out these; nothing was read."
        )
