"""Take people out of the lake: their visits go, and refused rows lose what tells of them.

Parts that hold them are written anew without them, with no predicate that a log could keep, and the old parts and the
log's older entries are deleted. A thousand people cost about what one does: what takes time is to write the parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.lake import delta
from bestiary.lake.engine import Engine
from bestiary.lake.sources import read_sources
from bestiary.lake.store import Store
from bestiary.parts import Part, write_part
from bestiary.progress import Progress
from bestiary.sql import connect, path_list, quote, render, stable_functions

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HERE = Path(__file__).parent
Ids = Mapping[int | str, datetime | None]
"""People by the store's ids; each with the shop's wall time up to which everything goes, None for all."""


@dataclass(frozen=True)
class People:
    """Who is to go: a Parquet file of `user_id` and `until`, in a scratch folder."""

    path: Path
    scratch: Path

    @classmethod
    def of(cls, ids: Ids, scratch: Path) -> People:
        """Write the file."""
        kind = "BIGINT" if all(isinstance(one, int) for one in ids) else "VARCHAR"
        path = scratch / "people.parquet"
        with connect(threads=1) as connection:
            people = f"SELECT unnest(?::{kind}[]) AS user_id, unnest(?::TIMESTAMP[]) AS until"
            given = [list(ids), list(ids.values())]
            connection.execute(f"COPY ({people}) TO {quote(str(path))} (FORMAT parquet)", given)
        return cls(path, scratch)


@dataclass(frozen=True)
class Removed:
    """What went: visits and their events, refused rows, and the source files whose time theirs falls into."""

    visits: int = 0
    events: int = 0
    rejects: int = 0
    sources: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Cut:
    """One part of visits: what of it goes, the part without it (None: nothing is left), the sessions that went."""

    file: delta.Committed
    new: Part | None
    visits: int
    events: int
    first: datetime | None
    last: datetime | None
    sessions: Path


def erase(lake: Store, people: People, engine: Engine, progress: Progress) -> Removed:
    """Take people out of rejects and visits, each in one commit. Needs the lock.

    Rejects come first: some are known only by sessions of the visits, so that who was interrupted finds them again.
    Memory: one part at a time for each task of the engine.
    """
    table = lake.path / "visits"
    files = delta.committed(table)
    share = engine.share(len(files))
    task = partial(_cut, table=table, people=people, threads=share.threads, memory_bytes=share.memory_bytes)
    cuts = list[_Cut]()
    with closing(engine.map(task, files)) as found:  # type: ignore[type-var]
        for one in found:
            progress.advance(1)
            if one is not None:
                cuts.append(one)
    rejects = _blank(lake, people, [one.sessions for one in cuts])
    if cuts:
        new = [one.new for one in cuts if one.new]
        delta.cut(table, [one.file for one in cuts], new, sum(one.events for one in cuts))
    times = [(one.first, one.last) for one in cuts if one.first and one.last]
    return Removed(
        visits=sum(one.visits for one in cuts),
        events=sum(one.events for one in cuts),
        rejects=rejects,
        sources=_spanning(lake, times),
    )


def _cut(file: delta.Committed, table: Path, people: People, threads: int, memory_bytes: int) -> _Cut | None:
    """Write a part anew without some people; None where it holds nobody of them."""
    with connect(threads=threads, memory_bytes=memory_bytes, spill=people.scratch) as connection:
        values = {"files": path_list([table / file.path]), "people": path_list([people.path])}
        connection.execute(render(HERE / "theirs.sql", **values))
        query = "SELECT count(*), coalesce(sum(events), 0), min(first_time), max(last_time) FROM theirs"
        visits, events, first, last = connection.execute(query).fetchall()[0]
        if not visits:
            return None
        sessions = people.scratch / f"sessions-{Path(file.path).stem}.parquet"
        query = f"COPY (SELECT DISTINCT session_key FROM theirs) TO {quote(str(sessions))} (FORMAT parquet)"
        connection.execute(query)
        new = None
        if visits < file.rows:
            rest = render(HERE / "rest.sql", **values)
            new = write_part(connection, rest, table, tuple(file.partition.items()))
    return _Cut(file, new, visits, int(events), first, last, sessions)


def _blank(lake: Store, people: People, sessions: list[Path]) -> int:
    """Leave of refused rows that tell of some people their reason alone; how many there were."""
    table, found = lake.path / "rejects", 0
    old, new = list[delta.Committed](), list[Part]()
    with connect(spill=people.scratch) as connection:
        stable_functions(connection)
        _hold(connection, people, sessions)
        for file in delta.committed(table):
            query = render(HERE / "named.sql", files=path_list([table / file.path]))
            connection.execute(f"CREATE OR REPLACE TABLE rows AS {query}")
            hits = int(connection.execute("SELECT count(*) FROM rows WHERE theirs").fetchall()[0][0])
            if hits:
                found += hits
                old.append(file)
                new.append(write_part(connection, BLANKED, table, tuple(file.partition.items())))
    if old:
        delta.cut(table, old, new)
    return found


BLANKED = (
    "SELECT source, CASE WHEN NOT theirs THEN number END AS number, CASE WHEN NOT theirs THEN raw END AS raw, reason, "
    "CASE WHEN NOT theirs THEN user_id END AS user_id, CASE WHEN NOT theirs THEN session_key END AS session_key "
    "FROM rows"
)


def _hold(connection: DuckDBPyConnection, people: People, sessions: list[Path]) -> None:
    connection.execute(f"CREATE TABLE people AS FROM read_parquet({path_list([people.path])})")
    source = f"FROM read_parquet({path_list(sessions)})" if sessions else "SELECT 0::BIGINT AS session_key WHERE FALSE"
    connection.execute(f"CREATE TABLE sessions AS {source}")


def _spanning(lake: Store, times: list[tuple[datetime, datetime]]) -> tuple[str, ...]:
    """The names of the sources that have events of a time between some first and last ones."""
    with connect(threads=1) as connection:
        rows = read_sources(connection, lake.files("sources"))
    known = (row for row in rows if row["first_time"] is not None)
    return tuple(
        row["name"]
        for row in known
        if any(first <= row["last_time"] and last >= row["first_time"] for first, last in times)
    )
