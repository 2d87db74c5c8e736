"""Who went where between two runs, counted by DuckDB, because customers may be too many to be matched in Python.

Customers are counted where they are settled (see `segments.assign`). Segments are numbered as each run numbers them.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bestiary.segments.follow.match import Matching
from bestiary.segments.model import Fitted, Segment, Segmentation
from bestiary.sql import quote, render

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HERE = Path(__file__).parent
Counts = NDArray[np.int64]
Numbers = dict[str, NDArray[np.int32]]


def stored(segments: Path) -> str:
    """A run's `segments.parquet` as a relation of SQL."""
    return f"read_parquet({quote(str(segments))})"


def count_flows(connection: "DuckDBPyConnection", before: str, after: str, k_old: int, k_new: int) -> Counts:
    """Count customers (k_old + 2, k_new + 2) from each state of the relation `before` to each of `after`.

    Both have `user_id`, once each, and `settled`, null where it is too early to say. Rows are the old segments, too
    early, and new; columns the new segments, too early, and gone. A row but the last sums to the customers who were
    there, a column but the last to those who are, and the whole to the customers of either run.
    """
    counts = np.zeros((k_old + 2, k_new + 2), dtype=np.int64)
    query = render(HERE / "flows.sql", before=before, after=after, k_old=k_old, k_new=k_new)
    for origin, target, customers in connection.execute(query).fetchall():
        counts[origin, target] = customers
    return counts


def populations(fitted: Fitted) -> list[Segmentation]:
    """The segmentations of a model, in the order of their numbers."""
    return [fitted.buyers, *([fitted.visitors] if fitted.visitors else [])]


def segments(fitted: Fitted) -> list[Segment]:
    """All segments of a model; each stands at its number."""
    return [segment for one in populations(fitted) for segment in one.segments]


def numbered(old: Fitted, new: Fitted, matchings: Sequence[Matching | None]) -> Numbers:
    """Which number of the new model a segment's number of the old one has; those without an heir are not there.

    `matchings` are those of the buyers and of the visitors, None where a population was not matched.
    """
    pairs = [
        (was.first + number, now.first + int(heir))
        for was, now, found in zip(populations(old), populations(new), matchings, strict=False)
        for number, heir in enumerate(found.heirs if found else ())
        if heir >= 0
    ]
    both = np.array(pairs, dtype=np.int32).reshape(-1, 2)
    return {"old": both[:, 0].copy(), "new": both[:, 1].copy()}
