"""Engines that place customers: DuckDB, Postgres and Spark by SQL, ONNX Runtime by a graph.

Each is started here. One that is not installed skips the test and says so, and fails it in CI. Rows are columns of
doubles, NaN for null, and come back in their order: segment (n,), -1 for null, and of an SQL engine population and
persona, "" for null.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn, Protocol

import duckdb
import numpy as np
import pytest
from numpy.typing import NDArray

from bestiary.segments.export import score, to_onnx
from bestiary.segments.model import Model
from sql_people import Rows

Found = dict[str, NDArray[Any]]
ANSWER = (
    "coalesce(population, '') AS population, coalesce(segment, -1)::BIGINT AS segment, coalesce(persona, '') AS persona"
)


class Engine(Protocol):
    """Customers that are held by an engine."""

    def place(self, model: Model, first: int | None = None) -> Found:
        """Where a model places them, or the first so many of them."""


def missing(what: str) -> NoReturn:
    """Skip, or fail in CI."""
    message = f"no {what}: the tests on it DID NOT RUN"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@contextmanager
def started(name: str, rows: Rows) -> Iterator[Engine]:
    """The engine of this name, holding these customers."""
    make = {"duckdb": _duckdb, "postgres": _postgres, "spark": _spark, "onnx": _onnx}[name]
    with make(rows) as engine:
        yield engine


def table(rows: Rows) -> duckdb.DuckDBPyConnection:
    """The rows as the table `customers` in DuckDB; every second infinity is NaN there, which is as hopeless."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    connection.register("given", dict(rows))
    named = ", ".join(
        f"CASE WHEN isnan({name}) THEN NULL WHEN {name} = 'Infinity' AND user_id % 2 = 1 THEN 'NaN' ELSE {name} END "
        f"AS {name}"
        for name in rows
        if name != "user_id"
    )
    connection.execute(f"CREATE TABLE customers AS SELECT user_id::BIGINT AS user_id, {named} FROM given")
    connection.unregister("given")
    return connection


def answers(connection: duckdb.DuckDBPyConnection, source: str) -> Found:
    """What a query has found, in the order of user_id."""
    found = connection.execute(f"SELECT {ANSWER} FROM {source} ORDER BY user_id").fetchnumpy()
    return {name: np.asarray(values) for name, values in found.items()}


def _limited(first: int | None) -> str:
    return "" if first is None else f" WHERE user_id < {first}"


class DuckDB:
    """In this process."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection

    def place(self, model: Model, first: int | None = None) -> Found:
        return answers(self.connection, f"({score(model, dialect='duckdb')}){_limited(first)}")


@contextmanager
def _duckdb(rows: Rows) -> Iterator[Engine]:
    with table(rows) as connection:
        yield DuckDB(connection)


class Onnx:
    """In this process too."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows

    def place(self, model: Model, first: int | None = None) -> Found:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        session = onnxruntime.InferenceSession(to_onnx(model), options, providers=["CPUExecutionProvider"])
        given = {one.name: self.rows[one.name][:first] for one in session.get_inputs()}
        return {"segment": session.run(["segment"], given)[0]}


@contextmanager
def _onnx(rows: Rows) -> Iterator[Engine]:
    try:
        import onnx
        import onnxruntime
    except ImportError:
        missing("onnx or onnxruntime")
    assert onnx
    assert onnxruntime
    yield Onnx(rows)


class Postgres:
    """A server of its own, on a socket in a folder of its own."""

    def __init__(self, connection: Any, folder: Path) -> None:
        self.connection, self.folder = connection, folder

    def hold(self, rows: Rows) -> None:
        file = self.folder / "customers.csv"
        with table(rows) as source:
            source.execute(f"COPY customers TO '{file}' (FORMAT csv, HEADER false)")
        with self.connection.cursor() as cursor:
            columns = ", ".join(f"{name} DOUBLE PRECISION" for name in rows if name != "user_id")
            cursor.execute(f"CREATE UNLOGGED TABLE customers (user_id BIGINT, {columns})")
            with file.open("rb") as lines, cursor.copy("COPY customers FROM STDIN (FORMAT csv)") as copy:
                while part := lines.read(1 << 20):
                    copy.write(part)

    def place(self, model: Model, first: int | None = None) -> Found:
        file, select = self.folder / "found.csv", score(model, dialect="postgres")
        with self.connection.cursor() as cursor, file.open("wb") as out:
            told = f"SELECT user_id, population, segment, persona FROM ({select}) AS found{_limited(first)}"
            with cursor.copy(f"COPY ({told}) TO STDOUT (FORMAT csv)") as copy:
                for part in copy:
                    out.write(part)
        columns = "{user_id: BIGINT, population: VARCHAR, segment: INTEGER, persona: VARCHAR}"
        with duckdb.connect() as connection:
            return answers(connection, f"read_csv('{file}', header = false, columns = {columns}, quote = '\"')")


