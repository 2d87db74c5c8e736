"""What readers see while a run is published, when it is killed, and when two publish at once: whole runs only."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bestiary.errors import BusyError
from bestiary.publish import Asked, Content, Target, open_target
from bestiary.publish.address import VARIABLE
from command import PROGRAM
from months import APRIL, MARCH, MAY
from warehouses import Place, Server, changed, content, expected, place, postgres

READ = (
    "SELECT (SELECT fingerprint FROM bestiary.runs WHERE as_of = '{run}'), count(*), sum(user_id), max(confidence) "
    "FROM bestiary.segments WHERE as_of = '{run}'"
)
SLOW = """
import sys
from datetime import date
from pathlib import Path
from bestiary.publish import Asked, Content, open_target
from bestiary.publish import parquet, postgres, stream

to, path, where = sys.argv[1:]
def wait(*_):
    print("there", flush=True)
    sys.stdin.read()
if where == "in the middle of a copy":
    postgres.streamed = lambda content, name, memory, tell: stream.streamed(
        content, name, memory, wait if name == "segments" else tell)
elif where == "before the commit":
    postgres.Session.commit = wait
elif where == "between two files":
    written = parquet.Files._part
    def part(self, connection, as_of, table, query):
        if table == "movements":
            wait()
        return written(self, connection, as_of, table, query)
    parquet.Files._part = part
elif where == "before the manifest":
    parquet.Files._replace = wait
