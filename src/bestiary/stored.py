"""What the latest run of a store says of a customer, for the scoring service."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from pydantic_core import from_json

from bestiary.config import Language, Privacy
from bestiary.customers.lookup import found_row, open_lookup
from bestiary.errors import BusyError, ModelError
from bestiary.files import Stamp, stamp
from bestiary.lake.fixed import read_fixed
from bestiary.lake.runs import Run, find_run
from bestiary.serve.serving import Serving
from bestiary.sql import unreadable

TABLES = ("segments.parquet", "customers.parquet", "model.json")


class Customers:
    """Looks customers up in the latest run of a store, with that run's own model for the words.

    Safe to ask from several threads. Raises StoreError where there is no store.
    """

    def __init__(self, store: Path) -> None:
        # What is no store is told at once, and so is a key of pseudonyms that is missing.
        self.ids = read_fixed(store).ids(store, Privacy())
        self.store = store
        self._connection = open_lookup()
        self._lock = threading.Lock()
        self._serving: tuple[Run, tuple[Stamp | None, ...], Serving] | None = None

    def find(self, user_id: str, said: Language) -> dict[str, Any] | None:
        """What the latest run says of a customer by the text of their id; None where there is nobody.

        Raises BestiaryError where the store cannot be read, or the run is being made anew.
        """
        stored = self.ids.stored(user_id)
        if stored is None:
            return None
        try:
            with self._lock:
                run = find_run(self.store, None, "fit")
                before = _stamps(run)
                place, columns = (found_row(self._connection, run.path / name, stored) for name in TABLES[:2])
                serving = self._read(run, before)
                if _stamps(run) != before:
                    raise BusyError("The run is being made anew.", do="Ask again when it has been.")
        except duckdb.Error as error:
            raise unreadable(error) from None
        except OSError as error:
            raise BusyError("The run is being made anew.", do="Ask again when it has been.") from error
        if place is None or columns is None:
            return None
        try:
            found = {"as_of": run.as_of} | _said(serving, place, columns, said)
        except (KeyError, IndexError) as error:
            raise ModelError("The tables of the run and its model do not agree.", do="Fit again.") from error
        return found | {"user_id": user_id} if self.ids.key else found  # a pseudonym is not told

    def _read(self, run: Run, now: tuple[Stamp | None, ...]) -> Serving:
        if self._serving is None or self._serving[:2] != (run, now):
            self._serving = run, now, Serving.read(run.path / TABLES[2])
        return self._serving[2]


def _stamps(run: Run) -> tuple[Stamp | None, ...]:
    """What changes when a run is made anew."""
    return tuple(stamp(run.path / name) for name in TABLES)


def _said(serving: Serving, place: Mapping[str, Any], columns: Mapping[str, Any], said: Language) -> dict[str, Any]:
    """What segments.parquet holds, with the names and the way through the tree of the run's model."""
    values = [columns[name] for name in serving.scorer.columns]
    rows = np.array([[np.nan if value is None else float(value) for value in values]])
    found: dict[str, Any] = from_json(serving.answers.json([place["user_id"]], serving.scorer.score(rows), said))[0]
    kept = {name: place[name] for name in found if name in place}
    names, second = serving.answers.names[said], place["second"]
    return found | kept | {
        "settled": place["settled"],
        "name": None if place["segment"] is None else names[place["segment"]],
        "second_name": None if second is None else names[second],
        "second_persona": None if second is None else serving.answers.personas[second],
    }  # fmt: skip
