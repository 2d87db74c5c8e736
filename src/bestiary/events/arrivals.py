"""Which of the named files are new to a store: all are looked at before the first one is read."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

from bestiary.events.contract import IDS
from bestiary.events.ingest import Pending
from bestiary.events.kinds import infer_id_kinds
from bestiary.events.mapping import Mapping
from bestiary.events.source import open_source
from bestiary.events.sources import find_sources
from bestiary.events.survey import fingerprint


@dataclass(frozen=True)
class Arrivals:
    """Files to read, and files whose content the store has, or that were named before in the same breath."""

    pending: tuple[Pending, ...]
    known: tuple[Path, ...]

    def id_kinds(self, mapping: Mapping) -> dict[str, str]:
        """Integer or string for each id, told by the first file that has a record; integer where none has."""
        for pending in self.pending:
            kinds = infer_id_kinds(pending.source, mapping)
            if kinds:
                return kinds
        return dict.fromkeys(IDS, "integer")

    @property
    def ignored_columns(self) -> tuple[str, ...]:
        """Columns that some file has and nothing reads, sorted."""
        return tuple(sorted({name for pending in self.pending for name in pending.source.unused}))


def look_at(events: Sequence[str | Path], mapping: Mapping, *, header: bool, held: Collection[str]) -> Arrivals:
    """Find the files, skip those whose fingerprint is `held`, and check the columns of the rest.

    Raises EventsError, before anything is read, for a file that cannot be events.
    """
    pending: dict[str, Pending] = {}
    known: list[Path] = []
    for path in find_sources(events):
        mark = fingerprint(path)
        if mark in pending or mark in held:
            known.append(path)
        else:
            pending[mark] = Pending(open_source(path, mapping, header=header), mark)
    return Arrivals(tuple(pending.values()), tuple(known))
