"""How many events are enough to place a customer: segments from first visits beside segments from all.

A customer who has bought nothing in the first n visits is placed as a visitor, as they would have been then.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bestiary.config import Settings
from bestiary.segments.model import Segmentation
from bestiary.segments.population import Population
from bestiary.segments.reliability import Reliability, against_all, against_next, reliability
from bestiary.segments.transform import Floats, Ints
from bestiary.sql import identifier, quote

Placing = tuple[Population, Segmentation]


@dataclass(frozen=True)
class Enough:
    """The curve against the segment from all visits, and against that from one visit more, which decides.

    The first seldom passes the level, because customers go on changing, and where it does it is late: 20 visits on
    UCI Online Retail, which one buyer in sixteen has made. It is shown.
    """

    whole: Reliability
    deciding: Reliability

    @property
    def min_events(self) -> int:
        """The least number of events with which a customer is placed; 0 where no number is known to be enough."""
        return self.deciding.min_events or 0

    def record(self) -> dict[str, Any]:
        """All of it as JSON, with the sentences that explain the threshold."""
        return {
            "min_events": self.min_events,
            "words": self.deciding.words(),
            "deciding": self.deciding.record(),
            "whole": self.whole.record(),
        }


def enough(first_visits: Path, placings: Sequence[Placing], settings: Settings) -> Enough | None:
    """Place customers from their first visits and from all; buyers first, then visitors where they are segmented.

    None where the first visits lack a column that a segmentation asks for.
    """
    connection = placings[0][0].connection
    table = f"read_parquet({quote(str(first_visits))})"
    there = {row[0] for row in connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()}
    if not all(column.source in there for _, one in placings for column in one.columns):
        return None
    purchases = next(name for name in there if name.startswith("number_of_purchases_"))
    events = next(name for name in there if name.startswith("number_of_events_"))
    sources = list(dict.fromkeys(column.source for _, one in placings for column in one.columns))
    places = ", ".join(f"p{i}.place AS place{i}" for i in range(len(placings)))
    joins = " ".join(
        f"LEFT JOIN {identifier(people.table)} AS p{i} ON f.user_id = p{i}.user_id"
        for i, (people, _) in enumerate(placings)
    )
    listed = ", ".join(f"f.{identifier(name)} AS {identifier(name)}" for name in sources)
    query = (
        f"SELECT f.user_id, f.n, f.visits, f.{identifier(events)} AS events, "
        f"f.{identifier(purchases)} AS purchases, {places}, {listed} "
        f"FROM {table} AS f {joins} ORDER BY f.user_id, f.n"
    )
    fetched = connection.execute(query).fetchnumpy()
    users = np.asarray(fetched.pop("user_id"))
    found = {  # one column at a time, so that no second copy of all of them is ever there
        name: np.ma.filled(np.ma.asarray(fetched.pop(name)).astype(np.float64), np.nan) for name in list(fetched)
    }
    n, visits, counted = (found[name].astype(np.int32) for name in ("n", "visits", "events"))
    then, now, level = _then(found, placings), _now(found, placings), settings.choice.agreement
    rows, same = against_all(n, visits, then, now)
    whole = reliability(n[rows], counted[rows], same, level, "all")
    rows, same = against_next(users, n, then)
    return Enough(whole, reliability(n[rows], counted[rows], same, level, "next"))


def _then(found: dict[str, Floats], placings: Sequence[Placing]) -> Ints:
    """Segments (m,) from the first visits; -1 where a customer could not have been placed."""
    labels = np.full(len(found["n"]), -1, dtype=np.int32)
    for number, (_, segmentation) in enumerate(placings):
        here = (found["purchases"] > 0) == (number == 0)
        rows = np.column_stack([found[column.source][here] for column in segmentation.columns])
        labels[here] = _placed(segmentation, rows)
    return labels


def _now(found: dict[str, Floats], placings: Sequence[Placing]) -> Ints:
    """Segments (m,) from all visits; -1 for who is in no population."""
    labels = np.full(len(found["n"]), -1, dtype=np.int32)
    for number, (people, segmentation) in enumerate(placings):
        place = found[f"place{number}"]
        here = ~np.isnan(place)
        if here.any():
            places, back = np.unique(place[here].astype(np.int64), return_inverse=True)
            rows = people.rows(places, [column.source for column in segmentation.columns])
            labels[here] = _placed(segmentation, rows)[back]
    return labels


def _placed(segmentation: Segmentation, rows: Floats) -> Ints:
    nullable = np.array([column.nullable for column in segmentation.columns])
    known = np.isfinite(rows[:, ~nullable]).all(axis=1)
    labels: NDArray[np.int32] = np.full(len(rows), -1, dtype=np.int32)
    if known.any():
        labels[known] = segmentation.place(rows[known]).segment
    return labels
