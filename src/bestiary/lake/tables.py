"""The lake's three tables, as Delta schemas. Times are the shop's wall time; money is exact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bestiary.contract import COLUMNS, COUNTS, EVENT_TYPES

if TYPE_CHECKING:
    from deltalake import Schema

TABLES = ("rejects", "sources", "visits")
"""In the order in which a source is committed: it counts when its visits are there."""

PROPERTIES = {"delta.checkpointInterval": "20"}
"""Of every table. Of checkpoints each 10, 20, 50 and 100 commits, those each 20 made 400 commits cheapest."""

_TIME, _MONEY = "timestamp_ntz", "decimal(38,6)"

REJECTS = {
    "source": "string",
    "number": "long",
    "raw": "string",
    "reason": "string",
    "user_id": "id",
    "session_key": "long",
    "fingerprint": "string",
}
"""`user_id` and `session_key` are null where they could not be read; `raw` where it may not be kept."""
SOURCES = {
    "name": "string",
    **dict.fromkeys(COUNTS, "long"),
    **{f"missing_{name}": "long" for name in COLUMNS},
    "zero_price": "long",
    **{f"read_{name}": "long" for name in EVENT_TYPES},
    "first_time": _TIME,
    "last_time": _TIME,
    "fingerprint": "string",
    "bytes": "long",
    "ingested": "date",
}
"""`read_*` and `missing_*` count rows before duplicates are removed. `bytes` is the size of the source file, `ingested`
the day on which it was read."""

VISITS = {
    "user_id": "id",
    "session_key": "long",
    "hour": _TIME,
    "first_time": _TIME,
    "last_time": _TIME,
    **dict.fromkeys(("views", "carts", "removals", "purchases", "refunds"), "integer"),
    "viewed_value": _MONEY,
    "viewed_prices": "integer",
    "refunded": _MONEY,
    "bought": "list",
    "month": "string",
    "bucket": "integer",
}


def schema(table: str, id_kinds: Mapping[str, str]) -> Schema:
    """The Delta schema of a table; `id_kinds` says integer or string for user_id, product_id and category_id."""
    from deltalake import Field, Schema
    from deltalake.schema import ArrayType, PrimitiveType, StructType

    def id_type(name: str) -> PrimitiveType:
        return PrimitiveType("long" if id_kinds[name] == "integer" else "string")

    bought = StructType(
        [
            Field("time", PrimitiveType(_TIME)),
            Field("product_id", id_type("product_id")),
            Field("category_id", id_type("category_id")),
            Field("category_code", PrimitiveType("string")),
            Field("brand", PrimitiveType("string")),
            Field("price", PrimitiveType("decimal(18,6)")),
        ]
    )
    columns = {"rejects": REJECTS, "sources": SOURCES, "visits": VISITS}[table]
    return Schema(
        [
            Field(
                name,
                ArrayType(bought, contains_null=True)
                if kind == "list"
                else id_type(name)
                if kind == "id"
                else PrimitiveType(kind),
            )
            for name, kind in columns.items()
        ]
    )
