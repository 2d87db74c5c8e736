"""One source file of events -> visits, rejects and counts, written as parts that a later commit makes visible."""

from collections.abc import Callable, Iterator
from collections.abc import Mapping as Map
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bestiary.contract import COUNTS
from bestiary.errors import CountsError, EventsError
from bestiary.events.contract import COLUMNS
from bestiary.events.cut import cut
from bestiary.events.kernel import Kernel, Plan, Unsorted
from bestiary.events.piece import Piece
from bestiary.events.source import Source
from bestiary.events.survey import Seen, readable, seen
from bestiary.parts import Part
from bestiary.sql import connect, within

Remembered = tuple[str, int, int]
"""A file's fingerprint, size and time of change."""
Tell = Callable[[int, int], None]
"""Told of bytes and records of a source that are done with."""


@dataclass(frozen=True)
class Pending:
    """A source file that the store does not hold yet, and what it was when its fingerprint was taken.

    `begins` are the fingerprints of its first bytes, of some lengths.
    """

    source: Source
    fingerprint: str
    seen: Seen
    begins: frozenset[str] = frozenset()

    @property
    def remembered(self) -> Remembered:
        """What the file is known by when it is met again."""
        return (self.fingerprint, *self.seen)


@dataclass(frozen=True)
class Ingested:
    """Counts of one source file (see `contract.COUNTS`), rejects by reason, and parts by table.

    `span` is from its first to its last event; `overlaps` tells what it shares with other files.
    """

    fingerprint: str
    path: Path
    counts: Map[str, int]
    reasons: Map[str, int]
    parts: Map[str, tuple[Part, ...]]
    span: tuple[datetime, datetime] | None
    overlaps: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the file is called, without its folder."""
        return self.path.name


def ingest_file(pending: Pending, plan: Plan, tell: Tell) -> Ingested:
    """Parse, check, deduplicate and sessionise one file.

    Memory: a piece of `plan.piece_rows` records at a time, within `plan.memory_bytes`; a file that is not sorted by
    time is one piece, and what does not fit goes to `plan.spill`. Raises EventsError for a file that cannot be read
    or that changes meanwhile, and CountsError where the counts do not close. Parts of a file that failed are litter.
    """
    path, told = pending.source.path, [0, 0]

    def tell_of(piece: Piece) -> None:
        told[0], told[1] = told[0] + piece.size, told[1] + piece.records
        tell(piece.size, piece.records)

    with readable(path), within(plan.memory_bytes, str(path), store=False):
        try:
            ingested = _ingest(pending, plan, plan.piece_rows, tell_of)
        except Unsorted:
            tell(-told[0], -told[1])
            ingested = _ingest(pending, plan, 0, tell_of)
    if seen(path) != pending.seen:
        raise EventsError(f"{path} changed while it was read.", do="Wait until it is written, and run again.")
    return ingested


def _ingest(pending: Pending, plan: Plan, piece_rows: int, tell_of: Callable[[Piece], None]) -> Ingested:
    source = pending.source
    with (
        TemporaryDirectory(dir=plan.spill) as scratch,
        connect(threads=plan.threads, memory_bytes=plan.memory_bytes, spill=plan.spill) as connection,
        closing(cut(source, piece_rows, Path(scratch))) as pieces,
        _ahead(pieces) as ready,
    ):
        connection.execute("SET preserve_insertion_order = false")
        kernel = Kernel(connection, source, plan, pending.fingerprint)
        try:
            for piece in ready:
                kernel.add(piece)
                if piece.path != source.path:
                    piece.path.unlink()
                tell_of(piece)
        except Unsorted:
            kernel.discard()
            raise
        kernel.finish()
        counts = {name: kernel.counts[name] for name in COUNTS}
        _close(source.path.name, counts)
        figures = {f"missing_{name}": 0 for name in COLUMNS} | kernel.figures
        row = {"name": source.path.name, **counts, **figures, "bytes": pending.seen.size, "ingested": plan.clock.date()}
        parts = {table: tuple(found) for table, found in kernel.parts.items()} | {"sources": kernel.describe(row)}
    span = (figures["first_time"], figures["last_time"])
    known = None if None in span else span
    return Ingested(pending.fingerprint, source.path, counts, dict(kernel.reasons), parts, known)


def _close(name: str, counts: Map[str, int]) -> None:
    if counts["read"] != sum(counts[name] for name in COUNTS[1:]):
        raise CountsError(
            f"{name}: the counts do not close: {counts}.",
            allowed=f"Allowed: read = {' + '.join(COUNTS[1:])}.",
            do="Nothing of the file was kept. Please report this with the file's first lines.",
        )


@contextmanager
def _ahead(pieces: Iterator[Piece]) -> Iterator[Iterator[Piece]]:
    """The pieces, of which the next is made while one is worked on."""

    def ready() -> Iterator[Piece]:
        piece = pool.submit(next, pieces, None).result()
        while piece:
            following = pool.submit(next, pieces, None)
            yield piece
            piece = following.result()

    with ThreadPoolExecutor(max_workers=1) as pool:
        yield ready()
