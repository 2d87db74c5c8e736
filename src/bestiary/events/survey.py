"""What a file is before its rows are parsed: its fingerprint, its columns, and how many records it holds.

The number of records is counted here without the parser (line ends; the footer of a Parquet file), so that
`read = kept + duplicates + rejected` can fail. The same pass proves a gzip stream's checksum, which DuckDB does not
look at, and finds what DuckDB's reader would trip over; such a file is read from a mended copy (see `mend.py`).
"""

import csv
import gzip
import hashlib
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from bestiary.errors import EventsError

CHUNK = 1 << 20
MARK = b"\x1a"
"""Begins a line that `mend.py` has marked as unusable."""
DELIMITER = b"\x1f"
"""The delimiter DuckDB is given so that a line stays one column; a file that holds it is mended first."""
LONGEST_LINE = 1 << 20

_MAGIC = {
    b"<": ("is an HTML or XML page, not events", "Download the file itself, not the page that shows it."),
    b"PK\x03\x04": ("is a zip archive or a spreadsheet", "Unpack it, or save it as CSV."),
    b"\xff\xfe": ("is UTF-16 text", "Save it as UTF-8."),
    b"\xfe\xff": ("is UTF-16 text", "Save it as UTF-8."),
}


@dataclass(frozen=True)
class CsvFacts:
    """Records counted by line ends, without the header; `regular` when DuckDB can read the file where it lies."""

    records: int
    regular: bool


def fingerprint(path: Path) -> str:
    """SHA-256 of the file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with _open_raw(path) as file:
        while chunk := file.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def compression(path: Path) -> str:
    """`gzip` or `none`, told from the content; EventsError where the name says otherwise or nothing is there."""
    with _open_raw(path) as file:
        head = file.read(4)
    gzipped, named = head.startswith(b"\x1f\x8b"), path.name.lower().endswith(".gz")
    if not head:
        raise EventsError(f"{path}: the file is empty (0 bytes).", do="Remove it, or write it again.")
    if gzipped != named:
        raise EventsError(
            f"{path}: {'is gzip, but not called .csv.gz' if gzipped else 'is called .gz, but is not gzip'}.",
            do="Rename it, or write it again.",
        )
    return "gzip" if gzipped else "none"


def first_line(path: Path) -> str:
    """The first line of a CSV file without its end and byte order mark; EventsError where it cannot be events."""
    with readable(path), open_csv(path) as file:
        line = re.split(rb"[\r\n]", file.readline(LONGEST_LINE), maxsplit=1)[0]
    for magic, (found, do) in _MAGIC.items():
        if line.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(magic):
            raise EventsError(f"{path} {found}.", do=do)
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise EventsError(f"{path}: the first line is not UTF-8 text.", do="Save the file as UTF-8.") from error


def fields(line: str) -> list[str]:
    """Split one line of CSV; what no reader would take as a header stays one field."""
    try:
        return next(csv.reader([line]), [])
    except csv.Error:
        return [line]


def survey_csv(path: Path, header_lines: int) -> CsvFacts:
    """Read a CSV file's bytes once. Raises EventsError where it cannot be read to its end."""
    newlines = returns = pairs = 0
    last, regular = b"", True
    with readable(path):
        for chunk in _chunks(path):
            newlines += chunk.count(b"\n")
            returns += chunk.count(b"\r")
            pairs += chunk.count(b"\r\n") + (last == b"\r" and chunk.startswith(b"\n"))
            regular = regular and _is_plain(chunk)
            last = chunk[-1:]
    if returns and not returns == pairs == newlines:
        regular = False
    # A line ends with \n, \r\n or a lone \r; the last one may end with the file.
    lines = newlines + returns - pairs + (last not in (b"\n", b"\r", b""))
    return CsvFacts(records=max(0, lines - header_lines), regular=regular)


def open_csv(path: Path) -> BinaryIO:
    """Open a CSV file's bytes, decompressed."""
    if compression(path) == "gzip":
        return gzip.open(path, "rb")  # type: ignore[return-value] # GzipFile reads like any binary file
    return path.open("rb")


def _chunks(path: Path) -> Iterator[bytes]:
    """Chunks that end at a line's end, so that no UTF-8 character is cut; a longer line makes a longer chunk."""
    with open_csv(path) as file:
        while chunk := file.read(CHUNK):
            if not chunk.endswith(b"\n"):
                chunk += file.readline(LONGEST_LINE)
            yield chunk


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


def _open_raw(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise EventsError(f"Cannot read {path}: {error.strerror}.", do="Check the path and its rights.") from error


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what a damaged file, or one that the mapping does not suit, raises into an EventsError that names it."""
    import duckdb

    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        raise EventsError(
            f"{path}: the file is damaged or was cut ({error}).", do="Fetch it again; nothing of it was kept."
        ) from error
    except duckdb.Error as error:
        reason = str(error).strip().splitlines()[0]
        raise EventsError(
            f"{path}: cannot be read ({reason}).",
            do="Check the file, and the mapping if there is one; nothing of it was kept.",
        ) from error
