"""The door: pseudonyms behind it, nobody's id; categories and people that are not let in, and counts that close."""

import hmac
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from bestiary import pipeline, rights
from bestiary.config import Settings
from bestiary.errors import BestiaryError
from bestiary.ids import VARIABLE, Ids, Secret
from bestiary.lake import erased
from bestiary.sql import connect, path_list, stable_functions
from bestiary.stored import Customers
from rights_shop import KEY, LAST, OTHER_KEY, busiest, sessions_of, settings, write_events
from shop import SMALL, event, ingest, line, rejects, visits, write_csv, write_parquet
from traces import traces

SECRET = Secret(KEY.encode())


@pytest.fixture
def keyed(monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Settings of a store of pseudonyms, whose key is in the environment."""
    monkeypatch.setenv(VARIABLE, KEY)
    return settings(pseudonymise=True)


@given(key=st.binary(min_size=1, max_size=150), text=st.text())
def test_the_hash_is_hmac_on_both_sides(key: bytes, text: str) -> None:
    own = Secret(key)
    wanted = hmac.new(key, text.encode(), "sha256").hexdigest()[:32]
    assert own.digest(text) == wanted
    with connect(threads=1) as connection:
        stable_functions(connection)
        assert (
            connection.execute("SELECT keyed_hash(?::BLOB, ?::BLOB, ?)", [*own.pads(), text]).fetchall()[0][0] == wanted
        )


def test_a_key_is_not_shown() -> None:
    assert KEY not in repr(SECRET)
    assert KEY not in repr(Ids("integer", SECRET))


@pytest.mark.parametrize("way", ["csv", "csv.gz", "parquet"])
def test_a_store_of_pseudonyms_holds_no_id_and_no_session(way: str, keyed: Settings, tmp_path: Path) -> None:
    good = [event(user_id="512000001", user_session="s-one"), event(user_id="512000002", user_session="s-two")]
    bad = [
        event(user_id="512000001", event_type="stare", user_session="s-one"),
        event(user_id="512000002", product_id="", brand="512000002", category_code="for.512000002"),
        event(user_id="mister 512000001", user_session="s-one"),
    ]
    if way == "parquet":
        file = write_parquet(tmp_path / "a.parquet", [*good, *bad])
    else:
        odd = ["512000001,512000002,s-one", '"512000001']
        file = write_csv(tmp_path / f"a.{way}", [*(line(**one) for one in (*good, *bad)), *odd])
    store = tmp_path / "store"
    (told,), _ = ingest([file], store, settings=keyed.model_copy(update={"user_id": "integer"}))
    assert told.counts["kept"] == 2
    assert told.counts["rejected"] == (3 if way == "parquet" else 5)
    assert {row[0] for row in visits(store, "user_id")} == {SECRET.digest("512000001"), SECRET.digest("512000002")}
    needles: list[str | int] = [512000001, 512000002, "s-one", "s-two", *keys("s-one", "s-two")]
    assert traces(store, needles) == {}
    texts = [raw for _, raw, _ in rejects(store)]
    assert sum(raw is None for raw in texts) == (1 if way == "parquet" else 3)
    assert json.loads(next(raw for raw in texts if raw and "stare" in raw))["user_id"] == SECRET.digest("512000001")


def keys(*sessions: str) -> list[int]:
    with connect(threads=1) as connection:
        stable_functions(connection)
        return [connection.execute("SELECT stable_key(?)", [one]).fetchall()[0][0] for one in sessions]


def test_the_same_book_under_pseudonyms(keyed: Settings, tmp_path: Path) -> None:
    events = write_events(tmp_path / "events")
    plain, hidden = tmp_path / "plain", tmp_path / "hidden"
    for store, asked in ((plain, SMALL), (hidden, keyed)):
        pipeline.run([events], store, as_of=LAST, settings=asked)
    measured = table(plain, "customers")
    assert {SECRET.digest(str(one)): row for one, row in measured.items()} == table(hidden, "customers")
    somebody, session = busiest(events)
    every_session = sessions_of(events, somebody)
    assert traces(hidden, [somebody, *every_session, *keys(*every_session)]) == {}
    assert session in every_session
    # Who asks gives the id: the customer, the service, an export.
    assert pipeline.customer(hidden, somebody, settings=keyed) is not None
    found = Customers(hidden).find(str(somebody), "en")
    assert found is not None
    assert found["user_id"] == str(somebody)
    assert Customers(hidden).find(SECRET.digest(str(somebody)), "en") is None
    assert rights.export(hidden, str(somebody), settings=keyed)["known_as"] == SECRET.digest(str(somebody))
    rights.erase(hidden, [str(somebody)], settings=keyed)
    assert traces(hidden, [SECRET.digest(str(somebody))]) == {}
    assert pipeline.doctor(hidden).problems == ()


def table(store: Path, name: str) -> dict[Any, tuple[Any, ...]]:
    with connect(threads=1) as connection:
        path = path_list([store / "runs" / str(LAST) / f"{name}.parquet"])
        return {row[0]: row[1:] for row in connection.execute(f"FROM read_parquet({path})").fetchall()}


def test_another_key_or_none_is_refused(keyed: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, file = tmp_path / "store", write_csv(tmp_path / "a.csv", [line()])
    ingest([file], store, settings=keyed)
    more = write_csv(tmp_path / "b.csv", [line(user_id="7")])
    monkeypatch.setenv(VARIABLE, OTHER_KEY)
    with pytest.raises(BestiaryError, match="not the one of the pseudonyms"):
        ingest([more], store, settings=SMALL)
    with pytest.raises(BestiaryError, match="not the one of the pseudonyms"):
        ingest([file], store, settings=SMALL)  # which is there already
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(BestiaryError, match="their key is not given"):
        ingest([more], store, settings=SMALL)
    (tmp_path / "key").write_text(f"{KEY}\n")
    ingest([more], store, settings=settings(key_file=tmp_path / "key"))
    assert len(visits(store)) == 2
    monkeypatch.setenv(VARIABLE, "short")
    with pytest.raises(BestiaryError, match="5 characters"):
        ingest([more], tmp_path / "other", settings=keyed)
    assert not (tmp_path / "other").exists()
    with pytest.raises(BestiaryError, match="pseudonymise"):
        ingest([more], store, settings=settings(pseudonymise=False))


def test_categories_are_dropped_at_the_door_and_counted(tmp_path: Path) -> None:
    codes = ["medicine", "medicine.tools.tester", "MEDICINE.x", "medicines", "electronics", ""]
    lines = [line(user_id=str(i), category_code=code) for i, code in enumerate(codes)]
    lines += [line(category_code="medicine", event_type="stare"), "one,two,medicine.tools", "one,two"]
    store, asked = tmp_path / "store", settings(drop_categories=["Medicine", "toys"])
    (told,), _ = ingest([write_csv(tmp_path / "a.csv", lines)], store, settings=asked)
    assert told.counts == {"read": 9, "kept": 3, "duplicates": 0, "rejected": 2, "erased": 0, "excluded": 4}
    assert {row[0] for row in visits(store, "user_id")} == {3, 4, 5}
    assert sorted(raw or "" for _, raw, _ in rejects(store)) == ["", "one,two"]
    assert traces(store, ["medicine"]).keys() <= {"store.json"}
    with pytest.raises(BestiaryError, match="drop_categories"):
        ingest([write_csv(tmp_path / "b.csv", [line()])], store, settings=settings(drop_categories=["toys"]))


@limits(max_examples=15, deadline=None)
@given(
    days=st.lists(st.tuples(st.integers(1, 3), st.integers(1, 28), st.booleans()), min_size=1, max_size=30),
    zone=st.sampled_from(["UTC", "Europe/Paris", "America/New_York"]),
)
def test_who_was_erased_is_gone_up_to_that_time(
    days: list[tuple[int, int, bool]], zone: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("gone")
    store, at = folder / "store", datetime(2019, 10, 14, 12, tzinfo=UTC)
    asked = Settings.model_validate(SMALL.model_dump() | {"time_zone": zone})
    ingest([write_csv(folder / "a.csv", [line(user_id="9")])], store, settings=asked)
    key = erased.key_of(store, asked.privacy, None)
    erased.remember(store, settings(erased_months=120).privacy, erased.marks(key, Ids("integer"), "1"), at, key)
    rows = [
        line(user_id=str(who), event_time=f"2019-10-{day:02d} 12:00:00 UTC", event_type="view" if good else "stare")
        for who, day, good in days
    ]
    (told,), _ = ingest([write_csv(folder / "b.csv", rows)], store, settings=asked)
    gone = [one for one in days if one[0] == 1 and one[1] <= 14]
    rest = [one for one in days if one not in gone]
    assert told.counts["erased"] == len(gone)
    assert told.counts["rejected"] == sum(not good for *_, good in rest)
    assert told.counts["kept"] == len({one for one in rest if one[2]})
    assert told.counts["read"] == sum(told.counts[name] for name in list(told.counts)[1:]) == len(days)
    assert all(later((row[0], row[1])) for row in visits(store, "user_id, first_time"))


def later(row: tuple[int, datetime]) -> bool:
    return row[0] != 1 or row[1] > datetime(2019, 10, 14, 20)


def test_a_store_made_plain_cannot_be_asked_for_pseudonyms_later(keyed: Settings, tmp_path: Path) -> None:
    store = tmp_path / "store"
    ingest([write_csv(tmp_path / "a.csv", [line()])], store, settings=SMALL)
    before = shutil.copytree(store, tmp_path / "before")
    with pytest.raises(BestiaryError, match="pseudonymise"):
        ingest([write_csv(tmp_path / "b.csv", [line(user_id="2")])], store, settings=keyed)
    assert (before / "store.json").read_bytes() == (store / "store.json").read_bytes()
