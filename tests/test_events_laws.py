"""Laws of reading events: nothing is lost, counts close, and neither order, format nor division matters."""

import io
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from random import Random

from hypothesis import example, given, settings
from hypothesis import strategies as st

import shop
from bestiary import pipeline
from bestiary.events.contract import IDS
from bestiary.events.mend import mend

INTEGERS = shop.SMALL.model_copy(update=dict.fromkeys(IDS, "integer"))
ENDS = (b"\n", b"\r\n", b"\r")
TIMES = [f"2019-{month:02}-{day:02} {hour:02}:15:00 UTC" for month in (8, 10) for day in (1, 9, 30) for hour in (0, 23)]


@st.composite
def events(draw: st.DrawFn) -> dict[str, str]:
    kind = draw(st.sampled_from(["view", "view", "cart", "remove_from_cart", "purchase", "refund"]))
    return shop.event(
        event_time=draw(st.sampled_from(TIMES)),
        event_type=kind,
        product_id=draw(st.sampled_from(["1", "2"])),
        category_code=draw(st.sampled_from(["", "a.b", "c"])),
        brand=draw(st.sampled_from(["", "x", "y,z", 'q"q'])),
        price=draw(st.sampled_from(["", "0", "0.1", "0.2", "1e6"])),
        user_id=draw(st.sampled_from(["1", "2", "3"])),
        user_session=draw(st.sampled_from(["", "s1", "s2"])),
    )


