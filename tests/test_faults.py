"""Faults from outside: full and read-only disks, damaged files, folders that are no store. Each is told clearly, and
what was committed before it stays."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import daily
import shop
from bestiary import pipeline
from bestiary.config import Settings
from bestiary.errors import BestiaryError, EventsError, ModelError, StoreError
from bestiary.lake.doctor import Findings
from bestiary.lake.store import Store

MEGABYTE = 1 << 20


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of four megabytes. Only root can make one; in CI its absence is a failure."""
    if os.geteuid() != 0:
        message = "a disk of a few megabytes needs root: the tests of full and read-only disks DID NOT RUN"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    path = tmp_path / "disk"
    path.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(path)], check=True)
    try:
        yield path
    finally:
        subprocess.run(["umount", "--lazy", str(path)], check=True)


def fill(disk: Path, leave: int = 0) -> Path:
    """Leave so many bytes of a disk; the file that takes the rest."""
    stat = os.statvfs(disk)
    filler = disk / "filler"
    filler.write_bytes(bytes(max(0, stat.f_bavail * stat.f_frsize - leave)))
    return filler


def command(*words: object) -> "subprocess.CompletedProcess[str]":
    """Run the real command line."""
    program = [sys.executable, "-c", "from bestiary.cli import main; main()", *map(str, words)]
    return subprocess.run(program, capture_output=True, text=True, check=False)


def events_of(lake: Path) -> int:
    return sum(row[0] for row in shop.visits(lake, "views + carts + removals + purchases"))


@pytest.mark.parametrize("leave", [0, 60_000, 200_000])
def test_a_disk_that_is_full_while_files_are_read_keeps_what_was_committed(
    leave: int, disk: Path, tmp_path: Path
) -> None:
    first, *rest = daily.write_daily(tmp_path / "events", range(12))
    shop.ingest(first, disk / "store")
    filler = fill(disk, leave)
    with pytest.raises((BestiaryError, OSError), match=r"(?i)no space|disk is full|not enough") as caught:
        shop.ingest(rest, disk / "store")
    assert not isinstance(caught.value, BestiaryError) or caught.value.do
    assert "damaged" not in str(caught.value)
    held = len(Store.open(disk / "store", Settings()).fingerprints())
    assert 1 <= held < 12
    assert events_of(disk / "store") == 40 * held
    filler.unlink()
    assert len(shop.ingest([first, *rest], disk / "store")[0]) == 12 - held
    assert events_of(disk / "store") == 40 * 12
    assert pipeline.doctor(disk / "store") == Findings((), ())


def test_a_full_disk_is_told_without_a_traceback(disk: Path, tmp_path: Path) -> None:
    one, two = daily.write_daily(tmp_path / "events", range(2))
    shop.ingest(one, disk / "store")
    before = shop.tree(disk / "store")
    filler = fill(disk)
    for words in (["ingest", two], ["customers"], ["run", one, two]):
        done = command(*words, "--store", disk / "store")
        assert done.returncode == 1, done.stderr
        assert "Traceback" not in done.stderr
        assert "No space left" in done.stderr or "disk is full" in done.stderr
        assert shop.tree(disk / "store") == before
    filler.unlink()
    assert command("customers", "--store", disk / "store").returncode == 0


def test_a_disk_that_is_full_while_customers_are_measured_keeps_the_former_run(disk: Path, tmp_path: Path) -> None:
    store = disk / "store"
    shop.ingest(daily.write_daily(tmp_path / "events", range(3)), store)
    done = pipeline.customers(store, settings=shop.SMALL)
    before = shop.tree(done.path)
    fill(disk, leave=8192)
    with pytest.raises((BestiaryError, OSError), match=r"(?i)no space|disk is full"):
        pipeline.customers(store, settings=pipeline.Settings(windows=(1, 2, 3)))
    assert shop.tree(done.path) == before
    assert not (store / ".scratch").exists()


def test_a_store_on_a_read_only_disk_can_be_looked_at_and_not_written(disk: Path, tmp_path: Path) -> None:
    one, two = daily.write_daily(tmp_path / "events", range(2))
    shop.ingest(one, disk / "store")
    pipeline.customers(disk / "store", settings=shop.SMALL)
    before = shop.tree(disk / "store")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    for work in (
        lambda: shop.ingest(two, disk / "store"),
        lambda: pipeline.customers(disk / "store"),
        lambda: pipeline.doctor(disk / "store"),
        lambda: shop.ingest(two, disk / "new"),
    ):
        with pytest.raises(StoreError, match=r"Cannot write to .*: Read-only file system") as caught:
            work()
        assert caught.value.do
    assert len(pipeline.runs(disk / "store")) == 1
    assert events_of(disk / "store") == 40
    assert shop.tree(disk / "store") == before


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def scramble(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[:60] + bytes(99) + content[159:])


