"""Files that tell again what the lake holds: skipped, refused or told, and never counted twice in silence."""

from collections.abc import Callable
from pathlib import Path

import pytest

import shop
from bestiary.errors import EventsError
from bestiary.events import arrivals
from bestiary.events.survey import fingerprint
from bestiary.lake.store import Store


def day(number: int, **changed: str) -> list[str]:
    """The lines of a day: a session for each of ten customers."""
    return [
        shop.line(
            event_time=f"2019-10-{number:02} {hour:02}:15:00 UTC", user_id=str(hour), user_session=f"{number}-{hour}"
        )
        for hour in range(10, 20)
    ]


def kept(store: Path) -> int:
    """Events in the lake."""
    return sum(row[0] for row in shop.visits(store, "views"))


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz"])
def test_a_file_that_has_grown_is_refused_with_what_to_do(tmp_path: Path, name: str) -> None:
    path, store = shop.write_csv(tmp_path / name, day(1)), tmp_path / "store"
    shop.ingest(path, store)
    before = shop.visits(store)
    shop.write_csv(path, [*day(1), *day(2)])
    with pytest.raises(EventsError, match="has grown") as caught:
        shop.ingest(path, store)
    assert "nothing of it was kept" in caught.value.do or "file of its own" in caught.value.do
    assert shop.visits(store) == before
    assert shop.litter(store) == []
    renamed = path.rename(tmp_path / f"other-{name}")
    if name == "a.csv":  # its first bytes are those of the other, whatever it is called
        with pytest.raises(EventsError, match="has grown"):
            shop.ingest(renamed, store)
    else:  # a gzip file is written anew; then only its sessions give it away
        (read,), _ = shop.ingest(renamed, store)
        assert "shares 10 sessions (10 events) with a.csv.gz" in read.overlaps[0]


def test_a_file_that_begins_like_one_without_records_has_not_grown(tmp_path: Path) -> None:
    store = tmp_path / "store"
    shop.ingest([shop.write_csv(tmp_path / "empty.csv", []), shop.write_csv(tmp_path / "a.csv", day(1))], store)
    shop.ingest(shop.write_csv(tmp_path / "b.csv", day(2)), store)
    assert kept(store) == 20


def test_files_that_overlap_are_told_with_counts(tmp_path: Path) -> None:
    store = tmp_path / "store"
    shop.ingest(shop.write_csv(tmp_path / "a.csv", [*day(1), *day(2)]), store)
    (read,), _ = shop.ingest(shop.write_csv(tmp_path / "b.csv", [*day(2), *day(3)]), store)
    (told,) = read.overlaps
    assert "b.csv shares 10 sessions (10 events) with a.csv, from 2019-10-02 10:15:00 to 2019-10-02 19:15:00" in told
    assert "of their 10 visits 10 are alike" in told
    assert kept(store) == 40


def test_overlaps_are_seen_within_one_call(tmp_path: Path) -> None:
    paths = [shop.write_csv(tmp_path / "a.csv", day(1)), shop.write_csv(tmp_path / "b.csv", [*day(1), *day(2)][1:])]
    read, _ = shop.ingest(paths, tmp_path / "store")
    assert [len(one.overlaps) for one in read] == [0, 1]
    assert "9 sessions" in read[1].overlaps[0]


def test_overlaps_are_refused_where_that_is_asked_for(tmp_path: Path) -> None:
    store = tmp_path / "store"
    names = ("1.csv", "2.csv", "3.csv")
    logs = (day(1), [*day(1)[5:], *day(2)], day(3))
    paths = [shop.write_csv(tmp_path / name, log) for name, log in zip(names, logs, strict=True)]
    with pytest.raises(EventsError, match=r"2\.csv shares 5 sessions") as caught:
        shop.ingest(paths, store, on_overlap="refuse")
    assert "--on-overlap warn" in caught.value.do
    assert kept(store) == 10  # the first stays
    assert shop.litter(store) == []


def test_a_namesake_that_shares_sessions_is_refused_unless_it_is_asked_for(tmp_path: Path) -> None:
    store = tmp_path / "store"
    shop.ingest(shop.write_csv(tmp_path / "1" / "events.csv", day(1)), store)
    again = shop.write_csv(tmp_path / "2" / "events.csv", [*day(2), *day(1)[1:]])
    with pytest.raises(EventsError, match="of this name was read before"):
        shop.ingest(again, store)
    assert kept(store) == 10
    (read,), _ = shop.ingest(again, store, on_overlap="warn")
    assert len(read.overlaps) == 1
    assert kept(store) == 29


@pytest.mark.parametrize("how", ["packed", "reversed", "a part"])
def test_the_same_events_in_another_file_are_refused_unless_it_is_asked_for(tmp_path: Path, how: str) -> None:
    store = tmp_path / "store"
    shop.ingest(shop.write_csv(tmp_path / "a.csv", day(1)), store)
    lines = {"packed": day(1), "reversed": day(1)[::-1], "a part": day(1)[3:6]}[how]
    again = shop.write_csv(tmp_path / ("b.csv.gz" if how == "packed" else "b.csv"), lines)
    with pytest.raises(EventsError, match="All that it tells is there already"):
        shop.ingest(again, store)
    assert kept(store) == 10
    assert shop.litter(store) == []
    (read,), _ = shop.ingest(again, store, on_overlap="warn")
    assert len(read.overlaps) == 1
    assert kept(store) == 10 + len(lines)


