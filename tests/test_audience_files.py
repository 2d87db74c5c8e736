"""What an audience's files hold and what the store remembers of them: who, in which group, how, and once."""

import os
import shutil
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest

from audience_shop import TENTH, held, ids, lines, made, members, table, wave_of, write_csv
from bestiary.audience import audience
from bestiary.errors import ConfigError, StoreError
from bestiary.files import read_json, write_json
from bestiary.ids import VARIABLE, Ids, Secret
from bestiary.lake.recipients import recipients
from bestiary.publish.audience_asked import Asked, Joined
from bestiary.publish.audience_hash import written
from bestiary.publish.audience_kept import campaigns, waves
from bestiary.publish.audience_write import sha256_of
from bestiary.publish.holdout import is_held_back
from bestiary.publish.power_plan import Plan
from bestiary.segments.personas import personas
from dashboard_shop import SMALL, copy
from months import APRIL, MAY
from shop import tree

QUARTER = Fraction(1, 4)


@pytest.fixture
def shop(store: Path, tmp_path: Path) -> Path:
    """A store of one's own."""
    return copy(store, tmp_path)


def everyone(store: Path) -> list[int]:
    return [user for (user,) in table(store, "2020-05-01", "SELECT user_id")]


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


def test_a_dry_run_tells_the_plan_and_writes_nothing(shop: Path, tmp_path: Path) -> None:
    told: list[Plan] = []
    before = tree(shop)
    asked = Asked("c", tmp_path / "a.csv", share=QUARTER)
    found = audience(shop, asked, dry_run=True, settings=SMALL, told=told.append)
    assert found.wave is None
    assert told == [found.plan]
    assert sum(found.plan.members.values()) == found.plan.selected == len(everyone(shop))
    assert tree(shop) == before
    assert not list(tmp_path.glob("*.csv"))


def test_the_plan_is_told_before_anything_is_written(shop: Path, tmp_path: Path) -> None:
    before = tree(shop)

    def told(plan: object) -> None:
        assert tree(shop) == before
        assert not list(tmp_path.glob("*a.*"))
        raise KeyboardInterrupt  # the marketer has seen enough

    with pytest.raises(KeyboardInterrupt):
        audience(shop, Asked("c", tmp_path / "a.csv", share=QUARTER), settings=SMALL, told=told)
    assert tree(shop) == before
    assert not list(tmp_path.glob("*a.*"))


