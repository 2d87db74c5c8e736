"""What answers look like, for the OpenAPI document; the answers themselves are put together in `answers`."""

from datetime import date, datetime
from typing import Any

from pydantic import BaseModel


class Health(BaseModel):
    """The process lives."""

    alive: bool


class Ready(BaseModel):
    """`refused` says why a newer model was not taken."""

    ready: bool
    model: str
    refused: str | None


class Path(BaseModel):
    """The way through the explaining tree: what was answered, the segment at its end, and the share of customers there
    who are in that segment.
    """

    answers: list[str]
    segment: int
    purity: float | None


class Answer(BaseModel):
    """What is said of one customer; names and values are those of `segments.parquet`."""

    user_id: int | str | None
    population: str | None
    too_early: bool
    segment: int | None
    persona: str | None
    name: str | None
    confidence: float | None
    second: int | None
    second_persona: str | None
    second_name: str | None
    expected_value: float | None
    expected_low: float | None
    expected_high: float | None
    path: Path | None


class Scored(BaseModel):
    """An answer a customer, in the order asked; `as_of` where events were measured."""

    model: str
    as_of: date | None
    customers: list[Answer]


class Stored(Answer):
    """What the store's latest run, as of that date, says of a customer; `settled` is where they count as being."""

    as_of: date
    settled: int | None


class Segment(BaseModel):
    """One segment as it was learned."""

    segment: int
    population: str
    persona: str | None
    name: str
    description: str | None
    actions: list[str]
    match: float | None
    customers: int


class Segments(BaseModel):
    """Every segment of the model."""

    model: str
    segments: list[Segment]


class ModelAnswer(BaseModel):
    """The model that answers: where it comes from, how old it is, and what it asks of a customer."""

    version: str
    fingerprint: str
    as_of: date
    age_days: int
    taken: datetime
    refused: str | None
    time_zone: str
    currency: str | None
    windows: list[int]
    min_events: int
    populations: list[dict[str, Any]]
    columns: list[dict[str, Any]]
    provenance: dict[str, Any]


class FieldFault(BaseModel):
    """A field, what was found there (null where it is missing), and what is allowed."""

    field: str
    found: str | None
    allowed: str


class ProblemDetails(BaseModel):
    """RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    request_id: str
    errors: list[FieldFault] | None = None
