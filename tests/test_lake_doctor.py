"""The doctor: what is litter goes, what is not stays, and what cannot be mended is told."""

import json
import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from deltalake import DeltaTable

import daily
import shop
from bestiary import pipeline
from bestiary.config import Settings
from bestiary.errors import StoreError
from bestiary.lake.doctor import Findings
from bestiary.lake.store import Store
from bestiary.sql import connect

CLEAN = Findings((), ())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of three days, of which one row is refused, with the customers of two dates."""
    folder = tmp_path_factory.mktemp("made")
    files = daily.write_daily(folder / "events", range(3))
    files.append(shop.write_csv(folder / "events" / "odd.csv", ["junk", shop.line(user_id="7")]))
    shop.ingest(files, folder / "store")
    for as_of in ("2019-09-22", "2019-10-02"):
        pipeline.customers(folder / "store", as_of=date.fromisoformat(as_of), settings=shop.SMALL)
    return folder / "store"


@pytest.fixture
def store(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "store"))


def part(store: Path, table: str) -> Path:
    return sorted((store / table).rglob("*.parquet"))[0]


def test_a_store_that_is_well_is_left_as_it_is(store: Path) -> None:
    before = shop.tree(store)
    assert pipeline.doctor(store) == CLEAN
    assert shop.tree(store) == before


def test_litter_of_every_kind_is_named_and_goes_and_nothing_else_does(store: Path) -> None:
    before = shop.tree(store)
    (store / "runs" / "notes").mkdir()
    (store / "runs" / "2019-10-02" / "mine.txt").write_text("mine")
    kept = shop.tree(store)
    left = {
        "visits/month=2031-01/bucket=0/part-x.parquet": "never committed",
        "rejects/fingerprint=abc/part-y.parquet": "never committed",
        "visits/_delta_log/00000000000000000099.json#1": "unfinished commit",
        ".store.json.0123abcd.tmp": "not written to its end",
        "runs/2019-10-02/.run.json.0123abcd.tmp": "not written to its end",
        "runs/2019-10-02/model.json": "step 'fit' was interrupted",
        "runs/2019-10-02/report.html": "step 'report' was interrupted",
        "runs/2019-11-02": "interrupted at its beginning",
    }
    for name in left:
        path = store / name / "quality.json" if name == "runs/2019-11-02" else store / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"left")
    (store / ".scratch" / "run").mkdir(parents=True)
    (store / ".scratch" / "run" / "big").write_bytes(b"12345")
    (store / "runs" / "2019-12-02").mkdir()
    found = pipeline.doctor(store, dry_run=True)
    assert not found.problems
    told = {one.path.relative_to(store).as_posix(): one for one in found.litter}
    assert set(told) == {*left, ".scratch", "runs/2019-12-02"}
    assert told[".scratch"].bytes == 5
    assert all(why in told[name].why and told[name].bytes == 4 for name, why in left.items())
    assert all((store / name).exists() for name in told)
    assert pipeline.doctor(store) == found
    assert shop.tree(store) == kept
    assert (store / "runs" / "notes").is_dir()
    assert not (store / "runs" / "2019-11-02").exists()
    assert not (store / "visits" / "month=2031-01").exists()
    assert pipeline.doctor(store) == CLEAN
    assert before.items() <= shop.tree(store).items()


def test_a_source_whose_commit_was_interrupted_goes_from_rejects_and_sources(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rejects, write = shop.rejects(store), DeltaTable.create_write_transaction

    def failing(table: DeltaTable, *args: object, **options: object) -> None:
        if "/visits" in table.table_uri:
            raise KeyboardInterrupt
        write(table, *args, **options)  # type: ignore[arg-type]

    path = shop.write_csv(tmp_path / "new.csv", [shop.line(user_id="9"), "more junk"])
    with monkeypatch.context() as patch:
        patch.setattr(DeltaTable, "create_write_transaction", failing)
        with pytest.raises(KeyboardInterrupt):
            shop.ingest(path, store)
    found = pipeline.doctor(store)
    assert {one.path.relative_to(store).parts[0] for one in found.litter} == {"rejects", "sources"}
    assert all("interrupted" in one.why for one in found.litter)
    assert not found.problems
    assert pipeline.doctor(store) == CLEAN
    assert shop.rejects(store) == rejects
    assert len(shop.ingest(path, store)[0]) == 1
    assert len(shop.rejects(store)) == len(rejects) + 1


def lose(store: Path) -> None:
    part(store, "visits").unlink()


def cut(store: Path) -> None:
    path = part(store, "rejects")
    path.write_bytes(path.read_bytes()[:-9])


def rewind(store: Path) -> None:
    table = DeltaTable(store / "visits")
    table.delete("month = '2019-10'")


def unmake(store: Path) -> None:
    (store / "store.json").write_text("{")


def unlog(store: Path) -> None:
    shutil.rmtree(store / "sources" / "_delta_log")


def forget(store: Path) -> None:
    DeltaTable(store / "sources").delete()


def complete(store: Path) -> None:
    (store / "runs" / "2019-10-02" / "run.json").write_text("{}")
    (store / "runs" / "2019-10-02" / "customers.parquet").unlink()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lose, "is missing"),
        (cut, "bytes instead of"),
        (rewind, "the visits hold"),
        (unmake, "store.json is damaged"),
        (unlog, "cannot be read as a Delta table"),
        (forget, "of which it knows nothing else"),
        (complete, "lacks customers.parquet"),
    ],
)
def test_what_cannot_be_mended_is_told_with_what_to_do(damage: Callable[[Path], None], words: str, store: Path) -> None:
    damage(store)
    told = " ".join(pipeline.doctor(store).problems)
    assert words in told
    assert "from a copy" in told or "bestiary run" in told


def test_what_the_making_of_a_store_has_left_goes(store: Path, tmp_path: Path) -> None:
    half = tmp_path / "half"
    shutil.copytree(store / "rejects", half / "rejects")
    (half / "sources" / "_delta_log").mkdir(parents=True)
    assert {one.path.name for one in pipeline.doctor(half, dry_run=True).litter} == {"rejects", "sources"}
    assert len(pipeline.doctor(half).litter) == 2
    assert {path.name for path in half.iterdir()} <= {".lock"}
    with pytest.raises(StoreError, match="is not a store"):
        pipeline.doctor(half)


@pytest.mark.parametrize("entry", ["notes.txt", "visits/shop.csv"])
def test_a_folder_that_is_no_store_is_not_touched(entry: str, tmp_path: Path) -> None:
    (tmp_path / entry).parent.mkdir(exist_ok=True)
    (tmp_path / entry).write_text("mine")
    with pytest.raises(StoreError, match="is not a store"):
        pipeline.doctor(tmp_path)
    with pytest.raises(StoreError, match="neither a store nor empty"):
        shop.ingest(shop.write_csv(tmp_path.parent / "a.csv", [shop.line()]), tmp_path)
    assert list(shop.tree(tmp_path)) == [entry]


def test_counts_that_do_not_close_are_told(store: Path, tmp_path: Path) -> None:
    lake = Store.open(store, Settings())
    path = next(file for file in lake.files("sources") if shop.rows([file], "name") == [("odd.csv",)])
    table = f"read_parquet('{path}', hive_partitioning = false)"
    with connect() as connection:
        connection.execute(
            f"COPY (SELECT * REPLACE (read + 1 AS read) FROM {table}) TO '{tmp_path / 'odd'}' (FORMAT parquet)"
        )
    (tmp_path / "odd").replace(path)
    log = store / "sources" / "_delta_log"
    for commit in log.glob("*.json"):
        actions = [json.loads(one) for one in commit.read_text().splitlines()]
        for action in actions:
            if action.get("add", {}).get("path", "").endswith(path.name):
                action["add"]["size"] = path.stat().st_size
        commit.write_text("\n".join(map(json.dumps, actions)) + "\n")
    assert "odd.csv: 3 rows were read, and 2 are accounted for." in " ".join(pipeline.doctor(store).problems)
