"""The customers of an earlier run made older by the days to a later one, and placed by its model.

Days since the last purchase and the last visit grow; everything else stays. Who bought last before the later run's
longest window is a visitor from then on, and who came last before it is gone. They are settled by the rule of
`segments.assign`, in the same SQL, or borders would seem to be crossed sooner. So what is told is the flow to expect
if nobody had come back and nothing but the last purchase and visit had left the windows.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bestiary.config import Settings
from bestiary.segments.follow.flows import Counts, Numbers, count_flows, segments, stored
from bestiary.segments.model import Model
from bestiary.segments.population import Population, opened
from bestiary.segments.presets import Recipe, recipe, visitors
from bestiary.segments.transform import Floats
from bestiary.sql import render

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PLACED = Path(__file__).parents[1] / "placed.sql"
BOUGHT, CAME = "days_since_last_purchase", "days_since_last_visit"
EMPTY = ("second", "expected_value", "expected_low", "expected_high")


@dataclass(frozen=True)
class Ago:
    """The `days` between the runs, and how many days a purchase and a visit count in the later one."""

    days: int
    bought: int
    came: int


def recipes(model: Model) -> list[Recipe]:
    """The recipes of the populations that a model segments."""
    asked = model.config
    found = [recipe(asked.preset, asked.windows)]
    return [*found, visitors(asked.windows)] if model.fitted.visitors else found


def aged_flows(
    customers: Path, before: Path, old: Model, model: Model, heirs: Numbers, settings: Settings, scratch: Path
) -> Counts | None:
    """The flows as in `count_flows` that ageing alone would make of the old run's segments; None without its customers.

    `customers` and `before` are the old run's `customers.parquet` and `segments.parquet`, `old` its model, `model`
    the later run's; `heirs` (see `numbered`) say which segment is which. Memory: some 50 bytes a customer; the engine
    spills into `scratch`.
    """
    if not customers.is_file():
        return None
    was = date.fromisoformat(old.provenance.as_of)
    with opened(customers, was, recipes(old), settings, scratch=scratch) as populations:
        connection = populations[0].connection
        ago = _ago(connection, was, model)
        for people in populations:
            connection.register(f"{people.table}_labels", _labels(people, model, ago))
        connection.register("heirs", heirs)
        connection.execute("CREATE TEMP TABLE names (segment INTEGER, persona VARCHAR)")
        filled: dict[str, Any] = {
            "tables": [people.table for people in populations],
            "min_events": model.fitted.min_events,
            "before": str(before),
            "margin": settings.choice.settle_margin,
            "buyers": model.fitted.buyers.partition.k,
        }
        connection.execute(render(PLACED, **filled))
        k_old, k_new = len(segments(old.fitted)), len(segments(model.fitted))
        return count_flows(connection, stored(before), "placed", k_old, k_new)


def _ago(connection: "DuckDBPyConnection", was: date, model: Model) -> Ago:
    """The days between the runs, and the windows of the later one in days."""
    now, windows = model.provenance.as_of, model.config.windows
    buying = windows[-1] if model.config.preset == "default" else windows[0]
    reach = [
        connection.execute(
            f"SELECT date_diff('day', cast(DATE '{now}' - INTERVAL {months} MONTH AS DATE), DATE '{now}')"
        ).fetchall()[0][0]
        for months in (buying, windows[-1])
    ]
    return Ago((date.fromisoformat(now) - was).days, *reach)


def _labels(people: Population, model: Model, ago: Ago) -> dict[str, NDArray[Any]]:
    """Place, segment and confidence of those who are still there; the columns that `placed.sql` asks for."""
    fitted = model.fitted
    sources = {column.source for one in (fitted.buyers, fitted.visitors) if one for column in one.columns}
    names = sorted({*sources, BOUGHT, CAME} & {*people.columns})
    found = [placed_later(dict(zip(names, rows.T, strict=True)), model, ago) for rows in people.chunks(names)]
    segment = np.concatenate([one for one, _ in found]) if found else np.zeros(0, dtype=np.int32)
    confidence = np.concatenate([one for _, one in found]) if found else np.zeros(0)
    place = np.flatnonzero(segment >= 0)
    nothing = np.ma.array(np.zeros(len(place)), mask=True)
    return {
        "place": place,
        "segment": segment[place],
        "confidence": np.ma.masked_invalid(confidence[place]),
        **dict.fromkeys(EMPTY, nothing),
    }


def placed_later(columns: Mapping[str, Floats], model: Model, ago: Ago) -> tuple[NDArray[np.int32], Floats]:
    """Segment (n,), -1 for who is gone, and confidence (n,) by the later model of customers `ago.days` older.

    `columns` are those of the customer table, (n,) each, NaN for null; a column of purchases is not there for
    customers who never bought.
    """
    older = {name: values + ago.days if name in (BOUGHT, CAME) else values for name, values in columns.items()}
    n = len(older[CAME])
    bought = older[BOUGHT] < ago.bought if BOUGHT in older else np.zeros(n, dtype=np.bool_)
    came = older[CAME] < ago.came
    segment, confidence = np.full(n, -1, dtype=np.int32), np.full(n, np.nan)
    fitted = model.fitted
    for one, here in ((fitted.buyers, bought), (fitted.visitors, ~bought & came)):
        if one is not None and here.any():
            rows = np.column_stack([older[column.source][here] for column in one.columns])
            placed = one.partition.place(one.transform.apply(rows))
            segment[here], confidence[here] = placed.segment + one.first, placed.confidence
    return segment, confidence
