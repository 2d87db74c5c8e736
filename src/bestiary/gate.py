"""What stands between a file that was read and the lake: it may tell again what the lake holds, and it waits for
others, since a commit takes longer than the reading of a small file."""

import time
from dataclasses import replace
from pathlib import Path
from typing import Literal

from bestiary.errors import EventsError
from bestiary.events.ingest import Ingested
from bestiary.lake.overlap import Overlap, Span, overlapping, shared, spans
from bestiary.lake.store import Store
from bestiary.sql import connect

OnOverlap = Literal["warn", "refuse"]
PATIENCE = 2.0
"""Seconds after which files do not wait for yet another one to be committed with."""
SMALL = 100_000
"""Records of a file that waits at all."""


class Gate:
    """Admits files in their order; `admitted` are those that were, and are committed.

    `on_overlap` says what becomes of a file that shares sessions with files of the same time: it is kept with a
    warning, or refused. Left out: refused where it tells nothing new, or all others have its name, so that it
    was probably written again.
    """

    def __init__(self, lake: Store, on_overlap: OnOverlap | None, *, memory_bytes: int, spill: Path) -> None:
        self.lake, self.on_overlap, self.memory_bytes, self.spill = lake, on_overlap, memory_bytes, spill
        self.admitted: list[Ingested] = []
        self._waiting: list[Ingested] = []
        self._since = time.monotonic()
        with connect() as connection:
            self._held = spans(connection, lake)

    def admit(self, ingested: Ingested) -> None:
        """Let a file in. Raises EventsError where it is refused; files before it stay."""
        overlap = self._overlap(ingested)
        if overlap:
            self._judge(ingested, overlap)
            ingested = replace(ingested, overlaps=(f"{ingested.name} {overlap.told()}",))
        if ingested.span:
            self._held.append(Span(ingested.name, *ingested.span))
        self._waiting.append(ingested)
        if ingested.counts["read"] > SMALL or time.monotonic() - self._since > PATIENCE:
            self.commit()

    def commit(self) -> None:
        """Make all files visible that wait."""
        waiting, self._waiting, self._since = self._waiting, [], time.monotonic()
        self.lake.commit([(one.fingerprint, one.parts) for one in waiting])  # not again where this fails
        self.admitted += waiting

    def _overlap(self, ingested: Ingested) -> Overlap | None:
        if not ingested.span or not overlapping(self._held, *ingested.span):
            return None
        self.commit()  # so that the lake knows all that are held
        parts = [self.lake.path / "visits" / part.path for part in ingested.parts["visits"]]
        with connect(memory_bytes=self.memory_bytes, spill=self.spill) as connection:
            return shared(connection, self.lake, *ingested.span, parts)

    def _judge(self, ingested: Ingested, overlap: Overlap) -> None:
        all_there = overlap.identical_visits == sum(part.rows for part in ingested.parts["visits"])
        why = ""
        if all_there:
            why = " All that it tells is there already: the same events, written or packed in another way."
        elif overlap.names == (ingested.name,):  # with others, nobody knows which one shares the sessions
            why = " A file of this name was read before: this one has grown, or was written again."
        if self.on_overlap == "refuse" or (why and self.on_overlap is None):
            raise EventsError(
                f"{ingested.name} {overlap.told()}{why}",
                allowed="An event that stands in two files counts twice.",
                do="Give each event once, or let them count twice with --on-overlap warn; nothing of it was kept.",
            )
