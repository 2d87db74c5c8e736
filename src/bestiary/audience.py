"""Audiences: the customers that a campaign writes to, those held back beside them, and what the campaign did.

Each function is also a command. They leave the runs as they are, and hold the store's lock so that none is replaced
while it is read. What leaves the store is noted in the book of recipients before it goes.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.config import Settings
from bestiary.customers.measure import copy_part
from bestiary.errors import ConfigError
from bestiary.files import replacing
from bestiary.ids import Ids
from bestiary.lake.lock import locked
from bestiary.lake.recipients import delivered
from bestiary.lake.runs import Run, all_runs, find_run
from bestiary.lake.store import Store
from bestiary.progress import SILENT, Progress, step
from bestiary.publish import audience_join, audience_kept, audience_select, audience_write
from bestiary.publish.audience_asked import GROUPS, Asked, Group
from bestiary.publish.audience_baseline import find_baseline
from bestiary.publish.audience_kept import Wave, Written
from bestiary.publish.power_plan import Plan, plan
from bestiary.sql import connect, identifier, quote, scan_path, within

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DEFAULTS = Settings()
Told = Callable[[Plan], None]


@dataclass(frozen=True)
class Audience:
    """An audience after the command: what was told before, and its wave; None where nothing was to be written.

    `again` is whether the store had it already.
    """

    plan: Plan
    wave: Wave | None
    again: bool = False


def audience(
    store: Path,
    asked: Asked,
    *,
    dry_run: bool = False,
    settings: Settings = DEFAULTS,
    progress: Progress = SILENT,
    told: Told = lambda found: None,
) -> Audience:
    """Write an audience and those held back as files, and remember it; `told` hears the plan before that.

    The same audience again writes the same files again. Raises
    ConfigError and StoreError where something asked for is not there; then nothing is written.
    Memory: within the engine's share, the rest in the store's scratch.
    """
    with locked(store):
        lake, run = Store.open(store, settings), find_run(store, asked.as_of, "fit")
        known = lake.ids(settings)
        _check(store, asked, known)
        if not dry_run:
            audience_kept.check_share(store, asked.campaign, str(asked.share))
        with ExitStack() as stack:
            scratch = stack.enter_context(lake.scratch())
            stack.enter_context(within(settings.memory_bytes, "the audience"))
            stack.enter_context(step(progress, "audience", 3))
            connection = stack.enter_context(
                connect(threads=settings.threads or 0, memory_bytes=settings.engine_bytes, spill=scratch)
            )
            what, selected, joined = _reached(connection, run, asked, known)
            members = audience_write.draw_members(connection, asked.campaign, asked.share)
            progress.advance()
            visits = [part.path for part in lake.visits()]
            baseline = find_baseline(connection, run, all_runs(store), visits, asked, pseudonyms=known.key is not None)
            figures = (asked.campaign, run.as_of, asked.days, float(asked.share), selected, members, joined)
            planned = plan(*figures, baseline, asked.money)
            progress.advance()
            there = None if dry_run else _same_wave(connection, store, asked, run, members)
            told(planned)
            if dry_run or not sum(members.values()):
                return Audience(planned, None)
            wave = _write(connection, store, asked, run, what, members, there)
            progress.advance()
    return Audience(planned, wave, again=there is not None)


def _check(store: Path, asked: Asked, ids: Ids) -> None:
    """Raise ConfigError where the audience cannot be written so."""
    if asked.out.resolve().is_relative_to(store.resolve()):
        raise ConfigError(f"{asked.out} is within the store.", do="Name a file elsewhere with --out.")
    ours = {file.path for wave in audience_kept.waves(store) for file in wave.files}
    for path in (asked.file_of(group) for group in GROUPS):
        if path.exists() and not path.is_file():  # a folder; or a device, whose place a file would take
            raise ConfigError(f"{path} is there and is no file.", do="Name another with --out.")
        if path.exists() and path.resolve() not in ours:
            raise ConfigError(
                f"{path} is there, and no audience of this store was written to it.",
                allowed="What is not ours is not written over.",
                do="Name another with --out, or move it away.",
            )
    if ids.key is not None and asked.joined is None:
        raise ConfigError(
            "The store holds pseudonyms, by which nobody can be written to.",
            do="Give a file with the shop's own ids with --join.",
        )


def _reached(
    connection: DuckDBPyConnection, run: Run, asked: Asked, ids: Ids
) -> tuple[audience_write.Layout, int, audience_join.Counts | None]:
    """Make the table `reached`: user_id, `given` as the shop writes it, and what stands in the lines.

    Who is not in the shop's file, or has no contact that the format needs, is left out before anybody is drawn.
    """
    known = audience_select.columns_of(connection, run, pseudonyms=ids.key is not None)
    chosen = audience_select.selection(run, asked.segments, asked.where, known)
    file = audience_join.columns_in(connection, asked.joined) if asked.joined else ()
    what = audience_write.layout(
        asked, tuple(known), tuple(one for one in file if asked.joined and one != asked.joined.on)
    )
    carried = "".join(f", {identifier(name)}" for name in what.run)
    connection.execute(f"CREATE TEMP TABLE chosen AS SELECT user_id{carried} FROM ({chosen.query()})")
    selected = connection.execute("SELECT count(*) FROM chosen").fetchall()[0][0]
    if asked.joined is None:
        connection.execute("CREATE TEMP TABLE reached AS SELECT *, user_id AS given FROM chosen")
        return what, selected, None
    counts = audience_join.join(connection, asked, asked.joined, what.file, ids)
    contacts = [identifier(audience_join.in_file(name)) for name in what.contacts]
    needed = " OR ".join(f"{name} IS NOT NULL" for name in contacts) or "true"
    connection.execute(
        "CREATE TEMP TABLE reached AS SELECT chosen.*, joined.* EXCLUDE (stored) FROM chosen INNER JOIN joined "
        f"ON joined.stored = CAST(chosen.user_id AS VARCHAR) WHERE {needed}"
    )
    return what, selected, counts


def _same_wave(
    connection: DuckDBPyConnection, store: Path, asked: Asked, run: Run, members: dict[Group, int]
) -> Wave | None:
    """The wave that the campaign has of this date; ConfigError where it is another audience."""
    there = next((one for one in audience_kept.waves(store, asked.campaign) if one.as_of == run.as_of), None)
    if there is None:
        return None
    kept = quote(scan_path(there.folder(store) / audience_kept.MEMBERS))
    same = f"SELECT count(*) FROM (FROM members EXCEPT FROM read_parquet({kept}))"
    if (
        {name: there.asked[name] for name in asked.record()} != asked.record()
        or dict(there.members) != members
        or connection.execute(same).fetchall()[0][0]
    ):
        raise ConfigError(
            f"The campaign {asked.campaign!r} has another audience as of {run.as_of} already.",
            allowed=f"It has {there.members['target']:,} to write to and {there.members['holdout']:,} held back.",
            do="Ask for the same one, or name another campaign with --campaign; or, if nobody was written to, remove "
            f"{there.folder(store)}.",
        )
    return there


def _write(
    connection: DuckDBPyConnection,
    store: Path,
    asked: Asked,
    run: Run,
    what: audience_write.Layout,
    members: dict[Group, int],
    there: Wave | None,
) -> Wave:
    """Write the files, and the wave in the store; the files take their places last, one after the other."""
    told = f"{asked.format}: {', '.join(what.headers.values() if what.headers else ('user_id', *asked.columns))}"
    delivered(store, kind="audience", to=str(asked.out.resolve()), what=told, as_of=run.as_of)
    with ExitStack() as ready:
        sums = audience_write.write_files(connection, asked, what, ready)
        files = [
            Written(
                group=group,
                path=asked.file_of(group).resolve(),
                format=asked.format,
                sha256=found,
                lines=members[group],
            )
            for group, found in sums.items()
        ]
        kept = [one for one in (there.files if there else ()) if one.path not in {new.path for new in files}]
        if there is None:
            wave = _wave(asked, run, members, tuple(files))
            with replacing(wave.folder(store) / audience_kept.MEMBERS) as temporary:
                copy_part(connection, "SELECT * FROM members ORDER BY user_id", temporary)
        else:
            wave = there.model_copy(update={"files": (*kept, *files)})
        audience_kept.write_wave(store, wave)
    return wave


def _wave(asked: Asked, run: Run, members: dict[Group, int], files: tuple[Written, ...]) -> Wave:
    return Wave(
        campaign=asked.campaign,
        as_of=run.as_of,
        asked=asked.record(),
        days=asked.days,
        share=float(asked.share),
        margin=asked.money.margin,
        contact_cost=asked.money.contact_cost,
        purpose=asked.purpose,
        at=datetime.now(UTC).isoformat(timespec="seconds"),
        members=members,
        forgotten=dict.fromkeys(GROUPS, 0),
        files=files,
    )
