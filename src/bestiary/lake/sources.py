"""The table `sources` as rows: what was read, of each file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bestiary.sql import path_list, unreadable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def read_sources(connection: DuckDBPyConnection, files: Sequence[Path]) -> list[dict[str, Any]]:
    """A row for each source, by name and fingerprint."""
    if not files:
        return []
    return rows(
        connection,
        f"SELECT * FROM read_parquet({path_list(files)}, "
        "hive_types = {'fingerprint': VARCHAR}) ORDER BY name, fingerprint",
    )


def rows(connection: DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    """The result of a query, a dictionary for each row."""
    import duckdb

    try:
        cursor = connection.execute(query)
    except duckdb.IOException as error:
        if "No space left" in str(error):
            raise  # told by who gave the memory
        raise unreadable(error) from error
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
