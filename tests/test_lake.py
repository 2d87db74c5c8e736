"""The store: a source is committed once and whole, whatever happens between, and its log names nobody."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable, QueryBuilder

import shop
from bestiary import pipeline
from bestiary.config import Settings
from bestiary.errors import BestiaryError, EventsError, StoreError
from bestiary.lake.store import Store
from bestiary.lake.tables import TABLES

USERS = ("512000001", "777000111")


def events(folder: Path) -> Path:
    """Two files, each with a duplicate, a refused row and customers in two months."""
    for number, user in enumerate(USERS):
        lines = [shop.line(user_id=user, event_time=f"2019-{month}-01 10:00:00 UTC") for month in ("09", "10")]
        lines += [lines[0], f"junk {number}", shop.line(user_id=user, event_type="purchase", user_session="")]
        shop.write_csv(folder / f"{number}.csv", lines)
    return folder


def state(store: Path) -> dict[str, Any]:
    """All that counts: what each table holds, and the quality figures made of it."""
    open_store = Store.open(store, Settings())
    done = pipeline.customers(store, settings=shop.SMALL)
    return {
        "visits": shop.visits(store),
        "rejects": shop.rejects(store),
        "sources": shop.rows(open_store.files("sources"), "* EXCLUDE (first_time)"),
        "customers": shop.rows([done.path / "customers.parquet"], "*"),
        "quality": json.loads((done.path / "quality.json").read_text()),
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("undisturbed")
    shop.ingest(events(folder / "events"), folder / "store")
    return state(folder / "store")


def test_a_file_is_read_once_under_whatever_name(tmp_path: Path) -> None:
    folder, store = events(tmp_path / "events"), tmp_path / "store"
    shutil.copy(folder / "0.csv", folder / "copy.csv")
    added, arrivals = shop.ingest(folder, store)
    assert [one.name for one in added] == ["0.csv", "1.csv"]
    assert [path.name for path in arrivals.known] == ["copy.csv"]
    before = shop.tree(store)
    shutil.move(folder / "1.csv", folder / "renamed.csv")
    added, arrivals = shop.ingest([folder, folder / "copy.csv"], store)
    assert not added
    assert [path.name for path in arrivals.known] == ["0.csv", "copy.csv", "renamed.csv"]
    assert shop.tree(store) == before


def test_a_new_file_is_added_and_nothing_else_is_touched(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    folder, store = events(tmp_path / "events"), tmp_path / "store"
    shop.ingest(folder / "0.csv", store)
    before = shop.tree(store)
    added, _ = shop.ingest(folder, store)
    assert [one.name for one in added] == ["1.csv"]
    after = shop.tree(store)
    assert {name: after[name] for name in before} == before
    assert state(store) == undisturbed


@pytest.mark.parametrize("calls", range(1, 7))
def test_a_commit_that_fails_is_made_good_by_the_next_run(
    calls: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undisturbed: dict[str, Any]
) -> None:
    folder, store = events(tmp_path / "events"), tmp_path / "store"
    left, write = [calls], DeltaTable.create_write_transaction

    def failing(*args: Any, **options: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            raise OSError(28, "No space left on device")
        write(*args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(DeltaTable, "create_write_transaction", failing)
        with pytest.raises(BestiaryError, match="the disk is full"):
            shop.ingest(folder, store)
    assert (store / "store.json").exists() == (calls > 3)  # the first file makes the store, or leaves none
    if calls > 3:
        assert shop.visits(store, "user_id") == [(int(USERS[0]),)] * 3
        assert [raw for _, raw, _ in shop.rejects(store)] == ["junk 0"]
        assert state(store)["quality"]["counts"] == {
            "read": 5,
            "kept": 3,
            "duplicates": 1,
            "rejected": 1,
            "erased": 0,
            "excluded": 0,
        }
    added, _ = shop.ingest(folder, store)
    assert len(added) == (1 if calls > 3 else 2)
    assert state(store) == undisturbed
    assert not shop.litter(store)
    assert not (store / ".scratch").exists()


def test_an_error_while_reading_leaves_no_litter(tmp_path: Path, undisturbed: dict[str, Any]) -> None:
    folder, store = events(tmp_path / "events"), tmp_path / "store"
    bad = shop.write_csv(folder / "2.csv.gz", [shop.line(user_id=str(number)) for number in range(300)])
    bad.write_bytes(bad.read_bytes()[:-1])
    with pytest.raises(EventsError):
        shop.ingest(folder, store)
    assert not shop.litter(store)
    assert state(store) == undisturbed


def test_a_failed_first_ingest_leaves_nothing_and_no_folder(tmp_path: Path) -> None:
    bad = shop.write_csv(tmp_path / "a.csv.gz", [shop.line()])
    bad.write_bytes(bad.read_bytes()[:-1])
    with pytest.raises(EventsError):
        shop.ingest(bad, tmp_path / "new" / "store")
    assert not (tmp_path / "new" / "store").exists()
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "notes.txt").write_text("keep")
    with pytest.raises(StoreError, match="neither a store nor empty: it holds notes") as caught:
        shop.ingest(bad, mine)
    assert caught.value.do
    assert [path.name for path in mine.iterdir()] == ["notes.txt"]
    with pytest.raises(StoreError, match="not a store"):
        Store.open(mine, Settings())


def test_a_store_without_its_description_is_not_made_anew(tmp_path: Path) -> None:
    folder, store = events(tmp_path / "events"), tmp_path / "store"
    shop.ingest(folder, store)
    pipeline.customers(store, settings=shop.SMALL)
    (store / "store.json").unlink()
    before = shop.tree(store)
    with pytest.raises(StoreError, match="a store whose"):
        shop.ingest(folder, store)
    assert shop.tree(store) == before


def test_tables_of_a_store_that_was_never_made_do_not_decide_its_kinds(tmp_path: Path) -> None:
    store = tmp_path / "store"
    shop.ingest(shop.write_csv(tmp_path / "a.csv", [shop.line(user_id="u1")]), store)
    (store / "store.json").unlink()  # as a process leaves it that is killed before its last step
    shutil.rmtree(store / "visits")
    shop.ingest(shop.write_csv(tmp_path / "b.csv", [shop.line(user_id="7")]), store)
    assert shop.visits(store, "user_id") == [(7,)]
    assert len(Store.open(store, Settings()).fingerprints()) == 1


def change(store: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads((store / "store.json").read_text())
    edit(content)
    (store / "store.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("name", "value"),
    [("time_zone", "Europe/Paris"), ("currency", "EUR"), ("buckets", 3), ("user_id", "string")],
)
def test_settings_that_contradict_the_store_are_refused(name: str, value: object, tmp_path: Path) -> None:
    store = tmp_path / "store"
    shop.ingest(shop.write_csv(tmp_path / "a.csv", [shop.line()]), store)
    before = shop.tree(store)
    path = shop.write_csv(tmp_path / "b.csv", [shop.line(user_id="8")])
    with pytest.raises(StoreError) as caught:
        shop.ingest(path, store, settings=shop.SMALL.model_copy(update={name: value}))
    assert name in caught.value.found
    assert repr(value) in caught.value.found
    assert caught.value.do
    assert shop.tree(store) == before
    assert len(shop.ingest(path, store, settings=Settings())[0]) == 1  # left out, they are as the store says


def test_another_format_and_a_damaged_description_are_refused(tmp_path: Path) -> None:
    store = tmp_path / "store"
    path = shop.write_csv(tmp_path / "a.csv", [shop.line()])
    shop.ingest(path, store)
    assert json.loads((store / "store.json").read_text())["format_version"] == 3
    edits: list[tuple[Callable[[dict[str, Any]], object], str]] = [
        (lambda content: content.update(format_version=4), "format version 4"),
        (lambda content: content.pop("format_version"), "format version None"),
        (lambda content: content.update(format_version=3, buckets=0), "buckets"),
        (lambda content: content.update(buckets=2, colour="red"), "colour"),
    ]
    for edit, words in edits:
        change(store, edit)
        with pytest.raises(StoreError, match=words):
            shop.ingest(path, store)


def test_the_log_names_no_customer_and_no_session(tmp_path: Path) -> None:
    folder, store = tmp_path / "events", tmp_path / "store"
    lines = [shop.line(user_id="513999777", user_session="secret-session", event_type="purchase"), "junk 513999777"]
    shop.write_csv(folder / "a.csv", lines)
    shop.ingest(folder, store)
    keys = [str(row[0]) for row in shop.visits(store, "session_key")]
    for table in TABLES:
        DeltaTable(store / table).create_checkpoint()
    logs = [path for table in TABLES for path in (store / table / "_delta_log").iterdir() if path.is_file()]
    assert len(logs) >= 9
    for path in logs:
        text = path.read_bytes().decode("latin-1")
        if path.suffix == ".parquet":
            text += str(shop.rows([path], "*"))
        assert not any(secret in text for secret in ("513999777", "secret-session", "minValues", *keys)), path


def test_a_checkpoint_of_the_log_forgets_no_source(tmp_path: Path) -> None:
    folder, store = events(tmp_path / "events"), tmp_path / "store"
    shop.ingest(folder, store)
    for table in TABLES:
        DeltaTable(store / table).create_checkpoint()
        for path in (store / table / "_delta_log").glob("*.json"):
            if int(path.stem) < DeltaTable(store / table).version():
                path.unlink()
    before = shop.tree(store)
    assert not shop.ingest(folder, store)[0]
    assert shop.tree(store) == before


def test_any_reader_of_delta_reads_the_lake(tmp_path: Path) -> None:
    folder, store = events(tmp_path / "events"), tmp_path / "store"
    shop.ingest(folder, store)
    query = QueryBuilder().register("visits", DeltaTable(store / "visits"))
    sums = "count(*) AS n, sum(views) AS views, sum(purchases) AS purchases, sum(user_id) AS users, min(month) AS month"
    found = query.execute(f"SELECT {sums} FROM visits").read_all()
    values = [found.column(name).to_pylist()[0] for name in ("n", "views", "purchases", "users", "month")]
    assert values == [6, 4, 2, 3 * sum(map(int, USERS)), "2019-09"]
    own = "count(*), sum(views), sum(purchases), sum(user_id)"
    assert [tuple(int(value) for value in values[:4])] == shop.visits(store, own)
    ids = query.execute("SELECT bought[1]['product_id'] AS product FROM visits WHERE purchases > 0").read_all()
    assert ids.column("product").to_pylist() == [1004856, 1004856]
