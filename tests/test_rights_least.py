"""Least data: every column that tells of a person stands in docs/privacy.md, and nothing else is kept."""

import json
import re
import shutil
from fractions import Fraction
from pathlib import Path

import pytest

from bestiary import rights
from bestiary.audience import audience
from bestiary.customers.features import features
from bestiary.events_out import write_file
from bestiary.lake import erased
from bestiary.lake.held import TABLES as OF_RUNS
from bestiary.lake.tables import REJECTS, SOURCES, TABLES, VISITS
from bestiary.publish import webhook_letters as letters
from bestiary.publish.audience_asked import Asked
from bestiary.publish.webhook import Endpoint
from bestiary.sql import connect, path_list
from rights_shop import LAST, busiest, mover
from shop import SMALL
from traces import traces

PAGE = Path(__file__).resolve().parents[1] / "docs" / "privacy.md"
PARTITIONS = {"month", "bucket", "fingerprint"}
"""Of a folder's name: when, which of so many parts of all customers, and which source."""


def documented() -> dict[str, set[str]]:
    """What the page lists, by the first column of the table of what is held."""
    part = PAGE.read_text(encoding="utf-8").split("## What is held of a person")[1].split("\n## ")[0]
    rows = re.findall(r"^\| `([^|]+?)` \| ([^|]+) \|", part, re.MULTILINE)
    return {place: set(re.findall(r"[a-z_0-9]+", re.sub(r"\(.*\)", "", columns))) for place, columns in rows}


def test_the_lake_keeps_the_columns_that_the_page_lists() -> None:
    told = documented()
    assert set(VISITS) - PARTITIONS == told["visits"]
    assert set(REJECTS) - PARTITIONS == told["rejects"]
    assert not {"user_id", "session_key", "user_session"} & set(SOURCES)


@pytest.mark.parametrize("name", OF_RUNS)
def test_a_table_of_a_run_has_the_columns_that_the_page_lists(people: Path, name: str) -> None:
    there = set(columns(people / "store" / "runs" / str(LAST) / name)) - {"user_id"}
    wanted = {one.name for one in features()} - {"user_id"}
    assert there == (wanted if name == "customers.parquet" else documented()[f"runs/*/{name}"])


def test_nothing_else_in_a_store_is_about_single_people(people: Path) -> None:
    """Every other Parquet file has no column that a person could be known by, and every other file is known."""
    store = people / "store"
    known = {"store.json", ".seen.json", ".lock", "cadence.json"}
    of_a_run = {"model.json", "scorecard.json", "summary.json", "quality.json", "report.html", "run.json", *OF_RUNS}
    for path in (one for one in store.rglob("*") if one.is_file()):
        name = path.relative_to(store)
        if name.parts[0] in TABLES:
            assert path.suffix == ".parquet" or "_delta_log" in name.parts
            if name.parts[0] == "sources" and path.suffix == ".parquet" and "_delta_log" not in name.parts:
                assert not {"user_id", "session_key"} & set(columns(path))
        elif name.parts[0] == "runs":
            assert path.name in of_a_run
        else:
            assert str(name) in known


def test_a_store_with_everything_tells_of_a_person_only_where_the_page_says(people: Path, tmp_path: Path) -> None:
    store = Path(shutil.copytree(people / "store", tmp_path / "store"))
    somebody, objector = mover(store), busiest(people / "events")[0]
    assert somebody != objector
    audience(store, Asked("all", tmp_path / "all.csv", share=Fraction(1, 2)), settings=SMALL)
    endpoint = Endpoint("http://127.0.0.1:1/hook", "http://127.0.0.1:1/hook", loopback=True)
    moved = [json.loads(line) for line in told(store, tmp_path / "moved.ndjson")]
    letters.add_letters(store, endpoint, moved, "nobody there")
    letters.write_mark(store, endpoint, "a run", letters.Mark(model="0", position="1"))
    rights.object_(store, [str(objector)], settings=SMALL)
    rights.erase(store, ["1"], settings=SMALL)

    listed = {name: set[str]() for name in others()} | documented()
    there = {place_of(path) for path in traces(store, [somebody, objector])}
    assert there <= set(listed)
    assert there >= {"visits", "audiences/", "dead_letters/", "privacy/objections.json"}
    assert there >= {f"runs/*/{name}" for name in OF_RUNS}
    (members,) = store.glob("audiences/*/*/members.parquet")
    assert set(columns(members)) == listed["audiences/"]
    assert set(erased.Entry.model_fields) == {"mark", "at", "ends"}
    # And no other kind of file is in the store than those that the page, or this test, knows.
    known = {"store.json", ".seen.json", ".lock", "cadence.json", "recipients.json", *listed}
    files = {path.relative_to(store).as_posix() for path in store.rglob("*") if path.is_file()}
    strange = {place_of(one) for one in files if one.split("/")[0] not in ("sources", "runs")} - known
    assert strange <= {"privacy/receipts.jsonl", "privacy/erasure.key"}


def told(store: Path, out: Path) -> list[str]:
    """The events of the last run, a line each."""
    write_file(store, out, settings=SMALL)
    return out.read_text(encoding="utf-8").splitlines()


def others() -> set[str]:
    """The places of the same table that are files of JSON."""
    part = PAGE.read_text(encoding="utf-8").split("## What is held of a person")[1].split("\n## ")[0]
    return {name for row in re.findall(r"^\|(.+?)\|", part, re.MULTILINE) for name in re.findall(r"`([^`]+)`", row)}


def place_of(path: str) -> str:
    """What the page calls the place of a file of a store."""
    first, *rest = path.split("/")
    if first == "runs":
        return f"runs/*/{rest[-1]}"
    if first in ("audiences", "deliveries", "dead_letters"):
        return f"{first}/"
    return path if first == "privacy" or not rest else first


def columns(path: Path) -> list[str]:
    with connect(threads=1) as connection:
        rows = connection.execute(f"DESCRIBE FROM read_parquet({path_list([path])}, hive_partitioning = false)")
        return [row[0] for row in rows.fetchall()]
