"""Places to publish to, which are real: a Postgres server, an S3 server (moto's), a folder; each is started here.

A place that cannot be started skips the test and says so, and fails it in CI.
"""

import logging
import os
import shutil
import socket
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bestiary import pipeline
from bestiary.config import Publish
from bestiary.lake.runs import Run
from bestiary.publish import Content, Target, open_target
from dashboard_shop import SMALL
from engines import _owner, _programs, _run, missing
from months import APRIL, MARCH, MAY

RUNS: tuple[date, ...] = (MARCH, APRIL, MAY)
KEY, SECRET = "a-key", "a-secret-that-no-error-may-show"


@dataclass(frozen=True)
class Server:
    """A Postgres server; `socket` is its folder of sockets, `port` where it listens on loopback."""

    folder: Path
    port: int
    user: str = "tester"

    @property
    def uri(self) -> str:
        return f"postgresql://{self.user}@127.0.0.1:{self.port}/postgres"

    def connect(self, **more: Any) -> Any:
        """Who reads, by another driver than the one that writes."""
        import psycopg

        return psycopg.connect(self.uri, autocommit=True, **more)

    def rows(self, query: str, **more: Any) -> list[tuple[Any, ...]]:
        with self.connect(**more) as connection:
            found: list[tuple[Any, ...]] = connection.execute(query).fetchall()
            return found

    def run(self, statement: str) -> None:
        with self.connect() as connection:
            connection.execute(statement)

    def files(self) -> bytes:
        """All that the server's tables and indexes hold on the disk, the write-ahead log left aside."""
        self.run("CHECKPOINT")
        return b"".join(one.read_bytes() for one in (self.folder / "data" / "base").rglob("*") if one.is_file())


def free_port() -> int:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])


@contextmanager
def postgres() -> Iterator[Server]:
    """A server of its own, without a password, as a test's."""
    try:
        import psycopg
    except ImportError:
        missing("psycopg")
    assert psycopg
    need_driver()
    programs = _programs()
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as name:
        folder, port = Path(name), free_port()
        as_owner, data = _owner(folder), folder / "data"
        _run([*as_owner, str(programs / "initdb"), "-D", str(data), "-U", "tester", "-A", "trust", "-E", "UTF8", "-N"])
        asked = f"-c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder} -c fsync=off"
        control = [*as_owner, str(programs / "pg_ctl"), "-D", str(data), "-w"]
        _run([*control, "-l", str(folder / "log"), "-o", asked, "start"])
        try:
            yield Server(folder, port)
        finally:
            _run([*control, "-m", "immediate", "stop"])


def need_driver() -> None:
    try:
        import adbc_driver_postgresql
        import obstore
    except ImportError as error:
        missing(f"{error.name} (uv sync --extra warehouse)")
    assert adbc_driver_postgresql
    assert obstore


@contextmanager
def s3() -> Iterator[dict[str, str]]:
    """An S3 server with a bucket (BUCKET); what the environment must say to reach it.

    All of moto's servers in a process hold the same buckets, so each has one of its own.
    """
    need_driver()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import boto3
            from moto.server import ThreadedMotoServer
    except ImportError as error:
        missing(f"{error.name} (uv sync --group engines)")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server.start()
    try:
        host, port = server.get_host_and_port()
        environment = {
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "BUCKET": f"bucket-{uuid.uuid4().hex}",
            "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        }
        given = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "region_name": "us-east-1"}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            boto3.client("s3", endpoint_url=environment["AWS_ENDPOINT_URL"], **given).create_bucket(
                Bucket=environment["BUCKET"]
            )
        yield environment
    finally:
        server.stop()


@contextmanager
def in_environment(values: dict[str, str]) -> Iterator[None]:
    """These variables, as a person exports them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        yield


def completing(store: Path) -> Callable[[Path], None]:
    """What makes a copy of a store with a report for every run."""

    def make(folder: Path) -> None:
        shutil.copytree(store, folder / "store")
        for run in pipeline.runs(folder / "store"):
            pipeline.report(folder / "store", as_of=run.as_of, settings=SMALL)

    return make


def content(store: Path, as_of: date) -> Content:
    """A run of a store, to be published."""
    return Content(Run.of(store, as_of).path, as_of)


def changed(store: Path, folder: Path, as_of: date, query: str, table: str = "segments") -> Content:
    """A copy of a run of which one table was made anew by a query over the old one, `{table}`."""
    path = folder / "runs" / as_of.isoformat()
    shutil.copytree(Run.of(store, as_of).path, path, dirs_exist_ok=True)
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        old = f"'{Run.of(store, as_of).path / table}.parquet'"
        connection.execute(f"COPY ({query.format(table=old)}) TO '{path / table}.parquet' (FORMAT parquet)")
    return Content(path, as_of)


def expected(one: Content, table: str) -> list[tuple[Any, ...]]:
    """The rows that a table must hold of a run, sorted by user_id."""
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        return connection.execute(f"SELECT * FROM ({one.select(table)}) ORDER BY user_id").fetchall()


@dataclass(frozen=True)
class Place:
    """Somewhere to publish to, and how a reader finds there what is published."""

    kind: str
    target: Target
    server: Server | None = None
    folder: Path | None = None
    environment: dict[str, str] | None = None

    def rows(self, table: str, columns: str = "*") -> list[tuple[Any, ...]]:
        """Every row of a table, by run and user_id, as somebody else reads it."""
        if self.server is not None:
            return self.server.rows(f"SELECT {columns} FROM bestiary.{table} ORDER BY as_of, user_id")
        files = ", ".join(f"'{path}'" for path in self.files(table))
        if not files:
            return []
        with duckdb.connect() as connection:
            query = f"SELECT {columns} FROM read_parquet([{files}], hive_partitioning = false) ORDER BY as_of, user_id"
            return connection.execute(query).fetchall()

    def everything(self) -> Path:
        """A folder with all that is published, also what no manifest names."""
        if self.folder is not None:
            return self.folder
        import obstore

        out, store = Path(tempfile.mkdtemp()), self.target.shelf.store  # type: ignore[attr-defined]
        for one in (one for some in obstore.list(store) for one in some):
            (out / one["path"]).parent.mkdir(parents=True, exist_ok=True)
            (out / one["path"]).write_bytes(bytes(obstore.get(store, one["path"]).bytes()))
        return out

    def files(self, table: str) -> list[Path]:
        """The files of a table that the manifest names."""
        import json

        here = self.everything()
        if not (here / "manifest.json").exists():
            return []
        manifest = json.loads((here / "manifest.json").read_text())
        return [here / one["path"] for run in manifest["runs"].values() for one in run["files"][table]]


@contextmanager
def place(kind: str, folder: Path) -> Iterator[Place]:
    """A place of a kind: warehouse, s3 or folder."""
    if kind == "warehouse":
        with postgres() as server:
            yield Place(kind, open_target(server.uri, environment={}), server=server)
    elif kind == "s3":
        with s3() as environment, in_environment(environment):
            target = open_target(f"s3://{environment['BUCKET']}/a/prefix", environment=os.environ)
            yield Place(kind, target, environment=environment)
    else:
        yield Place(kind, open_target(str(folder / "out"), environment={}), folder=folder / "out")


def redshift_settings(name: str) -> Publish:
    """What a settings file says for Redshift, with a bucket of this name."""
    role = "arn:aws:iam::123456789012:role/loader"
    return Publish(s3_staging=f"s3://{name}/staging", iam_role=role, region="eu-west-3")
