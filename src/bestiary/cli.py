"""The commands: thin over `pipeline`. What they print is for people; what they leave is for machines."""

from pathlib import Path
from typing import Annotated, Any

import typer

from bestiary import __version__
from bestiary import cli_options as options
from bestiary.cli_audience import audience, lift
from bestiary.cli_events import events
from bestiary.cli_export import onnx, sql
from bestiary.cli_publish import publish
from bestiary.cli_serve import keys, serve
from bestiary.cli_subject import subject
from bestiary.cli_tools import cadence, dashboard, doctor, movements, rejects, runs, simulate
from bestiary.guard import EXIT_STATUSES, telling

app = typer.Typer(
    help="A book of customer segments from a shop's event log.",
    epilog="\b\nExit status:\n" + "\n".join(f"  {status:<4} {meaning}" for status, meaning in EXIT_STATUSES.items()),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # the help with Rich takes twice as long to come
)


@app.command()
def run(
    events: options.Events,
    store: options.StorePath,
    as_of: options.AsOf = None,
    preset: options.Preset = None,
    config: options.Config = None,
    candidate: options.Candidate = None,
    anew: options.Anew = False,
    mapping: options.Mapping = None,
    no_header: options.NoHeader = False,
    on_overlap: options.OnOverlap = None,
    lang: options.Language = None,
    memory: options.Memory = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Do the whole job: read new events, measure customers, learn segments, draw the report."""
    with telling(quiet, log_format) as log:
        from bestiary import pipeline, show, show_segments

        asked = {"preset": preset, "candidate": candidate, "anew": anew or None, "language": lang, "memory": memory}
        outcome = pipeline.run(
            events,
            store,
            as_of=as_of,
            settings=options.read_settings(config, **asked),
            mapping=mapping,
            header=not no_header,
            on_overlap=on_overlap.value if on_overlap else None,
            progress=log.progress,
            told=lambda added, arrivals: show.intake(log, added, arrivals, store),
        )
        show_segments.segments(log, outcome.run, unchanged=outcome.unchanged)


@app.command()
def ingest(
    events: options.Events,
    store: options.StorePath,
    config: options.Config = None,
    mapping: options.Mapping = None,
    no_header: options.NoHeader = False,
    on_overlap: options.OnOverlap = None,
    memory: options.Memory = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Read event files into the store, each whole or not at all, and only once."""
    with telling(quiet, log_format) as log:
        from bestiary import pipeline, show

        pipeline.ingest(
            events,
            store,
            settings=options.read_settings(config, memory=memory),
            mapping=mapping,
            header=not no_header,
            on_overlap=on_overlap.value if on_overlap else None,
            progress=log.progress,
            told=lambda added, arrivals: show.intake(log, added, arrivals, store),
        )


@app.command()
def customers(
    store: options.StorePath,
    as_of: options.AsOf = None,
    config: options.Config = None,
    memory: options.Memory = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Measure every customer: the table alone."""
    with telling(quiet, log_format) as log:
        from bestiary import pipeline, show

        settings = options.read_settings(config, memory=memory)
        done = pipeline.customers(store, as_of=as_of, settings=settings, progress=log.progress)
        show.customers(log, done)


@app.command()
def fit(
    store: options.StorePath,
    as_of: options.LatestRun = None,
    preset: options.Preset = None,
    candidate: options.Candidate = None,
    anew: options.Anew = False,
    config: options.Config = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Learn the segments of a run's customers."""
    with telling(quiet, log_format) as log:
        from bestiary import pipeline, show_segments

        settings = options.read_settings(config, preset=preset, candidate=candidate, anew=anew or None)
        show_segments.segments(log, pipeline.fit(store, as_of=as_of, settings=settings, progress=log.progress))


@app.command()
def report(
    store: options.StorePath,
    as_of: options.LatestRun = None,
    share: options.Share = False,
    lang: options.Language = None,
    config: options.Config = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Draw a run's report again from what is stored."""
    with telling(quiet, log_format) as log:
        from bestiary import pipeline, show

        settings = options.read_settings(config, language=lang)
        held: dict[str, Any] = {}
        done = pipeline.report(
            store, as_of=as_of, settings=settings, progress=log.progress, share=share, told=held.update
        )
        show.path(log, "report", done.path / "report.html")
        if share:
            show.shared(log, done.path / "shared.html", held)
        if as_of is None:
            show.passed_over(log, pipeline.runs(store), done)


@app.command()
def evaluate(
    store: options.StorePath,
    as_of: options.LatestRun = None,
    at: options.At = None,
    until: options.Until = None,
    out: options.OutFile = None,
    config: options.Config = None,
    memory: options.Memory = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Measure what a run's segments are worth: learned as of a date, measured on what came after."""
    with telling(quiet, log_format) as log:
        from bestiary import pipeline, show_worth
        from bestiary.files import write_json

        settings = options.read_settings(config, memory=memory)
        found = pipeline.evaluate(store, as_of=as_of, at=at, until=until, settings=settings, progress=log.progress)
        if out:
            write_json(out, found.record())
        show_worth.evaluation(log, found, out)


COMMANDS = (
    *(dashboard, serve, publish, audience, lift, events),
    *(movements, cadence, onnx, runs, rejects, doctor, simulate),
)
for command in COMMANDS:
    app.command()(command)
app.add_typer(keys, name="keys")
app.add_typer(sql, name="sql")
app.add_typer(subject, name="subject")


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put the shop and the store.")] = Path("bestiary-demo"),
    lang: options.Language = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Simulate a small shop, run everything, and say where the report is."""
    with telling(quiet, log_format) as log:
        from bestiary import pipeline, show, show_segments

        outcome = pipeline.demo(
            folder,
            settings=options.read_settings(None, language=lang),
            progress=log.progress,
            told=lambda added, arrivals: show.intake(log, added, arrivals, folder / "store"),
        )
        show_segments.segments(log, outcome.run, unchanged=outcome.unchanged)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Entry point of the `bestiary` command; see `guard.EXIT_STATUSES`."""
    app()
