"""What a campaign did: its two groups' purchases from the lake, compared. Also a command; it writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.config import Settings
from bestiary.errors import ConfigError, StoreError
from bestiary.lake.lock import locked
from bestiary.lake.quality import time_span
from bestiary.lake.store import Store
from bestiary.progress import SILENT, Progress, step
from bestiary.publish.audience_asked import GROUPS
from bestiary.publish.audience_kept import MEMBERS, Wave, waves_of
from bestiary.publish.audience_outcome import measure_outcomes
from bestiary.publish.lift_found import Lift, Window, compared
from bestiary.sql import connect, quote, scan_path, within

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DEFAULTS = Settings()


def lift(
    store: Path,
    campaign: str,
    *,
    since: date | None = None,
    until: date | None = None,
    margin: float | None = None,
    contact_cost: float | None = None,
    settings: Settings = DEFAULTS,
    progress: Progress = SILENT,
) -> Lift:
    """Compare what a campaign's two groups bought from its date on, for as many days as were planned.

    A customer of several waves counts from the first. `since` and `until` count other days, the same for all. Raises
    StoreError where there is no such campaign, or no data after it; ConfigError where the days are not in order.
    Memory: within the engine's share, the rest in the store's scratch.
    """
    with locked(store):
        lake, found = Store.open(store, settings), waves_of(store, campaign)
        _in_order(found[0].as_of, since, until)
        with (
            lake.scratch() as scratch,
            within(settings.memory_bytes, "the lift"),
            step(progress, "lift", 2),
            connect(threads=settings.threads or 0, memory_bytes=settings.engine_bytes, spill=scratch) as connection,
        ):
            ends = time_span(connection, lake)[0].date() + timedelta(days=1)
            window = _counted(connection, store, found, since, until, ends)
            progress.advance()
            outcomes = measure_outcomes(connection, [part.path for part in lake.visits()])
            progress.advance()
    target, holdout = outcomes["target"], outcomes["holdout"]
    last = found[-1]
    return Lift(
        campaign,
        tuple(wave.as_of for wave in found),
        window,
        last.share,
        target,
        holdout,
        {group: sum(wave.forgotten[group] for wave in found) for group in GROUPS},
        *compared(target, holdout),
        last.margin if margin is None else margin,
        last.contact_cost if contact_cost is None else contact_cost,
    )


def _in_order(began: date, since: date | None, until: date | None) -> None:
    first = since or began
    if first < began:
        raise ConfigError(
            f"The campaign began on {began}, and purchases from {first} on are asked for.",
            do="Name a later day with --from, or leave it out.",
        )
    if until is not None and until <= first:
        raise ConfigError(
            f"There is no day from {first} until {until}.", do="Name a later midnight with --until, or leave it out."
        )


def _counted(
    connection: DuckDBPyConnection,
    store: Path,
    waves: Sequence[Wave],
    since: date | None,
    until: date | None,
    ends: date,
) -> Window:
    """Make the table `counted` of those of whom at least a day is counted, and say which days.

    `ends` is the midnight after the last event; the day before it may not be whole.
    """
    each = " UNION ALL ".join(
        f"SELECT user_id, \"group\", TIMESTAMP '{wave.as_of}' AS entry, "
        f"TIMESTAMP '{wave.as_of + timedelta(days=wave.days)}' AS due "
        f"FROM read_parquet({quote(scan_path(wave.folder(store) / MEMBERS))})"
        for wave in waves
    )
    first = "entry" if since is None else f"greatest(entry, TIMESTAMP '{since}')"
    last = "due" if until is None else f"TIMESTAMP '{until}'"
    connection.execute(
        f"CREATE TEMP TABLE everyone AS SELECT *, {first} AS first, {last} AS planned FROM ({each}) "
        "QUALIFY row_number() OVER (PARTITION BY user_id ORDER BY entry) = 1"
    )
    connection.execute(
        'CREATE TEMP TABLE counted AS SELECT user_id, "group", entry, first, '
        f"least(planned, TIMESTAMP '{ends}') AS last, entry - (last - first) AS before FROM everyone "
        f"WHERE first < least(planned, TIMESTAMP '{ends}')"
    )
    some, begins, closes = connection.execute("SELECT count(*), min(first), max(last) FROM counted").fetchall()[0]
    everyone, due = connection.execute("SELECT count(*), max(due) FROM everyone").fetchall()[0]
    if not some:
        raise StoreError(
            f"No day can be counted: the campaign began on {waves[0].as_of}, and the store's last event is of "
            f"{ends - timedelta(days=1)}.",
            do=f"Read newer events first: bestiary ingest EVENTS... --store {store}",
        )
    return Window(begins.date(), closes.date(), due.date(), everyone - some)
