"""What a request must look like: made for each model, because the columns that it asks for are its own.

The schema is read by pydantic straight from the body's bytes; a customer is a plain dictionary, which is the quickest.
"""

from collections.abc import Iterable
from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, Field, TypeAdapter, WithJsonSchema
from typing_extensions import TypedDict

from bestiary.serve.event import Allowed, Event, dates
from bestiary.serve.scorer import Group, Scorer

CUSTOMERS = 10_000
EVENTS = 100_000
"""Customers, and events of all of them together, that one request may have."""
SIGNED = "total_purchase_value"
"""The one column that may be below 0: what was bought less what was paid back."""
SHUT = ConfigDict(extra="forbid")
JsonSchema = dict[str, Any]

Integer = Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)]
Text = Annotated[str, Field(strict=True, min_length=1, max_length=256)]
AsOf = Annotated[
    str,
    Field(strict=True, pattern=f"^{dates(8)}$"),
    Allowed("as_of", "a date from 1990 to 8999, such as 2020-05-01"),
    Field(
        description="The midnight that customers are seen from, in the shop's zone; else the coming one.",
        examples=["2020-05-01"],
    ),
]


def request(scorer: Scorer, known: Iterable[str]) -> TypeAdapter[dict[str, Any]]:
    """The body of POST /v1/score for a model. What needs two fields at once is checked in `reading`.

    `known` are all columns that a customer may have. Those that the model does not ask for are checked and left alone,
    so that whoever sends all of them need not change when a new model asks for others. They are no fields here, since
    each would be looked for in every customer: `reading` refuses names that are not known.
    """
    fields = {name: _column(name, scorer) for name in dict.fromkeys([*scorer.columns, SIGNED])}
    made: Any = TypedDict("Features", fields, extra_items=_number(0) | None)  # type: ignore[misc]
    made.__pydantic_config__ = ConfigDict(extra="allow")  # type: ignore[attr-defined]
    features = Annotated[made, WithJsonSchema(features_schema(scorer, dict.fromkeys([*fields, *known])))]
    customer = _closed(
        "Customer",
        {
            "user_id": NotRequired[Annotated[Integer | Text | None, Field(description="Given back as it came.")]],
            "features": NotRequired[features | None],
            "events": NotRequired[Annotated[list[Event], Field(max_length=EVENTS, fail_fast=True)] | None],
        },
    )
    body = _closed(
        "Request",
        {
            "customers": Annotated[list[customer], Field(min_length=1, max_length=CUSTOMERS, fail_fast=True)],  # type: ignore[valid-type]
            "as_of": NotRequired[AsOf | None],
        },
    )
    return TypeAdapter(body)


def _closed(name: str, fields: dict[str, Any]) -> Any:
    made: Any = TypedDict(name, fields)  # type: ignore[misc]
    made.__pydantic_config__ = SHUT  # type: ignore[attr-defined]
    return made


def _column(name: str, scorer: Scorer) -> Any:
    """A column that decides the population is always there, and known; others where the population has them."""
    number = _number(None if name == SIGNED else 0)
    return number if name in scorer.judging else NotRequired[number | None]


def _number(least: float | None) -> Any:
    return Annotated[float, Field(strict=True, allow_inf_nan=False, ge=least)]


def features_schema(scorer: Scorer, names: Iterable[str]) -> JsonSchema:
    """The columns of a customer, and which a customer of each population needs."""
    properties = {}
    for name in names:
        kind = "number" if name in scorer.judging else ["number", "null"]
        properties[name] = {"type": kind} | ({} if name == SIGNED else {"minimum": 0})
    return {
        "title": "Features",
        "description": "Columns of the customer table; GET /v1/model lists those that the model asks for.",
        "type": "object",
        "properties": properties,
        "required": list(scorer.judging),
        "additionalProperties": False,
        "allOf": [_needed(group, scorer) for group in scorer.groups],
    }


def _needed(group: Group, scorer: Scorer) -> JsonSchema:
    rule = {scorer.columns[place]: {"exclusiveMinimum": 0} for place in group.some}
    rule |= {scorer.columns[place]: {"const": 0} for place in group.none}
    return {"if": {"properties": rule}, "then": {"required": [scorer.columns[place] for place in group.required]}}


def body_schema(adapter: TypeAdapter[dict[str, Any]]) -> JsonSchema:
    """The JSON schema of a request, for the OpenAPI document."""
    schema = adapter.json_schema(ref_template="#/components/schemas/{model}")
    schema["$defs"]["Customer"]["oneOf"] = [
        {"required": [one], "properties": {one: {"type": kind}, other: {"type": "null"}}}
        for one, kind, other in (("features", "object", "events"), ("events", "array", "features"))
    ]
    return schema
