"""One source file of events -> visits, rejects and counts, written as parts that a later commit makes visible."""

from collections.abc import Iterator
from collections.abc import Mapping as Map
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from bestiary.errors import CountsError
from bestiary.events.contract import COLUMNS, EVENT_TYPES, readers
from bestiary.events.mapping import Mapping
from bestiary.events.mend import mend
from bestiary.events.source import Source
from bestiary.events.survey import readable, survey_csv
from bestiary.parts import Part, write_parts
from bestiary.sql import connect, quote, render, within

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HERE = Path(__file__).parent
_OPTIONAL = ("category_id", "category_code", "brand", "price", "user_session")
_HELPERS = (
    "copies",
    "zero_price",
    *(f"read_{type_}" for type_ in EVENT_TYPES),
    *(f"missing_{c}" for c in _OPTIONAL),
)


@dataclass(frozen=True)
class Plan:
    """What every file of one ingest has in common. `clock` is the shop's wall time at its beginning, without zone."""

    store: Path
    spill: Path
    mapping: Mapping
    id_kinds: Map[str, str]
    time_zone: str
    buckets: int
    clock: datetime
    threads: int
    memory_bytes: int


@dataclass(frozen=True)
class Pending:
    """A source file that the store does not hold yet."""

    source: Source
    fingerprint: str


@dataclass(frozen=True)
class Ingested:
    """Counts of one source file (`read = kept + duplicates + rejected`), rejects by reason, and parts by table."""

    fingerprint: str
    name: str
    counts: Map[str, int]
    reasons: Map[str, int]
    parts: Map[str, tuple[Part, ...]]


def ingest_file(pending: Pending, plan: Plan) -> Ingested:
    """Parse, check, deduplicate and sessionise one file.

    Memory is bounded by `plan.memory_bytes`; what does not fit goes to `plan.spill`. Raises EventsError for a file
    that cannot be read and CountsError where the counts do not close. Parts of a file that failed are litter.
    """
    path = pending.source.path
    with (
        _as_it_is_read(pending.source, plan.spill) as (source, records),
        readable(path),
        within(plan.memory_bytes, str(path)),
        connect(threads=plan.threads, memory_bytes=plan.memory_bytes, spill=plan.spill) as connection,
    ):
        return _Kernel(connection, source, plan).run(path.name, pending.fingerprint, records)


@contextmanager
def _as_it_is_read(source: Source, spill: Path) -> Iterator[tuple[Source, int]]:
    """The source as DuckDB can read it, and its number of records."""
    if source.format == "parquet":
        with connect() as connection:
            query = f"SELECT num_rows FROM parquet_file_metadata({quote(source.scan_path)})"
            yield source, connection.execute(query).fetchall()[0][0]
        return
    facts = survey_csv(source.path, source.header_lines)
    if facts.regular:
        yield source, facts.records
        return
    with TemporaryDirectory(dir=spill) as folder:
        copy = Path(folder) / "mended.csv"
        mend(source.path, copy)
        yield replace(source, path=copy, compression="none"), facts.records


def raw_types(connection: "DuckDBPyConnection", source: Source, mapping: Mapping) -> dict[str, str]:
    """DuckDB's types of the contract's columns before they are read."""
    ctes = render(HERE / "raw.sql", source=source, mapping=mapping, numbered=False)
    rows = connection.execute(f"DESCRIBE WITH {ctes} SELECT * FROM raw").fetchall()
    return {row[0]: row[1] for row in rows}


