"""People in a warehouse: found in all runs, taken out of all of them, and runs taken out.

The statements are the same for Postgres and Redshift. Each function works in the caller's transaction.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from bestiary.errors import PublishError
from bestiary.publish.catalogue import Schema
from bestiary.publish.columns import AS_OF, USER
from bestiary.publish.ddl import Dialect, day, named
from bestiary.publish.session import Session, literal
from bestiary.publish.target import Ids
from bestiary.sql import identifier

OF_PEOPLE = ("customers", "segments", "movements")
ALL = (*OF_PEOPLE, "runs")
GONE = "bestiary_forgotten"
AT_ONCE = 1000
"""So many ids a statement holds."""
Touched = dict[str, set[date]]
"""The runs of each table that rows went of."""


def forget(session: Session, schema: str, found: Schema, ids: Ids, dialect: Dialect) -> tuple[dict[str, int], Touched]:
    """Delete the rows of some people from every run; how many of each table, and of which runs."""
    counts, touched = dict.fromkeys(OF_PEOPLE, 0), Touched()
    tables = [one for one in OF_PEOPLE if found.ours(one)]
    if not ids or not tables:
        return counts, touched
    for statement in named_people(ids, dialect):
        session.run(statement)
    for table in tables:
        _agree(found, schema, table, ids)
        name = named(schema, table)
        theirs = f"{identifier(USER)} IN (SELECT {identifier(USER)} FROM {GONE})"
        per_run = f"SELECT {AS_OF} AS run, count(*) AS number FROM {name} WHERE {theirs} GROUP BY {AS_OF}"
        by_run = {one["run"]: one["number"] for one in session.rows(per_run)}
        session.run(f"DELETE FROM {name} WHERE {theirs}")
        counts[table], touched[table] = sum(by_run.values()), set(by_run)
    return counts, touched


def named_people(ids: Ids, dialect: Dialect) -> Iterator[str]:
    """Put ids into a table that this transaction alone sees."""
    whole = all(isinstance(one, int) for one in ids)
    kind = "bigint" if whole else "text" if dialect == "postgres" else "character varying(65535)"
    gone = " ON COMMIT DROP" if dialect == "postgres" else ""
    yield f"CREATE TEMPORARY TABLE {GONE} ({USER} {kind} NOT NULL){gone}"
    everyone: list[int | str] = list(dict.fromkeys(ids))
    for start in range(0, len(everyone), AT_ONCE):
        values = ", ".join(f"({literal(one)})" for one in everyone[start : start + AT_ONCE])
        yield f"INSERT INTO {GONE} ({USER}) VALUES {values}"


def forget_runs(session: Session, schema: str, found: Schema, before: date) -> dict[str, int]:
    """Delete every run before a date; how many rows of each table."""
    counts = dict.fromkeys(ALL, 0)
    for table in (one for one in ALL if found.ours(one)):
        older = f"FROM {named(schema, table)} WHERE {AS_OF} < {day(before)}"
        counts[table] = session.rows(f"SELECT count(*) AS number {older}")[0]["number"]
        session.run(f"DELETE {older}")
    return counts


def find(session: Session, schema: str, found: Schema, user_id: int | str) -> dict[str, list[dict[str, Any]]]:
    """The rows of a person by table, oldest run first."""
    rows = dict[str, list[dict[str, Any]]]()
    for table in OF_PEOPLE:
        rows[table] = []
        if found.ours(table):
            _agree(found, schema, table, [user_id])
            query = f"SELECT * FROM {named(schema, table)} WHERE {USER} = {literal(user_id)} ORDER BY {AS_OF}"
            rows[table] = session.rows(query)
    return rows


def _agree(found: Schema, schema: str, table: str, ids: Iterable[int | str]) -> None:
    """Raise PublishError where ids are of another kind than the table's, since none of them would be found."""
    whole = found.columns[table][USER] == "bigint"
    strange = [one for one in ids if isinstance(one, int) != whole]
    if strange:
        raise PublishError(
            f"{schema}.{table} knows customers by {'whole numbers' if whole else 'texts'}, and {len(strange):,} of the "
            f"ids are {'texts' if whole else 'whole numbers'}.",
            do="Name them as the store does: where it holds pseudonyms, by these.",
        )
