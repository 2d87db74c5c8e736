"""One customer's row, found without reading the others."""

import re
from pathlib import Path
from typing import Any

from bestiary.errors import ModelError
from bestiary.files import whole_parquet
from bestiary.sql import connect, quote, scan_path


def customer(customers: Path, user_id: int | str) -> dict[str, Any] | None:
    """The row of one customer by column name; None where there is no such customer.

    The table is ordered by `user_id`, so all but one or two of its row groups are passed over by their smallest and
    largest id. Where ids are integers, the text `"42"` is the id 42 and any other way to write it is nobody's; where
    they are strings, the number 42 is the id `"42"`. Raises ModelError where there is no table.
    """
    if not customers.is_file():
        raise ModelError(f"There is no customer table at {customers}.", do="Make the customer table first.")
    whole_parquet(customers)
    table = f"read_parquet({quote(scan_path(customers))})"
    with connect(threads=1) as connection:
        connection.execute("SET parquet_metadata_cache = true")  # the footer is wanted twice
        kind = connection.execute(f"DESCRIBE SELECT user_id FROM {table}").fetchall()[0][1]
        wanted = quote(str(user_id)) if kind == "VARCHAR" else _integer(str(user_id))
        if wanted is None:
            return None
        cursor = connection.execute(f"SELECT * FROM {table} WHERE user_id = {wanted}")
        names = [column[0] for column in cursor.description or ()]
        row = cursor.fetchone()
    return None if row is None else dict(zip(names, row, strict=True))


def _integer(text: str) -> str | None:
    """The text of a 64-bit integer as it is written in SQL; None where it is none."""
    plain = re.fullmatch(r"0|-?[1-9][0-9]{0,18}", text, re.ASCII)
    return text if plain and -(2**63) < int(text) < 2**63 else None