class _Kernel:
    """The kernel's statements over one connection, in order."""

    def __init__(self, connection: "DuckDBPyConnection", source: Source, plan: Plan) -> None:
        self.connection, self.source, self.plan = connection, source, plan
        connection.execute(render(HERE / "macros.sql"))
        read = readers(raw_types(connection, source, plan.mapping), plan.id_kinds, str(source.path))
        self.values: dict[str, Any] = {
            "source": source,
            "mapping": plan.mapping,
            "read": read,
            "time_zone": plan.time_zone,
            "clock": plan.clock.isoformat(sep=" "),
            "buckets": plan.buckets,
            "event_types": EVENT_TYPES,
            "contract": COLUMNS,
        }

    def run(self, name: str, fingerprint: str, records: int) -> Ingested:
        self._table("visits", numbered=False)
        figures = self._figures()
        reasons: dict[str, int] = {}
        if figures["copies"] != records:
            self._table("rejects", numbered=True)
            reasons = self._add_rejected(figures)
        counts = {
            "read": records,
            "kept": figures.pop("kept"),
            "duplicates": 0,
            "rejected": sum(reasons.values()),
            "erased": 0,
        }
        counts["duplicates"] = figures.pop("copies") - counts["kept"]
        if records != counts["kept"] + counts["duplicates"] + counts["rejected"]:
            raise CountsError(
                f"{name}: the counts do not close: {counts}.",
                allowed="Allowed: read = kept + duplicates + rejected.",
                do="Nothing of the file was kept. Please report this with the file's first lines.",
            )
        return Ingested(fingerprint, name, counts, reasons, self._write(fingerprint, name, counts, figures))

    def _table(self, name: str, *, numbered: bool) -> None:
        query = render(HERE / f"{name}.sql", **self.values, numbered=numbered)
        self.connection.execute(f"CREATE TEMP TABLE {name} AS {query}")

    def _figures(self) -> dict[str, Any]:
        sums = ", ".join(f"cast(coalesce(sum({name}), 0) AS BIGINT) AS {name}" for name in _HELPERS)
        return self._row(
            "SELECT cast(coalesce(sum(views + carts + removals + purchases + refunds), 0) AS BIGINT) AS kept, "
            f"{sums}, min(first_time) AS first_time, max(last_time) AS last_time FROM visits"
        )

    def _add_rejected(self, figures: dict[str, Any]) -> dict[str, int]:
        """Count the rejects by reason, adding what they lack to the figures of what was read."""
        names = ["zero_price", *(f"missing_{column}" for column in COLUMNS)]
        sums = ", ".join(f"count(*) FILTER (WHERE parsed AND {name}) AS {name}" for name in names)
        found = self._row(f"SELECT {sums} FROM rejects")
        for name in names:
            figures[name] = figures.get(name, 0) + found[name]
        return dict(self.connection.execute("SELECT reason, count(*) FROM rejects GROUP BY reason").fetchall())

    def _write(
        self, fingerprint: str, name: str, counts: Map[str, int], figures: Map[str, Any]
    ) -> dict[str, tuple[Part, ...]]:
        row = {"name": name, **counts, **{f"missing_{column}": 0 for column in COLUMNS}, **figures}
        columns = ", ".join(f"{_literal(value)} AS {key}" for key, value in row.items())
        mark = f"{quote(fingerprint)} AS fingerprint"
        queries = {
            "rejects": (
                f"SELECT {quote(name)} AS source, number, raw, reason, {mark} FROM rejects",
                ("fingerprint",),
            ),
            "sources": (f"SELECT {columns}, {mark}", ("fingerprint",)),
            "visits": (f"SELECT * EXCLUDE ({', '.join(_HELPERS)}) FROM visits", ("month", "bucket")),
        }
        if not counts["rejected"]:
            del queries["rejects"]
        return {
            table: write_parts(self.connection, query, self.plan.store / table, partition_by)
            for table, (query, partition_by) in queries.items()
        }

    def _row(self, query: str) -> dict[str, Any]:
        cursor = self.connection.execute(query)
        names = [column[0] for column in cursor.description or ()]
        return dict(zip(names, cursor.fetchall()[0], strict=True))


def _literal(value: object) -> str:
    if isinstance(value, int):
        return f"cast({value} AS BIGINT)"
    if isinstance(value, datetime):
        return f"TIMESTAMP {quote(value.isoformat(sep=' '))}"
    return "cast(NULL AS TIMESTAMP)" if value is None else quote(str(value))
