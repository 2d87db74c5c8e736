"""Rights beyond the store: audiences with their files, a real Postgres, a folder; everything there is searched."""

import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest

from bestiary import rights
from bestiary.audience import audience
from bestiary.beyond import Reach
from bestiary.errors import BestiaryError
from bestiary.lake.store import Store
from bestiary.privacy.page import page
from bestiary.publish.address import VARIABLE
from bestiary.publish.audience_asked import Asked
from bestiary.publishing import publish
from rights_shop import FIRST, LAST, mover, settings
from shop import SMALL, ingest, line, rows, write_csv
from traces import traces
from warehouses import Server, postgres


@dataclass(frozen=True)
class Shop:
    """A store whose runs were published to a warehouse and a folder, and an audience of all its customers."""

    store: Path
    folder: Path
    out: Path
    server: Server
    somebody: int


@pytest.fixture
def shop(people: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    store = Path(shutil.copytree(people / "store", tmp_path / "store"))
    with postgres() as server:
        monkeypatch.setenv(VARIABLE, server.uri)
        for as_of in (FIRST, LAST):
            for place in ("postgresql", str(tmp_path / "shared")):
                publish(store, place, as_of=as_of, settings=SMALL)
        out = tmp_path / "sent" / "all.csv"
        out.parent.mkdir()
        audience(store, Asked("all", out, share=Fraction(1, 2), columns=("persona",)), settings=SMALL)
        yield Shop(store, tmp_path / "shared", out, server, mover(store))


def in_warehouse(server: Server, user_id: int) -> dict[str, int]:
    """How many rows of each table hold a customer, in any column; tables of all schemas but Postgres' own."""
    tables = server.rows(
        "SELECT table_schema, table_name FROM information_schema.tables "
        "WHERE table_schema NOT IN ('pg_catalog', 'information_schema')"
    )
    found = {
        f"{schema}.{name}": server.rows(
            f'SELECT count(*) FROM "{schema}"."{name}" AS t WHERE to_jsonb(t)::text ~ \'\\m{user_id}\\M\''
        )[0][0]
        for schema, name in tables
    }
    return {name: rows for name, rows in found.items() if rows}


def test_an_erased_person_is_nowhere_beyond_either(shop: Shop) -> None:
    somebody, sent = shop.somebody, shop.out.parent
    told = rights.export(shop.store, str(somebody), settings=SMALL)
    assert [one["campaign"] for one in told["audiences"]] == ["all"]
    assert all(set(tables) == {"customers", "segments", "movements"} for tables in told["published"].values())
    assert len(told["published"]) == 2
    shown = page(told, "en")
    assert f"{shop.folder}: customers (2), segments (2), movements (1)" in shown
    assert f"<td>{FIRST}; {LAST}</td>" in shown
    assert {one["kind"] for one in told["recipients"]} == {"warehouse", "folder", "audience"}
    assert {name.rpartition(".")[2] for name in in_warehouse(shop.server, somebody)} >= {"customers", "segments"}
    pattern = somebody.to_bytes(4, "little")
    assert pattern in shop.server.files()
    assert traces(shop.folder, [somebody]) != {}
    assert traces(sent, [somebody]) != {}

    receipt = rights.erase(shop.store, [str(somebody)], settings=SMALL)
    assert in_warehouse(shop.server, somebody) == {}
    assert pattern not in shop.server.files()
    for place in (shop.store, shop.folder, sent):
        assert traces(place, [somebody]) == {}
    assert receipt["removed"]["audiences"] == 1
    assert {name.partition(",")[0].partition(":")[0] for name in receipt["removed"]} >= {"postgresql", "visits"}
    assert len(receipt["recipients"]) == 3
    assert receipt["left as they are"] == receipt["files to mend"] == []
    assert len(receipt["files rewritten"]) == 1


def test_who_objects_is_out_of_audiences_and_tables_and_stays_in_the_visits(shop: Shop) -> None:
    receipt = rights.object_(shop.store, [str(shop.somebody)], settings=SMALL)
    assert in_warehouse(shop.server, shop.somebody) == {}
    assert traces(shop.out.parent, [shop.somebody]) == {}
    assert {path.split("/")[0] for path in traces(shop.store, [shop.somebody])} <= {"visits", "rejects", "privacy"}
    assert receipt["removed"]["segments.parquet"] == 2


def test_nothing_changes_where_a_place_cannot_be_reached_unless_that_is_said(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, "postgresql://tester@127.0.0.1:1/postgres")
    before = sorted(traces(shop.store, [shop.somebody]))
    for ask in (rights.erase, rights.object_):
        with pytest.raises(BestiaryError, match="published to postgresql"):
            ask(shop.store, [str(shop.somebody)], settings=SMALL)
    monkeypatch.setenv(VARIABLE, shop.server.uri)
    moved = shop.folder.rename(shop.folder.with_name("moved"))
    for ask in (rights.erase, rights.object_):
        with pytest.raises(BestiaryError, match="Was it moved"):
            ask(shop.store, [str(shop.somebody)], settings=SMALL)
    moved.rename(shop.folder)
    assert sorted(traces(shop.store, [shop.somebody])) == before
    assert rights.all_receipts(shop.store) == []
    receipt = rights.erase(shop.store, [str(shop.somebody)], reach=Reach(leave_published=True), settings=SMALL)
    assert len(receipt["left as they are"]) == 2
    assert traces(shop.store, [shop.somebody]) == {}
    assert in_warehouse(shop.server, shop.somebody) != {}


def test_who_came_back_stays_in_what_is_of_after_their_erasure(shop: Shop, tmp_path: Path) -> None:
    backup = Path(shutil.copytree(shop.store, tmp_path / "backup"))
    rights.erase(shop.store, [str(shop.somebody)], settings=SMALL)
    shutil.copytree(shop.store / "privacy", backup / "privacy", dirs_exist_ok=True)
    book = json.loads((backup / "privacy" / "erased.json").read_text())
    between = "2020-04-15T00:00:00Z"  # after the first run, before the last one: the rest is of who came back
    book["entries"] = [one | {"at": between} for one in book["entries"]]
    (backup / "privacy" / "erased.json").write_text(json.dumps(book))
    before = rows([one.path for one in Store.open(backup, SMALL).visits()], "user_id, first_time")
    later = [row for row in before if row[0] == shop.somebody and row[1] > datetime(2020, 4, 15)]
    assert later
    told = rights.replay(backup, settings=SMALL)
    assert told["people"] == 1
    after = rows([one.path for one in Store.open(backup, SMALL).visits()], "user_id, first_time")
    assert [row for row in after if row[0] == shop.somebody] == later
    kept = {path for path in traces(backup, [shop.somebody]) if path.startswith(("runs/", "audiences/"))}
    assert {path.split("/")[1] for path in kept if path.startswith("runs/")} == {str(LAST)}
    assert any(path.startswith("audiences/") for path in kept)  # of the last run


def test_who_objected_is_told_later_too_who_had_their_data(shop: Shop) -> None:
    first = rights.object_(shop.store, [str(shop.somebody)], settings=SMALL)
    assert len(first["recipients"]) == 3
    told = rights.export(shop.store, str(shop.somebody), settings=SMALL)
    assert {f"{one['kind']}: {one['to']}" for one in told["recipients"]} == set(first["recipients"])
    receipt = rights.erase(shop.store, [str(shop.somebody)], settings=SMALL)
    assert set(receipt["recipients"]) == set(first["recipients"])
    assert rights.export(shop.store, str(shop.somebody), settings=SMALL)["recipients"] == []


def test_a_file_of_an_audience_that_was_changed_is_named_and_left(shop: Shop) -> None:
    for path in shop.out.parent.iterdir():
        path.write_text(path.read_text() + "9,added by hand\n")
    receipt = rights.erase(shop.store, [str(shop.somebody)], settings=SMALL)
    assert receipt["files rewritten"] == []
    assert len(receipt["files to mend"]) == 1
    assert traces(shop.out.parent, [shop.somebody]) != {}


def test_old_audiences_go_with_the_months_that_they_were_of(shop: Shop, tmp_path: Path) -> None:
    month = f"{datetime.now(UTC):%Y-%m}-01"
    new = write_csv(tmp_path / "new.csv", [line(event_time=f"{month} 00:00:00 UTC", user_id="7")])
    ingest([new], shop.store, settings=SMALL)
    more = write_csv(tmp_path / "more.csv", [line(event_time=f"{month} 00:00:01 UTC", user_id="7")])
    ingest([more], shop.store, settings=settings(retention_months=12))
    receipt = rights.all_receipts(shop.store)[-1]
    assert receipt["action"] == "retention"
    assert receipt["audiences"] > 100
    assert sorted(receipt["runs"]) == [str(FIRST), str(LAST)]
    assert list(shop.out.parent.iterdir()) == []
    assert all(path.startswith("rejects/") for path in traces(shop.store, [shop.somebody]))