def test_what_is_no_file_is_left_in_its_place(shop: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    os.mkfifo(tmp_path / "a.holdout.csv")
    for name in ("pipe.csv", "a.csv"):
        with pytest.raises(ConfigError, match="is there and is no file"):
            made(shop, tmp_path / name)
    assert (tmp_path / "pipe.csv").is_fifo()


def test_nobody_selected_writes_nothing(shop: Path, tmp_path: Path) -> None:
    found = made(shop, tmp_path / "a.csv", where="number_of_events_7m < 0")
    assert (found.wave, found.plan.selected) == (None, 0)
    assert campaigns(shop) == []
    assert recipients(shop) == ()


def test_without_a_share_there_is_no_file_of_those_held_back(shop: Path, tmp_path: Path) -> None:
    wave = wave_of(shop, tmp_path / "a.csv", share=Fraction(0))
    assert [file.group for file in wave.files] == ["target"]
    assert not held(tmp_path / "a.csv").exists()


def test_the_same_again_changes_nothing(shop: Path, tmp_path: Path) -> None:
    first = wave_of(shop, tmp_path / "a.csv", where="number_of_events_7m > 3")
    files, kept = tree(tmp_path), tree(shop / "audiences")
    again = made(shop, tmp_path / "a.csv", where="number_of_events_7m > 3")
    assert again.again
    assert again.wave == first
    assert {name: one for name, one in tree(tmp_path).items() if "recipients" not in name} == {
        name: one for name, one in files.items() if "recipients" not in name
    }
    assert tree(shop / "audiences") == kept


def test_the_same_people_may_be_written_in_another_format(shop: Path, tmp_path: Path) -> None:
    wave_of(shop, tmp_path / "a.csv")
    wave = wave_of(shop, tmp_path / "b.csv", format="ids")
    assert [(file.path.name, file.format) for file in wave.files] == [
        ("a.csv", "csv"),
        ("a.holdout.csv", "csv"),
        ("b.csv", "ids"),
        ("b.holdout.csv", "ids"),
    ]
    assert waves(shop, "c") == [wave]


def test_another_audience_of_the_same_campaign_and_date_is_refused(shop: Path, tmp_path: Path) -> None:
    wave_of(shop, tmp_path / "a.csv", where="number_of_events_7m > 3")
    before, files = tree(shop), tree(tmp_path)
    different: list[dict[str, Any]] = [
        {"where": "number_of_events_7m > 4"},
        {"where": "number_of_events_7m >= 4"},
        {"days": 31},
    ]
    for asked in different:
        with pytest.raises(ConfigError, match="another audience as of 2020-05-01"):
            made(shop, tmp_path / "a.csv", **{"where": "number_of_events_7m > 3", **asked})
    with pytest.raises(ConfigError, match=r"holds back 0\.25 of all"):
        made(shop, tmp_path / "a.csv", where="number_of_events_7m > 3", share=TENTH)
    assert (tree(shop), tree(tmp_path)) == (before, files)
    tried = Asked("c", tmp_path / "a.csv", share=TENTH)
    assert audience(shop, tried, dry_run=True, settings=SMALL).plan.share == 0.1  # to try another is allowed


def test_a_later_wave_keeps_everybody_in_their_group(shop: Path, tmp_path: Path) -> None:
    first = wave_of(shop, tmp_path / "a.csv", as_of=APRIL)
    second = wave_of(shop, tmp_path / "b.csv", as_of=MAY)
    assert [wave.as_of for wave in waves(shop, "c")] == [APRIL, MAY]
    one, other = ({user: group for user, group, _ in members(shop, wave)} for wave in (first, second))
    both = one.keys() & other.keys()
    assert len(both) > 100
    assert all(one[user] == other[user] for user in both)
    assert {one[user] for user in both} == {"target", "holdout"}


def test_columns_of_the_run_and_of_the_file_stand_as_they_were_asked(shop: Path, tmp_path: Path) -> None:
    users = everyone(shop)
    joined = write_csv(tmp_path / "crm.csv", "user_id,city", [f"{user},town {user}" for user in users])
    columns = ("city", "persona", "user_id", "days_since_last_visit")
    wave_of(shop, tmp_path / "a.csv", share=Fraction(0), joined=joined, columns=columns)
    found = lines(tmp_path / "a.csv")
    assert list(found[0]) == ["user_id", "city", "persona", "days_since_last_visit"]
    rows = table(shop, "2020-05-01", "SELECT user_id, persona, days_since_last_visit")
    assert [tuple(line.values()) for line in found] == [
        (str(user), f"town {user}", persona or "", str(days)) for user, persona, days in rows
    ]


def test_contacts_are_hashed_and_those_without_are_in_neither_group(shop: Path, tmp_path: Path) -> None:
    users = everyone(shop)
    rows = []
    for number, user in enumerate(users):
        address = ["no address", "", f" User.{user}@Example.ORG", f"user{user}@example.org"][number % 4]
        telephone = ["", "0612345678", "+33 612345678"][number % 3]
        rows += [f"{user},{address},{telephone}"] if number % 5 else []
    joined = write_csv(tmp_path / "crm.csv", "user_id,email,phone", [*rows, *rows[:3], "042,x@y.fr,", "nobody,x@y.fr,"])
    for form, headers in (("google", ["Email", "Phone"]), ("meta", ["email", "phone"])):
        found = made(shop, tmp_path / f"{form}.csv", f"c-{form}", joined=joined, format=form)
        drawn = [*lines(tmp_path / f"{form}.csv"), *lines(tmp_path / f"{form}.holdout.csv")]
        assert list(drawn[0]) == headers
        wanted = []
        for row in rows:
            _, address, telephone = row.split(",")
            cells = (
                written(address or None, "email", plain=False, plus=True) or "",
                written(telephone or None, "phone", plain=False, plus=form == "google") or "",
            )
            wanted += [cells] if any(cells) else []
        assert sorted(tuple(line.values()) for line in drawn) == sorted(wanted)
        assert found.plan.selected == len(users)
        assert sum(found.plan.members.values()) == len(wanted)
        counts = found.plan.joined
        assert counts is not None
        assert counts.missing == len(users) - len(rows)
        assert counts.no_ids == 2
        assert counts.rows == len(rows) + 2
        bad = sum("no address" in row for row in rows) + sum(row.endswith(",0612345678") for row in rows)
        assert counts.unusable == bad
    files = [path for path in tmp_path.glob("*.csv") if path.name != "crm.csv"]
    assert not [path for path in files if "@" in path.read_text()]
    assert not [path for path in shop.rglob("*") if path.is_file() and b"xample.or" in path.read_bytes()]


def test_raw_addresses_are_written_only_where_plain_says_so(shop: Path, tmp_path: Path) -> None:
    rows = [f"{user},J{user}@X.fr,Jane <j{user}@x.fr>,at home" for user in everyone(shop)]
    joined = write_csv(tmp_path / "crm.csv", "user_id,email,contact,note", rows)
    columns = ("email", "contact", "note")
    wave_of(shop, tmp_path / "a.csv", joined=joined, columns=columns)
    for line in lines(tmp_path / "a.csv"):
        assert (len(line["email"]), line["contact"], line["note"]) == (64, "", "at home")
    wave_of(shop, tmp_path / "b.csv", joined=joined, columns=columns, plain=True)
    for line in lines(tmp_path / "b.csv"):
        user = line["user_id"]
        assert (line["email"], line["contact"]) == (f"j{user}@x.fr", f"Jane <j{user}@x.fr>")


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


def test_a_parquet_file_is_joined_as_well(shop: Path, tmp_path: Path) -> None:
    path = tmp_path / "crm.parquet"
    duckdb.execute(
        "COPY (SELECT user_id AS id, 'u' || user_id AS nick "
        f"FROM '{shop}/runs/2020-05-01/customers.parquet') TO '{path}'"
    )
    wave_of(shop, tmp_path / "a.csv", share=Fraction(0), joined=Joined(path, "id"), columns=("nick",))
    assert [line["nick"] for line in lines(tmp_path / "a.csv")] == [f"u{user}" for user in everyone(shop)]


def test_names_in_the_shops_file_may_be_our_own(shop: Path, tmp_path: Path) -> None:
    rows = [f"{user},a,b,c,d" for user in everyone(shop)]
    joined = write_csv(tmp_path / "crm.csv", "id,given,stored,user_id,line", rows)
    wave_of(
        shop,
        tmp_path / "a.csv",
        share=Fraction(0),
        joined=Joined(joined.file, "id"),
        columns=("given", "stored", "line"),
    )
    assert list(lines(tmp_path / "a.csv")[0].values())[1:] == ["a", "b", "d"]


def test_in_a_store_of_pseudonyms_the_shops_file_gives_the_ids(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same store, as if its ids had been made pseudonyms when the events came in."""
    key = Secret(b"k" * 40)
    ids_ = Ids("integer", key)
    monkeypatch.setenv(VARIABLE, "k" * 40)
    write_json(shop / "store.json", read_json(shop / "store.json") | {"key_check": key.check})
    users = everyone(shop)
    _pseudonymise(shop, ids_)
    joined = write_csv(tmp_path / "crm.csv", "user_id,nick", [f"{user},u{user}" for user in users[:-3]])
    asked = Asked("c", tmp_path / "a.csv", share=QUARTER, joined=joined, columns=("nick",))
    wave = audience(shop, asked, settings=SMALL).wave
    assert wave is not None
    target, back = lines(tmp_path / "a.csv"), lines(held(tmp_path / "a.csv"))
    assert {line["user_id"]: line["nick"] for line in (*target, *back)} == {
        str(user): f"u{user}" for user in users[:-3]
    }
    known = {ids_.stored(line["user_id"]): "target" for line in target}
    known |= {ids_.stored(line["user_id"]): "holdout" for line in back}
    assert {user: group for user, group, _ in members(shop, wave)} == known
    for group, file in (("target", target), ("holdout", back)):
        order = [user for user, one, _ in sorted(members(shop, wave), key=lambda row: row[2]) if one == group]
        assert [ids_.stored(line["user_id"]) for line in file] == order
    with pytest.raises(ConfigError, match="pseudonyms"):
        audience(shop, Asked("d", tmp_path / "d.csv"), settings=SMALL)
    with pytest.raises(ConfigError, match="'user_id', which is no column"):
        audience(shop, Asked("d", tmp_path / "d.csv", joined=joined, where="user_id = '1'"), settings=SMALL)


def _pseudonymise(store: Path, known: Ids) -> None:
    import duckdb
    from duckdb.func import SPECIAL

    with duckdb.connect() as connection:
        connection.create_function(
            "hide", lambda text: known.stored(text), ["VARCHAR"], "VARCHAR", null_handling=SPECIAL
        )
        for path in [*store.glob("runs/*/customers.parquet"), *store.glob("runs/*/segments.parquet")]:
            connection.execute(
                f"COPY (SELECT * REPLACE (hide(user_id::VARCHAR) AS user_id) FROM '{path}' ORDER BY user_id) "
                f"TO '{path}.new' (FORMAT parquet)"
            )
            shutil.move(f"{path}.new", path)
        for part in store.glob("visits/**/*.parquet"):
            connection.execute(
                f"COPY (SELECT * REPLACE (hide(user_id::VARCHAR) AS user_id) FROM '{part}') TO '{part}.new' "
                "(FORMAT parquet)"
            )
            shutil.move(f"{part}.new", part)
        connection.remove_function("hide")


def test_where_data_went_is_in_the_book_before_they_go(shop: Path, tmp_path: Path) -> None:
    wave_of(shop, tmp_path / "a.csv", columns=("persona",), as_of=APRIL)
    wave_of(shop, tmp_path / "a.csv", columns=("persona",), as_of=MAY)
    (one,) = recipients(shop)
    assert (one.kind, one.to, one.what) == ("audience", str(tmp_path / "a.csv"), "csv: user_id, persona")
    assert one.runs == ("2020-04-01", "2020-05-01")
    (tmp_path / "full").touch()
    with pytest.raises(OSError):  # noqa: PT011 - a file where a folder should be
        made(shop, tmp_path / "full" / "a.csv", "other")
    assert [one.to for one in recipients(shop)][1:] == [str(tmp_path / "full" / "a.csv")]
    assert campaigns(shop) == ["c"]


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


@pytest.mark.parametrize(
    ("header", "rows", "more", "told"),
    [
        ("id,email", ["1,a@b.fr"], {}, "no column 'user_id'"),
        ("user_id,city", ["1,x"], {}, "takes one column of addresses"),
        ("user_id,email,mail", ["1,a@b.fr,c@d.fr"], {}, "takes one column of addresses"),
        ("user_id,email,city", ["1,a@b.fr,x"], {"columns": ("email", "city")}, "'city' is none"),
        ("user_id,email", ["{},a@b.fr", "{},c@d.fr"], {}, "several things of 1"),
        ("user_id,email", ["1,a@b.fr"], {"columns": ("phone",)}, "no column 'phone'"),
        ("user_id,persona", ["1,x"], {"columns": ("persona",), "format": "csv"}, "Both the run and the file"),
    ],
)
def test_a_file_that_cannot_be_joined_is_told(
    shop: Path, tmp_path: Path, header: str, rows: list[str], more: dict[str, Any], told: str
) -> None:
    user = everyone(shop)[0]
    joined = write_csv(tmp_path / "crm.csv", header, [row.format(user) for row in rows])
    with pytest.raises(ConfigError, match=told) as raised:
        made(shop, tmp_path / "a.csv", **{"joined": joined, "format": "google", **more})
    assert "@" not in str(raised.value)
    assert not (tmp_path / "a.csv").exists()


def test_a_file_that_is_none_is_told(shop: Path, tmp_path: Path) -> None:
    for name, content in (("a.parquet", b"PAR1 no"), ("b.csv", b"\xff\xfe\x00user_id\n1\n")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ConfigError, match=r"cannot be read as a|has no column"):
            made(shop, tmp_path / "out.csv", joined=Joined(tmp_path / name))
    with pytest.raises(ConfigError, match="There is no file"):
        made(shop, tmp_path / "out.csv", joined=Joined(tmp_path / "nothing.csv"))
