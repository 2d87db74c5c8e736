"""The first line of a file: columns by name, and files that are not what their name says."""

from pathlib import Path

import pytest

import shop
from bestiary import pipeline
from bestiary.errors import EventsError
from bestiary.events.contract import COLUMNS

PLAIN = [shop.line(), shop.line(user_id="7", brand='a "b", c'), shop.line(user_id="8", event_type="purchase")]
ONE = shop.line()


def visits_of(path: Path, **options: bool) -> list[tuple[object, ...]]:
    store = path.parent / f"store of {path.name}"
    shop.ingest(path, store, **options)
    assert not shop.rejects(store)
    return shop.visits(store)


def refused(path: Path, **options: bool) -> EventsError:
    """The error that an ingest of `path` raises, which leaves no store."""
    store = path.parent / "no store"
    with pytest.raises(EventsError) as caught:
        shop.ingest(path, store, **options)
    assert str(path) in caught.value.found
    assert caught.value.do
    assert not (store / "store.json").exists()
    return caught.value


def rearranged(order: list[str], lines: list[str]) -> list[str]:
    """The lines, without quoted commas, with their columns in another order."""
    return [",".join(dict(zip(COLUMNS, one.split(","), strict=True))[name] for name in order) for one in lines]


def test_columns_are_found_by_name_in_any_order(tmp_path: Path) -> None:
    lines = [shop.line(), shop.line(user_id="8", event_type="purchase", brand="x", price="1.25")]
    expected = visits_of(shop.write_csv(tmp_path / "a.csv", lines))
    for order in (sorted(COLUMNS), list(reversed(COLUMNS))):
        path = tmp_path / f"by_{order[0]}.csv"
        assert visits_of(shop.write_csv(path, rearranged(order, lines), header=",".join(order))) == expected


