"""Erasure at full depth: what was there before is nowhere after, in whatever a file holds."""

import json
import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pytest

from bestiary import pipeline, rights
from bestiary.errors import BestiaryError
from bestiary.ids import Secret
from bestiary.lake import delta, erased
from bestiary.lake.store import Store
from bestiary.sql import connect, stable_functions
from command import bestiary
from rights_shop import FIRST, LAST, busiest, mover, sessions_of, settings
from shop import SMALL, ingest, line, rejects, visits, write_csv
from traces import traces

Shop = tuple[Path, Path]
COLUMNS = "user_id, hour, session_key, views, carts, purchases, bought::VARCHAR"


@pytest.fixture
def shop(people: Path, tmp_path: Path) -> Shop:
    return people / "events", Path(shutil.copytree(people / "store", tmp_path / "store"))


def needles(events: Path, *people: int) -> list[str | int]:
    """Customers' ids, sessions, and the sessions' keys."""
    sessions = [session for somebody in people for session in sessions_of(events, somebody)]
    assert len(sessions) > 3
    return [*people, *sessions, *keys(sessions), *keys(["odd-1", "odd-2"])]


def keys(sessions: Sequence[str]) -> list[int]:
    with connect(threads=1) as connection:
        stable_functions(connection)
        return [connection.execute("SELECT stable_key(?)", [one]).fetchall()[0][0] for one in sessions]


def test_the_search_finds_a_person_wherever_they_are(shop: Shop) -> None:
    events, store = shop
    somebody, session = busiest(events)
    found = traces(store, needles(events, somebody, mover(store)))
    tables = {path.split("/")[0] if path.startswith(("visits", "rejects")) else path for path in found}
    assert tables == {
        "visits",
        "rejects",
        *(f"runs/{day}/{name}.parquet" for day in (FIRST, LAST) for name in ("customers", "segments", "sample")),
        f"runs/{LAST}/movements.parquet",
    }
    # Both readers see it: that of values, and that of pages and footers.
    assert {how for hows in found.values() for how in hows} >= {"column", "page", "footer"}
    # The rows that could not be split are found by the session alone, too.
    assert any(path.startswith("rejects") for path in traces(store, [session]))


def test_nothing_of_an_erased_person_is_left_and_nobody_else_is_touched(shop: Shop) -> None:
    events, store = shop
    somebody, _ = busiest(events)
    other = mover(store)
    before = {row for row in visits(store, COLUMNS) if row[0] not in (somebody, other)}
    told = rights.erase(store, [str(somebody), str(other)], settings=SMALL)
    assert traces(store, needles(events, somebody, other)) == {}
    assert set(visits(store, COLUMNS)) == before
    assert told["removed"]["visits"] > 0
    assert told["removed"]["refused rows"] >= 4
    assert (
        told["removed"] | {"customers.parquet": 4, "segments.parquet": 4, "sample.parquet": 2, "movements.parquet": 1}
        == told["removed"]
    )
    assert told["runs"] == [str(FIRST), str(LAST)]
    assert "odd.csv.gz" in told["may still be in"]
    assert pipeline.doctor(store).problems == ()
    assert pipeline.customer(store, somebody) is None


def test_the_log_has_no_past_and_no_statistics(shop: Shop) -> None:
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    events, store = shop
    rights.erase(store, [str(busiest(events)[0])], settings=SMALL)
    for name in ("visits", "rejects"):
        log = sorted(path.name for path in (store / name / "_delta_log").iterdir())
        latest = delta.load(store / name).version()
        assert all(one == "_last_checkpoint" or int(one[:20]) >= latest for one in log)
        with pytest.raises((DeltaError, OSError)):
            DeltaTable(store / name, version=0).load_as_version(0)
        actions = delta.load(store / name).get_add_actions(flatten=True)
        kept = [one for one in actions.schema.names if one.startswith(("min", "max", "null_count"))]
        assert all(value is None for one in kept for value in actions.column(one).to_pylist())


def test_an_old_file_does_not_bring_an_erased_person_back_and_counts_close(shop: Shop, tmp_path: Path) -> None:
    events, store = shop
    somebody, _ = busiest(events)
    rights.erase(store, [str(somebody)], settings=SMALL)
    # The same events again, as a new store of the same erased list would read them.
    fresh = tmp_path / "fresh"
    (october,), _ = pipeline.ingest([events / "2019-Oct.csv"], fresh, settings=SMALL)
    shutil.copytree(store / "privacy", fresh / "privacy")
    rest = [path for path in sorted(events.glob("*.csv*")) if path.name != "2019-Oct.csv"]
    added, _ = pipeline.ingest(rest, fresh, settings=SMALL)
    for one in added:
        assert one.counts["read"] == sum(one.counts[name] for name in list(one.counts)[1:])
    assert sum(one.counts["erased"] for one in added) > 0
    assert {row[0] for row in visits(fresh, "user_id, hour") if row[1] >= datetime(2019, 11, 1)}.isdisjoint({somebody})
    assert pipeline.doctor(fresh).problems == ()
    # Refused rows that name the person are counted as erased, or kept without their text.
    there = traces(fresh, [somebody])
    assert {path.split("/")[0] for path in there} >= {"visits"}
    assert all(october.fingerprint in path for path in there if path.startswith("rejects/"))


