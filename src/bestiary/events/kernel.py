"""The kernel's statements over one connection: pieces of a source file go in, parts of visits and rejects come out.

Exact duplicates have one time, so in a file that is sorted by time they are never far apart. Of each piece, events
are therefore summed up that are older than an hour or two (`ripe.sql`), and the others wait for the next piece. A
row that comes later than that raises Unsorted, and the file is read again as a single piece.
"""

from collections import Counter
from collections.abc import Mapping as Map
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bestiary.events.contract import COLUMNS, EVENT_TYPES, readers
from bestiary.events.door import NO_DOOR, Door
from bestiary.events.mapping import Mapping
from bestiary.events.piece import Piece
from bestiary.events.repeated import ranges, repeated
from bestiary.events.source import Source
from bestiary.parts import PARTITIONS, Part, write_parts
from bestiary.sql import quote, render, stable_functions

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Plan:
    """What every file of one ingest has in common.

    `stored_kinds` are the kinds of ids behind the door; `clock` is the shop's wall time at the beginning, without zone.
    """

    store: Path
    spill: Path
    mapping: Mapping
    id_kinds: Map[str, str]
    stored_kinds: Map[str, str]
    time_zone: str
    buckets: int
    clock: datetime
    threads: int
    memory_bytes: int
    door: Door = NO_DOOR

    @property
    def piece_rows(self) -> int:
        """Records of a piece: they take a few hundred bytes each while they are summed up."""
        return max(50_000, min(self.memory_bytes // 1000, 2_000_000))

    @property
    def held_rows(self) -> int:
        """Visits and rejects that are held before they are written."""
        return self.memory_bytes // 750


class Unsorted(Exception):  # noqa: N818 - not an error: the file is read in another way
    """A row is hours older than rows of an earlier piece."""


def raw_types(connection: "DuckDBPyConnection", source: Source, piece: Piece, mapping: Mapping) -> dict[str, str]:
    """DuckDB's types of the contract's columns before they are read."""
    ctes = render(HERE / "raw.sql", source=source, piece=piece, mapping=mapping, numbered=False)
    rows = connection.execute(f"DESCRIBE WITH {ctes} SELECT * FROM raw").fetchall()
    return {row[0]: row[1] for row in rows}


class Kernel:
    """Sums up one source. `figures` are counts and times for the table `sources`, complete after `finish`."""

    def __init__(self, connection: "DuckDBPyConnection", source: Source, plan: Plan, fingerprint: str) -> None:
        self.connection, self.source, self.plan, self.fingerprint = connection, source, plan, fingerprint
        self.parts: dict[str, list[Part]] = {"visits": [], "rejects": []}
        self.figures: dict[str, Any] = {"first_time": None, "last_time": None}
        self.counts, self.reasons = Counter[str](), Counter[str]()
        self._values: dict[str, Any] = {}
        self._held: dict[str, int] = {}
        self._ripe_until, self._waiting = datetime.min, 0  # noqa: DTZ901 - wall time
        stable_functions(connection)
        connection.execute(render(HERE / "macros.sql"))
        plan.door.open(connection, plan.clock)

    def add(self, piece: Piece) -> None:
        """Read a piece and sum up what is ripe. Raises Unsorted."""
        self._values = self._values or self._known(piece)
        self._read(piece)
        away = self.plan.door.turn_away(self.connection)
        self.counts.update(away)
        oldest, usable = self._row("SELECT min(wall_time) AS oldest, count(*) AS n FROM events WHERE usable").values()
        if oldest and oldest < self._ripe_until:
            raise Unsorted
        self.counts["read"] += piece.records
        if usable - self._waiting + sum(away.values()) != piece.records:
            self._fill("rejects", piece=piece, numbered=True)
        self._ripen(piece.last)
        if sum(self._held.values()) > self.plan.held_rows:
            self._write()

    def finish(self) -> None:
        """Write what is still held."""
        self._write()
        self.counts["duplicates"] = self.counts.pop("copies", 0) - self.counts["kept"]

    def discard(self) -> None:
        """Remove what was written."""
        for table, parts in self.parts.items():
            for part in parts:
                (self.plan.store / table / part.path).unlink()

    def describe(self, row: Map[str, Any]) -> tuple[Part, ...]:
        """Write the source's row of the table `sources`."""
        columns = ", ".join(f"{_literal(value)} AS {name}" for name, value in row.items())
        query = f"SELECT {columns}, {quote(self.fingerprint)} AS fingerprint"
        return write_parts(self.connection, query, self.plan.store / "sources", PARTITIONS["sources"])

    def _known(self, piece: Piece) -> dict[str, Any]:
        plan, types = self.plan, raw_types(self.connection, self.source, piece, self.plan.mapping)
        return {
            "source": self.source,
            "mapping": plan.mapping,
            "read": readers(types, plan.id_kinds, str(self.source.path)),
            "stored_kinds": plan.stored_kinds,
            "door": plan.door,
            "time_zone": plan.time_zone,
            "clock": plan.clock.isoformat(sep=" "),
            "buckets": plan.buckets,
            "event_types": EVENT_TYPES,
            "contract": COLUMNS,
            "numbered": False,
        }

    def _read(self, piece: Piece) -> None:
        """Make `events` of the piece's records and those that were waiting."""
        import duckdb

        waiting = " UNION ALL FROM waiting" if self._waiting else ""
        try:
            self.connection.execute("DROP TABLE IF EXISTS events")  # its memory is used again at once
            self.connection.execute(f"CREATE TEMP TABLE events AS {self._query('events', piece=piece)}{waiting}")
        except duckdb.InvalidInputException:
            if not piece.plain:
                raise
            self._read(replace(piece, plain=False))  # some line is odd after all

    def _ripen(self, last: bool) -> None:
        """Sum up the events that are ripe, all of them where the piece is the last."""
        until = None if last else self.connection.execute(self._query("ripe")).fetchall()[0][0]
        self._ripe_until = max(self._ripe_until, until) if until else self._ripe_until
        ripe = "TRUE" if last else f"wall_time < {_literal(self._ripe_until)}"
        self._gather(self._row(self._query("figures", ripe=ripe)))
        self._deduplicate(ripe)
        self._fill("visits", ripe=ripe)
        query = f"CREATE OR REPLACE TEMP TABLE waiting AS FROM events WHERE usable AND NOT ({ripe})"
        self._waiting = self.connection.execute(query).fetchall()[0][0]

    def _deduplicate(self, ripe: str) -> None:
        """Delete all but one of exact duplicates. Marks are held a range at a time, about as many as a piece's rows."""
        rows = self._row("SELECT count(*) AS n FROM events")["n"]
        edges = ranges(1 + rows // self.plan.piece_rows)
        twice = np.concatenate([repeated(self._marks(ripe, *edge), self.plan.threads) for edge in edges])
        if len(twice):
            self.connection.register("marks", {"mark": twice})
            self.connection.execute(f"DELETE FROM events WHERE rowid IN ({self._query('twice', ripe=ripe)})")
            self.connection.unregister("marks")

    def _marks(self, ripe: str, least: int, beyond: int) -> NDArray[np.uint64]:
        condition = f"usable AND {ripe} AND mark BETWEEN {least} AND {beyond - 1}"
        return np.asarray(self.connection.execute(f"SELECT mark FROM events WHERE {condition}").fetchnumpy()["mark"])

    def _query(self, name: str, **values: object) -> str:
        return render(HERE / f"{name}.sql", **{**self._values, **values})

    def _fill(self, name: str, **values: object) -> None:
        """Add to what is held of `visits` or `rejects`."""
        query = self._query(name, **values)
        head = f"INSERT INTO {name} BY NAME" if name in self._held else f"CREATE OR REPLACE TABLE {name} AS"
        rows = self.connection.execute(f"{head} {query}").fetchall()[0][0]
        self._held[name] = self._held.get(name, 0) + rows

    def _gather(self, found: dict[str, Any]) -> None:
        for name, pick in (("first_time", min), ("last_time", max)):
            times = [time for time in (self.figures[name], found.pop(name)) if time]
            self.figures[name] = pick(times) if times else None
        self.counts["copies"] += found.pop("copies")
        self._sum(found)

    def _sum(self, found: Map[str, int]) -> None:
        for name, value in found.items():
            self.figures[name] = self.figures.get(name, 0) + value

    def _write(self) -> None:
        """Write what is held of visits and rejects as parts, and count it."""
        if self._held.get("rejects"):
            self.plan.door.forget_texts(self.connection)
            names = ["zero_price", *(f"missing_{column}" for column in COLUMNS)]
            sums = ", ".join(f"count(*) FILTER (WHERE parsed AND {name}) AS {name}" for name in names)
            self._sum(self._row(f"SELECT {sums} FROM rejects"))
            found = self.connection.execute("SELECT reason, count(*) FROM rejects GROUP BY reason").fetchall()
            self.reasons.update(dict(found))
            self.counts["rejected"] = self.reasons.total()
            self._part("rejects", f"SELECT {quote(self.source.path.name)} AS source, number, raw, reason, user_id, "
                       f"session_key, {quote(self.fingerprint)} AS fingerprint FROM rejects")  # fmt: skip
        if self._held.get("visits"):
            kept = "sum(views + carts + removals + purchases + refunds)"
            self.counts["kept"] += int(self._row(f"SELECT {kept} AS kept FROM visits")["kept"])
            self._part("visits", "FROM visits")
        self._held.clear()

    def _part(self, table: str, query: str) -> None:
        self.parts[table] += write_parts(self.connection, query, self.plan.store / table, PARTITIONS[table])

    def _row(self, query: str) -> dict[str, Any]:
        cursor = self.connection.execute(query)
        names = [column[0] for column in cursor.description or ()]
        return dict(zip(names, cursor.fetchall()[0], strict=True))


def _literal(value: object) -> str:
    if isinstance(value, int):
        return f"cast({value} AS BIGINT)"
    if isinstance(value, datetime):
        return f"TIMESTAMP {quote(value.isoformat(sep=' '))}"
    if isinstance(value, date):
        return f"DATE {quote(value.isoformat())}"
    return "cast(NULL AS TIMESTAMP)" if value is None else quote(str(value))
