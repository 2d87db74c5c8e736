"""The files of an audience: a line for each customer, in the order of the members that the store remembers.

A line is a record: a line's end within a value becomes a space, so that a customer can be taken out of a file again by
the number of the line. In a text that a spreadsheet would take for a formula (OWASP, "CSV Injection") the first sign
gets an apostrophe before it; a telephone number with its plus is none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.errors import ConfigError, did_you_mean
from bestiary.files import replacing
from bestiary.publish.audience_asked import GROUPS, Asked, Group
from bestiary.publish.audience_hash import contact_of
from bestiary.publish.audience_join import in_file
from bestiary.publish.holdout import held_back_sql
from bestiary.sql import identifier, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HEADERS = {"google": {"email": "Email", "phone": "Phone"}, "meta": {"email": "email", "phone": "phone"}}
"""What the platforms call these columns."""
FORMULA = r"^[=+\-@]"
NUMBER = r"^\+[0-9]{7,15}$"


@dataclass(frozen=True)
class Layout:
    """What stands in a line: names of columns, as the run or the shop's file has them, and their headers.

    `contacts` are those of which a customer must have one to be reached.
    """

    run: tuple[str, ...] = ()
    file: tuple[str, ...] = ()
    headers: Mapping[str, str] | None = None
    contacts: tuple[str, ...] = ()


def layout(asked: Asked, run: Sequence[str], file: Sequence[str]) -> Layout:
    """What the lines hold; ConfigError where a column is in neither table, in both, or lacking for the format."""
    if asked.format == "ids":
        return Layout()
    if asked.format == "csv":
        return _of_csv(asked, run, file)
    if asked.joined is None:
        raise ConfigError(
            f"The format {asked.format} needs addresses or telephone numbers, and the store has none.",
            do="Give a file that has them with --join; or take --format ids.",
        )
    unknown = [name for name in asked.columns if name not in file]
    if unknown:
        raise _no_column(unknown[0], file)
    contacts = [name for name in asked.columns or file if contact_of(name)]
    kinds = [contact_of(name) for name in contacts]
    other = [name for name in asked.columns if not contact_of(name)]
    if not contacts or len(set(kinds)) < len(kinds) or other:
        found = f"{other[0]!r} is none" if other else f"there are: {', '.join(contacts) or 'none'}"
        raise ConfigError(
            f"The format {asked.format} takes one column of addresses and one of numbers; {found}.",
            allowed="Allowed: a column whose name holds 'email' or 'mail', and one of 'phone' or 'tel'.",
            do="Name them with --columns.",
        )
    headers = {name: HEADERS[asked.format][kind] for name, kind in zip(contacts, kinds, strict=True) if kind}
    return Layout(file=tuple(contacts), headers=headers, contacts=tuple(contacts))


def _of_csv(asked: Asked, run: Sequence[str], file: Sequence[str]) -> Layout:
    for name in asked.columns:
        if name not in run and name not in file:
            raise _no_column(name, [*run, *file])
        if name in run and name in file and name != "user_id":
            raise ConfigError(f"Both the run and the file have a column {name!r}.", do="Rename the one in the file.")
    asked_for = [name for name in dict.fromkeys(asked.columns) if name != "user_id"]
    return Layout(tuple(one for one in asked_for if one in run), tuple(one for one in asked_for if one in file))


def _no_column(name: str, known: Sequence[str]) -> ConfigError:
    return ConfigError(
        f"There is no column {name!r}{did_you_mean(name, known)}.", allowed=f"There are: {', '.join(known)}."
    )


def draw_members(connection: DuckDBPyConnection, campaign: str, share: Fraction) -> dict[Group, int]:
    """Make the table `members` of those in `reached`: user_id, group, line in its group's file; and count them."""
    connection.execute(
        'CREATE TEMP TABLE members AS SELECT user_id, "group", '
        'row_number() OVER (PARTITION BY "group" ORDER BY user_id) AS line FROM (SELECT user_id, '
        f"CASE WHEN {held_back_sql(campaign, share)} THEN 'holdout' ELSE 'target' END AS \"group\" FROM reached)"
    )
    found = dict(connection.execute('SELECT "group", count(*) FROM members GROUP BY ALL').fetchall())
    return {group: found.get(group, 0) for group in GROUPS}


def lines_query(connection: DuckDBPyConnection, asked: Asked, what: Layout, group: Group) -> str:
    """The lines of a group's file, from the tables `reached` and `members`."""
    dtypes = {name: dtype for name, dtype, *_ in connection.execute("DESCRIBE reached").fetchall()}
    carried = {name: name for name in what.run} | {name: in_file(name) for name in what.file}
    if what.headers:
        named = [(carried[name], header) for name, header in what.headers.items()]
    else:
        asked_for = dict.fromkeys(name for name in asked.columns if name in carried)
        named = [("given", "user_id"), *((carried[name], name) for name in asked_for)]
    shown = ", ".join(
        f"{_safe(name, dtypes[name])} AS {identifier(' '.join(header.split()))}" for name, header in named
    )
    return (
        f'SELECT {shown} FROM reached INNER JOIN members USING (user_id) WHERE "group" = {quote(group)} ORDER BY line'
    )


def _safe(name: str, dtype: str) -> str:
    column = f"reached.{identifier(name)}"
    if dtype != "VARCHAR":
        return column
    line = f"regexp_replace({column}, '[\\r\\n\\t]+', ' ', 'g')"
    risky = f"regexp_matches({line}, '{FORMULA}') AND NOT regexp_matches({line}, '{NUMBER}')"
    return f"CASE WHEN {risky} THEN '''' || {line} ELSE {line} END"


def write_files(connection: DuckDBPyConnection, asked: Asked, what: Layout, ready: ExitStack) -> dict[Group, str]:
    """Write the groups' files beside their places, and give their SHA-256; they take their places as `ready` closes.

    Where nobody is to be held back there is no file of those held back.
    """
    sums: dict[Group, str] = {}
    for group in GROUPS if asked.share else GROUPS[:1]:
        temporary = ready.enter_context(replacing(asked.file_of(group)))
        temporary.touch()  # so that a folder without the right to write is told as such
        query = lines_query(connection, asked, what, group)
        connection.execute(f"COPY ({query}) TO {quote(str(temporary))} (FORMAT csv, HEADER true)")
        sums[group] = sha256_of(temporary)
    return sums


def sha256_of(path: Path) -> str:
    """A file's SHA-256, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
