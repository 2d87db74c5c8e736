"""From what a person names to files of events: files, folders, globs, and what is never events."""

import os
from pathlib import Path

import pytest

import shop
from bestiary.errors import EventsError
from bestiary.events.sources import find_sources

ODD = ("[1]*.csv", "it's.csv", 'a "b".csv', "two words.csv", "été.csv", "50%.csv", "a?b.csv", "{x}.csv", "$HOME.csv")


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


def found(folder: Path, *events: str | Path) -> list[str]:
    return [path.relative_to(folder.resolve()).as_posix() for path in find_sources(events)]


def test_a_folder_is_searched_to_any_depth_and_sorted(tmp_path: Path) -> None:
    touch(tmp_path, "b.parquet", "a.csv", "sub/deep/c.csv.gz", "D.CSV", "notes.txt", "x.json", "y.gz", "csv")
    assert found(tmp_path, tmp_path) == ["D.CSV", "a.csv", "b.parquet", "sub/deep/c.csv.gz"]


def test_names_beginning_with_underscore_or_dot_are_never_events(tmp_path: Path) -> None:
    touch(tmp_path, "a.csv", "_b.csv", ".c.csv", "_truth/d.csv", ".hidden/e.parquet", "sub/_f.csv.gz", "sub/g.csv")
    for events in (tmp_path, tmp_path / "*", tmp_path / "**", tmp_path / "**" / "*.csv"):
        assert {"a.csv"} <= set(found(tmp_path, events)) <= {"a.csv", "sub/g.csv"}
    assert found(tmp_path, tmp_path / "**") == ["a.csv", "sub/g.csv"]
    for hidden in ("_b.csv", ".c.csv"):
        with pytest.raises(EventsError, match="not the name of an events file"):
            find_sources([tmp_path / hidden])


def test_a_folder_that_is_named_itself_may_be_called_anything(tmp_path: Path) -> None:
    touch(tmp_path, "_in/a.csv", "_in/_b.csv")
    assert found(tmp_path, tmp_path / "_in") == ["_in/a.csv"]
    assert found(tmp_path, str(tmp_path / "_in" / "*.csv")) == ["_in/a.csv"]


def test_the_current_folder_and_the_one_above_have_dots_but_are_not_hidden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    touch(tmp_path, "a.csv", "sub/b.csv")
    monkeypatch.chdir(tmp_path / "sub")
    assert found(tmp_path, ".") == found(tmp_path, "*.csv") == found(tmp_path, "./b.csv") == ["sub/b.csv"]
    assert found(tmp_path, "..") == ["a.csv", "sub/b.csv"]
    assert found(tmp_path, "../*.csv") == ["a.csv"]


def test_a_store_among_the_events_is_not_events(tmp_path: Path) -> None:
    shop.write_csv(tmp_path / "a.csv", [shop.line()])
    store = tmp_path / "inner" / "store"
    shop.ingest(tmp_path, store)
    assert list(store.rglob("*.parquet"))
    for events in (tmp_path, tmp_path / "*", tmp_path / "**", tmp_path / "**" / "*.*"):
        assert found(tmp_path, events) == ["a.csv"]
    with pytest.raises(EventsError, match="no events file there"):
        find_sources([store])


def test_globs(tmp_path: Path) -> None:
    touch(tmp_path, "2019-Oct.csv", "2019-Nov.csv", "2020-Jan.csv", "2019/a.csv", "2019/readme.txt", "2019-Dec.txt")
    assert found(tmp_path, tmp_path / "2019-*.csv") == ["2019-Nov.csv", "2019-Oct.csv"]
    assert found(tmp_path, tmp_path / "2019*") == ["2019/a.csv", "2019-Nov.csv", "2019-Oct.csv"]
    assert found(tmp_path, tmp_path / "20??-[JN]*.csv") == ["2019-Nov.csv", "2020-Jan.csv"]


def test_what_is_named_twice_is_found_once(tmp_path: Path) -> None:
    touch(tmp_path, "a.csv", "sub/b.csv")
    again = (tmp_path, tmp_path / "a.csv", tmp_path / "sub" / ".." / "a.csv", str(tmp_path / "*.csv"), tmp_path / "sub")
    assert found(tmp_path, *again) == ["a.csv", "sub/b.csv"]


def test_a_link_is_what_its_own_name_says(tmp_path: Path) -> None:
    touch(tmp_path / "objects", "3f786850e387550fdab836ed7e6dc881de23001b")
    events = tmp_path / "events"
    events.mkdir()
    (events / "a.parquet").symlink_to(next((tmp_path / "objects").iterdir()))
    (events / "loop").symlink_to(events)
    for named in (events, events / "a.parquet", events / "**"):
        assert found(tmp_path, named) == ["events/a.parquet"]


@pytest.mark.skipif(os.name == "nt", reason="Windows forbids these names")
@pytest.mark.parametrize("name", ODD)
def test_odd_characters_are_read_as_they_are(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name.removesuffix(".csv")
    path = shop.write_csv(folder / name, [shop.line()])
    shop.write_csv(folder / "1x.csv", [shop.line(user_id="7")] * 3)  # what a glob of the first name would find
    assert find_sources([path]) == [path.resolve()]
    for suffix in (".csv", ".csv.gz"):
        copy = shop.write_bytes(path.with_name(name.replace(".csv", suffix)), path.read_bytes())
        (ingested,), _ = shop.ingest(copy, tmp_path / f"store{suffix} of {name}")
        assert shop.counts(ingested) == (1, 1, 0, 0)
    parquet = shop.write_parquet(path.with_name(name.replace(".csv", ".parquet")), [shop.event(user_id="5")])
    (ingested,), _ = shop.ingest(parquet, tmp_path / f"parquet of {name}")
    assert shop.visits(tmp_path / f"parquet of {name}", "user_id") == [(5,)]


@pytest.mark.parametrize("name", ["notes.txt", "a.csv.zip", "a.gz", "a.parquet.gz", "a.xlsx", "csv"])
def test_another_suffix_is_refused_by_name(name: str, tmp_path: Path) -> None:
    touch(tmp_path, name)
    with pytest.raises(EventsError) as caught:
        find_sources([tmp_path / name])
    assert name in caught.value.found
    assert ".csv, .csv.gz, .parquet" in caught.value.allowed


@pytest.mark.parametrize("name", ["nowhere.csv", "*.csv", "empty", "only_others"])
def test_nothing_found_is_an_error_that_names_the_argument(name: str, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    touch(tmp_path / "only_others", "a.txt", "_b.csv")
    touch(tmp_path / "good", "a.csv")
    with pytest.raises(EventsError) as caught:
        find_sources([tmp_path / "good", tmp_path / name])
    assert str(tmp_path / name) in caught.value.found
    assert caught.value.allowed
    assert caught.value.do


def test_an_empty_text_is_not_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path, "a.csv")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EventsError, match="no events file there"):
        find_sources([""])


def test_no_argument_is_an_error() -> None:
    with pytest.raises(EventsError, match=r"No events were named"):
        find_sources([])
