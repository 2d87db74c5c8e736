"""Compaction: the many small parts that daily files leave in a month's bucket become one.

The rows stay what they are; only the files that hold them change places, so that a nightly store is read as quickly
as one that was filled month by month.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

from bestiary.errors import CountsError
from bestiary.lake import delta
from bestiary.lake.engine import LocalEngine, Share
from bestiary.lake.store import Store
from bestiary.parts import Part, write_part
from bestiary.progress import Progress, step
from bestiary.sql import connect, path_list, within

MOST_PARTS = 8
"""How many parts a month's bucket may have."""


@dataclass(frozen=True)
class Crowd:
    """The parts of one bucket in one month."""

    month: str
    bucket: str
    files: tuple[delta.Committed, ...]


def compact(lake: Store, engine: LocalEngine, scratch: Path, progress: Progress) -> int:
    """Make one part of the parts of every month's bucket that has more than MOST_PARTS; how many parts went.

    Needs the lock, and `scratch` for what does not fit in memory. One commit for each month: a kill leaves the old
    parts or the new ones, and litter. Raises CountsError, with nothing changed, where rows would be lost.
    """
    crowds = _crowds(lake)
    if not crowds:
        return 0
    share, gone = engine.share(len(crowds)), 0
    with (
        within(engine.memory_bytes, "compaction"),
        step(progress, "compaction", len(crowds)),
        closing(engine.map(partial(_merge, lake=lake, share=share, scratch=scratch), crowds)) as parts_of,
    ):
        merged = zip(crowds, parts_of, strict=True)
        for _, done in groupby(_counted(merged, progress), key=lambda pair: pair[0].month):
            pairs = list(done)
            old = [file for crowd, _ in pairs for file in crowd.files]
            delta.swap(lake.path / "visits", old, [part for _, part in pairs])
            gone += len(old)
    return gone


def is_crowded(lake: Store) -> bool:
    """Whether there is something to compact."""
    return bool(_crowds(lake))


def _crowds(lake: Store) -> list[Crowd]:
    def place(file: delta.Committed) -> tuple[str, str]:
        return file.partition["month"], file.partition["bucket"]

    groups = groupby(
        sorted(delta.committed(lake.path / "visits"), key=lambda file: (place(file), file.path)), key=place
    )
    crowds = [Crowd(month, bucket, tuple(files)) for (month, bucket), files in groups]
    return [crowd for crowd in crowds if len(crowd.files) > MOST_PARTS]


def _counted(merged: Iterator[tuple[Crowd, Part]], progress: Progress) -> Iterator[tuple[Crowd, Part]]:
    for crowd, part in merged:
        before, after = sum(file.rows for file in crowd.files), part.rows
        if before != after:
            raise CountsError(
                f"Compaction of {crowd.month}, bucket {crowd.bucket}: {before:,} visits became {after:,}.",
                do="Nothing was changed. Please report this.",
            )
        progress.advance(1)
        yield crowd, part


def _merge(crowd: Crowd, lake: Store, share: Share, scratch: Path) -> Part:
    """Write the rows of a crowd as one part, by customer, so that one customer's rows lie together."""
    files = path_list(lake.path / "visits" / file.path for file in crowd.files)
    query = f"SELECT * FROM read_parquet({files}, hive_partitioning = false) ORDER BY user_id, hour, session_key"
    with connect(threads=share.threads, memory_bytes=share.memory_bytes, spill=scratch) as connection:
        return write_part(connection, query, lake.path / "visits", (("month", crowd.month), ("bucket", crowd.bucket)))
