"""Everyone's place, as `segments.parquet`, and who moved since the run before, as `movements.parquet`.

Both are written by DuckDB, because the shop's customers may be too many to be matched in Python. A customer is
*settled* in a segment: a new placement is believed when it is clear (its confidence is at least `settle_margin`) or
was given in two runs running; until then the customer stays where they were settled. So nobody flaps between two
segments whose border they stand on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from bestiary.config import Settings
from bestiary.files import replacing
from bestiary.segments.follow.flows import Counts, count_flows, numbered, segments, stored
from bestiary.segments.follow.match import Matching
from bestiary.segments.group import Group
from bestiary.segments.history import History
from bestiary.segments.learn import Learned
from bestiary.segments.model import Model
from bestiary.segments.place import Placed
from bestiary.segments.population import Population
from bestiary.sql import quote, render

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HERE = Path(__file__).parent
EXPECTED = ("expected_value", "expected_low", "expected_high")
MOVED = '"from" IS NULL OR "to" IS NULL OR origin IS DISTINCT FROM "to"'


@dataclass(frozen=True)
class Moved:
    """The flows since the run before (see `follow.flows`), None without one.

    `sizes` are the customers placed in each segment by its number, `placed` and `too_early` those of each population.
    """

    flows: Counts | None
    sizes: dict[int, int]
    placed: dict[str, int]
    too_early: dict[str, int]


def write_segments(
    out: Path, model: Model, learned: Learned, populations: Sequence[Population], history: History, settings: Settings
) -> Moved:
    """Write both files; the rows are ordered by user_id."""
    connection = populations[0].connection
    fitted = model.fitted
    everything = segments(fitted)
    connection.register("names", _names([(one.segment, one.persona) for one in everything]))
    tables = [populations[0].table]
    _register(connection, populations[0], _buyers(populations[0], model, learned.buyers))
    if fitted.visitors and learned.visitors:
        tables.append(populations[1].table)
        _register(connection, populations[1], _visitors(populations[1], model))
    elif len(populations) > 1:
        tables.append(populations[1].table)
        _register(connection, populations[1], _nowhere(populations[1]))
    before = history.before
    connection.register("heirs", numbered(before.model.fitted if before else fitted, fitted, matchings(learned)))
    shared: dict[str, Any] = {
        "tables": tables,
        "min_events": fitted.min_events,
        "before": str(before.segments) if before else None,
        "margin": settings.choice.settle_margin,
        "buyers": fitted.buyers.partition.k,
    }
    connection.execute(render(HERE / "placed.sql", **shared))
    with replacing(out / "segments.parquet") as path:
        connection.execute(
            f"COPY (FROM placed ORDER BY user_id) TO {quote(str(path))} (FORMAT parquet, COMPRESSION zstd)"
        )
    connection.execute(render(HERE / "movements.sql", as_of=model.provenance.as_of, **shared))
    with replacing(out / "movements.parquet") as path:
        moved = f"SELECT * EXCLUDE (origin) FROM flows WHERE {MOVED} ORDER BY user_id"
        connection.execute(f"COPY ({moved}) TO {quote(str(path))} (FORMAT parquet, COMPRESSION zstd)")
    counts = None
    if before:
        k_old = len(segments(before.model.fitted))
        counts = count_flows(connection, stored(before.segments), "placed", k_old, len(everything))
    return Moved(counts, *_counted(connection, tables))


def _counted(
    connection: "DuckDBPyConnection", tables: Sequence[str]
) -> tuple[dict[int, int], dict[str, int], dict[str, int]]:
    """Customers placed in each segment, and in each population placed and too early to say."""
    sizes, placed, early = {}, dict.fromkeys(tables, 0), dict.fromkeys(tables, 0)
    query = "SELECT population, segment, count(*) FROM placed GROUP BY ALL ORDER BY ALL"
    for population, segment, number in connection.execute(query).fetchall():
        (early if segment is None else placed)[population] += number
        if segment is not None:
            sizes[segment] = number
    return sizes, placed, early


def matchings(learned: Learned) -> list[Matching | None]:
    """Which segment is which one of the run before, for buyers and visitors; None where that is not known."""
    return [one.carried.matching if one and one.carried else None for one in (learned.buyers, learned.visitors)]


def _register(connection: "DuckDBPyConnection", people: Population, labels: dict[str, NDArray[Any]]) -> None:
    place = np.arange(people.size, dtype=np.int64)
    connection.register(f"{people.table}_labels", {"place": place, **labels})


def _names(personas: Sequence[tuple[int, str | None]]) -> dict[str, NDArray[Any]]:
    masked = np.ma.array([name or "" for _, name in personas], mask=[name is None for _, name in personas])
    return {"segment": np.array([number for number, _ in personas], dtype=np.int32), "persona": masked.astype(object)}


def _buyers(people: Population, model: Model, group: Group) -> dict[str, NDArray[Any]]:
    nothing = np.ma.array(np.zeros(people.size), mask=True)
    expected = model.fitted.expected
    told: tuple[NDArray[Any], ...] = (nothing, nothing, nothing)
    if expected:
        told = expected.predict(group.frame.rows, model.fitted.season or 1.0)
    return _labels(group.chosen.placed) | dict(zip(EXPECTED, told, strict=True))


def _visitors(people: Population, model: Model) -> dict[str, NDArray[Any]]:
    """Everyone's place by the model, some at a time; what was learned on may be a sample."""
    segmentation = model.fitted.visitors
    assert segmentation is not None  # noqa: S101 - asked by the caller
    sources = [column.source for column in segmentation.columns]
    found = [segmentation.place(chunk) for chunk in people.chunks(sources)]
    placed = Placed(
        np.concatenate([one.segment for one in found]),
        np.concatenate([one.second for one in found]),
        np.concatenate([one.confidence for one in found]),
    )
    return _labels(placed)


def _labels(placed: Placed) -> dict[str, NDArray[Any]]:
    return {
        "segment": placed.segment,
        "second": np.ma.masked_less(placed.second, 0),
        "confidence": np.ma.masked_invalid(placed.confidence),
    }


def _nowhere(people: Population) -> dict[str, NDArray[Any]]:
    """Labels of a population that is too small to be segmented: nobody has a segment."""
    nothing = np.ma.array(np.zeros(people.size, dtype=np.int32), mask=True)
    return {"segment": nothing, "second": nothing, "confidence": nothing.astype(np.float64)}
