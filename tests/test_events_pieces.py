"""A file is read in pieces: neither their size nor the order of the rows shows in what is kept."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import shop
from bestiary.events import cut, kernel
from bestiary.events.kernel import Kernel, Plan
from bestiary.events.piece import Piece
from bestiary.events.repeated import repeated
from bestiary.events.source import Source
from bestiary.parts import Part

START = datetime(2019, 10, 26, 20)
"""A night in which Europe's clocks go back."""


@contextmanager
def pieces_of(rows: int) -> Iterator[list[Piece]]:
    """Read in pieces of so many rows; gives the pieces that the kernel was handed."""
    handed: list[Piece] = []
    add = Kernel.add

    def watched(self: Kernel, piece: Piece) -> None:
        handed.append(piece)
        add(self, piece)

    with (
        patch.object(Plan, "piece_rows", rows),
        patch.object(Plan, "held_rows", 2 * rows),
        patch.object(cut, "CHUNK", 64),
        patch.object(Kernel, "add", watched),
    ):
        yield handed


def a_log(random: Random, events: int, late: timedelta) -> list[dict[str, str]]:
    """Events of twelve hours, some of them twice; sorted by time, but for rows that come late."""
    rows = []
    for number in range(events):
        time = START + number * timedelta(hours=12) / events
        row = shop.event(
            event_time=f"{time:%Y-%m-%d %H:%M:%S} UTC",
            event_type=random.choice(["view", "cart", "purchase", "refund"]),
            product_id=str(random.randrange(3)),
            price=random.choice(["", "0", "1.10", "2.25"]),
            user_id=str(random.randrange(4)),
            user_session=random.choice(["", "s1", "s2"]),
        )
        rows += [(time, row)] * random.choice([1, 1, 2])
    delayed = [(time + late * random.random(), number, row) for number, (time, row) in enumerate(rows)]
    return [row for _, _, row in sorted(delayed, key=lambda one: one[:2])]


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    """A log as the file that its name says."""
    if path.suffix == ".parquet":
        return shop.write_parquet(path, rows, {"user_id": "BIGINT"})
    return shop.write_csv(path, [shop.line(**row) for row in rows])


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    rows=st.sampled_from([1, 5, 40]),
    late=st.sampled_from([0, 50, 600]),
    zone=st.sampled_from(["UTC", "Europe/Paris", "Asia/Kolkata"]),
    name=st.sampled_from(["a.csv", "a.csv.gz", "a.parquet"]),
)
def test_pieces_do_not_show(tmp_path_factory: pytest.TempPathFactory, seed, rows, late, zone, name) -> None:  # type: ignore[no-untyped-def]
    here = tmp_path_factory.mktemp("pieces")
    log = a_log(Random(seed), 120, timedelta(minutes=late))
    path, kept = write(here / name, log), shop.SMALL.model_copy(update={"time_zone": zone})
    (whole,), _ = shop.ingest(path, here / "whole", settings=kept)
    with pieces_of(rows) as handed:
        (divided,), _ = shop.ingest(path, here / "divided", settings=kept)
    assert len(handed) > 2
    assert shop.counts(divided) == shop.counts(whole)
    assert whole.counts["duplicates"] == len(log) - len({tuple(row.values()) for row in log}) > 0
    assert shop.visits(here / "divided") == shop.visits(here / "whole")
    assert divided.span == whole.span
    assert sources(here / "divided") == sources(here / "whole")
    assert shop.litter(here / "divided") == []