def test_a_file_that_has_grown_is_read_where_that_is_asked_for(tmp_path: Path) -> None:
    path, store = shop.write_csv(tmp_path / "a.csv", day(1)), tmp_path / "store"
    shop.ingest(path, store)
    shop.write_csv(path, [*day(1), *day(2)])
    (read,), _ = shop.ingest(path, store, on_overlap="warn")
    assert "shares 10 sessions" in read.overlaps[0]
    assert kept(store) == 30


def test_namesakes_that_share_no_time_are_welcome(tmp_path: Path) -> None:
    paths = [shop.write_csv(tmp_path / str(number) / "events.csv", day(number)) for number in range(1, 5)]
    read, _ = shop.ingest(paths, tmp_path / "store", on_overlap="refuse")
    assert [one.overlaps for one in read] == [()] * 4
    assert kept(tmp_path / "store") == 40


def test_small_files_share_a_commit(tmp_path: Path) -> None:
    paths = [shop.write_csv(tmp_path / f"{number}.csv", day(number)) for number in range(1, 9)]
    shop.ingest(paths, tmp_path / "store")
    logs = list((tmp_path / "store" / "visits" / "_delta_log").glob("*.json"))
    assert len(logs) < len(paths)
    assert len(Store.open(tmp_path / "store", shop.SMALL).fingerprints()) == len(paths)


def test_a_file_that_changes_while_it_is_read_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bestiary.events.kernel import Kernel

    path, finish = shop.write_csv(tmp_path / "a.csv", day(1)), Kernel.finish

    def meanwhile(self: Kernel) -> None:
        finish(self)
        with path.open("a") as file:
            file.write(day(2)[0] + "\n")

    monkeypatch.setattr(Kernel, "finish", meanwhile)
    with pytest.raises(EventsError, match="changed while it was read"):
        shop.ingest(path, tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_every_file_that_cannot_be_read_is_named_before_anything_is(tmp_path: Path) -> None:
    good = shop.write_csv(tmp_path / "a.csv", day(1))
    bad = [shop.write_bytes(tmp_path / f"bad{number}.csv", b"<html>") for number in range(12)]
    with pytest.raises(EventsError, match="12 files cannot be read") as caught:
        shop.ingest([good, *bad], tmp_path / "store")
    assert "bad0.csv is an HTML" in caught.value.found
    assert "and 2 more" in caught.value.found
    assert not (tmp_path / "store").exists()


def test_a_file_and_its_beginning_in_one_call_are_refused(tmp_path: Path) -> None:
    short, long = shop.write_csv(tmp_path / "a.csv", day(1)), shop.write_csv(tmp_path / "b.csv", [*day(1), *day(2)])
    bare = shop.write_csv(tmp_path / "bare.csv", [])
    with pytest.raises(EventsError, match=r"b\.csv begins with all of .*a\.csv"):
        shop.ingest([short, long, bare], tmp_path / "store")
    assert not (tmp_path / "store").exists()
    read, _ = shop.ingest([short, bare], tmp_path / "store")
    assert len(read) == 2


def test_files_that_are_as_they_were_are_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths, store = [shop.write_csv(tmp_path / f"{number}.csv", day(number)) for number in (1, 2)], tmp_path / "store"
    shop.ingest(paths, store)
    hashed: list[Path] = []

    def watched(path: Path, lengths: list[int], tell: Callable[[int], None]) -> tuple[str, list[str]]:
        hashed.append(path)
        return fingerprint(path, lengths, tell)

    monkeypatch.setattr(arrivals, "fingerprint", watched)
    paths.append(shop.write_csv(tmp_path / "3.csv", day(3)))
    read, found = shop.ingest(paths, store)
    assert hashed == [paths[2].resolve()]
    assert ([one.name for one in read], len(found.known)) == (["3.csv"], 2)
    shop.write_csv(paths[0], day(1)[::-1])  # as long as before, but changed
    with pytest.raises(EventsError, match="All that it tells is there already"):
        shop.ingest(paths, store)
    hashed.clear()
    (store / ".seen.json").write_text("[]")  # what is remembered only saves time
    assert shop.ingest(paths[1:], store)[0] == ()
    assert sorted(hashed) == sorted(path.resolve() for path in paths[1:])


def test_files_with_others_of_their_time_are_not_refused_for_a_name(tmp_path: Path) -> None:
    store, till = tmp_path / "store", [shop.line(user_session="till", event_time="2019-10-01 12:00:00 UTC")]
    shop.ingest(
        [shop.write_csv(tmp_path / "web" / "day.csv", day(1)), shop.write_csv(tmp_path / "till.csv", till)], store
    )
    more = shop.line(user_session="till", event_time="2019-10-01 13:00:00 UTC")
    (read,), _ = shop.ingest(shop.write_csv(tmp_path / "app" / "day.csv", [more, *till]), store)
    assert "day.csv shares 1 sessions (2 events) with some of day.csv, till.csv" in read.overlaps[0]


def test_what_a_kill_leaves_beside_the_tables_is_swept(tmp_path: Path) -> None:
    store = tmp_path / "store"
    shop.ingest(shop.write_csv(tmp_path / "a.csv", day(1)), store)
    left = shop.write_bytes(store / "..seen.json.0123abcd.tmp", b"{")
    shop.ingest(tmp_path / "a.csv", store)
    assert not left.exists()
