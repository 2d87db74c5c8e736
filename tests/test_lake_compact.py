"""Compaction: many small parts of a month's bucket become one, and nothing else changes, whatever happens."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import daily
import shop
from bestiary import pipeline
from bestiary.config import Settings
from bestiary.errors import CountsError
from bestiary.lake import compact as compaction
from bestiary.lake import delta
from bestiary.lake.compact import MOST_PARTS, compact
from bestiary.lake.doctor import Findings
from bestiary.lake.engine import LocalEngine
from bestiary.lake.lock import locked
from bestiary.lake.store import Store
from bestiary.parts import Part, write_part
from bestiary.progress import SILENT


def compacted(store: Path, threads: int = 1) -> int:
    engine, lake = LocalEngine(threads=threads, memory_bytes=400 * 10**6), Store.open(store, Settings())
    with locked(store), lake.scratch() as scratch:
        return compact(lake, engine, scratch, SILENT)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 20 daily files: 11 of September and 9 of October; its parts are as the files have left them."""
    folder = tmp_path_factory.mktemp("made")
    files = daily.write_daily(folder / "events", range(20))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compaction, "MOST_PARTS", 10**6)
        shop.ingest(files, folder / "store")
    return folder / "store"


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "store"))


def parts(store: Path) -> dict[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    for part in Store.open(store, Settings()).visits():
        found[part.month, part.bucket] = found.get((part.month, part.bucket), 0) + 1
    return found


@pytest.mark.parametrize("threads", [1, 2])
def test_a_crowded_month_becomes_one_part_for_each_bucket(store: Path, threads: int) -> None:
    before, visits, marks = parts(store), shop.visits(store), Store.open(store, Settings()).fingerprints()
    assert before == {("2019-09", 0): 11, ("2019-09", 1): 11, ("2019-10", 0): 9, ("2019-10", 1): 9}
    assert compacted(store, threads) == 40
    assert parts(store) == dict.fromkeys(before, 1)
    assert shop.visits(store) == visits
    assert Store.open(store, Settings()).fingerprints() == marks
    assert len(list((store / "visits").glob("month=*/bucket=*/*"))) == 4
    assert pipeline.doctor(store) == Findings((), ())
    assert compacted(store) == 0


def test_as_many_parts_as_are_allowed_stay(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compaction, "MOST_PARTS", 10**6)
        shop.ingest(daily.write_daily(tmp_path / "events", range(11, 11 + MOST_PARTS)), tmp_path / "store")
    before = shop.tree(tmp_path / "store")
    assert compacted(tmp_path / "store") == 0
    assert (
        shop.tree(tmp_path / "store").items() >= {name: one for name, one in before.items() if name != ".lock"}.items()
    )


def test_the_log_says_that_no_data_changed_and_names_nobody(store: Path) -> None:
    compacted(store)
    log = sorted((store / "visits" / "_delta_log").glob("*.json"))[-1].read_text()
    actions = [json.loads(line) for line in log.splitlines()]
    files = [action[kind] for action in actions for kind in ("add", "remove") if kind in action]
    assert len(files) == 2 + 18
    assert not any(file["dataChange"] for file in files)
    assert all(json.loads(file["stats"]).keys() == {"numRecords"} for file in files if file.get("stats"))


def dies(function: Callable[..., Any], calls: int, *, after: bool) -> Callable[..., Any]:
    left = [calls]

    def called(*args: Any, **options: Any) -> Any:
        left[0] -= 1
        if left[0] == 0 and not after:
            raise KeyboardInterrupt
        result = function(*args, **options)
        if left[0] == 0:
            raise KeyboardInterrupt
        return result

    return called


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("target", "calls"), [("write_part", 2), ("swap", 1), ("swap", 2), ("unlink", 3)])
def test_compaction_that_ends_half_way_loses_nothing(
    target: str, calls: int, after: bool, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits = shop.visits(store)
    owner: Any = {"write_part": compaction, "swap": delta, "unlink": Path}[target]
    with monkeypatch.context() as patch:
        # As a kill would: what a failing step sweeps away is left.
        patch.setattr(Store, "tidy", lambda _: None)
        patch.setattr(owner, target, dies(getattr(owner, target), calls, after=after))
        with pytest.raises(KeyboardInterrupt):
            compacted(store)
    assert shop.visits(store) == visits
    compacted(store)
    assert shop.visits(store) == visits
    assert max(parts(store).values()) == 1
    assert pipeline.doctor(store) == Findings((), ())


def test_what_was_not_compacted_is_so_by_the_next_call_without_a_new_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files, store = daily.write_daily(tmp_path / "events", range(9)), tmp_path / "store"
    with monkeypatch.context() as patch:
        patch.setattr(compaction, "write_part", dies(write_part, 1, after=False))
        with pytest.raises(KeyboardInterrupt):
            shop.ingest(files, store)
    assert max(parts(store).values()) == 9
    assert shop.ingest(files, store)[0] == ()
    assert max(parts(store).values()) == 1


def test_a_part_that_lacks_rows_takes_no_place(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def losing(connection: Any, query: str, table: Path, partition: Any) -> Part:
        return write_part(connection, f"SELECT * FROM ({query}) LIMIT 3", table, partition)

    visits = shop.visits(store)
    with monkeypatch.context() as patch:
        patch.setattr(compaction, "write_part", losing)
        with pytest.raises(CountsError, match="visits became 3"):
            compacted(store)
    assert shop.visits(store) == visits
    assert not shop.litter(store)
