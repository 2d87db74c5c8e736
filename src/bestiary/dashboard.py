"""The dashboard as a server: the pages of a store on a port of this machine."""

import os
import secrets
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bestiary.changes import movements
from bestiary.config import Language, Settings
from bestiary.errors import ConfigError
from bestiary.web import address, is_loopback, listening

if TYPE_CHECKING:  # what answers takes half a second to load
    from bestiary.web import App

PORT = 8765
SHORTEST = 16
"""Characters of a token that a person chooses."""


def dashboard(
    store: Path,
    *,
    host: str = "127.0.0.1",
    port: int = PORT,
    token: str | None = None,
    language: Language | None = None,
    settings: Settings = Settings(),  # noqa: B008 - frozen
    told: Callable[[str, str | None], object] = lambda address, token: None,
) -> None:
    """Serve the pages of a store until it is interrupted.

    `told` is called with the address, and with a token where one was made.

    On loopback everyone on this machine may look. Elsewhere a token is asked for: the one given, or one that is made.
    Raises StoreError where there is no store, ConfigError for a port that is taken, a host that is none of this
    machine's, or a token that is too short.
    """
    from bestiary.report.dashboard.app import create_app
    from bestiary.report.dashboard.compared import Comparisons

    store = store.resolve()

    def compare(earlier: date, later: date) -> dict[str, Any]:
        return movements(store, earlier=earlier, later=later, settings=settings).record()

    given = _given(token)
    made = secrets.token_urlsafe(24) if given is None and not is_loopback(host) else None
    with closing(Comparisons(compare)) as comparisons:
        app = create_app(
            store, comparisons, token=given or made, language=language, warm=True, privacy=settings.privacy
        )
        _serve(app, host, port, lambda where: told(where, made))


def _serve(app: "App", host: str, port: int, told: Callable[[str], object]) -> None:
    import uvicorn

    with closing(listening(host, port)) as bound:
        # No access log: an address may hold a customer's id.
        config = uvicorn.Config(app, log_level="error", access_log=False, server_header=False, lifespan="off")
        told(address(bound))
        with suppress(KeyboardInterrupt):  # to be asked to end is how it ends
            uvicorn.Server(config).run(sockets=[bound])


def _given(token: str | None) -> str | None:
    """The token that a person chose, by the argument or in the environment; None where nobody did."""
    given = token or os.environ.get("BESTIARY_TOKEN") or None
    if given is not None and len(given) < SHORTEST:
        raise ConfigError(
            f"The token has {len(given)} characters.",
            allowed=f"Allowed: {SHORTEST} or more.",
            do="Give a longer one, or none, and one is made.",
        )
    return given
