"""Least data: every column that tells of a person stands in docs/privacy.md, and nothing else is kept."""

import re
from pathlib import Path

import pytest

from bestiary.customers.features import features
from bestiary.lake.held import TABLES as OF_RUNS
from bestiary.lake.tables import REJECTS, SOURCES, TABLES, VISITS
from bestiary.sql import connect, path_list
from rights_shop import LAST

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


def columns(path: Path) -> list[str]:
    with connect(threads=1) as connection:
        rows = connection.execute(f"DESCRIBE FROM read_parquet({path_list([path])}, hive_partitioning = false)")
        return [row[0] for row in rows.fetchall()]
