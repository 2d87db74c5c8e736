"""What a file is before its rows are parsed: its fingerprint, its compression and its first line."""

import csv
import errno
import gzip
import hashlib
import re
import zlib
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from os import SEEK_CUR
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from isal import igzip, igzip_lib

from bestiary.errors import BestiaryError, EventsError

CHUNK = 1 << 20
MARK = b"\x1a"
"""Begins a line that `mend.py` has marked as unusable."""
DELIMITER = b"\x1f"
"""The delimiter DuckDB is given so that a line stays one column; a file that holds it is mended first."""
LONGEST_LINE = 1 << 20
NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}

_MAGIC = {
    b"<": ("is an HTML or XML page, not events", "Download the file itself, not the page that shows it."),
    b"PK\x03\x04": ("is a zip archive or a spreadsheet", "Unpack it, or save it as CSV."),
    b"\xff\xfe": ("is UTF-16 text", "Save it as UTF-8."),
    b"\xfe\xff": ("is UTF-16 text", "Save it as UTF-8."),
}


class Seen(NamedTuple):
    """A file's size in bytes and the nanosecond of its last change: whether it is still what it was."""

    size: int
    changed: int


def seen(path: Path) -> Seen:
    """Look at a file's size and time."""
    status = path.stat()
    return Seen(status.st_size, status.st_mtime_ns)


def fingerprint(
    path: Path, lengths: Collection[int] = (), tell: Callable[[int], None] = lambda _: None
) -> tuple[str, list[str]]:
    """SHA-256 of a file's bytes, in hexadecimal; and of its first n bytes for each n of `lengths` below its size.

    `tell` hears of bytes that are done with.
    """
    digest, begins = hashlib.sha256(), list[str]()

    def feed(until: int | None) -> None:
        """Hash on to a place in the file, or to its end."""
        while chunk := file.read(CHUNK if until is None else min(CHUNK, until - file.tell())):
            digest.update(chunk)
            tell(len(chunk))

    with _open_raw(path) as file:
        for length in sorted(set(lengths)):
            feed(length)
            if file.read(1):
                file.seek(-1, SEEK_CUR)
                begins.append(digest.hexdigest())
        feed(None)
    return digest.hexdigest(), begins


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
    # Not `decompressed`, which reads far ahead: a stream that was cut is told when the file's turn comes.
    opened = gzip.open if compression(path) == "gzip" else open
    with readable(path), opened(path, "rb") as file:
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


def decompressed(path: Path, file: BinaryIO) -> BinaryIO:
    """The bytes of an open CSV file, decompressed. `file.tell()` says how much of it is read."""
    if compression(path) == "gzip":
        return cast(BinaryIO, igzip.open(file, "rb"))  # type: ignore[no-untyped-call]
    return file


def _open_raw(path: Path) -> BinaryIO:
    try:
        return path.open("rb")
    except OSError as error:
        raise EventsError(f"Cannot read {path}: {error.strerror}.", do="Check the path and its rights.") from error


def _damaged(path: Path, error: Exception) -> EventsError:
    return EventsError(
        f"{path}: the file is damaged or was cut ({error}).", do="Fetch it again; nothing of it was kept."
    )


def _gone(path: Path) -> EventsError:
    return EventsError(f"{path} went away before it was read.", do="Put it back, and run again.")


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Turn what a damaged file, or one that the mapping does not suit, raises into an EventsError that names it."""
    import duckdb

    try:
        yield
    except OSError as error:
        if not path.exists():
            raise _gone(path) from error
        if error.errno in NO_ROOM:
            raise BestiaryError(
                f"{path}: the disk is full, or may not be written to ({error.strerror}).",
                do="Make room and run the same command again; what was committed stays.",
            ) from error
        raise _damaged(path, error) from error
    except (EOFError, zlib.error, igzip_lib.IsalError) as error:  # type: ignore[misc]
        raise _damaged(path, error) from error
    except duckdb.Error as error:
        if not path.exists():
            raise _gone(path) from error
        reason = str(error).strip().splitlines()[0]
        raise EventsError(
            f"{path}: cannot be read ({reason}).",
            do="Check the file, and the mapping if there is one; nothing of it was kept.",
        ) from error