def sources(store: Path) -> list[tuple[object, ...]]:
    """The rows of a store's table of sources."""
    return shop.rows(sorted((store / "sources").rglob("part-*.parquet")), "*")


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet"])
def test_a_file_that_is_not_sorted_is_read_again_as_one_piece(tmp_path: Path, name: str) -> None:
    log = a_log(Random(1), 60, timedelta(0))
    path = write(tmp_path / name, [*log[60:], *log[:60]])
    told: list[tuple[int, int]] = []
    with pieces_of(5) as handed:
        (read,), _ = shop.ingest(path, tmp_path / "store", progress=Told(told))
    assert handed[-1].last
    assert handed[-1].records == len(log)  # the whole
    assert read.counts["duplicates"] == len(log) - len({tuple(row.values()) for row in log})
    assert shop.litter(tmp_path / "store") == []
    assert sum(rows for _, rows in told) == len(log)
    assert sum(size for size, _ in told) == path.stat().st_size


class Told:
    """Progress that notes what it is told of the latest step."""

    def __init__(self, told: list[tuple[int, int]]) -> None:
        self.told = told

    def start(self, label: str, total: int) -> None:
        """Forget the step before."""
        self.told.clear()

    def advance(self, done: int = 1, *, rows: int = 0) -> None:
        """Note it."""
        self.told.append((done, rows))

    def stop(self) -> None:
        """Do nothing."""


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_rows_that_wait_are_no_more_than_the_last_hours(tmp_path: Path, name: str) -> None:
    log = a_log(Random(2), 400, timedelta(0))
    path, waited = write(tmp_path / name, log), []
    ripen = Kernel._ripen

    def watched(self: Kernel, last: bool) -> None:
        ripen(self, last)
        waited.append(self._waiting)

    with pieces_of(100), patch.object(Kernel, "_ripen", watched):
        shop.ingest(path, tmp_path / "store")
    assert len(waited) > 3
    assert waited[-1] == 0
    assert 0 < max(waited) < len(log) * 3 / 12


def test_what_is_written_does_not_wait_for_the_end(tmp_path: Path) -> None:
    path, written = write(tmp_path / "a.csv", a_log(Random(3), 200, timedelta(0))), []
    part = Kernel._part

    def watched(self: Kernel, table: str, query: str) -> None:
        part(self, table, query)
        written.append(table)

    with pieces_of(20), patch.object(Kernel, "_part", watched):
        shop.ingest(path, tmp_path / "store")
    assert written.count("visits") > 2


def test_times_that_are_too_late_do_not_hurry_the_others(tmp_path: Path) -> None:
    log = a_log(Random(4), 300, timedelta(0))
    log.insert(20, shop.event(event_time="2020-01-01 00:00:00 UTC"))
    path = write(tmp_path / "a.csv", log)
    with pieces_of(60) as handed:
        shop.ingest(path, tmp_path / "store")
    assert len(handed) > 3
    assert all(piece.records < len(log) for piece in handed)  # it was not read as a whole


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_rows_that_are_less_than_an_hour_late_are_read_in_pieces(tmp_path: Path, name: str) -> None:
    log = a_log(Random(7), 300, timedelta(minutes=50))
    path = write(tmp_path / name, log)
    with pieces_of(20) as handed:
        (read,), _ = shop.ingest(path, tmp_path / "store")
    assert len(handed) > 10
    assert all(piece.records < len(log) / 2 for piece in handed)  # it was not read as a whole
    assert read.counts["duplicates"] == len(log) - len({tuple(row.values()) for row in log})


def test_of_an_unsorted_file_few_marks_are_held_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log, held = a_log(Random(7), 400, timedelta(hours=9)), list[int]()

    def watched(marks: NDArray[np.uint64], threads: int) -> NDArray[np.uint64]:
        held.append(len(marks))
        return repeated(marks, threads)

    monkeypatch.setattr(kernel, "repeated", watched)
    with pieces_of(50) as handed:
        (read,), _ = shop.ingest(write(tmp_path / "a.parquet", log), tmp_path / "store")
    assert handed[-1].records == len(log)  # it was read as a whole
    assert max(held) < 100 < len(log) / 4
    assert read.counts["duplicates"] == len(log) - len({tuple(row.values()) for row in log}) > 0


