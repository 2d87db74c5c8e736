"""The options of the commands, each defined once."""

from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from bestiary.config import Settings


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


class OverlapName(StrEnum):
    """What is done with a file that shares sessions with others of its time."""

    warn = "warn"
    refuse = "refuse"


class LogFormatName(StrEnum):
    """How progress, warnings and errors are written."""

    text = "text"
    json = "json"


def as_date(text: str) -> date:
    """A date, such as 2020-05-01; an error of the command's use where it is none."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not a date such as 2020-05-01.") from error


def _one_of(names: type[StrEnum]) -> dict[str, Any]:
    """How an option takes one of some names; its error is told in our words."""

    def parse(text: str) -> StrEnum:
        try:
            return names(text)
        except ValueError as error:
            raise typer.BadParameter(f"{text!r} is not one of {', '.join(repr(str(one)) for one in names)}.") from error

    return {"parser": parse, "metavar": f"<{'|'.join(names)}>"}


Events = Annotated[
    list[str], typer.Argument(help="Files, folders or globs of .csv, .csv.gz or .parquet.", show_default=False)
]
StorePath = Annotated[Path, typer.Option("--store", help="The store's folder.", show_default=False)]
AsOf = Annotated[
    date | None,
    typer.Option(
        parser=as_date, metavar="DATE", help="See customers from this midnight.", show_default="after the last event"
    ),
]
LatestRun = Annotated[
    date | None, typer.Option("--as-of", parser=as_date, metavar="DATE", help="Which run.", show_default="the latest")
]
Earlier = Annotated[
    date | None,
    typer.Option("--from", parser=as_date, metavar="DATE", help="The earlier run.", show_default="the one before"),
]
Later = Annotated[
    date | None, typer.Option("--to", parser=as_date, metavar="DATE", help="The later run.", show_default="the latest")
]
OutFile = Annotated[Path | None, typer.Option("--out", help="Write everything to this file, as JSON.")]
At = Annotated[
    date | None,
    typer.Option(
        parser=as_date,
        metavar="DATE",
        help="Know nothing from this midnight on.",
        show_default="a window before --until",
    ),
]
Until = Annotated[
    date | None,
    typer.Option(parser=as_date, metavar="DATE", help="Measure up to this midnight.", show_default="the run's date"),
]
Config = Annotated[Path | None, typer.Option(help="Settings, a TOML file.", show_default=False)]
Preset = Annotated[
    PresetName | None, typer.Option(**_one_of(PresetName), help="The recipe for segments.", show_default="default")
]
Candidate = Annotated[
    str | None, typer.Option(help="Take this way to segment, whatever the comparison says.", show_default="the best")
]
Anew = Annotated[
    bool,
    typer.Option(
        "--anew",
        help="Choose the way to segment and k again, instead of keeping the last run's; names still follow customers.",
    ),
]
Language = Annotated[
    LanguageName | None,
    typer.Option("--lang", **_one_of(LanguageName), help="The language of pages.", show_default="en"),
]
Mapping = Annotated[
    str | None,
    typer.Option(help="How other columns become events: a TOML file, or online_retail.", show_default=False),
]
NoHeader = Annotated[bool, typer.Option("--no-header", help="CSV without names: the nine columns in their order.")]
OnOverlap = Annotated[
    OverlapName | None,
    typer.Option(
        **_one_of(OverlapName),
        help="A file that shares sessions with others.",
        show_default="warn; refuse one that has grown",
    ),
]
Share = Annotated[
    bool,
    typer.Option("--share", help="Also shared.html, which may leave the shop: nothing in it tells of a small group."),
]
Memory = Annotated[str | None, typer.Option(help="Upper bound for memory, such as 2GB.", show_default="4GB")]
Quiet = Annotated[bool, typer.Option("--quiet", help="No tables and no progress; warnings and errors stay.")]
LogFormat = Annotated[
    LogFormatName,
    typer.Option(
        **_one_of(LogFormatName),
        help="Progress, warnings, errors and results on standard error: as text or JSON lines.",
    ),
]
Host = Annotated[
    str,
    typer.Option(help="Where to listen. Elsewhere than on this machine alone a token is asked for (BESTIARY_TOKEN)."),
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="The port; 0 for any that is free.")]
FileFormat = Annotated[FormatName, typer.Option(**_one_of(FormatName), help="The files' format.")]
ConnectionFile = Annotated[
    Path | None,
    typer.Option(help="A file with the connection, its password included.", show_default="BESTIARY_WAREHOUSE"),
]
WithoutTls = Annotated[
    bool, typer.Option("--without-tls", help="Connect to another machine unencrypted, where nobody can listen.")
]
TEXT = LogFormatName.text


def read_settings(config: Path | None, **overrides: object) -> "Settings":
    """The settings of a file, and the options that were given, which win."""
    from bestiary.config import load_settings

    return load_settings(config, **{k: v.value if isinstance(v, StrEnum) else v for k, v in overrides.items()})


def people(user_ids: list[str] | None, file: Path | None) -> list[str]:
    """The ids that were named, and those of a file with one a line; each once."""
    from bestiary.errors import ConfigError

    lines = list[str]()
    if file is not None:
        try:
            lines = file.read_text(encoding="utf-8-sig").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"Cannot read {file}: {error}.", do="Name a text file with one id a line.") from error
    return list(dict.fromkeys([*(user_ids or ()), *(line.strip() for line in lines if line.strip())]))
