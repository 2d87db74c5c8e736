"""How the tables are made, described and added to, in the dialects of Postgres and Redshift.

In Postgres the tables of people are partitioned by run; Redshift has no partitions, and sorts by run instead. What is
ours is known by the comment of the table, which begins with a mark: nothing else is ever changed.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Literal

from bestiary.publish.columns import AS_OF, SQL, USER, Column, Table
from bestiary.sql import identifier, quote

Dialect = Literal["postgres", "redshift"]
MARK = "Bestiary 1. "
"""What the comment of every table and view of ours begins with."""
TEMPORARY = "pg_temp"
"""The schema of tables that one session alone sees."""
VIEWS = {"current_customers": "customers", "current_segments": "segments"}
"""Views of the latest run, and what they are of."""


def named(schema: str, table: str) -> str:
    """A table's full name, quoted."""
    return f"{identifier(schema)}.{identifier(table)}"


def partition(table: str, as_of: date) -> str:
    """What the partition of a run is called."""
    return f"{table}_{as_of:%Y%m%d}"


def day(as_of: date) -> str:
    """A date as a literal."""
    return f"DATE {quote(as_of.isoformat())}"


def create_schema(schema: str) -> str:
    """The schema, where there is none."""
    return f"CREATE SCHEMA IF NOT EXISTS {identifier(schema)}"


def create(schema: str, table: Table, dialect: Dialect) -> Iterator[str]:
    """A table with key, indexes and comments. Redshift takes a key for a promise, and keeps none itself."""
    name, key = named(schema, table.name), ", ".join(map(identifier, table.key))
    defined = [
        f"{identifier(one.name)} {_type(one, dialect)}{'' if one.null else ' NOT NULL'}" for one in table.columns
    ]
    body = ",\n  ".join([*defined, f"PRIMARY KEY ({key})"])
    if dialect == "redshift":
        spread = f"DISTKEY ({identifier(USER)})" if table.of_people else "DISTSTYLE ALL"
        order = [AS_OF, USER] if table.of_people else [AS_OF]
        yield f"CREATE TABLE {name} (\n  {body}\n) {spread} SORTKEY ({', '.join(map(identifier, order))})"
    else:
        parted = f" PARTITION BY LIST ({identifier(AS_OF)})" if table.of_people else ""
        yield f"CREATE TABLE {name} (\n  {body}\n){parted}"
        for columns in table.indexes:
            yield f"CREATE INDEX ON {name} ({', '.join(map(identifier, columns))})"
    yield f"COMMENT ON TABLE {name} IS {quote(MARK + table.comment)}"
    yield from _comments(name, table.columns)


def add(schema: str, table: Table, columns: Iterable[Column], dialect: Dialect) -> Iterator[str]:
    """New columns of a table that is there. In runs that were published before they are null, whatever they say."""
    name = named(schema, table.name)
    for one in columns:
        yield f"ALTER TABLE {name} ADD COLUMN {identifier(one.name)} {_type(one, dialect)}"
    yield from _comments(name, columns)


def views(schema: str, tables: Iterable[Table]) -> Iterator[str]:
    """The views of the latest run, made or given the columns that have come."""
    by_name = {one.name: one for one in tables}
    runs = named(schema, "runs")
    for view, of in VIEWS.items():
        yield (
            f"CREATE OR REPLACE VIEW {named(schema, view)} AS SELECT * FROM {named(schema, of)} "
            f"WHERE {identifier(AS_OF)} = (SELECT max({identifier(AS_OF)}) FROM {runs})"
        )
        told = f"{MARK}The rows of {of} of the latest run: {by_name[of].comment}"
        yield f"COMMENT ON VIEW {named(schema, view)} IS {quote(told)}"


def staged(schema: str, table: Table, as_of: date) -> Iterator[str]:
    """A table of Postgres for the rows of a run, that is not yet a part of the history.

    Of ids the planner's statistics need to know that they are different, and not a hundred of them: a person who is
    taken out should not stand there.
    """
    name = named(schema, partition(table.name, as_of))
    yield f"CREATE TABLE {name} (LIKE {named(schema, table.name)} INCLUDING COMMENTS)"
    yield f"ALTER TABLE {name} ALTER COLUMN {identifier(USER)} SET STATISTICS 1"


def attached(schema: str, table: Table, as_of: date) -> Iterator[str]:
    """Key and indexes of a run's rows, which then become part of the history.

    The check lets Postgres take the table in without looking at the rows once more. No lock is held that a reader
    would feel: ATTACH PARTITION shares the table with them.
    """
    own = partition(table.name, as_of)
    name, parent = named(schema, own), named(schema, table.name)
    yield f"ALTER TABLE {name} ADD PRIMARY KEY ({', '.join(map(identifier, table.key))})"
    for columns in table.indexes:
        yield f"CREATE INDEX ON {name} ({', '.join(map(identifier, columns))})"
    yield f"ALTER TABLE {name} ADD CONSTRAINT {identifier(own + '_run')} CHECK ({identifier(AS_OF)} = {day(as_of)})"
    yield f"ANALYZE {name}"
    yield f"ALTER TABLE {parent} ATTACH PARTITION {name} FOR VALUES IN ({quote(as_of.isoformat())})"
    yield f"ALTER TABLE {name} DROP CONSTRAINT {identifier(own + '_run')}"


def arriving(table: Table) -> Iterator[str]:
    """A table that only this transaction sees, for the rows of a run that is there already."""
    columns = ", ".join(f"{identifier(one.name)} {_type(one, 'postgres')}" for one in table.columns)
    yield f"CREATE TEMPORARY TABLE {identifier(table.name)} ({columns}) ON COMMIT DROP"
    yield f"ALTER TABLE {named(TEMPORARY, table.name)} ALTER COLUMN {identifier(USER)} SET STATISTICS 1"


def replaced(schema: str, table: Table, as_of: date) -> Iterator[str]:
    """Put the rows that have arrived in place of a run's: those that are the same stay, and are not written again."""
    new, old = named(TEMPORARY, table.name), named(schema, partition(table.name, as_of))
    names = [identifier(one.name) for one in table.columns]
    # Only by the id is somebody looked for: `=` on all columns would make all of them the key of a join.
    of_them = f"old.{identifier(USER)} = new.{identifier(USER)}"
    same = " AND ".join([of_them, *(f"new.{name} IS NOT DISTINCT FROM old.{name}" for name in names)])
    yield f"ANALYZE {new}"
    yield f"DELETE FROM {old} AS old WHERE NOT EXISTS (SELECT 1 FROM {new} AS new WHERE {same})"
    yield (
        f"INSERT INTO {old} ({', '.join(names)}) SELECT {', '.join(names)} FROM {new} AS new WHERE NOT EXISTS "
        f"(SELECT 1 FROM {old} AS old WHERE {of_them})"
    )


def _type(one: Column, dialect: Dialect) -> str:
    return SQL[dialect][one.type]


def _comments(name: str, columns: Iterable[Column]) -> Iterator[str]:
    for one in columns:
        yield f"COMMENT ON COLUMN {name}.{identifier(one.name)} IS {quote(one.comment)}"
