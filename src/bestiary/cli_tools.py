"""The commands beside the flow: look into a store, mend it, and make a shop to try things on."""

from pathlib import Path
from typing import Annotated

import typer

from bestiary import cli_options as options
from bestiary.guard import telling


def movements(
    store: options.StorePath,
    earlier: options.Earlier = None,
    later: options.Later = None,
    out: options.OutFile = None,
    config: options.Config = None,
    memory: options.Memory = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Show who went from which segment to which between two runs, beside what ageing alone would have moved."""
    with telling(quiet, log_format) as log:
        from bestiary import pipeline, show_changes

        settings = options.read_settings(config, memory=memory)
        found = pipeline.movements(store, earlier=earlier, later=later, settings=settings, progress=log.progress)
        show_changes.movements(log, found.record(), out)


def cadence(
    store: options.StorePath,
    as_of: options.LatestRun = None,
    out: options.OutFile = None,
    config: options.Config = None,
    memory: options.Memory = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Say how often to fit again: replay the past months, and see how long a model lasts."""
    with telling(quiet, log_format) as log:
        from bestiary import pipeline, show_changes

        settings = options.read_settings(config, memory=memory)
        show_changes.cadence(log, pipeline.cadence(store, as_of=as_of, settings=settings, progress=log.progress), out)


def dashboard(
    store: options.StorePath,
    host: options.Host = "127.0.0.1",
    port: options.Port = 8765,
    lang: options.Language = None,
    config: options.Config = None,
    memory: options.Memory = None,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Show a store's pages in a browser, on this machine, until it is interrupted."""
    with telling(log_format=log_format) as log:
        from bestiary import pipeline, show

        settings = options.read_settings(config, language=lang, memory=memory)
        pipeline.dashboard(
            store,
            host=host,
            port=port,
            language=settings.language,
            settings=settings,
            told=lambda address, token: show.dashboard(log, address, token),
        )


def runs(store: options.StorePath) -> None:
    """List what a store holds."""
    with telling() as log:
        from bestiary import pipeline, show

        show.runs(log, pipeline.runs(store))


def rejects(
    store: options.StorePath,
    reason: Annotated[str | None, typer.Option(help="Only those refused for this.", show_default="all")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many rows.")] = 20,
) -> None:
    """Show rows that were refused: file, line, reason and text."""
    with telling() as log:
        from bestiary import show
        from bestiary.lake.rejects import refused

        show.rejects(log, refused(store, reason=reason, limit=limit))


def doctor(
    store: options.StorePath,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Name the litter, and leave it.")] = False,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Name and remove what killed processes have left in a store, and check what it holds."""
    with telling(quiet, log_format) as log:
        from bestiary import pipeline, show

        found = pipeline.doctor(store, dry_run=dry_run, progress=log.progress)
        show.health(log, found, store, removed=not dry_run)
        if found.problems:
            raise typer.Exit(1)


def simulate(
    out: Annotated[Path, typer.Argument(help="The folder to write to.", show_default=False)],
    events: Annotated[int, typer.Option(min=1, help="How many events, about.")] = 1_000_000,
    months: Annotated[int, typer.Option(min=1, max=60, help="How many monthly files.")] = 7,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same content.")] = 0,
    format: options.FileFormat = options.FormatName.csv,  # noqa: A002
    dirty: Annotated[bool, typer.Option("--dirty", help="Damage some rows.")] = False,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Write simulated events of a shop, with a known truth in OUT/_truth."""
    with telling(quiet, log_format) as log:
        from bestiary import pipeline, show

        paths = pipeline.simulate(
            out, events=events, months=months, seed=seed, format=format.value, dirty=dirty, progress=log.progress
        )
        show.files(log, paths, out)
