"""Overlap: whether a file that is about to be committed tells again what the lake holds already.

Exact duplicates are removed within one file. An event that stands in two files counts twice, and the sign of it is a
session that both files know at the same time. Files that follow each other, a day each, say, share no time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.lake.sources import read_sources, rows
from bestiary.lake.store import Store
from bestiary.sql import path_list, render

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Span:
    """From the first to the last event of a source."""

    name: str
    first: datetime
    last: datetime


@dataclass(frozen=True)
class Overlap:
    """What a new file shares with sources of the lake: their names, and the time from `first` to `last`.

    `sessions` are in both; they have `visits` visits and `events` events in the new file, and `identical_visits` of
    these are in the lake with the same times, counts, values and purchases.
    """

    names: tuple[str, ...]
    first: datetime
    last: datetime
    sessions: int
    visits: int
    events: int
    identical_visits: int

    def told(self) -> str:
        """What a person should know, to be said after the new file's name."""
        some = ", ".join(self.names[:3]) + f" and {len(self.names) - 3} more" * (len(self.names) > 3)
        some = f"some of {some}" if len(self.names) > 1 else some
        return (
            f"shares {self.sessions:,} sessions ({self.events:,} events) with {some}, from {self.first} to "
            f"{self.last}; of their {self.visits:,} visits {self.identical_visits:,} are alike in all that is kept."
        )


def spans(connection: DuckDBPyConnection, lake: Store) -> list[Span]:
    """The span of every source in the lake that holds an event."""
    held = read_sources(connection, lake.files("sources"))
    return [Span(row["name"], row["first_time"], row["last_time"]) for row in held if row["first_time"] is not None]


def overlapping(held: Sequence[Span], first: datetime, last: datetime) -> list[Span]:
    """The spans that share time with another; one instant is enough."""
    return [span for span in held if span.first <= last and first <= span.last]


def shared(
    connection: DuckDBPyConnection, lake: Store, first: datetime, last: datetime, parts: Sequence[Path]
) -> Overlap | None:
    """What new parts of visits, whose events lie from `first` to `last`, share with those committed to the lake.

    None where no source of the lake has that time, or no session is shared. Memory: one bucket of the months
    concerned at a time, within the connection's bound.
    """
    held = overlapping(spans(connection, lake), first, last)
    if not held:
        return None
    first, last = max(first, min(span.first for span in held)), min(last, max(span.last for span in held))
    committed, found = _by_bucket(lake, parts), []
    for bucket, arriving in _arriving(parts).items():
        files = committed.get(bucket)
        if files:
            query = render(
                Path(__file__).parent / "overlap.sql",
                arriving=path_list(arriving),
                held=path_list(files),
                first=first,
                last=last,
            )
            found += rows(connection, query)
    total = {name: sum(row[name] for row in found) for name in ("sessions", "visits", "events", "identical_visits")}
    if not total["sessions"]:
        return None
    return Overlap(tuple(sorted({span.name for span in held})), first, last, **total)


def _by_bucket(lake: Store, parts: Sequence[Path]) -> dict[int, list[Path]]:
    """The committed parts of the months that new parts are of."""
    months, files = {_key(part, "month") for part in parts}, dict[int, list[Path]]()
    for part in lake.visits():
        if part.month in months:
            files.setdefault(part.bucket, []).append(part.path)
    return files


def _arriving(parts: Sequence[Path]) -> dict[int, list[Path]]:
    files: dict[int, list[Path]] = {}
    for part in parts:
        files.setdefault(int(_key(part, "bucket")), []).append(part)
    return files


def _key(part: Path, name: str) -> str:
    """The value that a part's folders give a partition column."""
    return next(folder.removeprefix(f"{name}=") for folder in part.parts if folder.startswith(f"{name}="))
