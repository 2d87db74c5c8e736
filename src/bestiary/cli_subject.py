"""The commands for the people in the data: access, erasure, objection, replay after a restore, and the receipts."""

import json
from pathlib import Path
from typing import Annotated

import typer

from bestiary import cli_options as options
from bestiary.guard import telling

subject = typer.Typer(help="The rights of the people in the data.", no_args_is_help=True, rich_markup_mode=None)
Someone = Annotated[list[str] | None, typer.Argument(metavar="ID...", help="Ids, as the shop writes them.")]
IdFile = Annotated[Path | None, typer.Option("--ids", help="A file of further ids, one a line.", show_default=False)]
Request = Annotated[str | None, typer.Option(help="The shop's number of the request.", show_default="made")]
Leave = Annotated[bool, typer.Option("--leave-published", help="What was published is looked after elsewhere.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


@subject.command()
def export(
    user_id: Annotated[str, typer.Argument(metavar="ID", help="The id, as the shop writes it.", show_default=False)],
    store: options.StorePath,
    out: Annotated[Path, typer.Option(help="Where the page goes; JSON beside it.")] = Path("subject.html"),
    lang: options.Language = None,
    connection_file: options.ConnectionFile = None,
    without_tls: options.WithoutTls = False,
    leave_published: Leave = False,
    config: options.Config = None,
) -> None:
    """Write all that is held of a person, as a page and as JSON."""
    with telling() as log:
        from bestiary import rights, show_subject
        from bestiary.beyond import Reach

        show_subject.check_out(store, out)
        settings = options.read_settings(config, language=lang)
        reach = Reach(connection_file, without_tls, leave_published)
        found = rights.export(store, user_id, reach=reach, settings=settings)
        show_subject.exported(log, found, out, settings)


@subject.command()
def erase(
    store: options.StorePath,
    user_ids: Someone = None,
    ids: IdFile = None,
    request: Request = None,
    yes: Yes = False,
    connection_file: options.ConnectionFile = None,
    without_tls: options.WithoutTls = False,
    leave_published: Leave = False,
    config: options.Config = None,
    memory: options.Memory = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Remove people from everything that the store knows of, and say where else they were sent."""
    with telling(quiet, log_format) as log:
        from bestiary import rights, show_subject
        from bestiary.beyond import Reach

        people = options.people(user_ids, ids)
        _asked(yes, f"Erase {show_subject.people(len(people))} from {store} for good? Nobody can bring them back.")
        settings = options.read_settings(config, memory=memory)
        reach = Reach(connection_file, without_tls, leave_published)
        told = rights.erase(store, people, request=request, reach=reach, settings=settings, progress=log.progress)
        show_subject.receipt(log, told)


@subject.command(name="object")
def object_(
    store: options.StorePath,
    user_ids: Someone = None,
    ids: IdFile = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="The objection is taken back.")] = False,
    request: Request = None,
    connection_file: options.ConnectionFile = None,
    without_tls: options.WithoutTls = False,
    leave_published: Leave = False,
    config: options.Config = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Take people who object to marketing out of segments and all that is made of them."""
    with telling(quiet, log_format) as log:
        from bestiary import rights, show_subject
        from bestiary.beyond import Reach

        told = rights.object_(
            store,
            options.people(user_ids, ids),
            withdraw=withdraw,
            request=request,
            reach=Reach(connection_file, without_tls, leave_published),
            settings=options.read_settings(config),
            progress=log.progress,
        )
        show_subject.receipt(log, told)


@subject.command()
def replay(
    store: options.StorePath,
    request: Request = None,
    config: options.Config = None,
    memory: options.Memory = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Erase again whom a restored backup has brought back."""
    with telling(quiet, log_format) as log:
        from bestiary import rights, show_subject

        settings = options.read_settings(config, memory=memory)
        show_subject.receipt(log, rights.replay(store, request=request, settings=settings, progress=log.progress))


@subject.command()
def rekey(
    store: options.StorePath,
    new_key: Annotated[Path, typer.Option(help="A file with the new key.", show_default=False)],
    ids: Annotated[Path, typer.Option(help="A file of all customers' ids, one a line.", show_default=False)],
    drop_unlisted: Annotated[
        bool, typer.Option("--drop-unlisted", help="Customers not in the file leave the store for good.")
    ] = False,
    request: Request = None,
    yes: Yes = False,
    connection_file: options.ConnectionFile = None,
    without_tls: options.WithoutTls = False,
    leave_published: Leave = False,
    config: options.Config = None,
    memory: options.Memory = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Give everybody another pseudonym, under a new key."""
    with telling(quiet, log_format) as log:
        from bestiary import rekeying, show_subject
        from bestiary.beyond import Reach
        from bestiary.ids import secret

        people = options.people(None, ids)
        _asked(yes or not drop_unlisted, f"Drop all customers of {store} who are not among {len(people):,} ids?")
        told = rekeying.rekey(
            store,
            people,
            secret(new_key),
            drop_unlisted=drop_unlisted,
            request=request,
            reach=Reach(connection_file, without_tls, leave_published),
            settings=options.read_settings(config, memory=memory),
            progress=log.progress,
        )
        show_subject.receipt(log, told)


@subject.command()
def receipts(store: options.StorePath) -> None:
    """Print every receipt as a line of JSON, when all of them hold together."""
    with telling():
        from bestiary import rights

        for one in rights.all_receipts(store):
            typer.echo(json.dumps(one, ensure_ascii=False))


def _asked(yes: bool, question: str) -> None:
    """Ask a person whether it shall be done; who cannot be asked says --yes."""
    if not yes:
        typer.confirm(question, abort=True, err=True)
