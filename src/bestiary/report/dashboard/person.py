"""One customer: their row, their place and why, and where they were in earlier runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bestiary.customers.lookup import found_row, open_lookup
from bestiary.errors import BestiaryError, ModelError
from bestiary.lake.runs import Run
from bestiary.segments.model import Model, Segmentation
from bestiary.segments.route import Route, route

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HISTORY = 24
"""So many runs back a customer's history goes."""
Record = dict[str, Any]


@dataclass(frozen=True)
class Person:
    """A row of customers.parquet and of segments.parquet, the way through the tree, and the place in each run.

    `history` has a record {as_of, there, segment, name, damaged} for each run, latest first: whether they were in its
    table, their segment and its name, None where they had none, and whether the run's files could not be read.
    """

    columns: Record
    place: Record
    names: Mapping[int, Mapping[str, str]]
    route: Route | None
    history: tuple[Record, ...]


class People:
    """Looks customers up, with the feet of the tables kept in memory between one and the next."""

    def __init__(self, currency: str) -> None:
        self._currency = currency
        self._connection: DuckDBPyConnection = open_lookup()
        self._connection.execute("SET GLOBAL parquet_metadata_cache = true")  # else not for cursors

    def find(self, user_id: int | str, run: Run, runs: Sequence[Run], model: Callable[[Run], Model]) -> Person | None:
        """A customer of a run by the store's id; None where there is nobody.

        `runs` are those to look for their history in. Raises ModelError where a table is missing or damaged.
        """
        with self._connection.cursor() as cursor:
            columns = found_row(cursor, run.path / "customers.parquet", user_id)
            if columns is None:
                return None
            place = found_row(cursor, run.path / "segments.parquet", user_id) or {}
            history = tuple(_then(cursor, user_id, one, model) for one in runs[:HISTORY])
        fitted = model(run).fitted
        people: Segmentation | None = fitted.visitors if place.get("population") == "visitors" else fitted.buyers
        way = None
        if people is not None and place.get("population"):
            try:
                way = route(people, columns, self._currency)
            except ModelError:
                way = None  # somebody whom the model does not place
        return Person(columns, place, _names(model(run)), way, history)


def _names(model: Model) -> dict[int, dict[str, str]]:
    both = [one for one in (model.fitted.buyers, model.fitted.visitors) if one is not None]
    return {segment.segment: segment.name.model_dump() for one in both for segment in one.segments}


def _then(cursor: "DuckDBPyConnection", user_id: int | str, run: Run, model: Callable[[Run], Model]) -> Record:
    told = {"as_of": run.path.name, "there": False, "segment": None, "name": None, "damaged": False}
    try:
        row = found_row(cursor, run.path / "segments.parquet", user_id)
        number = None if row is None else row["segment"]
        name = None if number is None else _names(model(run)).get(number)
    except BestiaryError:
        return told | {"damaged": True}  # an earlier run must not hide this one
    return told | {"there": row is not None, "segment": number, "name": name}
