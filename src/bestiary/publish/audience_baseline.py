"""What would be bought without a campaign: by the same selection as of an earlier run, where there is one.

These customers' own past would mislead: of those who have not bought for a month, none has bought in that month.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.lake.runs import Run
from bestiary.publish.audience_asked import Asked
from bestiary.publish.audience_outcome import measure_outcomes
from bestiary.publish.audience_select import columns_of, earlier
from bestiary.publish.power_plan import Baseline

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def find_baseline(
    connection: DuckDBPyConnection,
    run: Run,
    runs: Sequence[Run],
    visits: Sequence[Path],
    asked: Asked,
    *,
    pseudonyms: bool,
) -> Baseline:
    """What customers such as those in the table `reached` buy within the days that are asked for.

    Of the `runs`, oldest first, the latest is taken that has all those days between its date and this run's.
    """
    if asked.baseline is not None:
        return Baseline("given", asked.baseline)
    length = timedelta(days=asked.days)
    for before in reversed([one for one in runs if one.as_of <= run.as_of - length and one.has("fit")]):
        columns = columns_of(connection, before, pseudonyms=pseudonyms)
        same = earlier(run, before, asked.segments, asked.where, columns)
        found = _watched(connection, visits, same.query(), before.as_of, length) if same else None
        if found and found.people:
            return replace(found, basis="the same selection before")
    found = _watched(connection, visits, "SELECT user_id FROM reached", run.as_of - length, length)
    return found if found.people else Baseline("nobody", 0.0)


def _watched(
    connection: DuckDBPyConnection, visits: Sequence[Path], query: str, since: date, length: timedelta
) -> Baseline:
    """What the customers of a query did from a date on."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE counted AS SELECT user_id, 'target' AS \"group\", "
        f"TIMESTAMP '{since}' AS first, TIMESTAMP '{since + length}' AS last, "
        f"TIMESTAMP '{since}' AS entry, TIMESTAMP '{since}' AS before FROM ({query})"
    )
    return Baseline.of("these customers before", measure_outcomes(connection, visits)["target"], since)
