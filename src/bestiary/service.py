"""The scoring service as a server: a model on a port, and the customers of a store where there is one."""

import gc
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic_core import from_json

from bestiary.config import Language
from bestiary.errors import ConfigError
from bestiary.web import address, is_loopback, listening

if TYPE_CHECKING:  # what answers takes half a second to load
    from bestiary.serve.keys import KeyFile
    from bestiary.serve.serving import Serving

PORT = 8766
GRACE = 30
"""Seconds that requests under way have, once the service is asked to end."""
IDLE = 5
"""Seconds that a connection may idle between two requests."""
CONNECTIONS = 1000
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
    from bestiary.serve.keys import Keyring, read_keys
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
            note(f"{file}_{outcome}", always=outcome == "refused", **({"reason": reason} if reason else {}))
            if known and outcome == "taken":
                keyring.take(known.value.keys)

        return hear

    watched: Watched[Serving] = Watched(_path(model, store), Serving.read, heard("model"))
    keyring = Keyring()
    known: Watched[KeyFile] | None = None
    if keys is not None:
        at = keys
        known = Watched(lambda: at, read_keys, heard("keys"))
        keyring.take(known.value.keys)
    app = create_app(
        watched,
        metrics=metrics,
        note=note,
        keys=known,
        keyring=keyring if known else None,
        find=Customers(store).find if store else None,
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
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, 20, 20)
    try:
        yield
    finally:
        gc.unfreeze()
        gc.set_threshold(*before)


def _path(model: Path | None, store: Path | None) -> Callable[[], Path]:
    """Where the model is now: the one that was named, or that of the latest run."""
    if model is not None:
        return lambda: model
    if store is None:
        raise ConfigError("There is nothing to serve.", do="Name a --model, a --store, or both.")
    from bestiary.lake.runs import find_run

    return lambda: find_run(store, None, "fit").path / "model.json"


@dataclass
class Customers:
    """Looks customers up in the latest run of a store, with that run's own model for the words."""

    def __init__(self, store: Path) -> None:
        from bestiary.customers.lookup import open_lookup
        from bestiary.lake.fixed import read_fixed

        read_fixed(store)  # so that what is no store is told at once
        self.store = store
        self._connection = open_lookup()
        self._lock = threading.Lock()
        self._serving: tuple[Any, Serving] | None = None

    def find(self, user_id: str, said: Language) -> dict[str, Any] | None:
        """What the latest run says of a customer by the text of their id; None where there is nobody.

        Raises BestiaryError where the store cannot be read.
        """
        import duckdb

        from bestiary.customers.lookup import found_row
        from bestiary.lake.runs import find_run
        from bestiary.sql import unreadable

        run = find_run(self.store, None, "fit")
        try:
            with self._lock:
                place = found_row(self._connection, run.path / "segments.parquet", user_id)
                columns = found_row(self._connection, run.path / "customers.parquet", user_id)
                serving = self._model(run.path / "model.json")
        except duckdb.Error as error:
            raise unreadable(error) from None
        if place is None or columns is None:
            return None
        return {"as_of": run.as_of} | _said(serving, place, columns, said)

    def _model(self, path: Path) -> "Serving":
        from bestiary.serve.serving import Serving

        found = path.stat()
        stamp = (path, found.st_mtime_ns, found.st_size, found.st_ino)
        if self._serving is None or self._serving[0] != stamp:
            self._serving = (stamp, Serving.read(path))
        return self._serving[1]


def _said(serving: "Serving", place: Mapping[str, Any], columns: Mapping[str, Any], said: Language) -> dict[str, Any]:
    """What segments.parquet holds, with the names and the way through the tree of the run's model."""
    values = [columns[name] for name in serving.scorer.columns]
    rows = np.array([[np.nan if value is None else float(value) for value in values]])
    found: dict[str, Any] = from_json(serving.answers.json([place["user_id"]], serving.scorer.score(rows), said))[0]
    kept = {name: place[name] for name in found if name in place}
    names, second = serving.answers.names[said], place["second"]
    return found | kept | {
        "name": None if place["segment"] is None else names[place["segment"]],
        "second_name": None if second is None else names[second],
        "second_persona": None if second is None else serving.answers.personas[second],
    }  # fmt: skip
