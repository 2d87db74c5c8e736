"""What a fit may know beside the customer table: an earlier date and what followed, first visits, the run before."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from bestiary.segments.model import Model


@dataclass(frozen=True)
class Before:
    """The run before: its date, its model and its `segments.parquet`."""

    as_of: date
    model: Model
    segments: Path


@dataclass(frozen=True)
class History:
    """All may be missing. `earlier` holds customers as of `at` with their outcome in [at, until) (see
    `customers.earlier`), `first_visits` what customers' first visits hold (see `customers.first_visits`), `revenue`
    the shop's revenue net of refunds by whole calendar month (`2020-04`).
    """

    earlier: Path | None = None
    at: date | None = None
    until: date | None = None
    first_visits: Path | None = None
    revenue: Mapping[str, float] = field(default_factory=dict)
    before: Before | None = None


NOTHING = History()
