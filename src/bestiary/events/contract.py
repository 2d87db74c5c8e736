"""The contract: nine columns, five event types, and why a row is refused.

The rules themselves are SQL, in `macros.sql` and `judged.sql`; this module names the columns and says which macro
reads a column of which physical type.
"""

from collections.abc import Mapping

from bestiary.contract import COLUMNS, EVENT_TYPES
from bestiary.errors import EventsError

__all__ = ["COLUMNS", "EVENT_TYPES", "IDS", "REQUIRED", "readers"]

REQUIRED = ("event_time", "event_type", "product_id", "user_id")
"""Columns whose value may never be null."""

IDS = ("user_id", "product_id", "category_id")

_INTEGERS = {
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "HUGEINT",
}
_FLOATS = {"FLOAT", "DOUBLE"}
_TIMES = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "DATE"}


def readers(types: Mapping[str, str], id_kinds: Mapping[str, str], file: str) -> dict[str, str]:
    """For each contract column, the macro of `macros.sql` that turns its raw value into the contract's type.

    `types` are DuckDB's names of the raw columns' types; `id_kinds` says integer or string for the three ids.
    Raises EventsError, naming the column, for a type that the contract has no meaning for.
    """
    return {name: _reader(name, types[name], id_kinds, file) for name in COLUMNS}


def _reader(name: str, type_: str, id_kinds: Mapping[str, str], file: str) -> str:
    if name == "event_time":
        return f"time_from_{_time_kind(type_, file)}"
    if name == "price":
        numeric = type_ in _INTEGERS | _FLOATS or type_.startswith("DECIMAL")
        return "price_from_number" if numeric else "price_from_text"
    if name in id_kinds:
        source = "integer" if type_ in _INTEGERS else "double" if type_ in _FLOATS else "text"
        return f"{id_kinds[name]}_id_from_{source}"
    return "text_from_any"


def _time_kind(type_: str, file: str) -> str:
    if type_ == "TIMESTAMP WITH TIME ZONE":
        return "instant"
    if type_ in _TIMES:
        return "timestamp"
    if type_ == "VARCHAR":
        return "text"
    raise EventsError(
        f"{file}: event_time is {type_}.",
        allowed="Allowed: a timestamp, or text such as '2019-10-01 00:00:00 UTC'.",
        do="Write it as a timestamp, or turn it into one in a mapping file (--mapping).",
    )
