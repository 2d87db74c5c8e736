"""Damage to rows, never to whole files: each damaged row is still one line, and what was done is counted.

Rows that stand in the file twice are left alone, so that the number of exact duplicates stays known.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from operator import eq
from typing import IO

import numpy as np

SHARE = 0.01
_PIECE = 50_000
"""Lines handled at once."""
Fields = list[bytes]
Damage = Callable[[Fields, int], bytes]
"""Nine fields and a number to choose by -> the damaged line, without its end."""

TIME, KIND, PRODUCT, CATEGORY, _, BRAND, PRICE, USER, SESSION = range(9)


def _cell(place: int, *texts: bytes) -> Damage:
    def damage(fields: Fields, choice: int) -> bytes:
        fields[place] = texts[choice % len(texts)]
        return b",".join(fields)

    return damage


def _negative(fields: Fields, choice: int) -> bytes:
    fields[PRICE] = b"-%d.%02d" % (choice % 900 + 1, choice % 100)
    return b",".join(fields)


def _unclosed(fields: Fields, choice: int) -> bytes:
    place = (BRAND, SESSION)[choice % 2]
    fields[place] = b'"' + fields[place]
    return b",".join(fields)


def _too_few(fields: Fields, choice: int) -> bytes:
    return b",".join(fields[: 2 + choice % 6])


def _too_many(fields: Fields, choice: int) -> bytes:
    return b",".join([*fields, *[b"x"] * (1 + choice % 3)])


def _not_utf8(fields: Fields, choice: int) -> bytes:
    fields[BRAND] = (b"caf\xe9", b"\xff\xfe", b"bo\xc3")[choice % 3]
    return b",".join(fields)


IN_A_CELL: dict[str, Damage] = {
    "bad_timestamp": _cell(TIME, b"2019-13-45 99:00:00 UTC", b"yesterday", b"", b"2019-10-32 00:00:00 UTC"),
    "time_beyond_the_clock": _cell(TIME, b"2090-01-01 00:00:00 UTC", b"2090-06-30 12:34:56 UTC"),
    "time_before_1990": _cell(TIME, b"1970-01-01 00:00:00 UTC", b"1989-12-31 23:59:59 UTC"),
    "unknown_event_type": _cell(KIND, b"wishlist", b"click", b""),
    "missing_product_id": _cell(PRODUCT, b""),
    "mangled_product_id": _cell(PRODUCT, b"1.00473E+06", b"12.5"),
    "mangled_category_id": _cell(CATEGORY, b"2.10381E+18", b"2.05301E+18"),
    "missing_user_id": _cell(USER, b""),
    "mangled_user_id": _cell(USER, b"5.12435E+08", b"5.41312E+08"),
    "price_not_a_number": _cell(PRICE, b"free", b"12.5 USD", b"N/A"),
    "price_negative": _negative,
    "price_infinite": _cell(PRICE, b"inf", b"-inf", b"Infinity"),
    "price_nan": _cell(PRICE, b"nan", b"NaN"),
}
"""Damage that a table of texts can hold too."""

OF_A_LINE: dict[str, Damage] = {
    "too_few_columns": _too_few,
    "too_many_columns": _too_many,
    "unclosed_quote": _unclosed,
    "not_utf8": _not_utf8,
}
"""Damage that only a CSV line can have."""

DUPLICATE, BLANK = "extra_duplicate", "blank_line"


@dataclass(frozen=True)
class Damaged:
    """What a damaged file holds: rows (and blank lines) after the header, and how many met which fate.

    `duplicates` counts the rows that equal an earlier one exactly, the extra ones among them.
    """

    name: str
    rows: int
    duplicates: int
    damage: dict[str, int]


def damage_lines(
    lines: Iterator[bytes], out: IO[bytes], name: str, rng: np.random.Generator, *, cells_only: bool
) -> Damaged:
    """Copy the lines of a sound CSV file, damaging one row in a hundred; `cells_only` keeps nine columns."""
    kinds = IN_A_CELL if cells_only else {**IN_A_CELL, **OF_A_LINE}
    fates = [*kinds, DUPLICATE] if cells_only else [*kinds, DUPLICATE, BLANK]
    counts = dict.fromkeys(fates, 0)
    rows = duplicates = 0
    out.write(next(lines))
    for piece in _pieces(lines):
        rows += len(piece)
        duplicates += sum(map(eq, piece, islice(piece, 1, None)))
        hits = np.flatnonzero(rng.random(len(piece)) < SHARE)
        drawn = rng.integers(0, len(fates), len(hits)), rng.integers(0, 10**6, len(hits))
        for place, number, choice in zip(hits.tolist(), *(column.tolist() for column in drawn), strict=True):
            line, fate = piece[place], fates[number]
            if line in (piece[place - 1 : place] + piece[place + 1 : place + 2]):
                continue
            counts[fate] += 1
            if fate in kinds:
                piece[place] = kinds[fate](line.rstrip(b"\n").split(b","), choice) + b"\n"
            else:
                rows += 1
                duplicates += fate == DUPLICATE
                piece[place] = line + (line if fate == DUPLICATE else b"\n")
        out.writelines(piece)
    return Damaged(name, rows, duplicates, counts)


def _pieces(lines: Iterator[bytes]) -> Iterator[list[bytes]]:
    """Lists of lines in their order, cut only where neighbours differ."""
    piece = list(islice(lines, _PIECE))
    while piece:
        following = next(lines, b"")
        while following == piece[-1]:
            piece.append(following)
            following = next(lines, b"")
        yield piece
        piece = [following, *islice(lines, _PIECE)] if following else []
