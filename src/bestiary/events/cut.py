"""A source file cut into pieces, read once from front to back.

A CSV file is looked at on the way: records are counted without the parser (line ends), so that
`read = kept + duplicates + rejected` can fail; what DuckDB's reader would trip over is found (see `mend.py`); and a
gzip stream's checksum is proved. Its pieces are files in a scratch folder: decompressed, without the header, lines
ended by LF. A Parquet file is read where it lies, and its footer counts.
"""

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from bestiary.events.mend import mend
from bestiary.events.piece import Piece
from bestiary.events.source import Source
from bestiary.events.survey import DELIMITER, LONGEST_LINE, MARK, decompressed
from bestiary.sql import connect, quote, scan_path

CHUNK = 1 << 19
BOM = b"\xef\xbb\xbf"


def cut(source: Source, rows: int, scratch: Path) -> Generator[Piece]:
    """Yield the pieces of a source, of about `rows` records, in order; 0 for a single one. There is always one.

    The caller removes the files in `scratch`. Raises OSError, EOFError or zlib's error where damage is reached.
    """
    if source.format == "parquet":
        return _cut_parquet(source, rows)
    return _cut_csv(source, rows, scratch)


def _cut_parquet(source: Source, rows: int) -> Generator[Piece]:
    with connect() as connection:
        query = f"SELECT num_rows FROM parquet_file_metadata({quote(scan_path(source.path))})"
        total = int(connection.execute(query).fetchall()[0][0])
    size, step = source.path.stat().st_size, rows or max(total, 1)
    for first in range(0, max(total, 1), step):
        records = min(step, total - first)
        condition = f"file_row_number >= {first} AND file_row_number < {first + records}"
        share = size * (first + records) // max(total, 1) - size * first // max(total, 1)
        yield Piece(source.path, share if total else size, records, condition=condition, last=first + step >= total)


@dataclass
class _Facts:
    """What is known of a CSV piece so far; `regular` when DuckDB can read it line for line."""

    ends: int = 0
    commas: int = 0
    regular: bool = True
    quoted: bool = False
    last: bytes = b"\n"

    def add(self, chunk: bytes) -> None:
        """Look at one more chunk. Lines end with LF, CRLF or a lone CR."""
        returns = _count(chunk, b"\r")
        self.ends += _count(chunk, b"\n") + returns - (chunk.count(b"\r\n") if returns else 0)
        self.commas += _count(chunk, b",")
        self.regular = self.regular and not returns and _is_plain(chunk)
        self.quoted = self.quoted or b'"' in chunk
        self.last = chunk[-1:]

    @property
    def records(self) -> int:
        """Lines; the last one may end with the file."""
        return self.ends + (self.last not in (b"\n", b"\r"))


def _cut_csv(source: Source, rows: int, scratch: Path) -> Generator[Piece]:
    before, done, number = source.header_lines, 0, 0
    with source.path.open("rb") as packed:
        chunks = _chunks(decompressed(source.path, packed), source.header_lines)
        chunk = next(chunks, b"")
        while chunk or not number:
            raw, facts = scratch / f"{number}.raw", _Facts()
            with raw.open("wb") as file:
                # The reader drops one byte order mark at a file's start: a record's own, where a piece begins with it.
                added = file.write(BOM if chunk.startswith(BOM) else b"")
                while chunk and not (rows and facts.records >= rows and facts.last == b"\n"):
                    facts.add(chunk)
                    file.write(chunk)
                    chunk = next(chunks, b"")
            plain = facts.regular and not facts.quoted and facts.commas == facts.records * (len(source.columns) - 1)
            piece = Piece(raw, packed.tell() - done, facts.records, before, plain, last=not chunk)
            yield piece if facts.regular else _mended(piece, added)
            before, done, number = before + facts.records, packed.tell(), number + 1


def _mended(piece: Piece, added: int) -> Piece:
    """The piece mended, without the bytes that were added at its beginning."""
    copy = piece.path.with_suffix(".csv")
    with piece.path.open("rb") as raw:
        raw.seek(added)
        mend(raw, copy)
    piece.path.unlink()
    return replace(piece, path=copy)


def _chunks(file: BinaryIO, header_lines: int) -> Iterator[bytes]:
    """Chunks that end at a line's end, unless a line is too long, and never between CR and LF.

    Without the byte order mark and the header; where all lines of a chunk end with CRLF, it becomes LF.
    """
    first = True
    while chunk := file.read(CHUNK):
        if not chunk.endswith(b"\n"):
            chunk += file.readline(LONGEST_LINE)
        while chunk.endswith(b"\r") and (more := file.read(1)):
            chunk += more
        if b"\r" in chunk and _count(chunk, b"\r") == chunk.count(b"\r\n"):
            chunk = chunk.replace(b"\r\n", b"\n")
        if first:
            chunk, first = _body(chunk.removeprefix(BOM), header_lines), False
        if chunk:
            yield chunk


def _body(chunk: bytes, header_lines: int) -> bytes:
    """What follows the header, of one line at most."""
    end = re.search(rb"\r\n|\r|\n", chunk) if header_lines else re.match(b"", chunk)
    return chunk[end.end() :] if end else b""


def _count(chunk: bytes, byte: bytes) -> int:
    """How often a byte is there; four times as fast as `bytes.count` for one that is there often."""
    return int(np.count_nonzero(np.frombuffer(chunk, np.uint8) == ord(byte)))


def _is_plain(chunk: bytes) -> bool:
    if DELIMITER in chunk or MARK in chunk or (len(chunk) >= LONGEST_LINE and _has_long_line(chunk)):
        return False
    if chunk.isascii():
        return True
    try:
        chunk.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _has_long_line(chunk: bytes) -> bool:
    return max(map(len, chunk.split(b"\n"))) >= LONGEST_LINE