def test_replay_takes_out_who_came_back_with_a_backup_and_leaves_who_came_back_alone(
    shop: Shop, tmp_path: Path
) -> None:
    events, store = shop
    somebody, _ = busiest(events)
    backup = shutil.copytree(store, tmp_path / "backup")
    rights.erase(store, [str(somebody)], settings=SMALL)
    shutil.copytree(store / "privacy", backup / "privacy", dirs_exist_ok=True)
    assert traces(backup, [somebody]) != {}
    told = rights.replay(backup, settings=SMALL)
    assert told["people"] == 1
    assert traces(backup, needles(events, somebody)) == {}
    assert rights.replay(backup, settings=SMALL)["people"] == 0


ODD = ("John Smith", "O'Brien", "urn:cust:5", "a,b", 'say "hi"', "{brace}", "x|y", "semi;colon", "ünï çode", "plain")


def test_ids_with_blanks_commas_and_quotes_are_found_in_every_refused_row(tmp_path: Path) -> None:
    quoted = {one: one.replace('"', '""') for one in ODD}
    lines = [line(user_id=one, user_session=f"s-{number}") for number, one in enumerate(ODD)]
    lines += [f'2020-04-30 10:00:00 UTC,view,"{quoted[one]}"' for one in ODD]  # cut short
    lines.append("2020-04-30 10:00:00 UTC,view,implausible")
    store, asked = tmp_path / "store", SMALL.model_copy(update={"user_id": "string"})
    ingest([write_csv(tmp_path / "a.csv", lines)], store, settings=asked)
    for one in ODD:
        found = rights.export(store, one, settings=SMALL)
        assert len(found["visits"]) == 1
        assert [row["raw"] for row in found["refused"]] == [None]  # whose row it is nobody can tell
        rights.erase(store, [one], settings=SMALL)
        left = [raw for _, raw, _ in rejects(store) if raw]
        assert not any(one in raw or quoted[one] in raw for raw in left if "implausible" not in raw)
    assert [raw for _, raw, _ in rejects(store) if raw] == ["2020-04-30 10:00:00 UTC,view,implausible"]
    # When the same lines come again, nothing of a line that cannot be split is kept.
    ingest([write_csv(tmp_path / "b.csv", ["one,two", *lines])], store, settings=SMALL)
    assert [raw for _, raw, _ in rejects(store) if raw] == ["2020-04-30 10:00:00 UTC,view,implausible"]
    assert visits(store) == []


def test_what_a_kill_left_beside_a_file_goes_with_an_erasure(shop: Shop) -> None:
    events, store = shop
    somebody, _ = busiest(events)
    for place in (f"runs/{LAST}", "privacy", "audiences/all/2020-05-01", "dead_letters", "."):
        (store / place).mkdir(parents=True, exist_ok=True)
        (store / place / ".x.json.0123abcd.tmp").write_text(str(somebody))
    rights.erase(store, [str(somebody)], settings=SMALL)
    assert traces(store, [somebody]) == {}


def test_who_is_not_known_is_said(shop: Shop) -> None:
    events, store = shop
    told = rights.erase(store, [str(busiest(events)[0]), "1"], settings=SMALL)
    assert (told["people"], told["known"]) == (2, 1)
    done = bestiary("subject", "erase", "1", "--store", store, "--yes")
    assert done.returncode == 0, done.stderr
    assert "Nothing is known here of 1 of them" in done.stderr + done.stdout


def test_many_people_at_once_and_ids_that_nobody_has(shop: Shop) -> None:
    _, store = shop
    everyone = sorted({row[0] for row in visits(store, "user_id")})
    gone = everyone[::3]
    told = rights.erase(store, [*(str(one) for one in gone), "1"], request="R-17", settings=SMALL)
    assert told["people"] == len(gone) + 1
    assert told["request"] == "R-17"
    assert {row[0] for row in visits(store, "user_id")} == set(everyone) - set(gone)


