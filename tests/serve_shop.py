"""A small shop for the scoring service: its store with one run, and the real command that serves it."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import polars as pl

from bestiary import pipeline
from bestiary.config import Choice, Settings
from command import PROGRAM
from months import MAY

SETTINGS = Settings(
    candidates=("rfm_log",), k_min=3, k_max=4, choice=Choice(sample=1000), threads=2, memory="1GB", buckets=2,
    time_zone="Europe/Paris", currency="EUR",
)  # fmt: skip
JSON = {"Content-Type": "application/json"}
Record = dict[str, Any]


def make_shop(folder: Path, events: int = 30_000, seed: int = 11) -> None:
    """A shop in Paris, whose clocks are not those of its events, and its customers as of May."""
    pipeline.simulate(folder / "events", events=events, seed=seed)
    store = folder / "store"
    pipeline.ingest([folder / "events"], store, settings=SETTINGS)
    pipeline.customers(store, as_of=MAY, settings=SETTINGS)
    pipeline.fit(store, as_of=MAY, settings=SETTINGS)


def make_guide(folder: Path) -> None:
    """The shop whose answers docs/service.md shows, large enough to say what a buyer is expected to bring in."""
    make_shop(folder, events=60_000, seed=0)


def model_of(store: Path) -> Path:
    return store / "runs" / str(MAY) / "model.json"


def table(store: Path, name: str) -> pl.DataFrame:
    """A table of the run, by user_id."""
    return pl.read_parquet(store / "runs" / str(MAY) / f"{name}.parquet").sort("user_id")


def batches(customers: list[Record], size: int = 5000) -> Iterator[list[Record]]:
    for start in range(0, len(customers), size):
        yield customers[start : start + size]


class Served:
    """A running service: its address, its process, and the lines of its log so far."""

    def __init__(self, address: str, process: "subprocess.Popen[str]") -> None:
        self.address, self.process = address, process
        self.lines: list[str] = []
        self.client = httpx.Client(base_url=address, timeout=30)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)

    def close(self) -> None:
        """Read what is left of the log, and hang up."""
        self.client.close()
        self._reader.join(10)
        assert self.process.stderr is not None
        self.process.stderr.close()

    def score(self, body: Any, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes | str) else json.dumps(body)
        return self.client.post("v1/score", content=content, headers=JSON | headers)

    def answers(self, customers: list[Record], **more: Any) -> list[Record]:
        """The answers to customers, in order, however many."""
        found = []
        for some in batches(customers):
            response = self.score({"customers": some, **more})
            assert response.status_code == 200, response.text
            found += response.json()["customers"]
        return found

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, headers=headers)

    def log(self, event: str) -> list[Record]:
        """The lines of a kind, from a log of JSON lines."""
        return [one for line in list(self.lines) if (one := json.loads(line))["event"] == event]

    def figure(self, name: str, **labels: str) -> float:
        """A figure of /metrics."""
        from prometheus_client.parser import text_string_to_metric_families

        for family in text_string_to_metric_families(self.get("metrics").text):
            for sample in family.samples:
                if sample.name == name and sample.labels == labels:
                    return sample.value
        raise AssertionError(f"no {name} {labels}")


def rest(connection: socket.socket) -> bytes:
    """All that still comes, until the other side hangs up."""
    return b"".join(iter(lambda: connection.recv(65_536), b""))


@contextmanager
def served(
    *options: str | Path, environment: Mapping[str, str] = {}, cwd: Path | None = None, program: str = PROGRAM
) -> Iterator[Served]:
    """The real command on a free port of loopback, which ends well when it is asked to.

    `environment` is added to ours; `program` may be that of another installation.
    """
    command = [program, "serve", "--port", "0", "--log-format", "json", *map(str, options)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env=os.environ | dict(environment),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    service = None
    try:
        first = process.stdout.readline()
        found = re.match(r"Service: (http://\S+)", first)
        assert found, first + process.stderr.read()
        service = Served(found[1], process)
        yield service
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=40) == 0, service.lines[-5:]
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdout.close()
        if service:
            service.close()
    assert not service.log("mistake")
