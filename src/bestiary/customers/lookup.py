"""One customer's row, found without reading the others."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bestiary.errors import ModelError
from bestiary.files import whole_parquet
from bestiary.sql import connect, quote, scan_path

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def customer(customers: Path, user_id: int | str) -> dict[str, Any] | None:
    """The row of one customer by column name; None where there is no such customer. See `found_row`."""
    with open_lookup() as connection:
        return found_row(connection, customers, user_id)


def open_lookup() -> "DuckDBPyConnection":
    """A connection to look up with, which keeps the feet of the tables that it has read."""
    connection = connect(threads=1)
    connection.execute("SET parquet_metadata_cache = true")
    return connection


def found_row(connection: "DuckDBPyConnection", table: Path, user_id: int | str) -> dict[str, Any] | None:
    """The row of one customer in a table of a run that is ordered by `user_id`; None where there is none.

    By that order all but one or two of its row groups are passed over by their smallest and largest id. Where ids are
    integers, the text `"42"` is the id 42 and any other way to write it is nobody's; where they are strings, the number
    42 is the id `"42"`. Raises ModelError where there is no table.
    """
    if not table.is_file():
        raise ModelError(f"There is no customer table at {table}.", do="Make the customer table first.")
    whole_parquet(table)
    source = f"read_parquet({quote(scan_path(table))})"
    kind = connection.execute(f"DESCRIBE SELECT user_id FROM {source}").fetchall()[0][1]
    wanted = quote(str(user_id)) if kind == "VARCHAR" else _integer(str(user_id))
    if wanted is None:
        return None
    cursor = connection.execute(f"SELECT * FROM {source} WHERE user_id = {wanted}")
    names = [column[0] for column in cursor.description or ()]
    row = cursor.fetchone()
    return None if row is None else dict(zip(names, row, strict=True))


def _integer(text: str) -> str | None:
    """The text of a 64-bit integer as it is written in SQL; None where it is none."""
    plain = re.fullmatch(r"0|-?[1-9][0-9]{0,18}", text, re.ASCII)
    return text if plain and -(2**63) < int(text) < 2**63 else None
