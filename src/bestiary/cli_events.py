"""The command that tells other systems who moved between segments."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bestiary import cli_options as options
from bestiary.guard import telling

if TYPE_CHECKING:
    from bestiary.publish.webhook import Webhook

EventsFile = Annotated[
    Path | None, typer.Option("--out", help="Write them to this file.", show_default="standard output")
]
WebhookUrl = Annotated[str | None, typer.Option("--webhook", help="Send them to this address.", show_default=False)]
SecretFile = Annotated[
    Path | None,
    typer.Option(help="The secret to sign with.", show_default="BESTIARY_WEBHOOK_SECRET, or ..._FILE"),
]
Batch = Annotated[int, typer.Option(min=1, max=1000, help="So many events in a request at most.")]
Attempts = Annotated[int, typer.Option(min=1, max=20, help="How often a request is made at most.")]
PlainHttp = Annotated[bool, typer.Option("--plain-http", help="Send without encryption to another machine.")]
RetryDead = Annotated[bool, typer.Option("--retry-dead", help="Send again what could not be delivered.")]
Source = Annotated[
    str | None, typer.Option(help="The events' source, a URI.", show_default="urn:bestiary: and the store's name")
]


def events(
    store: options.StorePath,
    as_of: options.LatestRun = None,
    out: EventsFile = None,
    webhook: WebhookUrl = None,
    secret_file: SecretFile = None,
    batch: Batch = 100,
    attempts: Attempts = 6,
    plain_http: PlainHttp = False,
    retry_dead: RetryDead = False,
    source: Source = None,
    config: options.Config = None,
    memory: options.Memory = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormat = options.TEXT,
) -> None:
    """Tell other systems who entered and who left a segment: as lines of CloudEvents, or to a webhook."""
    with telling(quiet, log_format) as log:
        from bestiary import events_out, show_events
        from bestiary.publish.webhook_retry import Patience

        asked: dict[str, Any] = {
            "as_of": as_of,
            "source": source,
            "settings": options.read_settings(config, memory=memory),
        }
        if webhook is None:
            _refuse_without_webhook(secret_file, plain_http, retry_dead)
            if out is None:
                with show_events.standard_output() as write:
                    show_events.written(log, events_out.write_events(store, write, "standard output", **asked), None)
            else:
                show_events.written(log, events_out.write_file(store, out, **asked), out)
            return
        sender, patience = _sender(webhook, out, secret_file, plain_http), Patience(attempts=attempts)
        if retry_dead:
            done = events_out.resend(store, sender, batch=batch, patience=patience, progress=log.progress)
        else:
            done = events_out.send_events(store, sender, batch=batch, patience=patience, progress=log.progress, **asked)
        show_events.sent(log, done, sender.endpoint.told)
        if done.given_up or done.waiting or done.dead:
            raise typer.Exit(1)


def _sender(url: str, out: Path | None, secret_file: Path | None, plain_http: bool) -> "Webhook":
    from bestiary.errors import ConfigError
    from bestiary.publish.webhook import Webhook, endpoint_of, secrets_of

    if out is not None:
        raise ConfigError("Both --out and --webhook are given.", allowed="Allowed: one of them.")
    return Webhook(endpoint_of(url, plain_http=plain_http), secrets_of(secret_file))


def _refuse_without_webhook(secret_file: Path | None, plain_http: bool, retry_dead: bool) -> None:
    from bestiary.errors import ConfigError

    given = {"--secret-file": secret_file, "--plain-http": plain_http, "--retry-dead": retry_dead}
    for name, value in given.items():
        if value:
            raise ConfigError(f"{name} is given without --webhook.", do="Name the webhook's address, too.")
