"""Parquet parts: files that DuckDB wrote into a table's folder and that no commit has made visible yet."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.sql import identifier, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PARTITIONS = {"rejects": ("fingerprint",), "sources": ("fingerprint",), "visits": ("month", "bucket")}
"""The partition columns of each table of the lake."""

_WRITTEN = (
    "FORMAT parquet, PARQUET_VERSION v2, COMPRESSION zstd, COMPRESSION_LEVEL 1, DICTIONARY_SIZE_LIMIT 100, "
    "WRITE_BLOOM_FILTER false"
)
"""What is quickest to write, and but a fiftieth larger than the smallest."""


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

    The query reads no temporary tables: files are written by cursors of their own, which do not see them. A statement
    for each takes half of what DuckDB's own partitioning takes. No part is written for no rows.
    """
    columns = ", ".join(identifier(name) for name in partition_by)
    keys = connection.execute(f"SELECT DISTINCT {columns} FROM ({query}) ORDER BY ALL").fetchall()

    def write(values: tuple[str | int, ...]) -> Part:
        named = list(zip(partition_by, values, strict=True))
        where = " AND ".join(f"{identifier(name)} = {_literal(value)}" for name, value in named)
        with connection.cursor() as cursor:
            rows = f"SELECT * EXCLUDE ({columns}) FROM ({query}) WHERE {where}"
            return write_part(cursor, rows, table, tuple((name, str(value)) for name, value in named))

    threads = int(connection.execute("SELECT current_setting('threads')").fetchall()[0][0])
    with ThreadPoolExecutor(max_workers=threads) as pool:
        return tuple(pool.map(write, keys))


def write_part(
    connection: "DuckDBPyConnection", query: str, table: Path, partition: tuple[tuple[str, str], ...]
) -> Part:
    """Write the rows of `query`, which lack the partition columns, as one part.

    They keep their order where the connection preserves it. The name is random, so nothing there is ever overwritten.
    """
    path = Path(*(f"{name}={value}" for name, value in partition)) / f"part-{uuid.uuid4()}.parquet"
    (table / path).parent.mkdir(parents=True, exist_ok=True)
    rows = connection.execute(f"COPY ({query}) TO {quote(str(table / path))} ({_WRITTEN}, RETURN_STATS)").fetchall()
    return Part(path.as_posix(), rows=rows[0][1], size=rows[0][2], partition=partition)


def _literal(value: str | int) -> str:
    return str(value) if isinstance(value, int) else quote(value)
