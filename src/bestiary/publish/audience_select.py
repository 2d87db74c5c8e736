"""Who of a run is in an audience: by segments, and by a filter over the columns of the run's two tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bestiary.errors import ConfigError, did_you_mean
from bestiary.files import whole_parquet
from bestiary.lake.runs import Run
from bestiary.publish.filter_parse import parse
from bestiary.publish.filter_tree import Column, Kind, sql
from bestiary.segments.model import Segment, load
from bestiary.segments.personas import personas
from bestiary.sql import quote, scan_path

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TABLES = ("customers.parquet", "segments.parquet")
TYPES: Mapping[str, tuple[Kind, bool]] = {
    **dict.fromkeys(("INTEGER", "BIGINT", "SMALLINT"), ("number", True)),
    "DOUBLE": ("number", False),
    "VARCHAR": ("text", False),
    **dict.fromkeys(("TIMESTAMP_NS", "TIMESTAMP", "DATE"), ("time", False)),
}
"""Kind of DuckDB's types, and whether the numbers are whole. Columns of other types cannot be asked for."""


@dataclass(frozen=True)
class Selection:
    """What is selected, in a run: numbers of its segments, or None for everyone; and a condition, or None."""

    run: Run
    segments: tuple[int, ...] | None
    condition: str | None

    def query(self) -> str:
        """All columns of both tables, a row for each selected customer, by no order."""
        customers, places = (f"read_parquet({quote(scan_path(whole_parquet(self.run.path / one)))})" for one in TABLES)
        listed = "" if self.segments is None else ", ".join(map(str, self.segments))
        asked = [*([f"segment IN ({listed})"] if listed else []), *([self.condition] if self.condition else [])]
        return (
            f"SELECT * FROM (SELECT c.*, s.* EXCLUDE (user_id) FROM {customers} AS c INNER JOIN {places} AS s "
            f"ON c.user_id = s.user_id){' WHERE ' if asked else ''}{' AND '.join(asked)}"
        )


def columns_of(connection: DuckDBPyConnection, run: Run, *, pseudonyms: bool = False) -> dict[str, Column]:
    """The columns of a run's two tables that a filter may name; not the id where it is a pseudonym."""
    found: dict[str, Column] = {}
    for name in TABLES:
        table = f"read_parquet({quote(scan_path(whole_parquet(run.path / name)))})"
        for column, dtype, *_ in connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall():
            if dtype in TYPES and not (pseudonyms and column == "user_id"):
                found.setdefault(column, Column(column, *TYPES[dtype]))
    return found


def selection(run: Run, segments: Sequence[str], where: str | None, columns: Mapping[str, Column]) -> Selection:
    """What is asked for, looked up in a run; ConfigError where it has no such segment or column."""
    numbers = tuple(sorted({number for name in segments for number in _numbers(run, name)})) if segments else None
    return Selection(run, numbers, sql(parse(where, columns)) if where is not None else None)


def earlier(
    run: Run, before: Run, segments: Sequence[str], where: str | None, columns: Mapping[str, Column]
) -> Selection | None:
    """The same selection in an earlier run, which has some columns; None where it has not the segments or columns.

    What is asked for by number is looked for by the segment's name, since numbers are a run's own.
    """
    names = {str(one.segment): one.name.en for one in _segments(run)}
    try:
        return selection(before, [names.get(name.strip(), name) for name in segments], where, columns)
    except ConfigError:
        return None


def _numbers(run: Run, name: str) -> list[int]:
    known = _segments(run)
    found = _matching(known, name)
    if not found:
        words = [word for one in known for word in (one.persona, one.name.en, one.name.fr) if word]
        listed = ", ".join(f"{one.segment} {one.persona or one.name.en}" for one in known)
        animal = " There is such an animal, but not in this run." if name.casefold() in personas() else ""
        raise ConfigError(
            f"The run as of {run.as_of} has no segment {name!r}{did_you_mean(name, words)}.{animal}",
            allowed=f"It has: {listed}.",
            do="Name a segment by its number, its animal, or its name in English or French.",
        )
    return found


def _segments(run: Run) -> list[Segment]:
    fitted = load(run.path / "model.json").fitted
    return [one for some in (fitted.buyers, fitted.visitors) if some for one in some.segments]


def _matching(known: Sequence[Segment], name: str) -> list[int]:
    wanted = name.strip().casefold()
    return [
        one.segment
        for one in known
        if wanted in {str(one.segment), (one.persona or "").casefold(), one.name.en.casefold(), one.name.fr.casefold()}
        and wanted
    ]
