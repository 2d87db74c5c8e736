"""Damage to rows, never to whole files: each damaged row is still one line, and what was done is counted.

Rows that stand in the file twice are left alone, so that the number of exact duplicates stays known.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

import numpy as np

SHARE = 0.01
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
    for (line, repeat), (hit, fate, choice) in zip(_with_repeats(lines), _choices(rng, fates), strict=False):
        rows += 1
        duplicates += repeat == _AGAIN
        if not hit or repeat:
            out.write(line)
            continue
        counts[fate] += 1
        if fate in kinds:
            out.write(kinds[fate](line.rstrip(b"\n").split(b","), choice) + b"\n")
        else:
            rows += 1
            duplicates += fate == DUPLICATE
            out.write(line + (line if fate == DUPLICATE else b"\n"))
    return Damaged(name, rows, duplicates, counts)


_ONCE, _FIRST, _AGAIN = 0, 1, 2


def _with_repeats(lines: Iterator[bytes]) -> Iterator[tuple[bytes, int]]:
    """Each line and whether it stands there once, or is the first or a later one of equal neighbours."""
    before, line = b"", next(lines, b"")
    while line:
        after = next(lines, b"")
        yield line, _AGAIN if line == before else _FIRST if line == after else _ONCE
        before, line = line, after


def _choices(rng: np.random.Generator, fates: list[str]) -> Iterator[tuple[bool, str, int]]:
    """For each row, without end: whether it is damaged, how, and a number to choose by."""
    while True:
        hits, fate, choice = (
            rng.random(4096) < SHARE,
            rng.integers(0, len(fates), 4096),
            rng.integers(0, 10**6, 4096),
        )
        for hit, number, by in zip(hits.tolist(), fate.tolist(), choice.tolist(), strict=True):
            yield hit, fates[number], by
