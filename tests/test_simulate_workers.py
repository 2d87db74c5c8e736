"""Threads that draw ahead change nothing; what is interrupted or killed leaves no half file under its name."""

import hashlib
import signal
import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bestiary.simulate import months, simulate, simulator
from bestiary.simulate.funnel import COLUMNS, Rows, make_rows
from bestiary.simulate.plan import plan_months
from bestiary.simulate.simulator import Format
from bestiary.simulate.stairs import Stairs
from bestiary.sql import connect

EVENTS = 60_000
NAMES = ["2019-Oct", "2019-Nov", "2019-Dec", "2020-Jan", "2020-Feb", "2020-Mar", "2020-Apr"]


class Recorded:
    """Keeps what it was told."""

    def __init__(self) -> None:
        self.started: list[tuple[str, int]] = []
        self.advanced: list[tuple[int, int]] = []
        self.stopped = 0

    def start(self, label: str, total: int) -> None:
        self.started.append((label, total))

    def advance(self, done: int = 1, *, rows: int = 0) -> None:
        self.advanced.append((done, rows))

    def stop(self) -> None:
        self.stopped += 1


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make dozens of batches and blocks of what would be one."""
    monkeypatch.setattr(months, "BATCH", 300)
    monkeypatch.setattr(months, "BLOCK", 1_000)


def written(out: Path) -> list[str]:
    return sorted(path.name for path in out.iterdir())


@pytest.mark.parametrize("file_format", ["csv", "csv.gz", "parquet"])
@pytest.mark.usefixtures("small_batches")
def test_the_bytes_do_not_depend_on_the_number_of_workers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file_format: Format
) -> None:
    digests = []
    for workers in (1, 3, 8):
        monkeypatch.setattr(simulator, "_WORKERS", workers)
        paths = simulate(tmp_path / str(workers), events=EVENTS, months=2, format=file_format)
        digests.append([hashlib.sha256(path.read_bytes()).hexdigest() for path in paths])
    assert digests[0] == digests[1] == digests[2]


@pytest.mark.usefixtures("small_batches")
def test_blocks_of_many_batches_are_whole_and_in_order(tmp_path: Path) -> None:
    progress = Recorded()
    path = simulate(tmp_path, events=EVENTS, months=1, format="parquet", progress=progress)[0]
    plan = plan_months(EVENTS, 1, date(2019, 10, 1))[0]
    with connect() as connection:
        assert connection.execute(
            f"SELECT count(*), (SELECT count(*) FROM (SELECT DISTINCT * FROM '{path}')), count(DISTINCT user_session) "
            f"FROM '{path}'"
        ).fetchall() == [(EVENTS, plan.distinct, plan.sessions)]
        assert connection.execute(
            "SELECT count(*) FROM (SELECT event_time < lag(event_time) OVER (ORDER BY file_row_number) AS back "
            f"FROM read_parquet('{path}', file_row_number = true)) WHERE back"
        ).fetchall() == [(0,)]
    assert progress.started == [("simulate", EVENTS)]
    assert progress.stopped == 1
    assert len(progress.advanced) > 5
    assert sum(done for done, _ in progress.advanced) == sum(rows for _, rows in progress.advanced) == EVENTS


@pytest.mark.parametrize("file_format", ["csv", "csv.gz", "parquet"])
@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
@pytest.mark.usefixtures("small_batches")
def test_an_error_while_drawing_is_the_one_that_is_raised_and_leaves_whole_months_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file_format: Format, error: type[BaseException]
) -> None:
    done = []

    def failing(*given: object) -> Rows:
        done.append(1)
        if len(done) > 30:
            raise error
        return make_rows(*given)  # type: ignore[arg-type]

    simulate(tmp_path / "sound", events=EVENTS, months=3, format=file_format)
    monkeypatch.setattr(months, "make_rows", failing)
    with pytest.raises(error):
        simulate(tmp_path / "out", events=EVENTS, months=3, format=file_format)
    assert written(tmp_path / "out") == [f"2019-Oct.{file_format}", "_truth"]
    first = f"2019-Oct.{file_format}"
    assert (tmp_path / "out" / first).read_bytes() == (tmp_path / "sound" / first).read_bytes()
    assert not [thread.name for thread in threading.enumerate() if thread.name.startswith("simulate")]


def started(out: Path, file_format: Format) -> "subprocess.Popen[bytes]":
    """A simulation in a process of its own that has written a month and is at work on another."""
    script = "import sys, pathlib; from bestiary.simulate import simulate; " \
        "simulate(pathlib.Path(sys.argv[1]), events=8_000_000, format=sys.argv[2])"  # fmt: skip
    process = subprocess.Popen([sys.executable, "-c", script, str(out), file_format], stderr=subprocess.DEVNULL)
    for _ in range(1200):
        if list(out.glob("2019-Oct.*")) and list(out.glob(".2019-Nov.*")):
            return process
        assert process.poll() is None, "it ended before it could be stopped"
        time.sleep(0.05)
    process.kill()
    raise AssertionError("no month was written within a minute")


@pytest.mark.parametrize("file_format", ["csv.gz", "parquet"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_stopped_from_outside_only_whole_months_have_their_names(
    tmp_path: Path, file_format: Format, how: signal.Signals
) -> None:
    process = started(tmp_path, file_format)
    process.send_signal(how)
    assert process.wait(60) != 0
    names = [name for name in written(tmp_path) if not name.startswith((".", "_"))]
    assert sorted(names, key=lambda name: NAMES.index(name.split(".")[0])) == [
        f"{name}.{file_format}" for name in NAMES[: len(names)]
    ]
    assert len(names) < len(NAMES)
    plans = plan_months(8_000_000, 7, date(2019, 10, 1))
    with connect() as connection:
        for name, plan in zip(names, plans, strict=False):
            assert connection.execute(f"SELECT count(*) FROM '{tmp_path / name}'").fetchall() == [(plan.events,)]
    if how == signal.SIGINT:
        assert not [name for name in written(tmp_path) if name.startswith(".")]


def test_a_month_that_cannot_be_written_says_so_itself(tmp_path: Path) -> None:
    (tmp_path / "2019-Oct.parquet").mkdir()
    (tmp_path / "_truth").mkdir()
    (tmp_path / "_truth" / "customers.parquet").write_bytes(b"")
    with pytest.raises(OSError, match=r"2019-Oct\.parquet"):
        simulate(tmp_path, events=500, months=1, format="parquet")
    assert written(tmp_path) == ["2019-Oct.parquet", "_truth"]


@given(
    steps=st.lists(st.floats(1e-9, 1.0), min_size=1, max_size=60),
    values=st.lists(st.floats(0.0, 1.0, exclude_max=True), max_size=40),
)
def test_stairs_find_what_searchsorted_finds(steps: list[float], values: list[float]) -> None:
    edges = np.cumsum(steps)
    asked = np.minimum(np.concatenate([values, edges[:-1] / edges[-1]]), 1 - 1e-12) * edges[-1]
    found = Stairs(edges, float(edges[-1])).find(asked)
    assert found.tolist() == np.searchsorted(edges, asked, side="right").clip(max=len(edges) - 1).tolist()


def test_rows_have_the_declared_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: list[Rows] = []

    def keeping(*given: object) -> Rows:
        kept.append(make_rows(*given))  # type: ignore[arg-type]
        return {**kept[-1]}

    monkeypatch.setattr(months, "make_rows", keeping)
    simulate(tmp_path, events=500, months=1)
    assert {name: column.dtype for name, column in kept[0].items()} == {k: np.dtype(v) for k, v in COLUMNS.items()}
