"""A shop's own file joined to an audience: columns, contacts that are hashed, and the ids behind pseudonyms."""

import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
import pytest
from duckdb.func import SPECIAL

from audience_shop import QUARTER, everyone, held, lines, made, members, table, wave_of, write_csv
from bestiary.audience import audience
from bestiary.errors import ConfigError
from bestiary.files import read_json, write_json
from bestiary.ids import VARIABLE, Ids, Secret
from bestiary.publish.audience_asked import Asked, Joined
from bestiary.publish.audience_hash import written
from dashboard_shop import SMALL, copy


@pytest.fixture
def shop(store: Path, tmp_path: Path) -> Path:
    """A store of one's own."""
    return copy(store, tmp_path)


@pytest.mark.parametrize(
    "lines_",
    [
        ["user_id,name,email", "1,Smith,a@b.de", "2,Jones, Anna <c@d.de>,e@f.de,more"],
        ["user_id;email;city", "1;x@y.de;z@y.de;Lyon", "2;c@d.de;Paris"],
        ["user_id,name", "1,Smith, Anna <a@b.de>", "2,Jones, Bob <b@b.de>"],
    ],
)
def test_a_line_with_a_field_too_many_is_told_as_that_and_shows_nobody(
    lines_: list[str], shop: Path, tmp_path: Path
) -> None:
    path = tmp_path / "crm.csv"
    path.write_text("\n".join(lines_) + "\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        wave_of(shop, tmp_path / "a.csv", share=Fraction(0), joined=Joined(path))
    told = f"{caught.value.found} {caught.value.allowed} {caught.value.do}"
    assert "another number of fields" in told or "cannot be read" in told
    assert not any(one in told for one in ("Smith", "Jones", "@", "Lyon"))


def test_what_is_no_text_shows_nothing_of_itself(shop: Path, tmp_path: Path) -> None:
    path = tmp_path / "crm.xlsx"
    path.write_bytes(b"PK\x03\x04\x14\x00secret\x08\x00\n1,2\n3,4\n")
    with pytest.raises(ConfigError) as caught:
        wave_of(shop, tmp_path / "a.csv", share=Fraction(0), joined=Joined(path))
    assert "secret" not in f"{caught.value.found} {caught.value.allowed}"
    assert "CSV" in f"{caught.value.allowed} {caught.value.do}"


def test_a_file_that_is_not_ours_is_not_written_over(shop: Path, tmp_path: Path) -> None:
    crm = write_csv(tmp_path / "crm.csv", "user_id,city", [f"{user},x" for user in everyone(shop)])
    before = crm.file.read_bytes()
    for out in (crm.file, tmp_path / "new.csv"):
        held(tmp_path / "new.csv").write_text("somebody's own")
        with pytest.raises(ConfigError, match="no audience of this store"):
            wave_of(shop, out, share=QUARTER, joined=crm)
    assert crm.file.read_bytes() == before
    assert held(tmp_path / "new.csv").read_text() == "somebody's own"
    assert not (tmp_path / "new.csv").exists()


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
