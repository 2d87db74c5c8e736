"""A process that is killed in the middle of an erasure: the same command afterwards leaves nothing of anybody."""

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bestiary import pipeline, rights
from rights_shop import FIRST, LAST, busiest, mover
from shop import SMALL, visits
from test_rights_erase import COLUMNS, needles
from traces import traces

# The process kills itself after the n-th change that it makes to the store: a commit, a file put in place, one removed.
KILLED = """
import os, signal, sys
from pathlib import Path

from deltalake import DeltaTable

from bestiary import rights
from bestiary.config import Settings

left = int(sys.argv[1])

def dying(function):
    def called(*args, **options):
        global left
        result = function(*args, **options)
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return result
    return called

DeltaTable.create_write_transaction = dying(DeltaTable.create_write_transaction)
Path.replace, os.replace, Path.unlink = dying(Path.replace), dying(os.replace), dying(Path.unlink)
rights.erase(Path(sys.argv[2]), sys.argv[3:], settings=Settings(threads=1, memory="1GB"))
print(left)
"""


def erased_until(change: int, store: Path, somebody: list[str]) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", KILLED, str(change), str(store), *somebody]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def changes(people: Path, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many changes an erasure makes."""
    store = Path(shutil.copytree(people / "store", tmp_path_factory.mktemp("counted") / "store"))
    told = erased_until(100_000, store, [str(busiest(people / "events")[0]), str(mover(store))])
    assert told.returncode == 0, told.stderr
    return 100_000 - int(told.stdout)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.2, 0.3, 0.45, 0.6, 0.75, 0.9, 1.0])
def test_the_same_command_ends_what_was_killed(share: float, changes: int, people: Path, tmp_path: Path) -> None:
    store = Path(shutil.copytree(people / "store", tmp_path / "store"))
    somebody, other = busiest(people / "events")[0], mover(store)
    both, sought = [str(somebody), str(other)], needles(people / "events", somebody, other)
    before = {row for row in visits(store, COLUMNS) if row[0] not in (somebody, other)}
    pages = [store / "runs" / str(day) / name for day in (FIRST, LAST) for name in ("report.html", "shared.html")]
    for page in pages:
        page.write_text("drawn with everybody")
    killed = erased_until(1 + round(share * (changes - 1)), store, both)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    rights.erase(store, both, settings=SMALL)
    assert traces(store, sought) == {}
    assert set(visits(store, COLUMNS)) == before
    assert pipeline.doctor(store).problems == ()
    # The pages that showed their points went, and the report was drawn again.
    assert [page.exists() for page in pages] == [True, False, True, False]
    assert not any(page.read_text() == "drawn with everybody" for page in pages if page.exists())
    assert [one["action"] for one in rights.all_receipts(store)][-2:] == ["erase begun", "erase"]
