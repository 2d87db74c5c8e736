"""The file that a shop gives, joined to the customers selected: its ids are made the store's in memory, and what it
holds of people is hashed on the way through. Nothing of it is written but what the audience's files hold.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.errors import ConfigError, did_you_mean
from bestiary.ids import Ids
from bestiary.publish.audience_asked import Asked, Joined
from bestiary.publish.audience_hash import Contact, contact_of, holds_address, written
from bestiary.sql import identifier, quote, scan_path

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Counts:
    """How a file was joined: rows whose id is none, customers whom it has not, and values that could not be used."""

    rows: int = 0
    no_ids: int = 0
    missing: int = 0
    unusable: int = 0


def in_file(name: str) -> str:
    """A column of the shop's file, as the tables here call it: apart from those of a run, and from our own."""
    return f"file: {name}"


def columns_in(connection: DuckDBPyConnection, joined: Joined) -> tuple[str, ...]:
    """The names of the file's columns; ConfigError where it cannot be read, or has no such id."""
    with _reading(joined.file):
        found = connection.execute(f"DESCRIBE SELECT * FROM {_table(joined.file)}").fetchall()
    names = tuple(str(name) for name, *_ in found)
    if joined.on not in names:
        first = _first_line(joined.file)
        if first is not None and joined.on in first:
            # DuckDB passes over lines until those are left that have one number of fields, and takes people for names.
            raise ConfigError(
                f"{joined.file} has lines with another number of fields than its first one.",
                allowed="A delimiter within a field needs quotes around it; a quote within quotes is written twice.",
                do="Write the file again from where it came.",
            )
        raise ConfigError(
            f"{joined.file} has no column {joined.on!r}{did_you_mean(joined.on, names if first is None else first)}.",
            allowed="" if first == [] else f"Its first line has: {', '.join(names if first is None else first)}.",
            do="Name the column with the customers' ids with --on. Allowed are CSV in UTF-8 with a line of names, and "
            "Parquet.",
        )
    return names


def _first_line(file: Path) -> list[str] | None:
    """The names in a CSV file's first line; none where that is no text, None for Parquet."""
    if _is_parquet(file):
        return None
    with file.open("rb") as opened:
        line = opened.readline(100_000)
    try:
        text = line.decode("utf-8-sig").rstrip("\r\n")
    except UnicodeDecodeError:
        return []
    if not text.isprintable() and "\t" not in text:
        return []
    delimiter = max(",;\t|", key=text.count)
    return [name.strip() for name in next(csv.reader([text], delimiter=delimiter), [])]


def join(connection: DuckDBPyConnection, asked: Asked, joined: Joined, columns: Sequence[str], ids: Ids) -> Counts:
    """Make the table `joined`: `stored`, the store's id as text, `given`, the shop's, and the columns (`in_file`).

    It has those of the table `chosen` (user_id) whom the file has, each once. ConfigError where the file tells two
    things of one customer.
    """
    _functions(connection, asked, ids)
    listed = "".join(f", {_cell(name)} AS {identifier(in_file(name))}" for name in columns)
    with _reading(joined.file):
        connection.execute(
            f"CREATE TEMP TABLE given AS SELECT DISTINCT CAST({identifier(joined.on)} AS VARCHAR) AS given"
            f"{''.join(f', CAST({identifier(name)} AS VARCHAR) AS {identifier(in_file(name))}' for name in columns)} "
            f"FROM {_table(joined.file)}"
        )
    connection.execute("CREATE TEMP TABLE known AS SELECT stored_id(given) AS stored, * FROM given")
    connection.execute(
        f"CREATE TEMP TABLE joined AS SELECT stored, given{listed} FROM known "
        "SEMI JOIN chosen ON known.stored = CAST(chosen.user_id AS VARCHAR)"
    )
    _refuse_twice(connection, joined)
    names = [identifier(in_file(one)) for one in columns]
    lost = " + ".join(f"count(*) FILTER (WHERE known.{one} IS NOT NULL AND joined.{one} IS NULL)" for one in names)
    rows, no_ids = _one(connection, "SELECT count(*), count(*) FILTER (WHERE stored IS NULL) FROM known")
    (missing,) = _one(
        connection, "SELECT count(*) FROM chosen ANTI JOIN joined ON joined.stored = CAST(chosen.user_id AS VARCHAR)"
    )
    (unusable,) = _one(connection, f"SELECT {lost or '0'} FROM joined INNER JOIN known ON known.given = joined.given")
    connection.execute("DROP TABLE given; DROP TABLE known")
    return Counts(rows, no_ids, missing, unusable)


def _one(connection: DuckDBPyConnection, query: str) -> tuple[int, ...]:
    found: tuple[int, ...] = connection.execute(query).fetchall()[0]
    return found


def _refuse_twice(connection: DuckDBPyConnection, joined: Joined) -> None:
    (twice,) = _one(connection, "SELECT count(*) FROM (SELECT stored FROM joined GROUP BY stored HAVING count(*) > 1)")
    if twice:
        raise ConfigError(
            f"{joined.file} tells several things of {twice:,} of these customers: their ids stand on several rows.",
            allowed="Allowed: one row for each customer, or the same row again.",
            do="Keep one row for each, such as the latest.",
        )


def _cell(name: str) -> str:
    """What is written of a column of the file: contacts by their names, anything else as it is without addresses."""
    kind = contact_of(name)
    return f"as_{kind or 'text'}({identifier(in_file(name))})"


def _functions(connection: DuckDBPyConnection, asked: Asked, ids: Ids) -> None:
    """What is done in Python to each value; the shop's key and people's addresses are in no SQL text."""

    from duckdb.func import SPECIAL

    def stored(text: str | None) -> str | None:
        found = None if text is None else ids.stored(text)
        return None if found is None else str(found)

    def contact(text: str | None, kind: Contact) -> str | None:
        return written(text, kind, plain=asked.plain, plus=asked.format != "meta")

    def other(text: str | None) -> str | None:
        if text is None or asked.plain or not holds_address(text):
            return text
        return contact(text, "email")

    made: dict[str, Callable[[str | None], str | None]] = {
        "stored_id": stored,
        "as_email": lambda text: contact(text, "email"),
        "as_phone": lambda text: contact(text, "phone"),
        "as_text": other,
    }
    for name, function in made.items():
        connection.create_function(name, function, ["VARCHAR"], "VARCHAR", null_handling=SPECIAL)


def _is_parquet(file: Path) -> bool:
    return file.suffix.lower() in (".parquet", ".pq")


def _table(file: Path) -> str:
    path = quote(scan_path(file))
    if _is_parquet(file):
        return f"read_parquet({path})"
    return f"read_csv({path}, header = true, all_varchar = true)"


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    """Say it as our own error where the shop's file cannot be read; nothing of its content is told."""
    import duckdb

    if not file.is_file():
        raise ConfigError(f"There is no file {file}.", do="Check the path given to --join.")
    try:
        yield
    except (duckdb.IOException, duckdb.InvalidInputException, duckdb.BinderException) as error:
        raise ConfigError(
            f"{file} cannot be read as a {'Parquet' if '.p' in file.suffix else 'CSV'} file.",
            allowed="Allowed: CSV in UTF-8 with a line of names, or Parquet.",
            do="Write it again, and look at its first line.",
        ) from error
