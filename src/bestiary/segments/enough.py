"""How many events are enough to place a customer: segments from first visits beside segments from all.

A customer who has bought nothing in the first n visits is placed as a visitor, as they would have been then.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bestiary.segments.model import Segmentation
from bestiary.segments.reliability import Bools, Reliability, reliability
from bestiary.segments.transform import Floats, Ints
from bestiary.sql import identifier, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def enough(
    first_visits: Path, connection: "DuckDBPyConnection", segmentations: Sequence[Segmentation], level: float
) -> Reliability | None:
    """Place customers from their first visits and from all: that of buyers, then of visitors where they are segmented.

    None where the first visits lack a column that a segmentation asks for.
    """
    table = f"read_parquet({quote(str(first_visits))})"
    there = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()}
    if not all(column.source in there for one in segmentations for column in one.columns):
        return None
    purchases = next(name for name in there if name.startswith("number_of_purchases_"))
    events = next(name for name in there if name.startswith("number_of_events_"))
    sources = list(dict.fromkeys(column.source for one in segmentations for column in one.columns))
    listed = ", ".join(identifier(name) for name in dict.fromkeys([events, purchases, *sources]))
    query = f"SELECT n, visits, {listed} FROM {table} ORDER BY user_id, n"
    fetched = connection.execute(query).fetchnumpy()
    found = {  # one column at a time, so that no second copy of all of them is ever there
        name: np.ma.filled(np.ma.asarray(fetched.pop(name)).astype(np.float64), np.nan) for name in list(fetched)
    }
    n, visits, counted = (found[name].astype(np.int32) for name in ("n", "visits", events))
    return reliability(n, visits, counted, _labels(found, found[purchases] > 0, segmentations), level)


def _labels(found: dict[str, Floats], bought: Bools, segmentations: Sequence[Segmentation]) -> Ints:
    """Segments (m,) of first visits; -1 where a customer could not have been placed."""
    labels = np.full(len(bought), -1, dtype=np.int32)
    for number, segmentation in enumerate(segmentations):
        here = bought == (number == 0)
        labels[here] = _placed(segmentation, np.column_stack([found[one.source][here] for one in segmentation.columns]))
    return labels


def _placed(segmentation: Segmentation, rows: Floats) -> Ints:
    nullable = np.array([column.nullable for column in segmentation.columns])
    known = np.isfinite(rows[:, ~nullable]).all(axis=1)
    labels: NDArray[np.int32] = np.full(len(rows), -1, dtype=np.int32)
    if known.any():
        labels[known] = segmentation.place(rows[known]).segment
    return labels