path = Path(path)
open_target(to).publish(Content(path, date.fromisoformat(path.name)), Asked(again=True))
"""
"""Publishes, says where it has come to, and waits there."""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres() as started:
        yield started


@pytest.fixture
def target(server: Server) -> Target:
    server.run("DROP SCHEMA IF EXISTS bestiary CASCADE")
    return open_target(server.uri, environment={})


@pytest.fixture
def two(whole_store: Path, tmp_path: Path) -> tuple[Content, Content]:
    """Two states of one run, which differ in every figure of READ."""
    query = "SELECT * REPLACE (2.0 AS confidence) FROM {table} WHERE user_id % 2 = 0"
    return content(whole_store, MAY), changed(whole_store, tmp_path, MAY, query)


def told(server: Server) -> Any:
    return server.rows(READ.format(run=MAY))[0]


@pytest.mark.parametrize("level", ["READ COMMITTED", "REPEATABLE READ"])
def test_a_reader_in_a_loop_sees_whole_runs_only(
    level: str, server: Server, target: Target, two: tuple[Content, Content]
) -> None:
    states = []
    for one in two:
        target.publish(one, Asked())
        states.append(told(server))
    assert states[0] != states[1]
    seen, failures, done = list[Any](), list[BaseException](), threading.Event()

    def read() -> None:
        try:
            with server.connect() as connection:
                while not done.is_set():
                    connection.execute(f"BEGIN ISOLATION LEVEL {level}")
                    seen.append(connection.execute(READ.format(run=MAY)).fetchone())
                    connection.execute("COMMIT")
        except BaseException as error:
            failures.append(error)

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for one in (*two, *two):
        target.publish(one, Asked())
    done.set()
    for reader in readers:
        reader.join()
    assert not failures
    assert set(seen) == set(states)


def test_a_snapshot_from_before_still_sees_the_run_as_it_was(
    server: Server, target: Target, two: tuple[Content, Content]
) -> None:
    """To exchange partitions would show such a reader an empty run: why a run is replaced row by row."""
    target.publish(two[0], Asked())
    with server.connect() as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        (fingerprint,) = reader.execute("SELECT fingerprint FROM bestiary.runs").fetchone()
        target.publish(two[1], Asked())
        found = reader.execute("SELECT * FROM bestiary.segments ORDER BY user_id").fetchall()
        assert fingerprint == two[0].fingerprint
        assert found == expected(two[0], "segments")
        reader.execute("COMMIT")
        assert reader.execute("SELECT count(*) FROM bestiary.segments").fetchone() == (two[1].rows["segments"],)


def test_a_new_run_does_not_wait_for_who_reads_and_nobody_waits_for_it(
    whole_store: Path, server: Server, target: Target
) -> None:
    target.publish(content(whole_store, MARCH), Asked())
    with server.connect() as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        before = reader.execute("SELECT count(*) FROM bestiary.customers").fetchall()
        target.publish(content(whole_store, MAY), Asked())
        assert reader.execute("SELECT count(*) FROM bestiary.customers").fetchall() == before
        assert reader.execute("SELECT max(as_of) FROM bestiary.runs").fetchall() == [(MARCH,)]
    with publishing(server.uri, content(whole_store, APRIL), "before the commit") as _:
        patient = server.rows("SELECT count(*) FROM bestiary.customers", options="-c lock_timeout=1000")
        assert patient[0][0] > before[0][0]
        assert server.rows("SELECT max(as_of), count(*) FROM bestiary.runs") == [(MAY, 2)]


class publishing:  # noqa: N801 - read as a context
    """A process that publishes and waits somewhere; it is killed at the end."""

    def __init__(self, to: str, one: Content, where: str) -> None:
        self.words = [sys.executable, "-c", SLOW, to, str(one.path), where]

    def __enter__(self) -> "subprocess.Popen[str]":
        self.process = subprocess.Popen(self.words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "there\n"
        return self.process

    def __exit__(self, *_: object) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.communicate()
        assert self.process.returncode == -signal.SIGKILL


def tables_of(server: Server) -> list[Any]:
    return server.rows("SELECT relname FROM pg_class WHERE relnamespace = 'bestiary'::regnamespace ORDER BY 1")


def alone(server: Server) -> None:
    """Wait until the server has noticed that who was killed is gone."""
    until = time.monotonic() + 30
    while server.rows("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'bestiary'") != [(0,)]:
        assert time.monotonic() < until
        time.sleep(0.02)


@pytest.mark.parametrize("where", ["in the middle of a copy", "before the commit"])
@pytest.mark.parametrize("known", [True, False])
def test_a_kill_leaves_the_old_run_whole_and_nothing_else(
    where: str, known: bool, whole_store: Path, server: Server, target: Target, two: tuple[Content, Content]
) -> None:
    target.publish(two[0] if known else content(whole_store, APRIL), Asked())
    before, tables = told(server), tables_of(server)
    with publishing(server.uri, two[1], where):
        assert told(server) == before
        assert tables_of(server) == tables
        with pytest.raises(BusyError):
            target.publish(two[1], Asked())
    alone(server)
    assert (told(server), tables_of(server)) == (before, tables)
    target.publish(two[1], Asked())
    assert told(server) == (two[1].fingerprint, two[1].rows["segments"], told(server)[2], 2.0)
    assert server.rows(f"SELECT * FROM bestiary.segments WHERE as_of = '{MAY}' ORDER BY user_id") == expected(
        two[1], "segments"
    )


def test_who_interrupts_a_statement_that_waits_is_obeyed_at_once(
    whole_store: Path, server: Server, target: Target, tmp_path: Path
) -> None:
    store = Path(shutil.copytree(whole_store, tmp_path / "store"))
    target.publish(content(store, MAY), Asked())
    before = told(server)
    with server.connect() as other:
        other.execute("BEGIN")
        other.execute("LOCK TABLE bestiary.runs IN ACCESS EXCLUSIVE MODE")
        command = [PROGRAM, "publish", "--store", str(store), "--to", "postgresql", "--again"]
        environment = {**os.environ, VARIABLE: server.uri}
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
            until = time.monotonic() + 60
            waiting = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            while server.rows(waiting) == [(0,)]:
                assert time.monotonic() < until
                time.sleep(0.05)
            process.send_signal(signal.SIGINT)
            _, stderr = process.communicate(timeout=30)
        assert process.returncode == 1
        assert "interrupted" in stderr
    assert told(server) == before


def test_a_run_that_never_was_published_is_not_seen_after_a_kill(
    server: Server, target: Target, two: tuple[Content, Content]
) -> None:
    with publishing(server.uri, two[0], "before the commit"):
        pass
    alone(server)
    assert server.rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'bestiary'") == [(0,)]
    assert not target.publish(two[0], Asked()).unchanged


@pytest.fixture(params=["folder", "s3"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with place(request.param, tmp_path) as made:
        yield made


def state(files: Place) -> Any:
    return files.rows("segments", "count(*) OVER (), sum(user_id) OVER (), max(confidence) OVER ()")[0:1]


@pytest.mark.parametrize("where", ["between two files", "before the manifest"])
def test_a_kill_between_files_leaves_the_old_run_and_the_next_cleans_up(
    where: str, files: Place, two: tuple[Content, Content]
) -> None:
    files.target.publish(two[0], Asked())
    before = files.rows("segments")
    with publishing(files.target.told, two[1], where):
        assert files.rows("segments") == before
    assert files.rows("segments") == before
    litter = len(list(files.everything().rglob("*.parquet"))) - 4
    assert litter == (2 if where == "between two files" else 4)
    files.target.publish(two[1], Asked())
    assert files.rows("segments") == expected(two[1], "segments")
    assert len(list(files.everything().rglob("*.parquet"))) == 4


def test_who_comes_second_with_files_is_told(files: Place, two: tuple[Content, Content], whole_store: Path) -> None:
    files.target.publish(two[0], Asked())

    def other() -> None:
        open_target(files.target.told).publish(content(whole_store, APRIL), Asked())

    with pytest.raises(BusyError):  # a folder says so at once, a bucket when the manifest is to be replaced
        files.target.publish(two[1], Asked(before_data=other))
    later = files.rows("segments", "DISTINCT as_of")
    if files.kind == "s3":
        assert later == [(APRIL,), (MAY,)]
        assert len(list(files.everything().rglob("*.parquet"))) == 8
    files.target.publish(two[1], Asked())
    assert files.rows("segments")[-1] == expected(two[1], "segments")[-1]
