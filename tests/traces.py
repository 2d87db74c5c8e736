"""Where a store tells of somebody: every file of it is decoded, whatever its kind, and searched."""

import base64
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from bestiary.sql import connect, path_list, quote
from parquet_pages import pages


def traces(store: Path, needles: Sequence[str | int]) -> dict[str, set[str]]:
    """The files, by their paths in the store, that hold one of the needles, and how it was found there.

    A number is looked for as a value of any column, as text, and as the bytes of an integer of 32 or 64 bits and of a
    double in every page; a text as a value, within texts, and as bytes.
    """
    found: dict[str, set[str]] = {}
    for path in sorted(path for path in store.rglob("*") if path.is_file()):
        name = path.relative_to(store).as_posix()
        for how in _of_file(path, needles):
            found.setdefault(name, set()).add(how)
        if _in_text(needles, name):
            found.setdefault(name, set()).add("name")
    return found


def _of_file(path: Path, needles: Sequence[str | int]) -> Iterator[str]:
    if path.suffix == ".parquet":
        yield from _of_parquet(path, needles)
        return
    content = path.read_bytes()
    text = content.decode("utf-8", errors="replace")
    if _in_text(needles, text):
        yield "text"
    packed = (base64.b64decode(found) for found in re.findall(r'"bdata":\s*"([A-Za-z0-9+/=]+)"', text))
    if any(_in_bytes(needles, block) for block in packed):
        yield "packed numbers"


def _of_parquet(path: Path, needles: Sequence[str | int]) -> Iterator[str]:
    source = f"read_parquet({path_list([path])}, hive_partitioning = false)"
    with connect(threads=1) as connection:
        rows = connection.execute(f"SELECT to_json(t)::VARCHAR FROM {source} AS t").fetchall()
        if any(_in_text(needles, row[0]) for row in rows):
            yield "column"
        for table in ("parquet_metadata", "parquet_schema", "parquet_kv_metadata"):
            footer = connection.execute(f"SELECT to_json(t)::VARCHAR FROM {table}({quote(str(path))}) AS t").fetchall()
            for (row,) in footer:
                content = {
                    key: value for key, value in json.loads(row).items() if not re.search("offset|size|num_", key)
                }
                if _in_text(needles, json.dumps(content)):
                    yield "footer"
    if any(_in_bytes(needles, page) for page in pages(path)):
        yield "page"


def _in_text(needles: Sequence[str | int], text: str) -> bool:
    """Whether a text holds a needle as a word of its own, with hyphens (a UUID, a negative number) or without."""
    words = {*re.findall("[0-9A-Za-z]+", text), *re.findall("[0-9A-Za-z-]+", text)}
    return not words.isdisjoint(str(one) for one in needles)


def _in_bytes(needles: Sequence[str | int], block: bytes) -> bool:
    return any(pattern in block for one in needles for pattern in _patterns(one))


def _patterns(needle: str | int) -> Iterator[bytes]:
    if isinstance(needle, str):
        yield needle.encode()
        return
    yield needle.to_bytes(8, "little", signed=True)
    if -(2**31) <= needle < 2**31:
        yield needle.to_bytes(4, "little", signed=True)
