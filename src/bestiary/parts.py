"""Parquet parts: files that DuckDB wrote into a table's folder and that no commit has made visible yet."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.sql import identifier, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Part:
    """One Parquet file: path relative to its table, rows, size in bytes, and the values of the partition columns."""

    path: str
    rows: int
    size: int
    partition: tuple[tuple[str, str], ...]


def write_parts(
    connection: "DuckDBPyConnection", query: str, table: Path, partition_by: tuple[str, ...]
) -> tuple[Part, ...]:
    """Write the rows of `query` into `table`, a file for each combination of the partition columns.

    Names are random, so nothing that is there is ever overwritten. No part is written for no rows.
    """
    table.mkdir(parents=True, exist_ok=True)
    columns = ", ".join(identifier(name) for name in partition_by)
    rows = connection.execute(
        f"COPY ({query}) TO {quote(str(table))} (FORMAT parquet, COMPRESSION zstd, PARTITION_BY ({columns}), "
        "APPEND, FILENAME_PATTERN 'part-{uuid}', RETURN_STATS)"
    ).fetchall()
    parts = (
        Part(
            path=Path(filename).relative_to(table).as_posix(),
            rows=count,
            size=size,
            partition=tuple((name, keys[name]) for name in partition_by),
        )
        for filename, count, size, _, _, keys, *_ in rows
        if count
    )
    return tuple(sorted(parts, key=lambda part: part.partition))
