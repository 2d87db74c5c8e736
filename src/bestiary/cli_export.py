"""The commands that write a model for other engines: as SQL, and as ONNX."""

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bestiary import cli_options as options
from bestiary.guard import telling
from bestiary.streams import unread

if TYPE_CHECKING:
    from bestiary.segments.model import Model

ModelFile = Annotated[Path | None, typer.Option("--model", help="The model's file, model.json.", show_default=False)]
ModelStore = Annotated[Path | None, typer.Option("--store", help="A store: its run's model.", show_default=False)]
SelectFile = Annotated[Path | None, typer.Option("--out", help="Write to this file.", show_default="standard output")]
GraphFile = Annotated[Path, typer.Option("--out", help="The file to write.", show_default=False)]
Dialect = Annotated[
    str, typer.Option(help="duckdb, postgres, redshift, snowflake, bigquery or spark.", show_default=False)
]
TableName = Annotated[str, typer.Option("--table", help="The customer table there.")]

sql = typer.Typer(help="The model as SQL.", no_args_is_help=True, rich_markup_mode=None)


@sql.callback()
def group() -> None:
    """The model as SQL."""


@sql.command()
def score(
    dialect: Dialect,
    model: ModelFile = None,
    store: ModelStore = None,
    as_of: options.LatestRun = None,
    table: TableName = "customers",
    out: SelectFile = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Write a SELECT that places every row of a customer table."""
    with telling(quiet, log_format) as log:
        from bestiary import show
        from bestiary.files import write_text
        from bestiary.segments.export import score as scoring

        select = scoring(_model(model, store, as_of), table=table, dialect=dialect)
        if out is None:
            _print(select)
        else:
            write_text(out, select)
            show.path(log, "sql", out)


def onnx(
    out: GraphFile,
    model: ModelFile = None,
    store: ModelStore = None,
    as_of: options.LatestRun = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Write the model as an ONNX graph, which gives each customer's segment."""
    with telling(quiet, log_format) as log:
        from bestiary import show
        from bestiary.files import replacing
        from bestiary.segments.export import to_onnx

        graph = to_onnx(_model(model, store, as_of))
        with replacing(out) as temporary:
            temporary.write_bytes(graph)
        show.path(log, "onnx", out)


def _print(text: str) -> None:
    """Print to standard output, also when quiet: it is what was asked for. Its reader may have gone (`| head`)."""
    try:
        print(text, end="", flush=True)
    except BrokenPipeError:
        unread(sys.stdout)


def _model(file: Path | None, store: Path | None, as_of: date | None) -> "Model":
    """The model of a file, or of a store's run; ConfigError unless one of them is named."""
    from bestiary.errors import ConfigError
    from bestiary.lake.runs import find_run
    from bestiary.segments.model import load

    if file is not None and as_of is not None:
        raise ConfigError("--as-of is given with --model.", allowed="A file is one model.", do="Leave it out.")
    if file is not None and store is None:
        return load(file)
    if store is not None and file is None:
        return load(find_run(store, as_of, "fit").path / "model.json")
    raise ConfigError(
        f"{'Both' if file else 'Neither'} of --model and --store {'are' if file else 'is'} given.",
        allowed="Allowed: one of them.",
        do="Name a model.json, or a store whose run has one.",
    )