@pytest.mark.parametrize(
    "header",
    [
        shop.HEADER.upper(),
        ",".join(f'"{name}"' for name in COLUMNS),
        ", ".join(name.title() for name in COLUMNS),
        "\ufeff" + shop.HEADER,
        "\ufeff" + ",".join(f'"{name}"' for name in COLUMNS),
    ],
    ids=["upper case", "quoted", "spaces", "byte order mark", "quoted after a mark"],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_ways_to_write_the_same_header(header: str, end: str, suffix: str, tmp_path: Path) -> None:
    expected = visits_of(shop.write_csv(tmp_path / "plain.csv", PLAIN))
    assert visits_of(shop.write_csv(tmp_path / f"a{suffix}", PLAIN, header=header, end=end)) == expected


def test_extra_columns_are_ignored_and_named_once(tmp_path: Path) -> None:
    header = "device," + shop.HEADER + ",colour"
    paths = [
        shop.write_csv(tmp_path / f"{name}.csv", [f"phone,{shop.line(user_id=name)},red"], header=header)
        for name in ("1", "2")
    ]
    added, arrivals = shop.ingest(paths, tmp_path / "store")
    assert arrivals.ignored_columns == ("colour", "device")
    assert [shop.counts(one) for one in added] == [(1, 1, 0, 0)] * 2
    parquet = shop.write_parquet(tmp_path / "3.parquet", [shop.event(user_id="3") | {"Device": "phone"}])
    (ingested,), arrivals = shop.ingest(parquet, tmp_path / "store")
    assert arrivals.ignored_columns == ("Device",)
    assert shop.counts(ingested) == (1, 1, 0, 0)
    assert shop.visits(tmp_path / "store", "user_id") == [(1,), (2,), (3,)]


def test_an_extra_column_named_twice_is_nobodys_business_but_a_needed_one_is(tmp_path: Path) -> None:
    shop.ingest(shop.write_csv(tmp_path / "a.csv", [ONE + ",1,2"], header=shop.HEADER + ",x,X"), tmp_path / "store")
    error = refused(shop.write_csv(tmp_path / "b.csv", [ONE + ",1"], header=shop.HEADER + ",Price"))
    assert "price" in error.found
    assert "twice" in error.found


@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_missing_columns_are_listed_with_the_likely_match_and_what_is_there(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a{suffix}"
    row = {{"event_type": "event_typ", "user_id": "userid"}.get(key, key): value for key, value in shop.EVENT.items()}
    if suffix == ".csv":
        shop.write_csv(path, [",".join(row.values())], header=",".join(row))
    else:
        shop.write_parquet(path, [row])
    error = refused(path)
    assert "missing columns event_type (did you mean 'event_typ'?), user_id (did you mean 'userid'?)" in error.found
    assert all(name in error.allowed for name in row)
    assert "--mapping" in error.do


def test_a_file_without_a_header_is_refused_and_read_when_that_is_said(tmp_path: Path) -> None:
    path = shop.write_bytes(tmp_path / "a.csv", "".join(one + "\n" for one in PLAIN).encode())
    error = refused(path)
    assert "not a header" in error.found
    assert all(name in error.allowed for name in COLUMNS)
    assert "--no-header" in error.do
    expected = visits_of(shop.write_csv(tmp_path / "with.csv", PLAIN))
    assert visits_of(path, header=False) == expected
    marked = shop.write_bytes(tmp_path / "marked.csv", b"\xef\xbb\xbf" + path.read_bytes())
    assert visits_of(marked, header=False) == expected


@pytest.mark.parametrize("header", [shop.HEADER, shop.HEADER.upper(), ",".join(sorted(COLUMNS))])
def test_a_header_is_not_taken_for_an_event(header: str, tmp_path: Path) -> None:
    error = refused(shop.write_csv(tmp_path / "a.csv", PLAIN, header=header), header=False)
    assert "--no-header" in error.do


@pytest.mark.parametrize(("character", "name"), [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")])
def test_another_delimiter_is_named(character: str, name: str, tmp_path: Path) -> None:
    lines = [one.replace(",", character) for one in (shop.HEADER, ONE)]
    with_header = refused(shop.write_csv(tmp_path / "a.csv", lines[1:], header=lines[0]))
    without = refused(shop.write_csv(tmp_path / "b.csv", [], header=lines[1]))
    assert name in str(with_header)
    assert name in str(without)


def test_a_header_alone_is_no_event_and_is_remembered(tmp_path: Path) -> None:
    shop.ingest(shop.write_csv(tmp_path / "first.csv", [ONE]), tmp_path / "store")
    for number, content in enumerate((shop.HEADER + "\n", shop.HEADER, "\ufeff" + shop.HEADER + "\r\n")):
        path = shop.write_bytes(tmp_path / f"{number}.csv", content.encode())
        (ingested,), _ = shop.ingest(path, tmp_path / "store")
        assert shop.counts(ingested) == (0, 0, 0, 0)
        assert not shop.ingest(path, tmp_path / "store")[0]
    assert len(shop.visits(tmp_path / "store")) == 1


def test_a_header_alone_begins_no_store_unless_the_kinds_of_ids_are_set(tmp_path: Path) -> None:
    path = shop.write_bytes(tmp_path / "only.csv", shop.HEADER.encode())
    with pytest.raises(EventsError, match=r"only\.csv: no record"):
        shop.ingest(path, tmp_path / "store")
    assert not (tmp_path / "store").exists()
    settings = pipeline.Settings(user_id="string", product_id="string", category_id="integer")
    (ingested,), _ = pipeline.ingest([path], tmp_path / "store", settings=settings)
    assert shop.counts(ingested) == (0, 0, 0, 0)


HTML = b"<!DOCTYPE html>\n<html><body>Sign in to download 2019-Oct.csv, please</body></html>\n"
TEXT = (shop.HEADER + "\n" + ONE + "\n").encode()
NOT_EVENTS = {
    "no bytes": (b"", "empty"),
    "a line end": (b"\n", "empty"),
    "a byte order mark": (b"\xef\xbb\xbf", "empty"),
    "HTML": (HTML, "HTML"),
    "indented HTML": (b"  " + HTML, "HTML"),
    "XML after a mark": (b'\xef\xbb\xbf<?xml version="1.0"?>', "XML"),
    "UTF-16": (TEXT.decode().encode("utf-16"), "UTF-16"),
    "big-endian UTF-16": (b"\xfe\xff" + TEXT.decode().encode("utf-16-be"), "UTF-16"),
    "zip": (b"PK\x03\x04\x14\x00\x00\x00\x08\x00more", "zip"),
    "Latin-1": (TEXT.replace(b"brand", b"marqu\xe9"), "UTF-8"),
    "JSON": (b'{"event_time": "2019-10-01 00:00:00 UTC"}\n', "missing columns"),
}


@pytest.mark.parametrize("what", NOT_EVENTS)
@pytest.mark.parametrize("suffix", [".csv", ".csv.gz"])
def test_what_is_not_events_is_told_apart_by_its_content(what: str, suffix: str, tmp_path: Path) -> None:
    content, words = NOT_EVENTS[what]
    assert words in str(refused(shop.write_bytes(tmp_path / f"a{suffix}", content)))
