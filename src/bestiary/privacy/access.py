"""All that a store holds of one person (Art. 15 GDPR): visits, features, segments, history, and why they are there."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from bestiary.customers.lookup import found_row, open_lookup
from bestiary.errors import ModelError
from bestiary.lake.held import TABLES
from bestiary.lake.objections import objections
from bestiary.lake.runs import Run, all_runs
from bestiary.lake.store import Store
from bestiary.segments.model import Segmentation, load
from bestiary.segments.personas import personas
from bestiary.segments.route import route
from bestiary.sql import connect, literals, path_list, stable_functions

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Record = dict[str, Any]


def held(lake: Store, stored: int | str) -> Record:
    """What a store holds of the person whom it knows by `stored`; lists and records are empty where it holds nothing.

    `visits` and `refused` are the rows of the lake, `runs` one record for each run (`as_of`, the row of each table,
    and `logic`), `objected` since when. A table that cannot be read raises: an answer must not be cut short in silence.
    """
    runs = [found for found in (_run(run, stored, lake.fixed.currency) for run in all_runs(lake.path)) if found]
    since = objections(lake.path).get(str(stored))
    visits = _visits(lake, stored)
    return {
        "known_as": stored,
        "visits": visits,
        "refused": _refused(lake, stored, {row["session_key"] for row in visits}),
        "runs": runs,
        "objected": since and plain(since),
    }


def _visits(lake: Store, stored: int | str) -> list[Record]:
    with connect(threads=2) as connection:
        stable_functions(connection)
        kind = "integer" if isinstance(stored, int) else "string"
        query = f"SELECT stable_bucket_of_{kind}({literals([stored])[1:-1]}, {lake.fixed.buckets})"
        bucket = connection.execute(query).fetchall()[0][0]
        files = path_list(part.path for part in lake.visits() if part.bucket == bucket)
        if files == "[]":
            return []
        rows = f"FROM read_parquet({files}, hive_partitioning = false) WHERE user_id IN {literals([stored])}"
        return _rows(connection, f"SELECT * {rows} ORDER BY first_time, session_key")


def _refused(lake: Store, stored: int | str, sessions: Collection[int]) -> list[Record]:
    """Refused rows by the customer that was read, by the person's sessions, or by what their text names.

    The text of those that only name the person is not told: the row may be somebody else's.
    """
    files = path_list(lake.files("rejects"))
    if files == "[]":
        return []
    with connect(threads=2) as connection:
        stable_functions(connection)
        known = literals([stored])
        theirs = (
            f"coalesce(user_id IN {known}, FALSE) OR coalesce(session_key IN {literals(sessions) or '(NULL)'}, FALSE)"
        )
        return _rows(
            connection,
            f"SELECT source, number, reason, CASE WHEN theirs THEN raw END AS raw "
            f"FROM (SELECT *, {theirs} AS theirs FROM read_parquet({files}, hive_partitioning = false)) "
            f"WHERE theirs OR names_id(raw, {known[1:-1]}) ORDER BY source, number",
        )


def _rows(connection: DuckDBPyConnection, query: str) -> list[Record]:
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description or ()]
    return [{name: plain(value) for name, value in zip(names, row, strict=True)} for row in cursor.fetchall()]


def _run(run: Run, stored: int | str, currency: str) -> Record | None:
    """What one run holds; None where it holds nothing."""
    with open_lookup() as connection:
        found = {
            name.removesuffix(".parquet"): found_row(connection, run.path / name, stored)
            for name in TABLES
            if (run.path / name).is_file()
        }
    if not any(found.values()):
        return None
    rows = {name: {key: plain(value) for key, value in row.items()} if row else None for name, row in found.items()}
    return {"as_of": run.as_of.isoformat(), **rows, "logic": _logic(run, found, currency)}


def _logic(run: Run, found: Mapping[str, Mapping[str, Any] | None], currency: str) -> Record | None:
    """Why the person is in their segment: the segment in words, and the questions of the tree that led there."""
    place, columns = found.get("segments"), found.get("customers")
    if place is None or columns is None or place["segment"] is None:
        return None
    fitted = load(run.path / "model.json").fitted
    both: Sequence[Segmentation | None] = (fitted.buyers, fitted.visitors)
    people = both[1] if place["population"] == "visitors" else both[0]
    if people is None:
        return None
    try:
        way = route(people, columns, currency)
    except (ModelError, KeyError):
        way = None
    names = {one.segment: one.name.model_dump() for one in people.segments}
    persona = personas().get(place["persona"] or "")
    return {
        "segment": names.get(place["segment"]),
        "description": persona and persona.description.model_dump(),
        "answers": [dict(words) for words in way.answers] if way else [],
    }


def plain(value: Any) -> Any:
    """A value of a table as JSON has it: times as ISO 8601, exact decimals as text."""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return value


def nothing(found: Record) -> bool:
    """Whether a store holds nothing of the person."""
    return not any(found[name] for name in ("visits", "refused", "runs", "objected"))
