"""What a request must look like: made for each model, because the columns that it asks for are its own.

The schema is read by pydantic straight from the body's bytes; a customer is a plain dictionary, which is the quickest.
"""

from datetime import date
from typing import Annotated, Any, NotRequired

from pydantic import ConfigDict, FailFast, Field, TypeAdapter, WithJsonSchema
from typing_extensions import TypedDict

from bestiary.serve.event import DATE, Event
from bestiary.serve.scorer import Group, Scorer

CUSTOMERS = 10_000
EVENTS = 100_000
"""Customers, and events of all of them together, that one request may have."""
FIRST = date(1990, 1, 1)
SHUT = ConfigDict(extra="forbid")
JsonSchema = dict[str, Any]

Integer = Annotated[int, Field(strict=True, ge=-(2**63), lt=2**63)]
Text = Annotated[str, Field(strict=True, min_length=1, max_length=256)]
AsOf = Annotated[
    date,
    Field(strict=True, ge=FIRST),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": f"^{DATE}$",
            "description": "The midnight that customers are seen from, in the shop's zone; else the coming one.",
            "examples": ["2020-05-01"],
        }
    ),
]


def request(scorer: Scorer) -> TypeAdapter[dict[str, Any]]:
    """The body of POST /v1/score for a model. What needs two fields at once is checked in `reading`."""
    features = _closed("Features", {name: _column(name, scorer) for name in scorer.columns})
    features = Annotated[features, WithJsonSchema(features_schema(scorer))]
    customer = _closed(
        "Customer",
        {
            "user_id": NotRequired[Annotated[Integer | Text | None, Field(description="Given back as it came.")]],
            "features": NotRequired[features],
            "events": NotRequired[Annotated[list[Event], Field(max_length=EVENTS), FailFast()]],
        },
    )
    body = _closed(
        "Request",
        {
            "customers": Annotated[list[customer], Field(min_length=1, max_length=CUSTOMERS), FailFast()],  # type: ignore[valid-type]
            "as_of": NotRequired[AsOf],
        },
    )
    return TypeAdapter(body)


def _closed(name: str, fields: dict[str, Any]) -> Any:
    made: Any = TypedDict(name, fields)  # type: ignore[misc]
    made.__pydantic_config__ = SHUT  # type: ignore[attr-defined]
    return made


def _column(name: str, scorer: Scorer) -> Any:
    """A column that decides the population is always there; others where the population has them."""
    number = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=None if name in scorer.signed else 0)]
    return number if name in scorer.judging else NotRequired[number | None]


def features_schema(scorer: Scorer) -> JsonSchema:
    """The columns of a customer, and which a customer of each population needs."""
    properties = {}
    for name in scorer.columns:
        kind = "number" if name in scorer.judging else ["number", "null"]
        properties[name] = {"type": kind} | ({} if name in scorer.signed else {"minimum": 0})
    return {
        "title": "Features",
        "description": "Columns of the customer table; GET /v1/model lists them.",
        "type": "object",
        "properties": properties,
        "required": list(scorer.judging),
        "additionalProperties": False,
        "allOf": [_needed(group, scorer) for group in scorer.groups],
    }


def _needed(group: Group, scorer: Scorer) -> JsonSchema:
    names = [scorer.columns[place] for place in group.required]
    rule = {scorer.columns[place]: {"exclusiveMinimum": 0} for place in group.some}
    rule |= {scorer.columns[place]: {"const": 0} for place in group.none}
    needed = {"properties": {name: {"type": "number"} for name in names}, "required": names}
    return {"if": {"properties": rule}, "then": needed}


def body_schema(adapter: TypeAdapter[dict[str, Any]]) -> JsonSchema:
    """The JSON schema of a request, for the OpenAPI document."""
    schema = adapter.json_schema(ref_template="#/components/schemas/{model}")
    schema["$defs"]["Customer"]["oneOf"] = [{"required": ["features"]}, {"required": ["events"]}]
    return schema
