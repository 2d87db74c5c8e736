"""Publishing a run of a store: which one, to whom, noted before it goes. Also a command: `bestiary publish`."""

from datetime import date
from pathlib import Path

from bestiary.config import Settings
from bestiary.errors import ConfigError, StoreError
from bestiary.lake import recipients
from bestiary.lake.lock import locked
from bestiary.lake.runs import Run, all_runs, find_run
from bestiary.lake.store import Store
from bestiary.progress import SILENT, Progress
from bestiary.publish import Asked, Content, Published, Target, open_target
from bestiary.publish.address import VARIABLE

__all__ = ["VARIABLE", "publish", "send"]
DEFAULTS = Settings()
MOST = 500_000_000
"""Bytes for the engine that reads the run; more does not help."""
WHAT = "customers, segments, movements and runs: what was measured of each customer, and their segment"


def publish(
    store: Path,
    to: str,
    *,
    as_of: date | None = None,
    schema: str = "bestiary",
    connection_file: Path | None = None,
    without_tls: bool = False,
    again: bool = False,
    dry_run: bool = False,
    settings: Settings = DEFAULTS,
    progress: Progress = SILENT,
) -> Published:
    """Publish a complete run, by default the latest, to a warehouse, a bucket or a folder (see `publish.open_target`).

    Holds the store's lock, so that the run is not replaced while it is read. Raises StoreError without such a run,
    ConfigError for an address, PublishError where the place does not take it; nothing is changed there then.
    """
    with locked(store):
        lake = Store.open(store, settings)
        run = _complete(store, as_of)
        with lake.scratch() as scratch:
            target = open_target(
                to,
                schema=schema,
                connection_file=connection_file,
                without_tls=without_tls,
                settings=settings.publish,
                scratch=scratch,
            )

            if target.address.kind == "folder" and Path(target.address.uri).is_relative_to(store.resolve()):
                raise ConfigError(
                    f"{target.address.told} is within the store.", do="Name a folder elsewhere with --to."
                )
            return send(store, run, target, scratch, settings, again=again, dry_run=dry_run, progress=progress)


def send(
    store: Path,
    run: Run,
    target: Target,
    scratch: Path,
    settings: Settings,
    *,
    again: bool = False,
    dry_run: bool = False,
    progress: Progress = SILENT,
) -> Published:
    """Publish a complete run to a target, and note before that it has it. Needs the lock."""

    def note() -> None:
        recipients.delivered(store, kind=target.address.kind, to=target.told, what=WHAT, as_of=run.as_of)

    asked = Asked(
        again=again,
        dry_run=dry_run,
        retention_months=settings.privacy.retention_months,
        before_data=note,
        progress=progress,
        memory_bytes=min(settings.engine_bytes, MOST),
        scratch=scratch,
    )
    return target.publish(Content(run.path, run.as_of), asked)


def _complete(store: Path, as_of: date | None) -> Run:
    """The run as of a date, or the latest, that is complete."""
    if as_of is None:
        whole = [run for run in all_runs(store) if run.description() is not None]
        if whole:
            return whole[-1]
    run = find_run(store, as_of, "report")
    if run.description() is None:
        step, why = run.undone()
        raise StoreError(
            f"{run.path} is not complete: {why}.",
            allowed="A complete run is published.",
            do=f"First: {run.command(step)}",
        )
    return run
