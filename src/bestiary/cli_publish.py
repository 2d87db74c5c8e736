"""The command that publishes a run to a warehouse."""

from typing import TYPE_CHECKING, Annotated

import typer

from bestiary import cli_options as options
from bestiary.guard import telling
from bestiary.logs import Log

if TYPE_CHECKING:
    from bestiary.publish import Published

To = Annotated[
    str,
    typer.Option(
        help="postgresql or redshift (the connection is in BESTIARY_WAREHOUSE, or a file), "
        "postgresql://USER@HOST/DATABASE, s3://BUCKET/PREFIX, or a folder.",
        show_default=False,
    ),
]
Schema = Annotated[str, typer.Option(help="The warehouse's schema.")]
Again = Annotated[bool, typer.Option("--again", help="Publish also what is there unchanged.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print what would be done, and do nothing.")]


def publish(
    store: options.StorePath,
    to: To,
    as_of: options.LatestRun = None,
    schema: Schema = "bestiary",
    connection_file: options.ConnectionFile = None,
    without_tls: options.WithoutTls = False,
    again: Again = False,
    dry_run: DryRun = False,
    config: options.Config = None,
    memory: options.Memory = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Publish a run's tables to Postgres, Redshift, S3 or a folder, wholly or not at all."""
    with telling(quiet, log_format) as log:
        from bestiary import publishing

        done = publishing.publish(
            store,
            to,
            as_of=as_of,
            schema=schema,
            connection_file=connection_file,
            without_tls=without_tls,
            again=again,
            dry_run=dry_run,
            settings=options.read_settings(config, memory=memory),
            progress=log.progress,
        )
        _told(log, done, dry_run=dry_run)


def _told(log: Log, done: "Published", *, dry_run: bool) -> None:
    """Say what was published where; of a dry run, what would be done."""
    from bestiary.show import Out

    out = Out(log)
    if dry_run:
        for text in done.steps:
            print(text if text.startswith(("write ", "remove ", "replace ")) else f"{text};")  # what was asked for
    if done.unchanged:
        out.say(f"Unchanged: the run as of {done.as_of} is there already: {done.to}")
    elif not dry_run:
        rows = ", ".join(f"{name} {number:,}" for name, number in done.rows.items())
        out.say(f"Published: the run as of {done.as_of}: {done.to} ({rows})")
    if done.removed:
        out.say(f"{'Would leave' if dry_run else 'Left'}, for retention: {', '.join(map(str, done.removed))}")
    log.result(
        "publish",
        as_of=done.as_of,
        to=done.to,
        rows=done.rows,
        unchanged=done.unchanged,
        removed=done.removed,
        dry_run=dry_run,
    )
