"""The commands of the scoring service: to serve a model, and to make and forget keys."""

from pathlib import Path
from typing import Annotated

import typer

from bestiary import cli_options as options
from bestiary.guard import telling

keys = typer.Typer(help="API keys of the scoring service.", no_args_is_help=True, rich_markup_mode=None)
KeyPath = Annotated[Path, typer.Option("--keys", help="The file of keys.", show_default=False)]
KeyName = Annotated[str, typer.Argument(help="Who uses it, such as checkout.", show_default=False)]


def serve(
    model: Annotated[
        Path | None, typer.Option(help="The model, a model.json.", show_default="that of the store's latest run")
    ] = None,
    store: Annotated[Path | None, typer.Option(help="A store whose customers can be asked for.")] = None,
    host: Annotated[str, typer.Option(help="Where to listen. Elsewhere than on this machine keys are needed.")] = (
        "127.0.0.1"
    ),
    port: options.Port = 8766,
    key_file: Annotated[Path | None, typer.Option("--keys", help="A file of keys: bestiary keys.")] = None,
    unguarded: Annotated[bool, typer.Option("--unguarded", help="Answer everyone, also without keys.")] = False,
    body_seconds: Annotated[float, typer.Option(min=0.1, help="How long a request's body may take to come.")] = 20.0,
    quiet: Annotated[bool, typer.Option("--quiet", help="No line a request; what went wrong stays.")] = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Answer over HTTP which segment a customer is in, and why, until it is interrupted."""
    with telling(quiet, log_format) as log:
        from bestiary import service

        def told(address: str) -> None:
            typer.echo(f"Service: {address} (Ctrl-C ends it)")
            log.result("serve", address=address)

        service.serve(
            model,
            store,
            host=host,
            port=port,
            keys=key_file,
            unguarded=unguarded,
            body_seconds=body_seconds,
            told=told,
            note=log.note,
        )


@keys.command()
def add(
    name: KeyName,
    file: KeyPath,
    rate: Annotated[float, typer.Option(help="Requests a second that it may make.")] = 200.0,
) -> None:
    """Make a key, print it once, and keep its hash."""
    with telling():
        from bestiary.serve.keys import add_key

        typer.echo(add_key(file, name, rate))


@keys.command("list")
def listed(file: KeyPath) -> None:
    """List the names of the keys, and their rates."""
    with telling():
        from bestiary.serve.keys import read_keys

        for key in read_keys(file).keys:
            typer.echo(f"{key.name}\t{key.rate:g} requests a second")


@keys.command()
def remove(name: KeyName, file: KeyPath) -> None:
    """Forget a key; a service that uses the file refuses it within two seconds."""
    with telling():
        from bestiary.serve.keys import remove_key

        remove_key(file, name)