GOOD = events().map(lambda one: shop.line(**one).encode())
ALPHABET = [b"\0", b"\x1a", b"\x1f", b"\xff", b"\xc3", b"\xc3\xa9", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\x85", b"\x0b"]
ALPHABET += [b"a", b"1", b" ", b",", b'"', b",,,,,,,,", b"\\", b"view", b"x" * 5000, b"\\N", b"#"]
JUNK = st.lists(st.sampled_from(ALPHABET), max_size=6).map(b"".join)
SPOILT = st.tuples(GOOD, st.integers(0, 80), st.sampled_from(ALPHABET)).map(
    lambda parts: parts[0][: parts[1]] + parts[2] + parts[0][parts[1] :]
)
LINE = st.one_of(
    *(texts.map(lambda text: (text, False)) for texts in (JUNK, SPOILT)), GOOD.map(lambda text: (text, True))
)
LINES = st.lists(st.tuples(LINE, st.sampled_from(ENDS)), max_size=12)
UNIFORM = st.tuples(st.lists(LINE, max_size=12), st.sampled_from(ENDS)).map(
    lambda parts: [(one, parts[1]) for one in parts[0]]
)
Lines = list[tuple[tuple[bytes, bool], bytes]]
"""Each line's bytes, whether it was made as a valid event, and its end."""


@contextmanager
def folder() -> Iterator[Path]:
    """A folder for one example: `tmp_path` is made once for all of them."""
    path = Path(tempfile.mkdtemp())
    try:
        yield path
    finally:
        shutil.rmtree(path)


def physical_lines(content: bytes) -> list[bytes]:
    """Lines end with LF, CRLF or CR; what follows the last end is a line where it is not empty."""
    lines = re.split(rb"\r\n|\r|\n", content)
    return lines[:-1] if lines[-1] == b"" else lines


def shown(text: bytes) -> str:
    """A line as the quarantine shows it: bytes that are no text or that the reader needs are spelt out."""
    plain = text.decode("utf-8", errors="backslashreplace")
    return plain.replace("\x1a", r"\x1a").replace("\x1f", r"\x1f")


@settings(max_examples=40, deadline=None)
@given(lines=st.one_of(LINES, UNIFORM), last_end=st.booleans(), packed=st.booleans())
@example(lines=[((b"a\x1ab", False), b"\n"), ((b"\xff", False), b"\r")], last_end=False, packed=False)
@example(lines=[((b"", False), b"\n")] * 3, last_end=True, packed=False)
@example(lines=[((b"\xef\xbb\xbf", False), b"\n")], last_end=False, packed=False)
@example(lines=[((b"\xef\xbb\xbf\0", False), b"\n"), ((b"", False), b"\n")], last_end=True, packed=True)
@example(lines=[((b"\0", False), b"\r\n"), ((b"", False), b"\r\n")], last_end=True, packed=True)
@example(lines=[((b"\xef\xbb\xbf\x1a", False), b"\n")], last_end=False, packed=False)
@example(lines=[((b"\xef\xbb\xbfa", False), b"\n"), ((b"\x1a", False), b"\n")], last_end=True, packed=False)
def test_counts_close_and_every_reject_is_its_physical_line(lines: Lines, last_end: bool, packed: bool) -> None:
    body = b"".join(text + end for (text, _), end in lines)
    if lines and not last_end:
        body = body.removesuffix(lines[-1][1])
    content = shop.HEADER.encode() + b"\n" + body
    records = physical_lines(content)[1:]
    valid = {text for (text, made_valid), _ in lines if made_valid}
    with folder() as here:
        path = shop.write_bytes(here / ("a.csv.gz" if packed else "a.csv"), content)
        (ingested,), _ = shop.ingest(path, here / "store", settings=INTEGERS)
        read, kept, duplicates, rejected = shop.counts(ingested)
        assert read == len(records) == kept + duplicates + rejected
        refused = shop.rejects(here / "store")
        assert len(refused) == rejected == len({number for number, _, _ in refused})
        for number, raw, _ in refused:
            assert records[number - 2] not in valid
            assert raw in {records[number - 2].decode(errors="ignore"), shown(records[number - 2])}
        assert kept >= bool(valid)
        total = "coalesce(sum(views + carts + removals + purchases + refunds), 0)"
        assert not kept or shop.visits(here / "store", total) == [(kept,)]


@settings(max_examples=100, deadline=None)
@given(content=st.lists(st.sampled_from([*ALPHABET, *ENDS, b"\n"]), max_size=40).map(b"".join))
def test_the_mended_copy_has_as_many_lines(content: bytes) -> None:
    with folder() as here:
        content = b"first\n" + content
        expected = len(physical_lines(content))
        mend(io.BytesIO(content), here / "copy.csv")
        copied = (here / "copy.csv").read_bytes()
        assert copied.count(b"\n") == expected
        assert b"\r" not in copied
        assert b"\x1f" not in copied
        copied.decode()
        mend(io.BytesIO(content), here / "head.csv", 2)
        assert copied.startswith((here / "head.csv").read_bytes())
        assert (here / "head.csv").read_bytes().count(b"\n") == min(2, expected)


@settings(max_examples=6, deadline=None)
@given(rows=st.lists(events(), min_size=1, max_size=25), random=st.randoms(use_true_random=False))
def test_neither_order_nor_format_matters(rows: list[dict[str, str]], random: Random) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)
    with folder() as here:
        paths = [
            shop.write_csv(here / "a.csv", [shop.line(**row) for row in rows]),
            shop.write_csv(here / "b.csv", [shop.line(**row) for row in shuffled], end="\r\n"),
            shop.write_csv(here / "c.csv.gz", [shop.line(**row) for row in shuffled]),
            shop.write_parquet(here / "d.parquet", shuffled),
        ]
        told = []
        for path in paths:
            (ingested,), _ = shop.ingest(path, here / f"store of {path.name}")
            told.append((shop.counts(ingested), shop.visits(here / f"store of {path.name}")))
        assert told[0] == told[1] == told[2] == told[3]
        distinct = len({tuple(row.values()) for row in rows})
        assert told[0][0] == (len(rows), distinct, len(rows) - distinct, 0)


@settings(max_examples=6, deadline=None)
@given(rows=st.lists(events(), min_size=2, max_size=30), data=st.data())
def test_nor_does_how_events_are_divided_among_files(rows: list[dict[str, str]], data: st.DataObject) -> None:
    texts = [shop.line(**row) for row in rows]
    place = {text: data.draw(st.integers(0, 2)) for text in dict.fromkeys(texts)}  # equal rows stay together
    with folder() as here:
        whole = shop.write_csv(here / "whole.csv", texts)
        parts = [
            shop.write_csv(here / f"{number}.csv", some)
            for number in range(3)
            if (some := [text for text in texts if place[text] == number])
        ]
        tables = []
        for name, paths in (("one", [whole]), ("several", parts)):
            # Different events can make the same visit, which looks like an event that stands in two files.
            shop.ingest(paths, here / name, on_overlap="warn")
            done = pipeline.customers(here / name, as_of=date(2019, 11, 1), settings=shop.SMALL)
            tables.append(shop.rows([done.path / "customers.parquet"], "*"))
        assert tables[0] == tables[1]
        assert tables[0]
