"""What is done in a warehouse to publish a run: a list of steps, made from what is there, before anything is done.

A run that is new is copied into a table of its own, which gets its key and indexes and then becomes a partition. A run
that is published again is copied into a temporary table, and the rows that differ take the place of those in its
partition. To exchange the partition instead would be no part of what Postgres shows by snapshot: a reader in a
transaction of REPEATABLE READ that began before would find the run empty. All of it is one transaction, so a process
that is killed leaves nothing.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from bestiary.publish.catalogue import Schema
from bestiary.publish.columns import AS_OF, Column, Table
from bestiary.publish.content import Content
from bestiary.publish.ddl import (
    TEMPORARY,
    VIEWS,
    add,
    arriving,
    attached,
    create,
    create_schema,
    day,
    named,
    partition,
    replaced,
    staged,
    views,
)
from bestiary.sql import identifier


@dataclass(frozen=True)
class Load:
    """Rows that are copied: which of the content's tables, and into which table."""

    content: str
    schema: str
    table: str


@dataclass(frozen=True)
class Gently:
    """Statements that need a table for themselves for a moment."""

    statements: tuple[str, ...]


Step = str | Load | Gently


def made(schema: str, tables: tuple[Table, ...], found: Schema) -> Iterator[str]:
    """Make the schema and the tables that are missing."""
    if not found.there:
        yield create_schema(schema)
    for table in tables:
        if table.name not in found.comments:
            yield from create(schema, table, "postgres")


def migrated(
    schema: str, tables: tuple[Table, ...], found: Schema, new: Mapping[str, tuple[Column, ...]]
) -> list[Step]:
    """Add the columns that are new, and bring the views up to them."""
    added = [text for one in tables if one.name in new for text in add(schema, one, new[one.name], "postgres")]
    shown = list(views(schema, tables))
    if added:
        return [Gently((*added, *shown))]
    return [*shown] if not all(found.ours(view) for view in VIEWS) else []


def plan(
    schema: str, content: Content, found: Schema, new: Mapping[str, tuple[Column, ...]], old: tuple[date, ...]
) -> Iterator[Step]:
    """Every step of publishing a run; `old` are runs that leave."""
    yield from made(schema, content.tables, found)
    yield from migrated(schema, content.tables, found, new)
    for table in content.tables:
        if not table.of_people:
            yield f"DELETE FROM {named(schema, table.name)} WHERE {identifier(AS_OF)} = {day(content.as_of)}"
            yield Load(table.name, schema, table.name)
            continue
        own = partition(table.name, content.as_of)
        if own in found.partitions:
            yield from arriving(table)
            yield Load(table.name, TEMPORARY, table.name)
            yield from replaced(schema, table, content.as_of)
        else:
            yield from staged(schema, table, content.as_of)
            yield Load(table.name, schema, own)
            yield from attached(schema, table, content.as_of)
    yield from removed(schema, content.tables, old)


def removed(schema: str, tables: tuple[Table, ...], old: tuple[date, ...]) -> Iterator[str]:
    """Take the rows of some runs out of the history. Their partitions, empty then, are dropped afterwards."""
    if old:
        dates = ", ".join(map(day, old))
        for table in tables:
            yield f"DELETE FROM {named(schema, table.name)} WHERE {identifier(AS_OF)} IN ({dates})"


def text(step: Step, content: Content) -> list[str]:
    """A step as SQL, for who wants to see it first."""
    if isinstance(step, str):
        return [step]
    if isinstance(step, Gently):
        return list(step.statements)
    columns = ", ".join(identifier(one.name) for one in content.table(step.content).columns)
    rows = content.rows[step.content]
    return [f"COPY {named(step.schema, step.table)} ({columns}) FROM STDIN (FORMAT binary) -- {rows:,} rows"]
