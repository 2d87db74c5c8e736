"""What an audience's files hold: the selection drawn, by segment and condition, in cells that are safe to open."""

import os
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from audience_shop import QUARTER, everyone, held, ids, lines, made, members, table, wave_of, write_csv
from bestiary.errors import ConfigError, StoreError
from bestiary.publish.audience_write import sha256_of
from bestiary.publish.holdout import is_held_back
from bestiary.segments.personas import personas
from dashboard_shop import copy
from shop import tree


@pytest.fixture
def shop(store: Path, tmp_path: Path) -> Path:
    """A store of one's own."""
    return copy(store, tmp_path)


def test_the_two_files_are_the_selection_drawn(shop: Path, tmp_path: Path) -> None:
    wave = wave_of(shop, tmp_path / "new" / "a.csv", where="number_of_events_7m > 3 AND lifecycle <> 'repeat'")
    wanted = [
        user
        for user, events, lifecycle in table(shop, "2020-05-01", "SELECT user_id, number_of_events_7m, lifecycle")
        if events > 3 and lifecycle != "repeat"
    ]
    back = [user for user in wanted if is_held_back("c", user, QUARTER)]
    assert 0 < len(back) < len(wanted)
    assert ids(tmp_path / "new" / "a.holdout.csv") == [str(user) for user in back]
    assert ids(tmp_path / "new" / "a.csv") == [str(user) for user in wanted if user not in set(back)]
    assert members(shop, wave) == [
        (user, "holdout", back.index(user) + 1)
        if user in back
        else (user, "target", [one for one in wanted if one not in back].index(user) + 1)
        for user in wanted
    ]
    for file in wave.files:
        assert (file.sha256, file.lines) == (sha256_of(file.path), wave.members[file.group])
    assert not list((tmp_path / "new").glob(".*"))


def test_segments_are_named_by_number_animal_or_name_in_either_language(shop: Path, tmp_path: Path) -> None:
    rows = table(shop, "2020-05-01", "SELECT user_id, segment, persona")
    number, persona = next((segment, persona) for _, segment, persona in rows if persona)
    names = [str(number), persona, persona.upper(), personas()[persona].name.fr]
    wanted = [str(user) for user, segment, _ in rows if segment == number]
    for place, name in enumerate(names):
        wave_of(shop, tmp_path / "a.csv", f"c{place}", segments=(name,), share=Fraction(0))
        assert ids(tmp_path / "a.csv") == wanted
    other = next(segment for _, segment, _ in rows if segment not in (None, number))
    wave_of(shop, tmp_path / "b.csv", segments=(str(number), str(other)), share=Fraction(0))
    assert ids(tmp_path / "b.csv") == [str(user) for user, segment, _ in rows if segment in (number, other)]


def test_an_unknown_segment_is_told_with_those_that_are_there(shop: Path, tmp_path: Path) -> None:
    before = tree(shop)
    with pytest.raises(ConfigError) as raised:
        made(shop, tmp_path / "a.csv", segments=("dragon",))
    assert "no segment 'dragon'" in raised.value.found
    assert "It has: 0 " in raised.value.allowed
    for name in ("", " ", "99"):
        with pytest.raises(ConfigError, match="no segment"):
            made(shop, tmp_path / "a.csv", segments=(name,))
    assert tree(shop) == before
    assert not (tmp_path / "a.csv").exists()


def test_what_is_no_file_is_left_in_its_place(shop: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    os.mkfifo(tmp_path / "a.holdout.csv")
    for name in ("pipe.csv", "a.csv"):
        with pytest.raises(ConfigError, match="is there and is no file"):
            made(shop, tmp_path / name)
    assert (tmp_path / "pipe.csv").is_fifo()


def test_without_a_share_there_is_no_file_of_those_held_back(shop: Path, tmp_path: Path) -> None:
    wave = wave_of(shop, tmp_path / "a.csv", share=Fraction(0))
    assert [file.group for file in wave.files] == ["target"]
    assert not held(tmp_path / "a.csv").exists()


def test_a_spreadsheet_takes_no_cell_for_a_formula_and_no_cell_breaks_a_line(shop: Path, tmp_path: Path) -> None:
    cells = ["=1+1", "+x", "-2", "@sum", '"a\nb"', '"a\r\n=b"', "\t=1", '"quo""te"', "+33612345678", "'x"]
    users = everyone(shop)
    joined = write_csv(tmp_path / "crm.csv", "user_id,note", [f"{u},{cells[n % 10]}" for n, u in enumerate(users)])
    wave_of(shop, tmp_path / "a.csv", share=Fraction(0), joined=joined, columns=("note",))
    safe = ["'=1+1", "'+x", "'-2", "'@sum", "a b", "a =b", " =1", 'quo"te', "+33612345678", "'x"]
    assert [line["note"] for line in lines(tmp_path / "a.csv")] == [safe[n % 10] for n in range(len(users))]
    assert (tmp_path / "a.csv").read_bytes().count(b"\n") == len(users) + 1


def test_ids_as_formulas_are_told_apart(hostile: Path, tmp_path: Path) -> None:
    shop = copy(hostile, tmp_path)
    wave_of(shop, tmp_path / "a.csv", share=Fraction(0))
    found = ids(tmp_path / "a.csv")
    assert {"'=cmd|' /C calc'!A1", "'+1", "'-2+3", "'@sum"} <= set(found)
    assert not [user for user in found if user[0] in "=+-@"]
    assert len(found) == (tmp_path / "a.csv").read_bytes().count(b"\n") - 1


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"columns": ("persna",)}, "did you mean 'persona'"),
        ({"format": "google"}, "needs addresses"),
        ({"as_of": date(2020, 1, 1)}, "no run as of 2020-01-01"),
        ({"where": "1 = 1;"}, "semicolon"),
    ],
)
def test_what_cannot_be_done_is_told_and_changes_nothing(
    shop: Path, tmp_path: Path, asked: dict[str, Any], told: str
) -> None:
    before = tree(shop)
    with pytest.raises((ConfigError, StoreError), match=told):
        made(shop, tmp_path / "a.csv", **asked)
    with pytest.raises(ConfigError, match="within the store"):
        made(shop, shop / "a.csv")
    with pytest.raises(ConfigError, match="is there and is no file"):
        made(shop, tmp_path)
    assert tree(shop) == before
    assert not (tmp_path / "a.csv").exists()
