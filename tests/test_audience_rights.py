"""A person in audiences is found, and taken out of the store's memory and out of the files that are still ours."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audience_shop import held, ids, made, members, table, wave_of, write_csv
from bestiary.lift import lift
from bestiary.publish.audience_kept import campaigns, read_wave, waves
from bestiary.publish.audience_rights import Forgotten, Membership, find, forget, forget_before
from bestiary.publish.audience_write import sha256_of
from dashboard_shop import SMALL, copy
from months import APRIL, MAY
from shop import tree


@pytest.fixture
def shop(store: Path, tmp_path: Path) -> Path:
    return copy(store, tmp_path)


def whole(store: Path) -> None:
    """What the store remembers fits its files, line by line."""
    for wave in waves(store):
        rows = members(store, wave)
        assert rows == sorted(rows)
        for group, number in wave.members.items():
            assert sorted(line for _, one, line in rows if one == group) == list(range(1, number + 1))
        for file in wave.files:
            assert (sha256_of(file.path), file.lines) == (file.sha256, wave.members[file.group])
            if file.format == "csv":
                order = [str(user) for user, one, _ in rows if one == file.group]
                assert ids(file.path) == order


def test_a_person_is_found_in_every_audience(shop: Path, tmp_path: Path) -> None:
    wave_of(shop, tmp_path / "a.csv", "a", as_of=APRIL)
    wave_of(shop, tmp_path / "b.csv", "b", as_of=MAY)
    wave_of(shop, tmp_path / "b2.csv", "b", as_of=MAY, format="ids")
    user = members(shop, waves(shop, "b")[0])[0][0]
    groups = {wave.campaign: dict(row[:2] for row in members(shop, wave)).get(user) for wave in waves(shop)}
    found = find(shop, user)
    assert found == find(shop, str(user))
    wanted = [
        Membership(name, day, group, tuple(held(one) if group == "holdout" else one for one in files))
        for name, day, files in (
            ("a", APRIL, [tmp_path / "a.csv"]),
            ("b", MAY, [tmp_path / "b.csv", tmp_path / "b2.csv"]),
        )
        if (group := groups[name])
    ]
    assert found == wanted
    assert "b" in [one.campaign for one in found]
    assert find(shop, -1) == find(shop, "' OR 1 = 1") == []


def test_people_are_taken_out_of_members_and_files(shop: Path, tmp_path: Path) -> None:
    users = [user for (user,) in table(shop, "2020-05-01", "SELECT user_id")]
    joined = write_csv(tmp_path / "crm.csv", "user_id,email", [f"{user},u{user}@x.fr" for user in users])
    wave = wave_of(shop, tmp_path / "a.csv", columns=("persona",), joined=joined)
    wave_of(shop, tmp_path / "g.csv", format="google", joined=joined)
    before = {path.name: path.read_bytes().splitlines() for path in tmp_path.glob("*.csv")}
    rows = members(shop, wave)
    gone = {rows[0][0], rows[5][0], rows[-1][0], 10**12}
    found = forget(shop, dict.fromkeys(gone))
    lost = [row for row in rows if row[0] in gone]
    assert len(lost) == 3
    groups = {group for _, group, _ in lost}
    named = {name for name in ("a", "g") for group in groups}
    wanted = {
        path
        for name in named
        for path in (tmp_path / f"{name}.csv", held(tmp_path / f"{name}.csv"))
        if ("holdout" if "holdout" in path.name else "target") in groups
    }
    assert (found.members, set(found.rewritten), found.to_mend) == (3, wanted, ())
    whole(shop)
    for name, lines in before.items():
        if name == "crm.csv":
            continue
        group = "holdout" if "holdout" in name else "target"
        out = {line for _, one, line in lost if one == group}
        assert (tmp_path / name).read_bytes().splitlines() == [one for n, one in enumerate(lines) if n not in out]
    (now,) = waves(shop)
    assert {group: now.members[group] + now.forgotten[group] for group in now.members} == dict(wave.members)
    assert all(find(shop, user) == [] for user in gone)
    kept = tree(tmp_path)
    assert forget(shop, dict.fromkeys(gone)) == Forgotten()
    assert tree(tmp_path) == kept
    assert not list(tmp_path.rglob(".*tmp"))


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_in_whatever_order_people_go_the_files_fit(
    data: st.DataObject, store: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("orders")
    shop = copy(store, folder)
    wave = wave_of(shop, folder / "a.csv", where="number_of_events_7m > 8")
    users = [user for user, _, _ in members(shop, wave)]
    gone: set[int] = set()
    for _ in range(3):
        some = data.draw(st.lists(st.sampled_from(users), max_size=30, unique=True))
        found = forget(shop, dict.fromkeys(some))
        assert found.members == len(set(some) - gone)
        gone |= set(some)
        whole(shop)
    assert [user for user, _, _ in members(shop, waves(shop)[0])] == [user for user in users if user not in gone]


def test_a_file_that_was_changed_or_moved_is_named_and_left(shop: Path, tmp_path: Path) -> None:
    wave = wave_of(shop, tmp_path / "a.csv")
    target = next(user for user, group, _ in members(shop, wave) if group == "target")
    back = next(user for user, group, _ in members(shop, wave) if group == "holdout")
    (tmp_path / "a.csv").write_text("user_id\nsorted by hand\n")
    held(tmp_path / "a.csv").rename(tmp_path / "moved.csv")
    found = forget(shop, dict.fromkeys([target, back]))
    assert (found.members, found.rewritten) == (2, ())
    assert set(found.to_mend) == {tmp_path / "a.csv", held(tmp_path / "a.csv")}
    assert (tmp_path / "a.csv").read_text() == "user_id\nsorted by hand\n"
    assert find(shop, target) == find(shop, back) == []


def test_a_file_that_a_later_wave_has_written_is_that_ones(shop: Path, tmp_path: Path) -> None:
    first = wave_of(shop, tmp_path / "a.csv", as_of=APRIL)
    second = wave_of(shop, tmp_path / "a.csv", as_of=MAY)
    both = {user for user, _, _ in members(shop, first)} & {user for user, _, _ in members(shop, second)}
    found = forget(shop, dict.fromkeys(list(both)[:5]))
    assert (found.members, found.to_mend) == (10, ())
    assert not set(ids(tmp_path / "a.csv")) & {str(user) for user in list(both)[:5]}
    (now,) = [wave for wave in waves(shop) if wave.as_of == MAY]
    assert [sha256_of(file.path) for file in now.files] == [file.sha256 for file in now.files]


def test_interrupted_before_the_members_the_file_is_named_to_be_looked_at(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wave = wave_of(shop, tmp_path / "a.csv")
    user = members(shop, wave)[0][0]

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("bestiary.publish.audience_rights._forget_members", interrupted)
        with pytest.raises(KeyboardInterrupt):
            forget(shop, dict.fromkeys([user]))
    found = forget(shop, dict.fromkeys([user]))
    assert (found.members, found.rewritten, len(found.to_mend)) == (1, (), 1)
    assert str(user) not in ids(found.to_mend[0])
    assert find(shop, user) == []


def test_old_audiences_go_with_their_files(shop: Path, tmp_path: Path) -> None:
    old = wave_of(shop, tmp_path / "a.csv", "a", as_of=APRIL)
    wave_of(shop, tmp_path / "b.csv", "a", as_of=MAY)
    wave_of(shop, tmp_path / "c.csv", "c", as_of=APRIL)
    (tmp_path / "c.csv").write_text("changed")
    found = forget_before(shop, MAY)
    assert found.members == 2 * sum(old.members.values())
    assert set(found.rewritten) == {tmp_path / "a.csv", held(tmp_path / "a.csv"), held(tmp_path / "c.csv")}
    assert found.to_mend == (tmp_path / "c.csv",)
    assert sorted(path.name for path in tmp_path.glob("*.csv")) == ["b.csv", "b.holdout.csv", "c.csv"]
    assert (campaigns(shop), [wave.as_of for wave in waves(shop)]) == (["a"], [MAY])
    assert not (shop / "audiences" / "c").exists()
    assert forget_before(shop, date(2020, 1, 1)) == Forgotten()


def test_an_erased_person_is_counted_by_lift_and_may_be_written_no_more(shop: Path, tmp_path: Path) -> None:
    wave = wave_of(shop, tmp_path / "a.csv", as_of=APRIL)
    rows = members(shop, wave)
    forget(shop, dict.fromkeys([rows[0][0]]))
    found = lift(shop, "c", settings=SMALL)
    assert sum(found.forgotten.values()) == 1
    assert found.target.people + found.holdout.people == len(rows) - 1
    record = read_wave(waves(shop)[0].folder(shop) / "audience.json")
    assert sum(record.forgotten.values()) == 1
    with pytest.raises(Exception, match="another audience"):  # the run still has the person: that is to be erased first
        made(shop, tmp_path / "a.csv", as_of=APRIL)
