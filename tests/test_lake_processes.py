"""The store between processes: another one's lock, and one that is killed at any moment."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import daily
import shop
from bestiary import pipeline
from bestiary.config import Settings
from bestiary.errors import StoreError
from bestiary.lake.compact import MOST_PARTS
from bestiary.lake.doctor import Findings
from bestiary.lake.lock import locked
from bestiary.lake.store import Store

HOLD = """
import sys
from pathlib import Path
from bestiary.lake.lock import locked
with locked(Path(sys.argv[1]), create=True):
    print("held", flush=True)
    sys.stdin.read()
"""

# The process kills itself, so that the moment is the same at every run; nothing of Python runs after SIGKILL.
KILLED = """
import os, signal, sys
from pathlib import Path
from bestiary import intake
from bestiary.config import Settings

def dying(function, calls):
    left = [calls]
    def called(*args, **options):
        result = None if moment == "before" else function(*args, **options)
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **options) if moment == "before" else result
    return called

target, moment, calls, events, store = sys.argv[1:]
if target == "commit":
    from deltalake import DeltaTable
    DeltaTable.create_write_transaction = dying(DeltaTable.create_write_transaction, int(calls))
elif target == "create":
    from deltalake import DeltaTable
    DeltaTable.create = dying(DeltaTable.create, int(calls))
else:
    from bestiary.events import kernel
    kernel.write_parts = dying(kernel.write_parts, int(calls))
intake.ingest([events], Path(store), settings=Settings(buckets=2, threads=1, memory="500MB"))
"""
MOMENTS = [("create", "after", 2), ("parts", "after", 1), ("parts", "after", 3), ("commit", "before", 1)]
MOMENTS += [("commit", "after", 1), ("commit", "after", 2), ("commit", "after", 3), ("parts", "after", 5)]
MOMENTS += [("commit", "after", 4), ("commit", "before", 6), ("commit", "after", 6)]


@contextmanager
def holding(store: Path) -> Iterator["subprocess.Popen[str]"]:
    """A process that holds the lock of `store`, until it is told to end or is killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def shop_events(folder: Path) -> Path:
    for number, user in enumerate(("512000001", "777000111")):
        lines = [shop.line(user_id=user, event_time=f"2019-{month}-01 10:00:00 UTC") for month in ("09", "10")]
        shop.write_csv(folder / f"{number}.csv", [*lines, lines[0], f"junk {number}"])
    return folder


def test_a_store_that_another_process_holds_is_refused_and_free_when_that_dies(tmp_path: Path) -> None:
    folder, store = shop_events(tmp_path / "events"), tmp_path / "store"
    shop.ingest(folder / "0.csv", store)
    before = shop.tree(store)
    with holding(store) as process:
        with pytest.raises(StoreError, match="Another process") as caught:
            shop.ingest(folder, store)
        assert str(store) in caught.value.found
        assert caught.value.do
        with pytest.raises(StoreError, match="Another process"):
            pipeline.customers(store, settings=shop.SMALL)
        assert shop.tree(store) == before
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert len(shop.ingest(folder, store)[0]) == 1


def test_a_process_may_take_its_own_lock_again(tmp_path: Path) -> None:
    shop.ingest(shop_events(tmp_path / "events"), tmp_path / "store")
    with locked(tmp_path / "store"), locked(tmp_path / "store"):
        pass
    with holding(tmp_path / "store"):
        pass


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> tuple[object, object, object]:
    folder = tmp_path_factory.mktemp("undisturbed")
    shop.ingest(shop_events(folder / "events"), folder / "store")
    return content(folder / "store")


def content(store: Path) -> tuple[object, object, object]:
    return shop.visits(store), shop.rejects(store), shop.rows(Store.open(store, Settings()).files("sources"), "*")


@pytest.mark.parametrize(("target", "moment", "calls"), MOMENTS)
def test_a_killed_process_is_made_good_by_the_next_run(
    target: str, moment: str, calls: int, tmp_path: Path, undisturbed: tuple[object, object, object]
) -> None:
    folder, store = shop_events(tmp_path / "events"), tmp_path / "store"
    command = [sys.executable, "-c", KILLED, target, moment, str(calls), str(folder), str(store)]
    killed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    shop.ingest(folder, store)
    assert content(store) == undisturbed
    assert not shop.litter(store)
    assert not (store / ".scratch").exists()
    assert not shop.ingest(folder, store)[0]


INGEST = """
import sys
from pathlib import Path
from bestiary import pipeline
from bestiary.config import Settings
from bestiary.errors import StoreError
settings = Settings(buckets=2, threads=1, memory="500MB")
print("ready", flush=True)
sys.stdin.readline()
for events in sys.argv[2:]:
    try:
        if events == "customers":
            pipeline.customers(Path(sys.argv[1]), settings=settings)
        else:
            pipeline.ingest([events], Path(sys.argv[1]), settings=settings)
    except StoreError as error:
        assert "Another process" in str(error)
        print("refused", flush=True)
"""


def working(store: Path, *tasks: object) -> "subprocess.Popen[str]":
    """A process that waits for a line and then ingests files, or measures customers, one task after the other."""
    command = [sys.executable, "-c", INGEST, str(store), *map(str, tasks)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def events_of(store: Path) -> int:
    return sum(row[0] for row in shop.visits(store, "views + carts + removals + purchases"))


@pytest.mark.parametrize("other", ["ingest", "customers"])
def test_two_processes_at_once_do_their_work_or_are_refused(other: str, tmp_path: Path) -> None:
    files, store = daily.write_daily(tmp_path / "events", range(6)), tmp_path / "store"
    shop.ingest(files[0], store)
    tasks = files if other == "ingest" else ["customers"] * 3
    processes = [working(store, *files), working(store, *tasks)]
    for process in processes:
        assert process.stdin is not None
        print(file=process.stdin, flush=True)
    for process in processes:
        process.communicate()
        assert process.returncode == 0
    shop.ingest(files, store)
    assert events_of(store) == 6 * 40
    assert pipeline.doctor(store) == Findings((), ())


def test_a_reader_sees_whole_files_while_a_writer_commits(tmp_path: Path) -> None:
    files, store = daily.write_daily(tmp_path / "events", range(MOST_PARTS)), tmp_path / "store"
    shop.ingest(files[0], store)
    writer, seen = working(store, *files[1:]), []
    assert writer.stdin is not None
    print(file=writer.stdin, flush=True)
    while writer.poll() is None:
        seen.append((events_of(store), len(Store.open(store, Settings()).fingerprints())))
    writer.communicate()
    assert writer.returncode == 0
    assert events_of(store) == 40 * MOST_PARTS
    assert all(events % 40 == 0 for events, _ in seen)
    assert seen == sorted(seen)
    assert len(set(seen)) > 2  # it has read between commits
