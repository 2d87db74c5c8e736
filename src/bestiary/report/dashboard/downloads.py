"""The customers of a segment as a file, with all that the tables say of them."""

import os
import re
import tempfile
import threading
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Literal

from bestiary.errors import BusyError
from bestiary.files import whole_parquet
from bestiary.sql import connect, identifier, quote, scan_path

Format = Literal["csv", "parquet"]
MEMORY_BYTES = 500_000_000
AT_ONCE = 2
"""Files that are made at the same time."""
PIECE = 1 << 20
"""Bytes that are sent at a time."""
FORMULA = "^[=+\\-@\\t\\r\\n]"
"""How a text begins that a spreadsheet takes for a formula (OWASP, "CSV Injection")."""


_places = threading.BoundedSemaphore(AT_ONCE)


def open_customers(run: Path, segment: int, kind: Format) -> tuple[int, BinaryIO]:
    """The size in bytes of that file, and the file, open and without a name: it goes when it is closed.

    Raises BusyError where AT_ONCE others are being made, and as `write_customers` does.
    """
    if not _places.acquire(blocking=False):  # who waited would hold a thread that pages need
        raise BusyError(f"{AT_ONCE} downloads are being made already.", do="Ask again when they have begun to arrive.")
    try:
        with tempfile.TemporaryDirectory(prefix="bestiary-") as folder:
            out = Path(folder) / f"customers.{kind}"
            write_customers(run, segment, kind, out)
            file = out.open("rb")
    finally:
        _places.release()
    return os.fstat(file.fileno()).st_size, file


def file_name(segment: int, name: str, run: Path, kind: Format) -> str:
    """What the file is called: the segment by number and name, in ASCII letters, and the run's date."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    return "-".join(["segment", str(segment), *words, run.name]) + f".{kind}"


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """A file's bytes; it is closed after them, or when nobody asks for more."""
    with file:
        while piece := file.read(PIECE):
            yield piece


def write_customers(run: Path, segment: int, kind: Format, out: Path) -> None:
    """Write the customers of a segment, by user_id: the columns of customers.parquet, then those of segments.parquet.

    In CSV a text that begins as FORMULA does gets an apostrophe before it, so that it stays a text; Parquet has every
    value as it is. Raises ModelError where a table is missing or damaged. Memory: MEMORY_BYTES, the rest spills
    beside `out`.
    """
    tables = [scan_path(whole_parquet(run / name)) for name in ("customers.parquet", "segments.parquet")]
    customers, labels = (f"read_parquet({quote(path)})" for path in tables)
    with connect(memory_bytes=MEMORY_BYTES, spill=out.parent) as connection:
        query = (
            f"SELECT c.*, s.* EXCLUDE (user_id) FROM {customers} AS c JOIN {labels} AS s USING (user_id) "
            f"WHERE s.segment = {segment:d} ORDER BY user_id"
        )
        if kind == "csv":
            described = connection.execute(f"DESCRIBE {query}").fetchall()
            shown = [_safe(name) if dtype == "VARCHAR" else identifier(name) for name, dtype, *_ in described]
            query = f"SELECT {', '.join(shown)} FROM ({query})"
        form = "FORMAT csv, HEADER true" if kind == "csv" else "FORMAT parquet, COMPRESSION zstd"
        connection.execute(f"COPY ({query}) TO {quote(str(out))} ({form})")


def _safe(name: str) -> str:
    column = identifier(name)
    return f"CASE WHEN regexp_matches({column}, '{FORMULA}') THEN '''' || {column} ELSE {column} END AS {column}"