@pytest.mark.parametrize("odd", ["1,2\n", "\n", "a,b,c,d,e,f,g,h,i,\n", '"\n', "\x1f\n", "\x1a\n"])
def test_an_odd_line_is_odd_in_one_piece_only(tmp_path: Path, odd: str) -> None:
    lines = [shop.line(**row) + "\n" for row in a_log(Random(5), 100, timedelta(0))]
    lines.insert(40, odd)
    path = shop.write_bytes(tmp_path / "a.csv", (shop.HEADER + "\n" + "".join(lines)).encode())
    with pieces_of(20) as handed:
        (read,), _ = shop.ingest(path, tmp_path / "store")
    assert [number for number, _, _ in shop.rejects(tmp_path / "store")] == [42]
    assert read.counts["rejected"] == 1
    assert sum(not piece.plain for piece in handed) <= 2 < len(handed)


@pytest.mark.parametrize("places", [(3, 40), (40, 3), (20, 21)])
def test_lines_whose_commas_make_up_for_each_other_are_refused(tmp_path: Path, places: tuple[int, int]) -> None:
    short, long = places
    lines = [shop.line(product_id=str(number)) for number in range(60)]
    lines[short], lines[long] = lines[short].rpartition(",")[0], lines[long] + ","
    path = shop.write_csv(tmp_path / "a.csv", lines)
    with pieces_of(100) as handed:
        (read,), _ = shop.ingest(path, tmp_path / "store")
    assert [piece.plain for piece in handed] == [True]
    assert shop.counts(read) == (60, 58, 0, 2)
    assert shop.rejects(tmp_path / "store") == [
        (place + 2, lines[place], "wrong_number_of_columns") for place in sorted(places)
    ]


@settings(max_examples=100, deadline=None)
@given(
    content=st.lists(st.sampled_from([b"a", b"\r", b"\n", b"\r\n", b"\xc3\xa9", b'"', b","]), max_size=30).map(
        b"".join
    ),
    rows=st.integers(0, 3),
    chunk=st.integers(1, 9),
    header=st.booleans(),
)
def test_lines_are_counted_alike_wherever_chunks_and_pieces_end(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, rows: int, chunk: int, header: bool
) -> None:
    here = tmp_path_factory.mktemp("cut")
    path = here / "a.csv"
    content = b"a" + content
    path.write_bytes((b"h\n" if header else b"") + content)
    source = Source(path, "csv", ("h",), (("h", 1),), header_lines=int(header))
    with patch.object(cut, "CHUNK", chunk), patch.object(cut, "LONGEST_LINE", 4):
        with closing(cut.cut(source, rows, here)) as found:
            pieces = list(found)
        lines = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        expected = len(lines) - (lines[-1] == b"")
        assert sum(piece.records for piece in pieces) == expected
        assert [piece.last for piece in pieces] == [False] * (len(pieces) - 1) + [True]
        before = int(header)
        for piece in pieces:
            assert piece.before == before
            before += piece.records
            copied = piece.path.read_bytes()
            assert copied.count(b"\n") + (not copied.endswith(b"\n") and copied != b"") == piece.records
            assert b"\r" not in copied
        assert sum(piece.size for piece in pieces) == path.stat().st_size


def test_parts_tell_the_rows_of_all_pieces(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", a_log(Random(6), 90, timedelta(0)))
    with pieces_of(10):
        (read,), _ = shop.ingest(path, tmp_path / "store")
    parts: tuple[Part, ...] = read.parts["visits"]
    assert sum(part.rows for part in parts) == len(shop.visits(tmp_path / "store"))


def test_the_shares_of_a_parquet_file_are_all_of_its_bytes(tmp_path: Path) -> None:
    path = write(tmp_path / "a.parquet", a_log(Random(8), 90, timedelta(0)))
    with pieces_of(7) as handed:
        shop.ingest(path, tmp_path / "store")
    assert len(handed) > 10
    assert sum(piece.size for piece in handed) == path.stat().st_size