def test_a_receipt_names_nobody_and_a_changed_one_is_told(shop: Shop) -> None:
    events, store = shop
    somebody, _ = busiest(events)
    rights.erase(store, [str(somebody)], settings=SMALL)
    rights.replay(store, settings=SMALL)
    begun, first, second = rights.all_receipts(store)
    assert [one["action"] for one in (begun, first, second)] == ["erase begun", "erase", "replay"]
    assert begun["request"] == first["request"] != second["request"]
    assert begun["hash"] == first["before"]
    assert first["hash"] == second["before"]
    text = (store / "privacy" / "receipts.jsonl").read_text()
    own = Secret((store / "privacy" / "erasure.key").read_text().strip().encode())
    assert str(somebody) not in text
    assert own.digest(str(somebody)) not in text
    lines = text.splitlines()
    for changed in (
        lines[1:],
        [lines[0].replace('"people": 1', '"people": 2'), *lines[1:]],
        ["x", *lines[1:]],
        ["\udcff", *lines[1:]],
    ):
        (store / "privacy" / "receipts.jsonl").write_bytes(
            "".join(f"{one}\n" for one in changed).encode(errors="surrogateescape")
        )
        with pytest.raises(BestiaryError, match="line 1"):
            rights.all_receipts(store)
        for ask in (rights.erase, rights.object_):  # what cannot be written down is not begun
            before = sorted((path, path.stat().st_mtime_ns) for path in store.rglob("*") if path.is_file())
            with pytest.raises(BestiaryError, match="line 1"):
                ask(store, ["1"], settings=SMALL)
            assert sorted((path, path.stat().st_mtime_ns) for path in store.rglob("*") if path.is_file()) == before


def test_the_list_of_the_erased_holds_marks_under_a_key_of_its_own_and_an_end(shop: Shop, tmp_path: Path) -> None:
    events, store = shop
    somebody, _ = busiest(events)
    rights.erase(store, [str(somebody)], settings=settings(erased_months=3))
    content = json.loads((store / "privacy" / "erased.json").read_text())
    book = erased.read_book(store)
    assert book is not None
    (entry,) = book.entries
    assert set(content) == {"format_version", "purpose", "key_check", "entries"}
    assert 88 < (entry.ends - entry.at.date()).days < 94
    assert {one.stat().st_mode & 0o077 for one in (store / "privacy").iterdir()} == {0}
    found = rights.export(store, str(somebody), settings=SMALL)
    assert [one["remembered_until"] for one in found["erased"]] == [entry.ends.isoformat()]
    assert found["visits"] == found["runs"] == found["refused"] == []
    own = (store / "privacy" / "erasure.key").rename(tmp_path / "erasure.key")
    with pytest.raises(BestiaryError, match="not given"):
        rights.replay(store, settings=SMALL)
    own.rename(store / "privacy" / "erasure.key")
    # When their time is over, nobody is remembered, and the next file takes the marks off the list.
    content["entries"][0]["ends"] = "2020-01-01"
    (store / "privacy" / "erased.json").write_text(json.dumps(content))
    assert erased.read_book(store) == book.model_copy(update={"entries": ()})
    ingest([write_csv(tmp_path / "more.csv", [line(user_id=str(somebody))])], store, settings=SMALL)
    assert json.loads((store / "privacy" / "erased.json").read_text())["entries"] == []
    assert len(rights.export(store, str(somebody), settings=SMALL)["visits"]) == 1


@pytest.mark.parametrize("damage", [b"", b"PAR1 and no end", b"noise" * 1000])
def test_a_damaged_table_stops_an_erasure_before_it_begins(damage: bytes, shop: Shop) -> None:
    events, store = shop
    somebody, _ = busiest(events)
    table = store / "runs" / str(LAST) / "segments.parquet"
    whole = table.read_bytes()
    table.write_bytes(damage)
    for ask in (rights.erase, rights.object_):
        with pytest.raises(BestiaryError, match=r"segments\.parquet"):
            ask(store, [str(somebody)], settings=SMALL)
    assert {one.name for one in (store / "privacy").iterdir()} <= {"erasure.key"}
    table.write_bytes(whole)
    assert pipeline.customer(store, somebody) is not None
    rights.erase(store, [str(somebody)], settings=SMALL)
    assert traces(store, [somebody]) == {}


def test_what_is_no_id_changes_nothing(shop: Shop) -> None:
    _, store = shop
    before = Store.open(store, SMALL).visits()
    for wrong in (["x"], ["042"], [], ["1", ""]):
        with pytest.raises(BestiaryError, match="No id"):
            rights.erase(store, wrong, settings=SMALL)
    assert Store.open(store, SMALL).visits() == before
    assert not (store / "privacy").exists()
