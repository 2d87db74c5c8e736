"""Parquet parts: files that DuckDB wrote into a table's folder and that no commit has made visible yet."""

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.sql import identifier, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PARTITIONS = {"rejects": ("fingerprint",), "sources": ("fingerprint",), "visits": ("month", "bucket")}
"""The partition columns of each table of the lake."""


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
        f"COPY ({query}) TO {quote(str(table))} (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1, "
        f"WRITE_BLOOM_FILTER false, PARTITION_BY ({columns}), APPEND, FILENAME_PATTERN 'part-{{uuid}}', RETURN_STATS)"
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


def write_part(
    connection: "DuckDBPyConnection", query: str, table: Path, partition: tuple[tuple[str, str], ...]
) -> Part:
    """Write the rows of `query`, which lack the partition columns, as one part, in their order.

    Takes less memory than `write_parts`, which holds back the rows of a partition.
    """
    path = Path(*(f"{name}={value}" for name, value in partition)) / f"part-{uuid.uuid4()}.parquet"
    (table / path).parent.mkdir(parents=True, exist_ok=True)
    rows = connection.execute(
        f"COPY ({query}) TO {quote(str(table / path))} (FORMAT parquet, COMPRESSION zstd, RETURN_STATS)"
    ).fetchall()
    return Part(path.as_posix(), rows=rows[0][1], size=rows[0][2], partition=partition)
