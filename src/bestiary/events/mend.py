"""A copy of an odd CSV file that DuckDB reads line for line: nothing is left out, unusable lines are marked.

Line ends become `\\n`. A line that is not UTF-8, holds a control character that the reader needs, or is longer than a
mebibyte is written as mark, reason, mark, text: `raw.sql` takes the reason from there and the record is quarantined.
"""

import io
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from bestiary.events.survey import DELIMITER, LONGEST_LINE, MARK

SHOWN = 1000
"""Characters kept of a line that is too long."""

_MARK, _DELIMITER = MARK.decode(), DELIMITER.decode()
_BOM = "\ufeff"


def mend(source: BinaryIO, copy: Path, lines: int | None = None) -> None:
    """Write the mended copy of what is left of `source`, a line for each of its lines, or of the first `lines`.

    Where the first line begins with a byte order mark, and is not itself marked, the copy begins with two: its reader
    drops one.
    """
    text = io.TextIOWrapper(source, encoding="utf-8", errors="surrogateescape", newline=None)
    with copy.open("w", encoding="utf-8", newline="\n") as target:
        for number, (line, length) in enumerate(islice(_lines(text), lines)):
            mended = _marked(line, length)
            target.write(_BOM if number == 0 and mended.startswith(_BOM) else "")
            target.write(mended + "\n")
    text.detach()


def _lines(source: io.TextIOWrapper) -> Iterator[tuple[str, int]]:
    """Each line without its end, and its length; of a line over the limit only the beginning is held."""
    while line := source.readline(LONGEST_LINE):
        length, more = len(line), line
        while not more.endswith("\n") and (more := source.readline(LONGEST_LINE)):
            length += len(more)
        yield line.removesuffix("\n"), length - more.endswith("\n")


def _marked(line: str, length: int) -> str:
    if length >= LONGEST_LINE:
        return _mark("line_too_long", f"{line[:SHOWN]}... ({length} characters)")
    try:
        line.encode("utf-8")
    except UnicodeEncodeError:  # the stand-ins of bytes that are not UTF-8
        return _mark("not_utf8", line)
    return _mark("control_character", line) if _MARK in line or _DELIMITER in line else line


def _mark(reason: str, text: str) -> str:
    shown = text.encode("utf-8", errors="surrogateescape").decode("utf-8", errors="backslashreplace")
    return f"{_MARK}{reason}{_MARK}" + shown.replace(_MARK, r"\x1a").replace(_DELIMITER, r"\x1f")
