"""Files that are either wholly there or not at all, and JSON that is the same bytes for the same content."""

import json
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bestiary.errors import ModelError

TEMPORARY = re.compile(r"\..+\.[0-9a-f]{8}\.tmp")
"""What a file is called that `replacing` has not finished; a process that is killed leaves it."""
Stamp = tuple[int, int, int]
AGAIN = "Run the step that writes it again; `bestiary doctor` names it."


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; what is written there takes its place when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.parent / f".{path.name}.{uuid.uuid4().hex[:8]}.tmp"
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def for_the_owner() -> Iterator[None]:
    """What the process writes meanwhile can be read by its owner alone, from the first moment."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def write_text(path: Path, text: str) -> None:
    """Write a text file as UTF-8, wholly or not at all, flushed to the disk."""
    with replacing(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def write_json(path: Path, value: Any) -> None:
    """Write JSON: keys in the order given, two spaces, no NaN (an undefined figure is null), a final newline."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False) + "\n")


def stamp(path: Path) -> Stamp | None:
    """What changes when a file does: its time of change, size and inode; None where there is none to look at."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def whole_parquet(path: Path) -> Path:
    """The path of a Parquet file that is there and has its end; ModelError names it where it is missing or cut off."""
    return _ended(path, b"PAR1")


def whole_page(path: Path) -> Path:
    """The path of a page of HTML that is there and has its end; ModelError names it where it is missing or cut off."""
    return _ended(path, b"</html>")


def _ended(path: Path, wanted: bytes) -> Path:
    try:
        with path.open("rb") as file:
            file.seek(-min(len(wanted), path.stat().st_size), os.SEEK_END)
            end = file.read()
    except OSError as error:
        raise ModelError(f"Cannot read {path}: {error.strerror}.", do=AGAIN) from error
    if end != wanted:
        raise ModelError(f"{path} is damaged: it has no end.", do=AGAIN)
    return path


def read_json(path: Path, again: str = AGAIN) -> dict[str, Any]:
    """Read a JSON object; ModelError names the file where it is missing or damaged, and says how it comes `again`."""
    if path.exists() and not path.is_file():  # a pipe would be waited for, and a device never ends
        raise ModelError(f"{path} is not a file.", do=again)
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(f"Cannot read {path}: {error.strerror}.", do=again) from error
    except ValueError as error:
        raise ModelError(f"{path} is not valid JSON: {error}.", do=again) from error
    except RecursionError as error:
        raise ModelError(f"{path} is not valid JSON: it is nested too deeply.", do=again) from error
    if not isinstance(value, dict):
        raise ModelError(f"{path} holds {type(value).__name__}, not an object.", do=again)
    return value
