"""The scoring service as a server: a model on a port, and the customers of a store where there is one."""

import ctypes
import gc
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.errors import ConfigError
from bestiary.web import address, is_loopback, listening

if TYPE_CHECKING:  # what answers takes half a second to load
    from bestiary.serve.service import Find

PORT = 8766
GRACE = 30
"""Seconds that requests under way have, once the service is asked to end."""
IDLE = 5
"""Seconds that a connection may idle between two requests."""
CONNECTIONS = 1000
M_ARENA_MAX = -8
"""The number of this setting in malloc.h."""
YOUNG = 100_000
"""New objects between two looks of the collector of cycles; a batch makes some 20,000, none of them in a cycle."""


def serve(
    model: Path | None,
    store: Path | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = PORT,
    keys: Path | None = None,
    unguarded: bool = False,
    body_seconds: float = 20.0,
    told: Callable[[str], object] = lambda address: None,
    note: Callable[..., object] = lambda event, **content: None,
) -> None:
    """Answer for a model, or that of a store's latest run, until the process is asked to end.

    Elsewhere than on loopback callers need one of the `keys`, unless the service is to be `unguarded`. A new model, or
    other keys, are taken up within two seconds; a body has `body_seconds` to come. `told` is called with the address,
    `note` for each line of the log.
    Raises ConfigError, ModelError and StoreError for what is not there or cannot be used.
    """
    import uvicorn

    from bestiary.serve.app import create_app
    from bestiary.serve.keys import read_keys
    from bestiary.serve.limits import Limits
    from bestiary.serve.metrics import Metrics
    from bestiary.serve.protocol import Announced, Patient
    from bestiary.serve.serving import Serving
    from bestiary.serve.watched import Watched

    private = is_loopback(host)
    if keys is None and not private and not unguarded:
        raise ConfigError(
            f"On {host} others than this machine can ask, and there are no keys.",
            do="Make one (bestiary keys add NAME --keys FILE) and name the file (--keys FILE); or say --unguarded.",
        )
    metrics = Metrics(lambda: watched.value.age_days)

    def heard(file: str) -> Callable[[str, str], None]:
        def hear(outcome: str, reason: str) -> None:
            metrics.looked(file, outcome)
            told_of = {"reason": reason} if reason else {"version": watched.value.version} if file == "model" else {}
            note(f"{file}_{outcome}", always=outcome == "refused", **told_of)

        return hear

    watched = Watched(_path(model, store), Serving.read, heard("model"))
    app = create_app(
        watched,
        metrics=metrics,
        note=note,
        keys=Watched(lambda: keys, read_keys, heard("keys")) if keys else None,
        find=_finder(store),
        private=private,
        limits=Limits(body_seconds=body_seconds),
    )
    with closing(listening(host, port)) as bound:
        config = uvicorn.Config(
            app, http=Patient, loop="asyncio", ws="none", log_level="critical", access_log=False, server_header=False,
            timeout_graceful_shutdown=GRACE, timeout_keep_alive=IDLE, limit_concurrency=CONNECTIONS,
        )  # fmt: skip
        with _settled(), suppress(KeyboardInterrupt):  # to be asked to end is how it ends
            Announced(config, lambda: told(address(bound))).run(sockets=[bound])


@contextmanager
def _settled() -> Iterator[None]:
    """The collector of cycles leaves alone what stays for good, and looks less often: a sixth of a batch's time.

    At the end it may have all of it again, or a library in C++ writes to standard error that its objects were lost.
    """
    _one_arena()
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def _one_arena() -> None:
    """Let threads share one arena of memory, where the C library is glibc.

    It gives each thread one of its own, and what a batch has freed there stays the thread's: 127 MB instead of 102
    after some batches of 10,000.
    """
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, 1)


def _path(model: Path | None, store: Path | None) -> Callable[[], Path]:
    """Where the model is now: the one that was named, or that of the latest run."""
    if model is not None:
        at = model.absolute()
        return lambda: at
    if store is None:
        raise ConfigError("There is nothing to serve.", do="Name a --model, a --store, or both.")
    from bestiary.lake.fixed import read_fixed
    from bestiary.lake.runs import find_run

    read_fixed(store)  # so that what is no store is told as that
    return lambda: find_run(store, None, "fit").path / "model.json"


def _finder(store: Path | None) -> "Find | None":
    """Looks customers up in a store; only this needs an engine."""
    if store is None:
        return None
    from bestiary.stored import Customers

    return Customers(store).find
