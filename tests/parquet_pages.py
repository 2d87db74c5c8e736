"""Every page of a Parquet file as bytes, decompressed, dictionaries too: what a reader of columns never shows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cramjam

from bestiary.sql import connect, quote

STRUCT, STOP = 12, 0


def pages(path: Path) -> Iterator[bytes]:
    """The payload of each page. The format: parquet.thrift, PageHeader, in Thrift's compact protocol."""
    with connect(threads=1) as connection:
        chunks = connection.execute(
            "SELECT compression, least(coalesce(dictionary_page_offset, data_page_offset), data_page_offset), "
            f"total_compressed_size FROM parquet_metadata({quote(str(path))})"
        ).fetchall()
    content = path.read_bytes()
    for codec, start, size in chunks:
        at = start
        while at < start + size:
            header, at = _struct(content, at)
            body = content[at : at + int(header[3])]
            at += int(header[3])
            version_2 = header.get(8)
            levels = int(version_2[5]) + int(version_2[6]) if isinstance(version_2, dict) else 0
            packed = not isinstance(version_2, dict) or version_2.get(7, True)
            yield body[:levels] + (_unpacked(codec, body[levels:]) if packed and body[levels:] else body[levels:])


def _unpacked(codec: str, body: bytes) -> bytes:
    if codec == "UNCOMPRESSED":
        return body
    return bytes({"ZSTD": cramjam.zstd.decompress, "SNAPPY": cramjam.snappy.decompress_raw}[codec](body))


def _struct(content: bytes, at: int) -> tuple[dict[int, Any], int]:
    """A struct's fields by their ids, and where it ends."""
    found: dict[int, Any] = {}
    field = 0
    while True:
        head, at = content[at], at + 1
        if head == STOP:
            return found, at
        kind, step = head & 15, head >> 4
        if step:
            field += step
        else:
            number, at = _varint(content, at)
            field = _signed(number)
        found[field], at = _value(content, at, kind)


def _value(content: bytes, at: int, kind: int) -> tuple[Any, int]:
    if kind in (1, 2):
        return kind == 1, at
    if kind in (4, 5, 6):
        number, at = _varint(content, at)
        return _signed(number), at
    if kind == 3:
        return content[at], at + 1
    if kind == 7:
        return content[at : at + 8], at + 8
    if kind == 8:
        size, at = _varint(content, at)
        return content[at : at + size], at + size
    if kind == STRUCT:
        return _struct(content, at)
    raise ValueError(f"A page header has no field of kind {kind}")


def _varint(content: bytes, at: int) -> tuple[int, int]:
    number, shift = 0, 0
    while True:
        byte, at = content[at], at + 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, at
        shift += 7


def _signed(number: int) -> int:
    return (number >> 1) ^ -(number & 1)
