"""What a schema of a warehouse holds already, and whether what is published fits in: it fits, or new columns are added,
or it is refused, with what was found and what to do.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from bestiary.errors import PublishError
from bestiary.publish.columns import SQL, Column, Table
from bestiary.publish.ddl import MARK, VIEWS, Dialect, named
from bestiary.publish.session import Session
from bestiary.sql import identifier, quote

_OF_SCHEMA = "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = {schema}"
_TABLES = (
    "SELECT c.relname::text AS name, c.relkind::text AS kind, "
    "pg_catalog.obj_description(c.oid, 'pg_class')::text AS comment "
    f"FROM pg_catalog.pg_class AS c {_OF_SCHEMA} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
)
_COLUMNS = (
    "SELECT c.relname::text AS name, a.attname::text AS attribute, "
    "pg_catalog.format_type(a.atttypid, a.atttypmod)::text AS type "
    f"FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid {_OF_SCHEMA} "
    "AND a.attnum > 0 AND NOT a.attisdropped ORDER BY c.relname, a.attnum"
)
_PARTITIONS = (
    "SELECT p.relname::text AS parent, c.relname::text AS name FROM pg_catalog.pg_inherits AS i "
    "JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid "
    f"{_OF_SCHEMA}"
)


@dataclass(frozen=True)
class Schema:
    """What is in a schema: comments by table or view, columns with types by table, partitions with what they are of,
    and the fingerprints of the runs that are published.
    """

    there: bool = False
    comments: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    partitions: Mapping[str, str] = field(default_factory=dict)
    runs: Mapping[date, str] = field(default_factory=dict)

    def ours(self, name: str) -> bool:
        """Whether a table or view is there, and ours."""
        return self.comments.get(name, "").startswith(MARK)


def look(session: Session, schema: str, dialect: Dialect) -> Schema:
    """Look into a schema; it may be missing."""
    literal = quote(schema)
    if not session.rows(f"SELECT 1 AS found FROM pg_catalog.pg_namespace WHERE nspname = {literal}"):
        return Schema()
    comments = {one["name"]: one["comment"] or "" for one in session.rows(_TABLES.format(schema=literal))}
    columns: dict[str, dict[str, str]] = {}
    for one in session.rows(_COLUMNS.format(schema=literal)):
        columns.setdefault(one["name"], {})[one["attribute"]] = one["type"]
    partitions = dict[str, str]()
    if dialect == "postgres":
        partitions = {one["name"]: one["parent"] for one in session.rows(_PARTITIONS.format(schema=literal))}
    found = Schema(True, comments, columns, partitions)
    if not found.ours("runs"):
        return found
    runs = session.rows(f"SELECT as_of, fingerprint FROM {named(schema, 'runs')} ORDER BY as_of")
    return Schema(True, comments, columns, partitions, {one["as_of"]: one["fingerprint"] for one in runs})


def lacking(
    found: Schema, tables: Sequence[Table], schema: str, dialect: Dialect, where: str
) -> dict[str, tuple[Column, ...]]:
    """The columns that must be added to tables that are there. Raises PublishError where it takes more than that."""
    for name in (*(one.name for one in tables), *VIEWS):
        if name in found.comments and not found.ours(name):
            raise PublishError(
                f"{where}: {schema}.{name} is there, and bestiary has not made it.",
                allowed=f"Tables of ours have a comment that begins with '{MARK.strip()}'.",
                do="Publish to another --schema. Nothing was changed.",
            )
    new = {}
    for table in (one for one in tables if one.name in found.comments):
        have, wanted = found.columns[table.name], {one.name: SQL[dialect][one.type] for one in table.columns}
        strange = [f"{name} ({kind})" for name, kind in have.items() if wanted.get(name) != kind]
        if strange:
            raise _refused(found, table, strange, wanted, have, schema, where)
        new[table.name] = tuple(one for one in table.columns if one.name not in have)
    return {name: columns for name, columns in new.items() if columns}


def _refused(
    found: Schema, table: Table, strange: list[str], wanted: Mapping[str, str], have: Mapping[str, str], schema: str,
    where: str,
) -> PublishError:  # fmt: skip
    name = strange[0].partition(" ")[0]
    meant = f"{name} is {wanted[name]} in this run" if name in wanted else "this run has no such column"
    more = [one for one in wanted if one not in have]
    runs = "run" if len(found.runs) == 1 else f"{len(found.runs)} runs"
    return PublishError(
        f"{where}: {schema}.{table.name} has {', '.join(strange[:5])}{', ...' * (len(strange) > 5)}; {meant}"
        + (f", and it has {', '.join(more[:5])}{', ...' * (len(more) > 5)} instead." if more else "."),
        allowed="New columns are added by themselves; none is removed, renamed or given another type.",
        do=f"Publish to another --schema; or, if the {runs} there may go: DROP SCHEMA {identifier(schema)} CASCADE. "
        "Nothing was changed.",
    )
