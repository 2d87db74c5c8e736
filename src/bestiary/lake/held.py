"""The tables of a run that hold people, and how people leave them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from bestiary.files import replacing, whole_parquet
from bestiary.lake.erase import People
from bestiary.lake.runs import Run
from bestiary.sql import connect, path_list, quote

TABLES = ("customers.parquet", "segments.parquet", "movements.parquet", "sample.parquet")
"""Each has a row for a person, and the column `user_id`; all else in a run's folder tells of groups."""
WRITTEN = "FORMAT parquet, COMPRESSION zstd, WRITE_BLOOM_FILTER FALSE"
"""How a table is written anew."""


def holds(run: Run, people: People) -> bool:
    """Whether a run holds any of some people."""
    with connect(spill=people.scratch) as connection:
        for name in TABLES:
            if (run.path / name).is_file():
                rows, their = _joined(run.path / name, run, people)
                if connection.execute(f"SELECT 1 FROM {rows} SEMI {their} LIMIT 1").fetchone():
                    return True
    return False


def leave(run: Run, people: People, memory_bytes: int = 0) -> Mapping[str, int]:
    """Write a run's tables anew without some people; how many rows of each table went.

    A time up to which somebody goes is one on which the run's date lies, or before. Each table is replaced wholly or
    not at all. Memory: within `memory_bytes`, the rest in the people's scratch folder.
    """
    gone = {name: _without(run.path / name, run, people, memory_bytes) for name in TABLES}
    return {name: rows for name, rows in gone.items() if rows}


def _without(table: Path, run: Run, people: People, memory_bytes: int) -> int:
    if not table.is_file():
        return 0
    rows, their = _joined(table, run, people)
    with connect(memory_bytes=memory_bytes, spill=people.scratch) as connection:
        found = int(connection.execute(f"SELECT count(*) FROM {rows} SEMI {their}").fetchall()[0][0])
        if found:
            with replacing(table) as temporary:
                connection.execute(
                    f"COPY (SELECT held.* FROM {rows} ANTI {their}) TO {quote(str(temporary))} ({WRITTEN})"
                )
    return found


def _joined(table: Path, run: Run, people: People) -> tuple[str, str]:
    """A table's rows, and the join with those people who are to go from a run of this date."""
    rows = f"read_parquet({path_list([whole_parquet(table)])}) AS held"
    return rows, (
        f"JOIN read_parquet({path_list([people.path])}) AS people ON held.user_id = people.user_id "
        f"AND coalesce(DATE {quote(run.as_of.isoformat())} <= people.until, TRUE)"
    )
