"""Which of the named files are new to a store: all are looked at before the first one is read."""

from collections.abc import Collection, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass
from pathlib import Path

from bestiary.errors import EventsError
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
