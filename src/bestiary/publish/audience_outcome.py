"""What the members of an audience bought, from the lake's visits: of each group the numbers that a test needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bestiary.publish.audience_asked import GROUPS, Group
from bestiary.publish.lift import Amounts
from bestiary.sql import path_list, quote, render

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Outcome:
    """What a group did: people who are in the lake, those who bought, purchases (sessions), amounts spent.

    `gone` are members of whom the lake knows nothing any more.
    """

    people: int
    buyers: int
    purchases: int
    revenue: Amounts
    before: Amounts
    gone: int = 0

    @property
    def share(self) -> float:
        """Of people who bought; 0 of nobody."""
        return self.buyers / self.people if self.people else 0.0

    @property
    def value(self) -> float | None:
        """What a buyer spent; None where nobody bought."""
        return self.revenue.mean * self.people / self.buyers if self.buyers else None


def measure_outcomes(connection: DuckDBPyConnection, visits: Sequence[Path]) -> dict[Group, Outcome]:
    """What the members in the table `counted` did; see audience_outcome.sql.

    Memory: that of DuckDB, and of each group the amounts that occur.
    """
    query = render(Path(__file__).with_suffix(".sql"), files=path_list(visits))
    connection.execute(f"CREATE OR REPLACE TEMP TABLE outcomes AS {query}")
    return {group: _outcome(connection, group) for group in GROUPS}


def _outcome(connection: DuckDBPyConnection, group: Group) -> Outcome:
    of_group = f'FROM outcomes WHERE "group" = {quote(group)}'
    people, gone, buyers, purchases = connection.execute(
        "SELECT count(*) FILTER (WHERE known), count(*) FILTER (WHERE NOT known), "
        f"count(*) FILTER (WHERE purchases > 0), coalesce(sum(purchases), 0)::BIGINT {of_group}"
    ).fetchall()[0]
    return Outcome(
        people,
        buyers,
        purchases,
        _amounts(connection, "revenue", of_group),
        _amounts(connection, "revenue_before", of_group),
        gone,
    )


def _amounts(connection: DuckDBPyConnection, column: str, of_group: str) -> Amounts:
    found = connection.execute(
        f"SELECT {column} AS amount, count(*) AS people {of_group} AND known GROUP BY ALL ORDER BY ALL"
    ).fetchnumpy()
    return Amounts(np.asarray(found["amount"], dtype=np.float64), np.asarray(found["people"], dtype=np.int64))