@pytest.mark.parametrize(("kind", "damage"), [(".csv.gz", cut), (".csv.gz", scramble), (".parquet", cut)])
def test_a_damaged_file_in_the_middle_of_ten_keeps_those_before_it(
    kind: str, damage: Callable[[Path], None], tmp_path: Path
) -> None:
    folder, store = tmp_path / "events", tmp_path / "store"
    for number in range(10):
        path, lines = folder / f"{number}{kind}", daily.of_day(number)
        if kind == ".parquet":
            folder.mkdir(exist_ok=True)
            names = shop.HEADER.split(",")
            shop.write_parquet(path, [dict(zip(names, line.split(","), strict=True)) for line in lines])
        else:
            shop.write_csv(path, lines)
    bad, whole = folder / f"5{kind}", (folder / f"5{kind}").read_bytes()
    damage(bad)
    with pytest.raises(EventsError, match=f"5{kind}") as caught:
        shop.ingest(folder, store)
    assert caught.value.do
    before_it = len(Store.open(store, Settings()).fingerprints()) if (store / "store.json").exists() else 0
    # Some damage shows before the first file is read: a Parquet file's end, and a header, are looked at of all.
    assert before_it == 5 if damage is cut and kind == ".csv.gz" else before_it in (0, 5)
    assert before_it == 0 or events_of(store) == 40 * before_it
    bad.write_bytes(whole)
    assert len(shop.ingest(folder, store)[0]) == 10 - before_it
    assert events_of(store) == 400
    assert pipeline.doctor(store) == Findings((), ())


def test_a_folder_of_other_things_does_not_become_a_store(tmp_path: Path) -> None:
    (path,) = daily.write_daily(tmp_path / "events", [0])
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    done = command("run", path, "--store", tmp_path / "mine")
    assert done.returncode == 1
    assert "neither a store nor empty: it holds letter.txt" in done.stderr
    assert list(shop.tree(tmp_path / "mine")) == ["letter.txt"]
    done = command("ingest", path, "--store", path)
    assert done.returncode == 1
    assert "is a file" in done.stderr


@pytest.mark.parametrize("content", ["", "{", "[]", '{"format_version": 3}', "\x00\x01"])
def test_a_damaged_description_is_told_with_what_to_do(content: str, tmp_path: Path) -> None:
    (path,) = daily.write_daily(tmp_path / "events", [0])
    shop.ingest(path, tmp_path / "store")
    (tmp_path / "store" / "store.json").write_text(content)
    before = shop.tree(tmp_path / "store")
    for work in (
        lambda: shop.ingest(path, tmp_path / "store"),
        lambda: pipeline.customers(tmp_path / "store"),
        lambda: pipeline.runs(tmp_path / "store"),
    ):
        with pytest.raises(StoreError, match=r"store\.json is damaged") as caught:
            work()
        assert "from a copy" in caught.value.do
    assert {name: one for name, one in shop.tree(tmp_path / "store").items() if name != ".lock"} == {
        name: one for name, one in before.items() if name != ".lock"
    }


@pytest.mark.parametrize("table", ["rejects", "sources", "visits"])
def test_a_table_that_is_gone_is_told_with_what_to_do(table: str, tmp_path: Path) -> None:
    one, two = daily.write_daily(tmp_path / "events", range(2))
    shop.ingest(one, tmp_path / "store")
    shutil.rmtree(tmp_path / "store" / table)
    with pytest.raises(StoreError, match=f"{table} cannot be read as a Delta table") as caught:
        shop.ingest(two, tmp_path / "store")
    assert "from a copy" in caught.value.do


def test_customers_that_are_gone_are_missed_and_measured_again(tmp_path: Path) -> None:
    shop.ingest(daily.write_daily(tmp_path / "events", range(3)), tmp_path / "store")
    done = pipeline.customers(tmp_path / "store", settings=shop.SMALL)
    before = shop.rows([done.path / "customers.parquet"], "*")
    (done.path / "customers.parquet").unlink()
    with pytest.raises((StoreError, ModelError), match=r"customers\.parquet") as caught:
        pipeline.fit(tmp_path / "store")
    assert "bestiary customers" in caught.value.do
    pipeline.customers(tmp_path / "store", settings=shop.SMALL)
    assert shop.rows([done.path / "customers.parquet"], "*") == before
