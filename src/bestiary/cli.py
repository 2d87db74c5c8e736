"""The commands: thin over `pipeline`. What they print is for people; what they leave is for machines."""

import sys
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bestiary import __version__
from bestiary.errors import BestiaryError

if TYPE_CHECKING:
    from bestiary.config import Settings

app = typer.Typer(
    help="A book of customer segments from a shop's event log.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # the help with Rich takes twice as long to come
)


class PresetName(StrEnum):
    """The recipes for segments."""

    default = "default"
    amazing = "amazing"


class LanguageName(StrEnum):
    """The languages of the report."""

    en = "en"
    fr = "fr"


class FormatName(StrEnum):
    """What the simulator writes."""

    csv = "csv"
    csv_gz = "csv.gz"
    parquet = "parquet"


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date such as 2020-05-01.") from error


Events = Annotated[
    list[str], typer.Argument(help="Files, folders or globs of .csv, .csv.gz or .parquet.", show_default=False)
]
StorePath = Annotated[Path, typer.Option("--store", help="The store's folder.", show_default=False)]
AsOf = Annotated[
    date | None,
    typer.Option(
        parser=_date, metavar="DATE", help="See customers from this midnight.", show_default="after the last event"
    ),
]
LatestRun = Annotated[
    date | None, typer.Option("--as-of", parser=_date, metavar="DATE", help="Which run.", show_default="the latest")
]
Config = Annotated[Path | None, typer.Option(help="Settings, a TOML file.", show_default=False)]
PresetOption = Annotated[PresetName | None, typer.Option(help="The recipe for segments.", show_default="default")]
LanguageOption = Annotated[
    LanguageName | None, typer.Option("--lang", help="The report's language.", show_default="en")
]
MappingOption = Annotated[
    str | None,
    typer.Option(help="How other columns become events: a TOML file, or online_retail.", show_default=False),
]
NoHeader = Annotated[bool, typer.Option("--no-header", help="CSV without names: the nine columns in their order.")]
Memory = Annotated[str | None, typer.Option(help="Upper bound for memory, such as 2GB.", show_default="4GB")]


def _settings(config: Path | None, **overrides: object) -> "Settings":
    from bestiary.config import load_settings

    return load_settings(config, **{k: v.value if isinstance(v, StrEnum) else v for k, v in overrides.items()})


@app.command()
def run(
    events: Events,
    store: StorePath,
    as_of: AsOf = None,
    preset: PresetOption = None,
    config: Config = None,
    mapping: MappingOption = None,
    no_header: NoHeader = False,
    lang: LanguageOption = None,
    memory: Memory = None,
) -> None:
    """Do the whole job: read new events, measure customers, learn segments, draw the report."""
    from bestiary import pipeline, show

    settings = _settings(config, preset=preset, language=lang, memory=memory)
    outcome = pipeline.run(
        events,
        store,
        as_of=as_of,
        settings=settings,
        mapping=mapping,
        header=not no_header,
        progress=show.progress(),
    )
    show.intake(outcome.added, outcome.arrivals, store)
    show.segments(outcome.run, unchanged=outcome.unchanged)


@app.command()
def ingest(
    events: Events,
    store: StorePath,
    config: Config = None,
    mapping: MappingOption = None,
    no_header: NoHeader = False,
    memory: Memory = None,
) -> None:
    """Read event files into the store, each whole or not at all, and only once."""
    from bestiary import pipeline, show

    added, arrivals = pipeline.ingest(
        events,
        store,
        settings=_settings(config, memory=memory),
        mapping=mapping,
        header=not no_header,
        progress=show.progress(),
    )
    show.intake(added, arrivals, store)


@app.command()
def customers(store: StorePath, as_of: AsOf = None, config: Config = None, memory: Memory = None) -> None:
    """Measure every customer: the table alone."""
    from bestiary import pipeline, show

    done = pipeline.customers(store, as_of=as_of, settings=_settings(config, memory=memory), progress=show.progress())
    show.path("Customers", done.path / "customers.parquet")
    if not done.has("fit"):
        typer.echo(f"Their segments: bestiary fit --store {store} --as-of {done.as_of}")


@app.command()
def fit(store: StorePath, as_of: LatestRun = None, preset: PresetOption = None, config: Config = None) -> None:
    """Learn the segments of a run's customers."""
    from bestiary import pipeline, show

    settings = _settings(config, preset=preset)
    show.segments(pipeline.fit(store, as_of=as_of, settings=settings, progress=show.progress()))


@app.command()
def report(store: StorePath, as_of: LatestRun = None, lang: LanguageOption = None, config: Config = None) -> None:
    """Draw a run's report again from what is stored."""
    from bestiary import pipeline, show

    settings = _settings(config, language=lang)
    done = pipeline.report(store, as_of=as_of, settings=settings, progress=show.progress())
    show.path("Report", done.path / "report.html")


@app.command()
def runs(store: StorePath) -> None:
    """List what a store holds."""
    from bestiary import pipeline, show

    show.runs(pipeline.runs(store))


@app.command()
def simulate(
    out: Annotated[Path, typer.Argument(help="The folder to write to.", show_default=False)],
    events: Annotated[int, typer.Option(min=1, help="How many events, about.")] = 1_000_000,
    months: Annotated[int, typer.Option(min=1, max=60, help="How many monthly files.")] = 7,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same content.")] = 0,
    format: Annotated[FormatName, typer.Option(help="The files' format.")] = FormatName.csv,  # noqa: A002
    dirty: Annotated[bool, typer.Option("--dirty", help="Damage some rows.")] = False,
) -> None:
    """Write simulated events of a shop, with a known truth in OUT/_truth."""
    from bestiary import pipeline, show

    paths = pipeline.simulate(
        out, events=events, months=months, seed=seed, format=format.value, dirty=dirty, progress=show.progress()
    )
    show.path(f"{len(paths)} files", out)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put the shop and the store.")] = Path("bestiary-demo"),
    lang: LanguageOption = None,
) -> None:
    """Simulate a small shop, run everything, and say where the report is."""
    from bestiary import pipeline, show

    settings = _settings(None, language=lang)
    outcome = pipeline.demo(folder, settings=settings, progress=show.progress())
    show.intake(outcome.added, outcome.arrivals, folder / "store")
    show.segments(outcome.run, unchanged=outcome.unchanged)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def _guarded(command: Callable[[], object]) -> int:
    """Run, turning our errors into a message and status 1; a bug keeps its traceback."""
    try:
        command()
    except BestiaryError as error:
        typer.echo(f"Error: {error}", err=True)
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        typer.echo(f"Error: {where}{error.strerror or error}.\nCheck the path, its rights and the disk.", err=True)
        return 1
    except KeyboardInterrupt:
        typer.echo("Interrupted; what was committed stays. Run the same command again to go on.", err=True)
        return 130
    return 0


def main() -> None:
    """Entry point of the `bestiary` command. Exit status: 0 done, 1 an error said so, 2 the command was misused."""
    sys.exit(_guarded(app))
