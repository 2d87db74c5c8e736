"""People who are found, and taken out, wherever a run was published to: one body for each kind of place."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bestiary.errors import BusyError, PublishError
from bestiary.publish import Asked, Content, find, forget, forget_runs, open_target
from months import APRIL, MARCH, MAY
from warehouses import RUNS, Place, Server, changed, content, expected, place, postgres

TABLES = ("customers", "segments", "movements")
NOBODY: dict[str, list[Any]] = {"customers": [], "segments": [], "movements": []}


@pytest.fixture(params=["warehouse", "folder", "s3"])
def published(request: pytest.FixtureRequest, whole_store: Path, tmp_path: Path) -> Iterator[Place]:
    """A place that three runs were published to."""
    with place(request.param, tmp_path) as made:
        for one in RUNS:
            made.target.publish(content(whole_store, one), Asked())
        yield made


@pytest.fixture(params=["warehouse", "folder", "s3"])
def worst(request: pytest.FixtureRequest, whole_hostile: Path, tmp_path: Path) -> Iterator[tuple[Place, Content]]:
    """A place with one run of customers whose ids are texts that do their worst."""
    (path,) = (whole_hostile / "runs").iterdir()
    one = Content(path, date.fromisoformat(path.name))
    with place(request.param, tmp_path) as made:
        made.target.publish(one, Asked())
        yield made, one


def everything(whole_store: Path, table: str) -> list[tuple[Any, ...]]:
    return [row for one in sorted(RUNS) for row in expected(content(whole_store, one), table)]


def decoded(place: Place) -> set[str]:
    """Every value of every column of every Parquet file, also of those that no manifest names."""
    found = set[str]()
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for file in place.everything().rglob("*.parquet"):
            for (name,) in connection.execute(
                f"SELECT name FROM parquet_schema('{file}') WHERE type IS NOT NULL"
            ).fetchall():
                values = connection.execute(f"SELECT DISTINCT \"{name}\"::VARCHAR FROM '{file}'").fetchall()
                found |= {str(value) for (value,) in values}
    return found


def test_people_go_from_every_run_and_nobody_else(published: Place, whole_store: Path) -> None:
    before = {table: everything(whole_store, table) for table in TABLES}
    ids = sorted({row[1] for row in before["movements"]})[::7]
    lost = {table: sum(row[1] in set(ids) for row in before[table]) for table in TABLES}
    assert all(lost.values())
    assert forget(published.target, [*ids, ids[0], 1]) == lost
    for table in TABLES:
        assert published.rows(table) == [row for row in before[table] if row[1] not in set(ids)]
    assert forget(published.target, ids) == dict.fromkeys(TABLES, 0)
    if published.server is None:
        assert not decoded(published) & {str(one) for one in ids}
        assert str(next(row[1] for row in before["customers"] if row[1] not in ids)) in decoded(published)


def test_forgetting_nobody_changes_nothing(published: Place, whole_store: Path) -> None:
    assert forget(published.target, []) == dict.fromkeys(TABLES, 0)
    assert published.rows("segments") == everything(whole_store, "segments")


def test_thousands_at_once(published: Place, whole_store: Path) -> None:
    known = [row[1] for row in everything(whole_store, "customers")]
    ids = [*range(1, 5000), *known]
    assert forget(published.target, ids)["customers"] == len(known)
    assert published.rows("customers") == published.rows("segments") == published.rows("movements") == []


def test_a_run_stays_forgotten_when_it_is_published_unchanged(published: Place, whole_store: Path) -> None:
    one = content(whole_store, MAY)
    (gone,) = expected(one, "customers")[5:6]
    forget(published.target, [gone[1]])
    assert published.target.publish(one, Asked()).unchanged
    assert gone[1] not in {row[1] for row in published.rows("customers")}


def test_ids_that_do_their_worst_go_too(worst: tuple[Place, Content]) -> None:
    made, one = worst
    everyone = [str(row[1]) for row in expected(one, "customers")]
    ids = [*everyone[::2], "o'hara & sons", "back\\slash", "%", "'; DROP SCHEMA bestiary CASCADE; --"]
    assert forget(made.target, ids)["customers"] == len(everyone[::2])
    assert {row[1] for row in made.rows("customers")} == set(everyone) - set(ids)
    assert find(made.target, ids[0]) == NOBODY
    found = find(made.target, everyone[1])["customers"]
    assert [row["user_id"] for row in found] == [everyone[1]]


def test_a_backslash_in_an_id_is_a_backslash(whole_hostile: Path, tmp_path: Path) -> None:
    (path,) = (whole_hostile / "runs").iterdir()
    as_of = date.fromisoformat(path.name)
    worst = r"WHEN 1 THEN 'a\b' WHEN 2 THEN 'a\\b' WHEN 3 THEN '\'"
    ids = f"CASE row_number() OVER (ORDER BY user_id) {worst} ELSE user_id END"
    one = changed(whole_hostile, tmp_path, as_of, f"SELECT * REPLACE ({ids} AS user_id) FROM {{table}}", "customers")
    with place("warehouse", tmp_path) as made:
        made.target.publish(one, Asked())
        assert forget(made.target, ["a\\b", "\\"])["customers"] == 2
        assert [row["user_id"] for row in find(made.target, "a\\\\b")["customers"]] == ["a\\\\b"]


def test_what_is_held_of_a_person_is_found_by_table(published: Place, whole_store: Path) -> None:
    mover = expected(content(whole_store, MAY), "movements")[3][1]
    found = find(published.target, mover)
    for table in TABLES:
        columns = [one.name for one in content(whole_store, MAY).table(table).columns]
        rows = [row for row in everything(whole_store, table) if row[1] == mover]
        assert [tuple(row.values()) for row in found[table]] == rows
        assert all(list(row) == columns for row in found[table])
    assert found["movements"]
    assert find(published.target, 1) == NOBODY


def test_runs_before_a_date_go(published: Place, whole_store: Path) -> None:
    counts = forget_runs(published.target, APRIL)
    assert counts == {**content(whole_store, MARCH).rows}
    for table in TABLES:
        assert {row[0] for row in published.rows(table, "as_of")} == {APRIL, MAY}
    assert forget_runs(published.target, APRIL) == dict.fromkeys((*TABLES, "runs"), 0)
    if published.server:
        assert published.server.rows("SELECT as_of FROM bestiary.runs ORDER BY 1") == [(APRIL,), (MAY,)]
        assert published.server.rows(f"SELECT to_regclass('bestiary.segments_{MARCH:%Y%m%d}')") == [(None,)]
    else:
        assert len(list(published.everything().rglob("*.parquet"))) == 8


def test_where_nothing_is_published_nobody_is_found(tmp_path: Path) -> None:
    for kind in ("warehouse", "folder", "s3"):
        with place(kind, tmp_path) as made:
            assert forget(made.target, [1, 2]) == dict.fromkeys(TABLES, 0)
            assert find(made.target, 1) == NOBODY
            assert not any(forget_runs(made.target, MAY).values())
    assert not (tmp_path / "out" / "manifest.json").exists()


def test_what_a_killed_publication_has_left_goes_with_the_people(whole_store: Path, tmp_path: Path) -> None:
    for kind in ("folder", "s3"):
        with place(kind, tmp_path / kind) as made:
            made.target.publish(content(whole_store, MAY), Asked())
            (row,) = expected(content(whole_store, APRIL), "customers")[:1]
            made.target._written(content(whole_store, APRIL), Asked())  # type: ignore[attr-defined]
            assert str(row[1]) in decoded(made)
            forget(made.target, [row[1]])
            assert str(row[1]) not in decoded(made)
            assert len(list(made.everything().rglob("*.parquet"))) == 4


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres() as started:
        yield started


def test_no_byte_of_an_id_is_left_in_postgres_files(whole_hostile: Path, server: Server) -> None:
    (path,) = (whole_hostile / "runs").iterdir()
    one = Content(path, date.fromisoformat(path.name))
    target = open_target(server.uri, environment={})
    target.publish(one, Asked())
    # Texts that nothing else holds; the last rows of a page are those that a plain VACUUM leaves bytes of.
    ids = [str(row[1]) for row in expected(one, "customers") if len(str(row[1])) > 8][-40:]
    assert all(text.encode() in server.files() for text in ids)
    forget(target, ids)
    server.run("VACUUM FULL pg_statistic")  # where two ids of each partition may stand, until autovacuum comes
    left = server.files()
    assert [text for text in ids if text.encode() in left] == []


def test_who_reads_for_long_is_not_waited_for(
    whole_store: Path, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bestiary.publish.upkeep.TRIES", 2)
    target = open_target(server.uri, schema="slow", environment={})
    one = content(whole_store, MAY)
    target.publish(one, Asked())
    ids = [row[1] for row in expected(one, "movements")][:3]
    with server.connect() as reader:
        reader.execute("BEGIN; SELECT count(*) FROM slow.customers")
        with pytest.warns(UserWarning, match=r"VACUUM FULL them in a quiet hour") as told:
            assert forget(target, ids)["customers"] == 3
        assert f'"slow"."customers_{MAY:%Y%m%d}"' in str(told[0].message)
        assert "segments" not in str(told[0].message)
    assert find(target, ids[0])["customers"] == []


def test_ids_of_another_kind_are_refused_rather_than_not_found(whole_store: Path, server: Server) -> None:
    target = open_target(server.uri, schema="kinds", environment={})
    target.publish(content(whole_store, MAY), Asked())
    for ask in (lambda: forget(target, ["a", "b"]), lambda: find(target, "a")):
        with pytest.raises(PublishError, match=r"knows customers by whole numbers, and \d of the ids are texts"):
            ask()


def test_nobody_is_taken_out_while_somebody_publishes(whole_store: Path, server: Server) -> None:
    target = open_target(server.uri, schema="busy", environment={})
    target.publish(content(whole_store, MAY), Asked())
    with target.transaction(), pytest.raises(BusyError):  # type: ignore[attr-defined]
        forget(target, [1])


def test_a_target_is_found_again_by_what_it_calls_itself(whole_store: Path, server: Server) -> None:
    target = open_target(server.uri, schema="known again", environment={})
    target.publish(content(whole_store, MAY), Asked())
    (row,) = expected(content(whole_store, MAY), "customers")[:1]
    with_password = server.uri.replace("tester@", "tester:any@")
    for environment in ({}, {"BESTIARY_WAREHOUSE": with_password}):
        same = open_target(target.told, environment=environment)
        assert same.told == target.told
        assert len(find(same, row[1])["customers"]) == 1
    with pytest.raises(Exception, match="is meant"):
        open_target(target.told, environment={"BESTIARY_WAREHOUSE": "postgresql://u:p@127.0.0.1/other"})
