"""Publishing to a folder and to S3: what the manifest says, what is refused, what is cleaned up."""

import json
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from bestiary.errors import BusyError, ConfigError, PublishError
from bestiary.publish import Asked, open_target
from bestiary.publish.columns import SQL
from months import APRIL, MARCH, MAY
from warehouses import SECRET, Place, changed, content, expected, in_environment, place


@pytest.fixture(params=["folder", "s3"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    with place(request.param, tmp_path) as made:
        yield made


def put(files: Place, name: str, text: str) -> None:
    """A file of somebody's."""
    if files.folder is not None:
        (files.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (files.folder / name).write_text(text)
    else:
        import obstore

        obstore.put(files.target.shelf.store, name, text.encode())  # type: ignore[attr-defined]


def everything(files: Place) -> dict[str, bytes]:
    here = files.everything()
    return {
        one.relative_to(here).as_posix(): one.read_bytes()
        for one in here.rglob("*")
        if one.is_file() and one.name != ".lock"
    }


def test_every_row_of_every_run_is_there(files: Place, whole_store: Path) -> None:
    for one in (MARCH, MAY):
        done = files.target.publish(content(whole_store, one), Asked())
        assert (done.unchanged, done.to) == (False, files.target.told)
    for table in ("customers", "segments", "movements"):
        want = [row for one in (MARCH, MAY) for row in expected(content(whole_store, one), table)]
        assert files.rows(table) == want
    with duckdb.connect() as connection:
        listed = ", ".join(f"'{path}'" for path in files.files("runs"))
        query = f"SELECT as_of, fingerprint FROM read_parquet([{listed}], hive_partitioning = false) ORDER BY 1"
        found = connection.execute(query).fetchall()
    assert found == [(one, content(whole_store, one).fingerprint) for one in (MARCH, MAY)]


def test_the_manifest_says_all_of_it(files: Place, whole_store: Path) -> None:
    one = content(whole_store, MAY)
    files.target.publish(one, Asked())
    here = files.everything()
    manifest = json.loads((here / "manifest.json").read_text())
    assert (manifest["format_version"], manifest["made_by"], manifest["latest"]) == (1, "bestiary", MAY.isoformat())
    assert list(manifest["tables"]) == list(manifest["runs"][MAY.isoformat()]["files"])
    for table in one.tables:
        told = manifest["tables"][table.name]
        assert told["comment"] == table.comment
        assert told["key"] == list(table.key)
        (part,) = manifest["runs"][MAY.isoformat()]["files"][table.name]
        assert part["path"].startswith(f"{table.name}/as_of={MAY}/part-")
        assert part["bytes"] == (here / part["path"]).stat().st_size
        with duckdb.connect() as connection:
            source = f"read_parquet('{here / part['path']}', hive_partitioning = false)"
            described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
            assert connection.execute(f"SELECT count(*) FROM {source}").fetchall() == [(part["rows"],)]
        types = {"TIMESTAMP WITH TIME ZONE": "TIMESTAMPTZ"}
        assert [(name, types.get(kind, kind)) for name, kind, *_ in described] == [
            (column["name"], column["type"]) for column in told["columns"]
        ]
        assert told["columns"] == [
            {"name": each.name, "type": SQL["duckdb"][each.type], "null": each.null, "comment": each.comment}
            for each in table.columns
        ]
    assert manifest["runs"][MAY.isoformat()]["fingerprint"] == one.fingerprint


def test_who_finds_files_by_their_folders_finds_the_same(files: Place, whole_store: Path) -> None:
    files.target.publish(content(whole_store, APRIL), Asked())
    with duckdb.connect() as connection:
        found = connection.execute(
            f"SELECT * FROM read_parquet('{files.everything()}/segments/*/*.parquet') ORDER BY user_id"
        ).fetchall()
    assert found == expected(content(whole_store, APRIL), "segments")


def test_an_unchanged_run_is_not_written_again(files: Place, whole_store: Path) -> None:
    sent = list[str]()
    asked = Asked(before_data=lambda: sent.append("data"))
    files.target.publish(content(whole_store, MAY), asked)
    before = everything(files)
    assert files.target.publish(content(whole_store, MAY), asked).unchanged
    assert everything(files) == before
    assert sent == ["data"]
    assert not files.target.publish(content(whole_store, MAY), Asked(again=True)).unchanged
    after = everything(files)
    assert len(after) == len(before)
    assert not set(after) & set(before) - {"manifest.json"}


def test_a_run_made_anew_replaces_its_files(files: Place, whole_store: Path, tmp_path: Path) -> None:
    for one in (APRIL, MAY):
        files.target.publish(content(whole_store, one), Asked())
    fewer = changed(whole_store, tmp_path / "anew", MAY, "SELECT * FROM {table} WHERE user_id % 3 = 0")
    files.target.publish(fewer, Asked())
    assert files.rows("segments") == expected(content(whole_store, APRIL), "segments") + expected(fewer, "segments")
    assert len(everything(files)) == 9


def test_runs_that_are_older_than_is_kept_leave(files: Place, whole_store: Path) -> None:
    for one in (MARCH, APRIL):
        files.target.publish(content(whole_store, one), Asked())
    done = files.target.publish(content(whole_store, MAY), Asked(retention_months=1))
    assert done.removed == (MARCH,)
    assert {row[0] for row in files.rows("customers", "as_of")} == {APRIL, MAY}
    assert not [name for name in everything(files) if MARCH.isoformat() in name]
    again = files.target.publish(content(whole_store, MAY), Asked(retention_months=0))
    assert (again.unchanged, again.removed) == (True, (APRIL,))
    assert len(everything(files)) == 5
    with pytest.raises(ConfigError, match="months older"):
        files.target.publish(content(whole_store, MARCH), Asked(retention_months=1))


@pytest.mark.parametrize("name", ["notes.txt", "customers/mine.parquet", "customers/as_of=2020-05-01/part-1.parquet"])
def test_what_is_somebody_elses_is_refused_and_left(name: str, files: Place, whole_store: Path) -> None:
    put(files, name, "mine")
    with pytest.raises(PublishError, match=f"has no manifest and holds {name}") as told:
        files.target.publish(content(whole_store, MAY), Asked(before_data=lambda: pytest.fail("data left")))
    assert "Nothing was changed" in told.value.do
    assert everything(files) == {name: b"mine"}
    assert files.folder is None or not (files.folder / ".lock").exists()


def test_what_somebody_puts_beside_it_stays(files: Place, whole_store: Path) -> None:
    files.target.publish(content(whole_store, MAY), Asked())
    put(files, "customers/mine.parquet", "mine")
    files.target.publish(content(whole_store, APRIL), Asked())
    assert everything(files)["customers/mine.parquet"] == b"mine"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{", "cannot be used"),
        ("[]", "cannot be used"),
        ('{"format_version": 2}', r"format_version: got 2; allowed: 1"),
        ('{"made_by": "somebody"}', "made_by"),
        ('{"runs": {"yesterday": {}}}', "cannot be used"),
    ],
)
def test_a_manifest_that_is_not_ours_or_newer_is_refused(
    text: str, found: str, files: Place, whole_store: Path
) -> None:
    put(files, "manifest.json", text)
    with pytest.raises(PublishError, match=found):
        files.target.publish(content(whole_store, MAY), Asked(before_data=lambda: pytest.fail("data left")))
    assert everything(files) == {"manifest.json": text.encode()}


def manifest_changed(files: Place, **columns: str) -> None:
    manifest = json.loads((files.everything() / "manifest.json").read_text())
    kept = [one for one in manifest["tables"]["segments"]["columns"] if columns.get(one["name"]) != "absent"]
    for one in kept:
        one["type"] = columns.get(one["name"], one["type"])
    more = [{"name": "extra", "type": "BIGINT", "null": True, "comment": "x"}] if "extra" in columns else []
    manifest["tables"]["segments"]["columns"] = kept + more
    put(files, "manifest.json", json.dumps(manifest))


def test_new_columns_are_taken(files: Place, whole_store: Path) -> None:
    files.target.publish(content(whole_store, APRIL), Asked())
    manifest_changed(files, settled_name="absent")
    files.target.publish(content(whole_store, MAY), Asked())
    manifest = json.loads((files.everything() / "manifest.json").read_text())
    names = [one["name"] for one in manifest["tables"]["segments"]["columns"]]
    assert names == [one.name for one in content(whole_store, MAY).table("segments").columns]


@pytest.mark.parametrize(
    ("columns", "found"), [({"second": "VARCHAR"}, r"second \(VARCHAR\)"), ({"extra": "x"}, "extra")]
)
def test_other_columns_are_refused(columns: dict[str, str], found: str, files: Place, whole_store: Path) -> None:
    files.target.publish(content(whole_store, APRIL), Asked())
    manifest_changed(files, **columns)
    before = everything(files)
    with pytest.raises(PublishError, match=f"segments has {found}"):
        files.target.publish(content(whole_store, MAY), Asked(before_data=lambda: pytest.fail("data left")))
    assert everything(files) == before


def test_ids_of_another_kind_are_refused(files: Place, whole_store: Path, whole_hostile: Path) -> None:
    files.target.publish(content(whole_store, MAY), Asked())
    with pytest.raises(PublishError, match=r"customers has user_id \(BIGINT\)"):
        files.target.publish(content(whole_hostile, MAY), Asked())


def test_a_dry_run_tells_and_does_nothing(files: Place, whole_store: Path) -> None:
    asked = Asked(dry_run=True, before_data=lambda: pytest.fail("data left"))
    rows = content(whole_store, MAY).rows
    assert files.target.publish(content(whole_store, MAY), asked).steps == (
        *(f"write {table}/as_of={MAY}/ -- {number:,} rows" for table, number in rows.items()),
        "replace manifest.json",
    )
    assert everything(files) == {}
    assert files.folder is None or not files.folder.exists()
    files.target.publish(content(whole_store, MAY), Asked())
    before = everything(files)
    assert files.target.publish(content(whole_store, MAY), asked).unchanged
    told = files.target.publish(content(whole_store, MAY), Asked(dry_run=True, again=True)).steps
    assert {one.removeprefix("remove ") for one in told if one.startswith("remove ")} == set(before) - {"manifest.json"}
    assert everything(files) == before


def test_a_folder_that_is_a_file(tmp_path: Path, whole_store: Path) -> None:
    (tmp_path / "file").write_text("x")
    for name in ("file", "file/below"):
        with pytest.raises((PublishError, NotADirectoryError)):
            open_target(str(tmp_path / name), environment={}).publish(content(whole_store, MAY), Asked())
    assert (tmp_path / "file").read_text() == "x"


def test_a_folder_is_locked(tmp_path: Path, whole_store: Path) -> None:
    target = open_target(str(tmp_path / "out"), environment={})
    with target.shelf.alone(), pytest.raises(BusyError, match="another process is publishing there"):  # type: ignore[attr-defined]
        target.publish(content(whole_store, MAY), Asked())


def test_s3_without_a_bucket_or_a_server_is_told_without_secrets(tmp_path: Path, whole_store: Path) -> None:
    with place("s3", tmp_path) as made:
        with pytest.raises(PublishError, match="there is no such bucket"):
            open_target("s3://no-such-bucket/x").publish(content(whole_store, MAY), Asked())
        assert made.environment
        nowhere = made.environment | {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
        with in_environment(nowhere), pytest.raises(PublishError) as told:
            open_target(made.target.told).publish(content(whole_store, MAY), Asked())
    assert "AWS_ENDPOINT_URL" in told.value.do
    assert SECRET not in str(told.value)
