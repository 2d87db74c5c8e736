"""What is published: four tables, each column once, with its meaning.

The tables' definitions in every dialect, their comments and the page docs/warehouse.md are made from here; the columns
of customers come from the dictionary of features. A user_id is a 64-bit integer also where the store has it in 32
bits, so that a shop whose ids outgrow 32 bits needs no migration; or text.
"""

from dataclasses import dataclass
from typing import Literal

from bestiary.customers.features import Feature, features
from bestiary.windows import Windows

Type = Literal["date", "instant", "timestamp", "integer", "bigint", "double", "text"]
Dialect = Literal["postgres", "redshift", "duckdb"]
SQL: dict[Dialect, dict[Type, str]] = {
    "postgres": {
        "date": "date",
        "instant": "timestamp with time zone",
        "timestamp": "timestamp without time zone",
        "integer": "integer",
        "bigint": "bigint",
        "double": "double precision",
        "text": "text",
    },
    "redshift": {
        "date": "date",
        "instant": "timestamp with time zone",
        "timestamp": "timestamp without time zone",
        "integer": "integer",
        "bigint": "bigint",
        "double": "double precision",
        "text": "character varying(65535)",  # what Redshift calls text has 256 bytes
    },
    "duckdb": {
        "date": "DATE",
        "instant": "TIMESTAMPTZ",
        "timestamp": "TIMESTAMP",
        "integer": "INTEGER",
        "bigint": "BIGINT",
        "double": "DOUBLE",
        "text": "VARCHAR",
    },
}
"""Types as each dialect's own catalogue writes them."""
_OF_FEATURES: dict[str, Type] = {
    "int32": "integer",
    "int64": "bigint",
    "float64": "double",
    "string": "text",
    "datetime64[ns]": "timestamp",
}
USER = "user_id"
AS_OF = "as_of"


@dataclass(frozen=True)
class Column:
    """One column: its type in words of ours, what it means, and whether it may be null."""

    name: str
    type: Type
    comment: str
    null: bool = True


@dataclass(frozen=True)
class Table:
    """One table: what a row is, its columns in order, its key, and what it is searched by beside the key."""

    name: str
    comment: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    indexes: tuple[tuple[str, ...], ...] = ()

    @property
    def of_people(self) -> bool:
        """Whether a row tells of a person."""
        return USER in self.key


_DATE = Column(AS_OF, "date", "The midnight that customers were seen from; nothing at or after it counts", null=False)
_RUNS = (
    _DATE,
    Column("published_at", "instant", "When the run was published", null=False),
    Column("fingerprint", "text", "Of all that was published of the run; the same content has the same", null=False),
    Column("bestiary_version", "text", "The version of bestiary that learned the model", null=False),
    Column("model_fingerprint", "text", "SHA-256 of model.json", null=False),
    Column("model_format", "integer", "Format version of model.json", null=False),
    Column("data_fingerprint", "text", "Of the sources that the customers were measured from", null=False),
    Column("run_key", "text", "Of sources, settings and version; the same key is the same run", null=False),
    Column("preset", "text", "The recipe for segments: default or amazing", null=False),
    Column("candidate", "text", "The way to segment buyers", null=False),
    Column("windows", "text", "Lengths of the trailing windows in months, such as 2,5,7", null=False),
    Column("time_zone", "text", "The shop's time zone, which times of day are in; null: the model does not say"),
    Column("currency", "text", "The shop's currency, which amounts are in; null: the model does not say"),
    Column("language", "text", "What the run's report opens in", null=False),
    Column("sources", "integer", "Files that were read", null=False),
    Column("customers", "bigint", "Customers who were measured", null=False),
    Column("segmented", "bigint", "Customers of the population that segments were learned on", null=False),
    Column("placed", "bigint", "Customers with a segment; null: an older version did not count them"),
    Column("segments", "integer", "Segments, those of visitors included", null=False),
    Column("before", "date", "The run that from_segment of movements is of; null without one"),
)
_SEGMENTS = (
    Column("population", "text", "buyers (active_buyers with the preset amazing), or visitors, who bought nothing",
           null=False),
    Column("segment", "integer", "The segment's number in model.json; null: too early to say, or too few visitors"),
    Column("segment_name", "text", "Its name in English; null as segment"),
    Column("persona", "text", "The animal's key; null: too early, or no animal fits"),
    Column("second", "integer", "The next best segment; null: too early, or the method knows none"),
    Column("confidence", "double", "0 where the two fit alike, to 1; null as segment, or the method knows none"),
    Column("settled", "integer", "The segment that they count as being in: a new one once it is clear, or was given "
           "twice running; null: too early"),
    Column("settled_name", "text", "Its name in English; null as settled"),
    Column("expected_value", "double", "What a buyer is expected to bring in in the next window, in the shop's "
           "currency; null for visitors, or where history is too short"),
    Column("expected_low", "double", "Lower end of its 95 % interval; null as expected_value"),
    Column("expected_high", "double", "Upper end of its 95 % interval; null as expected_value"),
)  # fmt: skip
_MOVEMENTS = (
    Column("from_segment", "integer", "A segment's number in the run before (runs.before); null without a segment"),
    Column("to_segment", "integer", "A segment's number in this run; null without a segment"),
    Column("kind", "text", "moved, new (not there before), placed (there, and too early to say before), lapsed (not "
           "there any more) or too early", null=False),
)  # fmt: skip


def tables(windows: Windows, user_id: Type) -> tuple[Table, ...]:
    """The four tables, those of people first; `runs` comes last, so that it names no run before its rows are there."""
    person = (_DATE, Column(USER, user_id, "The customer: their id, or their pseudonym", null=False))
    measured = tuple(_measured(one) for one in features(windows) if one.name != USER)
    key = (USER, AS_OF)  # a person is looked for in all runs; in a partition as_of is the same for everyone
    return (
        Table("customers", "A row for each customer of each run: what was measured", (*person, *measured), key),
        Table("segments", "A row for each customer of each run: where they belong", (*person, *_SEGMENTS), key,
              (("segment",),)),
        Table("movements", "A row for each customer who left which segment of the run before for which",
              (*person, *_MOVEMENTS), key, (("from_segment", "to_segment"),)),
        Table("runs", "A row for each run that is published", _RUNS, (AS_OF,)),
    )  # fmt: skip


def _measured(one: Feature) -> Column:
    within = f", {one.window} months before as_of" if one.window else ""
    text = f"{one.formula[0].upper()}{one.formula[1:]} ({one.unit}{within}); {one.null_rule}"
    return Column(one.name, _OF_FEATURES[one.dtype], text, null=not one.null_rule.startswith(("never", "0")))


def markdown(windows: Windows = (2, 5, 7)) -> str:
    """The tables for docs/warehouse.md."""
    parts = []
    for table in tables(windows, "bigint"):
        head = f"### {table.name}\n\n{table.comment}. Primary key: {', '.join(table.key)}.\n\n"
        rows = "".join(
            f"| {one.name} | {SQL['postgres'][one.type]} | {'may be' if one.null else 'never'} | {one.comment} |\n"
            for one in table.columns
        )
        parts.append(f"{head}| column | type | null | meaning |\n| --- | --- | --- | --- |\n{rows}")
    return "\n".join(parts)
