"""Damage is done to rows, is counted, and leaves the rest as it was."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bestiary.simulate import simulate
from bestiary.simulate.damage import BLANK, DUPLICATE, IN_A_CELL, OF_A_LINE
from bestiary.sql import connect

EVENTS, MONTHS = 60_000, 2


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sound")
    simulate(out, events=EVENTS, months=MONTHS)
    return out


@pytest.fixture(scope="module")
def dirty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("dirty")
    simulate(out, events=EVENTS, months=MONTHS, dirty=True)
    return out


def told(out: Path) -> list[dict[str, Any]]:
    text = json.loads((out / "_truth" / "damage.json").read_text())
    assert text["format_version"] == 1
    files: list[dict[str, Any]] = text["files"]
    return files


def test_the_counts_close(sound: Path, dirty: Path) -> None:
    for file in told(dirty):
        lines = (dirty / file["name"]).read_bytes().split(b"\n")[1:-1]
        before = (sound / file["name"]).read_bytes().split(b"\n")[1:-1]
        damage = file["damage"]
        assert len(lines) == file["rows"] == len(before) + damage[DUPLICATE] + damage[BLANK]
        spoilt = Counter(lines) - Counter(before)
        in_place = sum(damage[kind] for kind in (*IN_A_CELL, *OF_A_LINE))
        assert spoilt.total() == in_place + damage[DUPLICATE] + damage[BLANK]
        known = set(before)
        sound_lines = Counter(line for line in lines if line in known)
        assert sound_lines.total() - len(sound_lines) == file["duplicates"]


def test_about_one_row_in_a_hundred_is_damaged_in_every_way(dirty: Path) -> None:
    total: Counter[str] = Counter()
    for file in told(dirty):
        total.update(file["damage"])
    assert set(total) == {*IN_A_CELL, *OF_A_LINE, DUPLICATE, BLANK}
    assert min(total.values()) > 0
    assert 0.008 * EVENTS < total.total() < 0.012 * EVENTS


def test_the_header_and_the_undamaged_rows_stay_in_order(sound: Path, dirty: Path) -> None:
    for file in told(dirty):
        before = (sound / file["name"]).read_bytes().split(b"\n")
        after = (dirty / file["name"]).read_bytes().split(b"\n")
        assert after[0] == before[0]
        known = {line: place for place, line in reversed(list(enumerate(before[:-1])))}
        places = [known[line] for line in after if line in known]
        assert places == sorted(places)
        assert len(set(places)) > 0.98 * len(known)


@pytest.mark.parametrize("kind", sorted({**IN_A_CELL, **OF_A_LINE}))
def test_a_damaged_row_is_one_line_and_not_the_same(kind: str) -> None:
    row = b"2019-10-01 00:00:00 UTC,view,1,2053013552226107603,a.b,c,1.00,512000001,s".split(b",")
    for choice in range(12):
        line = {**IN_A_CELL, **OF_A_LINE}[kind](list(row), choice)
        assert b"\n" not in line
        assert line != b",".join(row)
        assert (line.count(b",") == 8) == (kind not in ("too_few_columns", "too_many_columns"))
        assert (line.count(b'"') % 2 == 1) == (kind == "unclosed_quote")


def test_bytes_that_are_not_utf8_are_there(dirty: Path) -> None:
    wrong = 0
    for file in told(dirty):
        for line in (dirty / file["name"]).read_bytes().split(b"\n"):
            try:
                line.decode()
            except UnicodeDecodeError:
                wrong += 1
    assert wrong == sum(file["damage"]["not_utf8"] for file in told(dirty)) > 0


def test_dirty_parquet_is_text_and_its_counts_close(tmp_path: Path) -> None:
    simulate(tmp_path, events=EVENTS, months=MONTHS, dirty=True, format="parquet")
    for file in told(tmp_path):
        table = f"'{tmp_path / file['name']}'"
        with connect() as connection:
            described = connection.execute(f"DESCRIBE FROM {table}").fetchall()
            found = connection.execute(
                "SELECT count(*), count(*) - (SELECT count(*) FROM (SELECT DISTINCT * FROM damaged)), "
                "count(*) FILTER (event_time LIKE '2090-%'), count(*) FILTER (lower(price) = 'nan'), "
                "count(*) FILTER (user_id IS NULL), count(*) FILTER (category_id LIKE '%E+18') FROM damaged".replace(
                    "damaged", table
                )
            ).fetchall()
        assert {row[1] for row in described} == {"VARCHAR"}
        damage = file["damage"]
        assert not set(damage) & {*OF_A_LINE, BLANK}
        kinds = ("time_beyond_the_clock", "price_nan", "missing_user_id", "mangled_category_id")
        assert found == [(file["rows"], file["duplicates"], *(damage[kind] for kind in kinds))]