@contextmanager
def _postgres(rows: Rows) -> Iterator[Engine]:
    try:
        import psycopg
    except ImportError:
        missing("psycopg")
    programs = _programs()
    # Sockets have short names, and a server does not run as root.
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as name:
        folder = Path(name)
        as_owner = _owner(folder)
        data, log = folder / "data", folder / "log"
        _run([*as_owner, str(programs / "initdb"), "-D", str(data), "-U", "tester", "-A", "trust", "-E", "UTF8", "-N"])
        asked = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c work_mem=64MB"
        control = [*as_owner, str(programs / "pg_ctl"), "-D", str(data), "-w"]
        _run([*control, "-l", str(log), "-o", asked, "start"])
        try:
            with psycopg.connect(host=str(folder), user="tester", dbname="postgres", autocommit=True) as connection:
                engine = Postgres(connection, folder)
                engine.hold(rows)
                yield engine
        finally:
            _run([*control, "-m", "immediate", "stop"])


def _programs() -> Path:
    """The folder of initdb and pg_ctl: Debian keeps them off the path."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    found = shutil.which("initdb")
    for folder in [*([Path(found).parent] if found else []), *reversed(folders)]:
        if (folder / "pg_ctl").exists():
            return folder
    missing("Postgres (apt-get install postgresql)")


def _owner(folder: Path) -> list[str]:
    """What to put before a command of the server's: root becomes the user that Debian has made for it."""
    if os.geteuid() != 0:
        return []
    user = "postgres"
    try:
        pwd.getpwnam(user)
    except KeyError:
        missing(f"user {user} (apt-get install postgresql)")
    shutil.chown(folder, user, user)
    return ["runuser", "-u", user, "--"]


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr


class Spark:
    """Two threads on this machine, which read Parquet."""

    def __init__(self, session: Any, folder: Path) -> None:
        self.session, self.folder = session, folder

    def place(self, model: Model, first: int | None = None) -> Found:
        out = self.folder / "found"
        self.session.sql(f"FROM ({score(model, dialect='spark')}) SELECT *{_limited(first)}").write.mode(
            "overwrite"
        ).parquet(str(out))
        with duckdb.connect() as connection:
            return answers(connection, f"read_parquet('{out}/*.parquet')")


@contextmanager
def _spark(rows: Rows) -> Iterator[Engine]:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of pandas, which is not used
            from pyspark.sql import SparkSession
    except ImportError:
        missing("pyspark")
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        missing("Java (apt-get install default-jre-headless)")
    with tempfile.TemporaryDirectory(prefix="spark-") as name:
        folder = Path(name)
        asked = {
            "spark.driver.memory": "1g",
            "spark.ui.enabled": "false",
            "spark.ui.showConsoleProgress": "false",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.driver.host": "127.0.0.1",
            "spark.local.dir": str(folder),
            "spark.sql.warehouse.dir": str(folder / "warehouse"),
            "spark.sql.session.timeZone": "UTC",
            "spark.log.level": "ERROR",
        }
        builder = SparkSession.builder.master("local[2]").appName("bestiary")
        for key, value in asked.items():
            builder = builder.config(key, value)
        session = builder.getOrCreate()
        try:
            with table(rows) as source:
                source.execute(
                    f"COPY customers TO '{folder / 'customers.parquet'}' (FORMAT parquet, ROW_GROUP_SIZE 100000)"
                )
            session.read.parquet(str(folder / "customers.parquet")).createOrReplaceTempView("customers")
            yield Spark(session, folder)
        finally:
            session.stop()
