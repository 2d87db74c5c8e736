"""A store of another format is refused with what to do, and left as it is."""

import json
import zipfile
from pathlib import Path

import pytest

import shop
from bestiary import pipeline
from bestiary.config import Settings
from bestiary.errors import StoreError
from bestiary.lake.store import Store

VERSION_1 = Path(__file__).parent / "data" / "store_v1.zip"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A store that a program of format version 1 has made, of two simulated months."""
    with zipfile.ZipFile(VERSION_1) as archive:
        archive.extractall(tmp_path)
    store = tmp_path / "store"
    assert json.loads((store / "store.json").read_text())["format_version"] == 1
    return store


@pytest.mark.parametrize(
    ("version", "do"),
    [(1, "Read the events into a new store"), (2, "Read the events into a new store"), (4, "Use the version of best")],
)
def test_a_store_of_another_format_is_refused_and_left_as_it_is(old: Path, version: int, do: str) -> None:
    content = json.loads((old / "store.json").read_text())
    (old / "store.json").write_text(json.dumps(content | {"format_version": version}))
    before = shop.tree(old)
    events = shop.write_csv(old.parent / "new.csv", [shop.line()])
    for step in (
        lambda: Store.open(old, Settings()),
        lambda: shop.ingest(events, old),
        lambda: pipeline.customers(old, settings=shop.SMALL),
    ):
        with pytest.raises(StoreError, match=f"format version {version}") as caught:
            step()
        assert caught.value.allowed == "Allowed: 3."
        assert do in caught.value.do
    assert f"format version {version}" in pipeline.doctor(old).problems[0]
    assert {name: digest for name, digest in shop.tree(old).items() if name != ".lock"} == before
