"""Files that were cut, flipped or named wrongly: an error that names the file, and a store as it was."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import shop
from bestiary import intake
from bestiary.errors import EventsError
from bestiary.events import arrivals

LINES = [shop.line(user_id=str(number), user_session=f"s{number * 7919 % 10007}") for number in range(4000)]
TEXT = "".join(one + "\n" for one in (shop.HEADER, *LINES)).encode()


def flipped(content: bytes, position: int) -> bytes:
    position %= len(content)
    return content[:position] + bytes([content[position] ^ 0x55]) + content[position + 1 :]


GZIP: dict[str, Callable[[bytes], bytes]] = {
    "cut in the magic": lambda packed: packed[:5],
    "cut in the header line": lambda packed: packed[:60],
    "cut in the middle": lambda packed: packed[: len(packed) // 2],
    "cut in the checksum": lambda packed: packed[:-4],
    "without its checksum": lambda packed: packed[:-8],
    "a bit flipped early": lambda packed: flipped(packed, 200),
    "a bit flipped in the middle": lambda packed: flipped(packed, len(packed) // 2),
    "another checksum": lambda packed: flipped(packed, -6),
    "another length": lambda packed: flipped(packed, -2),
    "garbage at the end": lambda packed: packed + b"garbage",
    "a second part that is cut": lambda packed: packed + packed[:100],
}
PARQUET: dict[str, Callable[[bytes], bytes]] = {
    "no bytes": lambda _: b"",
    "only the magic": lambda content: content[:4],
    "cut in the middle": lambda content: content[: len(content) // 2],
    "cut at the end": lambda content: content[:-1],
    "a page overwritten": lambda content: content[:3000] + b"\xff" * 500 + content[3500:],
    "the first page overwritten": lambda content: content[:4] + b"\xff" * 400 + content[404:],
    "CSV": lambda _: TEXT,
}


def check_refused(path: Path, tmp_path: Path) -> None:
    """Refused as the first file of a store, which is then not made, and by one that is there, which stays."""
    new, old = tmp_path / "new", tmp_path / "old"
    with pytest.raises(EventsError) as caught:
        shop.ingest(path, new)
    assert str(path) in caught.value.found
    assert caught.value.do
    assert not [file for file in new.rglob("*") if file.name != ".lock"]

    sound = shop.write_csv(tmp_path / "sound.csv", [shop.line(user_id="5")])
    shop.ingest(sound, old)
    before = shop.tree(old)
    with pytest.raises(EventsError):
        shop.ingest(path, old)
    after = shop.tree(old)
    assert {name: after[name] for name in before} == before
    # A sweep of litter is written in the log, and is no new data.
    assert all("/_delta_log/" in name for name in after.keys() - before.keys())


def test_a_file_that_goes_away_before_it_is_read_is_named_and_not_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = shop.write_parquet(tmp_path / "a.parquet", [shop.event()])

    def looked(*args: Any, **options: Any) -> arrivals.Arrivals:
        found = arrivals.look_at(*args, **options)
        path.unlink()
        return found

    monkeypatch.setattr(intake, "look_at", looked)
    with pytest.raises(EventsError, match=r"a\.parquet went away") as caught:
        shop.ingest(path, tmp_path / "store")
    assert "store" not in caught.value.do


@pytest.mark.parametrize("damage", GZIP)
def test_damaged_gzip(damage: str, tmp_path: Path) -> None:
    path = tmp_path / "a.csv.gz"
    path.write_bytes(GZIP[damage](gzip.compress(TEXT, mtime=0)))
    check_refused(path, tmp_path)


@pytest.mark.parametrize("damage", PARQUET)
def test_damaged_parquet(damage: str, tmp_path: Path) -> None:
    events = [shop.event(user_id=str(number), user_session=f"s{number * 7919 % 10007}") for number in range(4000)]
    path = shop.write_parquet(tmp_path / "a.parquet", events)
    path.write_bytes(PARQUET[damage](path.read_bytes()))
    check_refused(path, tmp_path)


@pytest.mark.parametrize(("name", "packed"), [("a.csv", True), ("a.csv.gz", False), ("b.CSV.GZ", False)])
def test_gzip_is_told_from_the_content_and_must_be_in_the_name(name: str, packed: bool, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_bytes(gzip.compress(TEXT) if packed else TEXT)
    with pytest.raises(EventsError, match="gzip") as caught:
        shop.ingest(path, tmp_path / "store")
    assert "Rename" in caught.value.do


def test_a_file_packed_in_parts_is_read_to_its_end(tmp_path: Path) -> None:
    middle = len(TEXT) // 3  # within a line
    parts = (b"", TEXT[:middle], b"", TEXT[middle : middle + 10], TEXT[middle + 10 :])
    path = tmp_path / "a.csv.gz"
    path.write_bytes(b"".join(gzip.compress(part) for part in parts))
    (ingested,), _ = shop.ingest(path, tmp_path / "store")
    assert shop.counts(ingested) == (4000, 4000, 0, 0)


def test_files_before_the_damaged_one_stay_and_the_others_follow_when_it_is_mended(tmp_path: Path) -> None:
    events, store = tmp_path / "events", tmp_path / "store"
    for number, name in enumerate(("1.csv", "2.csv.gz", "3.csv")):
        shop.write_csv(events / name, [shop.line(user_id=str(number))])
    whole = (events / "2.csv.gz").read_bytes()
    (events / "2.csv.gz").write_bytes(whole[:-3])
    with pytest.raises(EventsError, match=r"2\.csv\.gz"):
        shop.ingest(events, store)
    assert shop.visits(store, "user_id") == [(0,)]
    (events / "2.csv.gz").write_bytes(whole)
    added, arrivals = shop.ingest(events, store)
    assert [one.name for one in added] == ["2.csv.gz", "3.csv"]
    assert [path.name for path in arrivals.known] == ["1.csv"]
    assert shop.visits(store, "user_id") == [(0,), (1,), (2,)]
