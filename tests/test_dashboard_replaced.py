"""The dashboard beside a store that changes: what is shown is of one state of a run, the one that is there now."""

import io
import json
import threading
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from filelock import FileLock

from bestiary import changes, pipeline
from bestiary.customers.lookup import found_row
from bestiary.files import read_json, write_json
from bestiary.lake.runs import Run
from bestiary.lake.store import Store
from bestiary.report.dashboard import compared as comparing
from bestiary.report.dashboard import shelf
from bestiary.report.dashboard.shelf import Shelf
from bestiary.report.kept import read_summary
from bestiary.report.movements import movements
from bestiary.report.words import Words
from dashboard_shop import RUNS, SMALL, TestClient, client, copy, is_sound, replace, text_of

MAY, APRIL, MARCH = (str(one) for one in RUNS)
EN = Words("en", "USD")


@pytest.fixture(scope="session")
def other(store: Path) -> Path:
    return store.with_name("other")


@pytest.fixture
def mine(store: Path, tmp_path: Path) -> Path:
    return copy(store, tmp_path)


def compared(store: Path, earlier: date, later: date) -> dict[str, Any]:
    return pipeline.movements(store, earlier=earlier, later=later, settings=SMALL).record()


def rows_of(record: dict[str, Any]) -> list[str]:
    """The flows of a comparison as the table on the page has them."""
    moved = movements(record)
    assert moved is not None
    return [
        " ".join(
            f"{EN.name(one['from'])} {EN.name(one['to'])} {EN.number(one['customers'])} {EN.number(one['expected'])} "
            f"{EN.number(one['low'])} … {EN.number(one['high'])}".split()
        )
        for one in moved["flows"]
    ]


def until(visitor: TestClient, address: str) -> Any:
    """Ask until the answer is no longer on its way."""
    for _ in range(300):
        answer = visitor.get(address)
        if answer.status_code != 202:
            return answer
        assert "The two runs are being compared" in text_of(answer.text)
        assert "/static/wait.js" in answer.text
    pytest.fail(f"still on its way: {address}")


def test_what_is_kept_is_bounded_by_its_bytes(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "KEPT_BYTES", 1000)
    kept, made = Shelf(Store.open(store, SMALL)), []

    def page(key: str, length: int) -> str:
        return kept.kept(key, lambda: made.append(key) or "x" * length)  # type: ignore[func-returns-value]

    for key in ("a", "b", "a", "c", "a", "b"):  # b goes when c comes: it was not asked for longest
        assert len(page(key, 400)) == 400
    assert made == ["a", "b", "c", "b"]
    assert len(page("long", 2000)) == 2000  # larger than all that is kept, and given all the same
    page("a", 400)
    assert made == ["a", "b", "c", "b", "long", "a"]
    kept.kept("summary", dict, size=601)
    page("a", 400)
    assert made[-1] == "a"
    assert len(made) == 7


def test_only_the_last_comparisons_are_kept(mine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "KEPT", 2)
    asked = []

    def noted(earlier: date, later: date) -> dict[str, Any]:
        asked.append(earlier)
        return {}

    comparisons, (later, *earlier) = comparing.Comparisons(noted), [Run.of(mine, one) for one in RUNS]
    for stamp in (1, 2, 3, 2, 3, 1):
        while comparisons.ask(earlier[0], later, stamp) is None:
            pass
    assert len(asked) == 4  # the first one was made again when two others had come
    comparisons.close()


def test_the_last_two_runs_are_told_from_the_scorecard(store: Path) -> None:
    record = read_json(store / "runs" / MAY / "scorecard.json")["follow"]
    assert record["from"] == APRIL
    rows = rows_of(record)
    assert len(rows) >= 3

    def never(earlier: date, later: date) -> dict[str, Any]:
        raise AssertionError

    visitor = client(store, never)
    for address in ("/movement", f"/movement?from={APRIL}&to={MAY}", f"/movement?from={APRIL}"):
        answer = visitor.get(address)
        assert answer.status_code == 200
        assert all(row in text_of(answer.text) for row in rows)


def test_other_runs_are_compared_beside_the_page_and_once(mine: Path, other: Path, tmp_path: Path) -> None:
    held, asked = threading.Event(), []

    def slow(earlier: date, later: date) -> dict[str, Any]:
        asked.append((earlier, later))
        held.wait(30)
        return compared(mine, earlier, later)

    visitor, address = client(mine, slow), f"/movement?from={MARCH}&to={MAY}"
    for _ in range(2):
        assert visitor.get(address).status_code == 202
        assert visitor.get("/").status_code == 200
    held.set()
    answer = until(visitor, address)
    assert answer.status_code == 200
    rows = rows_of(compared(mine, RUNS[2], RUNS[0]))
    assert len(rows) >= 3
    assert all(row in text_of(answer.text) for row in rows)
    assert "refresh" not in answer.text
    assert "wait.js" not in answer.text
    for again in (address, f"{address}&lang=fr", f"{address}&lang=en"):
        assert visitor.get(again).status_code == 200
    assert asked == [(RUNS[2], RUNS[0])]
    pipeline.report(mine, settings=SMALL)  # changes nothing of what was compared
    assert visitor.get(address).status_code == 200
    assert len(asked) == 1
    replace(mine, other, tmp_path / "scratch")
    held.clear()
    assert visitor.get(address).status_code == 202
    held.set()
    page = text_of(until(visitor, address).text)
    anew = rows_of(compared(mine, RUNS[2], RUNS[0]))
    assert anew != rows
    assert all(row in page for row in anew)
    assert len(asked) == 2


def test_a_busy_store_is_told_and_asked_again(mine: Path) -> None:
    visitor, address = client(mine), f"/movement?from={MARCH}&to={MAY}"
    with FileLock(mine / ".lock"):
        for _ in range(2):
            answer = until(visitor, address)
            assert answer.status_code == 503
            assert "The store is busy" in answer.text
            assert "Another process is working on STORE." in answer.text
        assert visitor.get("/").status_code == 200
    assert until(visitor, address).status_code == 200


def test_an_error_of_a_comparison_is_not_kept(mine: Path) -> None:
    answers: Iterator[dict[str, Any] | Exception] = iter([ValueError("wrong"), compared(mine, RUNS[2], RUNS[0])])

    def failing(earlier: date, later: date) -> dict[str, Any]:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    visitor, address = client(mine, failing), f"/movement?from={MARCH}&to={MAY}"
    assert until(visitor, address).status_code == 500
    assert until(visitor, address).status_code == 200


def test_a_run_that_is_made_anew_is_shown_anew(mine: Path, other: Path, tmp_path: Path) -> None:
    visitor = client(mine)
    pages = ("/", "/segments", "/choice", "/why", "/segments/0")
    before = {page: visitor.get(page).text for page in pages}
    assert {page: visitor.get(page).text for page in pages} == before
    user_id = pl.read_parquet(mine / "runs" / MAY / "segments.parquet")["user_id"][5]
    visitor.get(f"/customers?id={user_id}")
    replace(mine, other, tmp_path / "scratch")
    labels = pl.read_parquet(mine / "runs" / MAY / "segments.parquet")
    assert len(read_json(mine / "runs" / MAY / "summary.json")["segments"]) == 6
    assert all(visitor.get(page).text != old for page, old in before.items())
    for number in range(6):
        table = pl.read_parquet(io.BytesIO(visitor.get(f"/segments/{number}/customers.parquet").content))
        assert table["user_id"].to_list() == labels.filter(pl.col("segment") == number)["user_id"].sort().to_list()
    for user_id, number in labels.filter(pl.col("segment").is_not_null()).select("user_id", "segment").rows()[::50]:
        assert f'<a href="/segments/{number}">' in visitor.get(f"/customers?id={user_id}").text


def test_a_new_run_appears_and_one_that_went_is_gone(mine: Path) -> None:
    visitor, hidden = client(mine), mine / "hidden"
    (mine / "runs" / MAY).rename(hidden)
    page = visitor.get("/").text
    assert MAY not in page
    assert f'<option value="{APRIL}" selected>' in page
    assert visitor.get(f"/?run={MAY}").status_code == 404
    summary = (hidden / "summary.json").rename(mine / "summary.json")
    hidden.rename(mine / "runs" / MAY)
    halfway = text_of(visitor.get("/").text)  # what it is told from is not there yet
    assert "as of 1 April 2020" in halfway
    assert "not whole, and so not shown: 1 May 2020" in halfway
    summary.rename(mine / "runs" / MAY / "summary.json")
    page = visitor.get("/").text
    assert f'<option value="{MAY}" selected>' in page
    assert f'<option value="{APRIL}">' in page
    (mine / "runs" / MARCH).rename(hidden)
    assert f'<option value="{MARCH}">' not in visitor.get("/").text


def test_a_run_before_that_was_fitted_again_is_said_and_compared_anew(mine: Path) -> None:
    visitor = client(mine, lambda earlier, later: compared(mine, earlier, later))
    assert "was fitted again after this one" not in text_of(visitor.get("/").text)
    shown = visitor.get("/movement")
    assert shown.status_code == 200
    pipeline.fit(mine, as_of=RUNS[1], settings=SMALL.model_copy(update={"k": 3, "anew": True}))
    assert "was fitted again after this one" in text_of(visitor.get("/").text)
    anew = until(visitor, "/movement")
    record = compared(mine, RUNS[1], RUNS[0])
    assert all(row in text_of(anew.text) for row in rows_of(record))
    names = {one["name"]["en"] for one in record["states"]["from"] if one["kind"] == "segment"}
    assert names == {one["name"]["en"] for one in read_json(mine / "runs" / APRIL / "scorecard.json")["segments"]} | {
        one["name"]["en"] for one in read_json(mine / "runs" / APRIL / "scorecard.json")["visitors"]["segments"]
    }
    assert "was fitted again after this one" not in text_of(anew.text)


def test_a_later_run_that_is_not_whole_is_named(mine: Path) -> None:
    visitor = client(mine)
    assert "not whole" not in text_of(visitor.get("/").text)
    pipeline.customers(mine, as_of=date(2020, 4, 15), settings=SMALL)
    assert "not whole" not in text_of(visitor.get("/").text)  # an earlier one is nobody's latest
    (mine / "runs" / MAY / "summary.json").unlink()
    page = text_of(visitor.get("/").text)
    assert "Later runs that are not whole, and so not shown: 15 April 2020, 1 May 2020" in page
    assert "as of 1 April 2020" in page


def test_a_replay_of_past_months_is_shown_when_it_is_there(mine: Path) -> None:
    visitor = client(mine)
    before = text_of(visitor.get("/choice").text)
    assert "bestiary cadence" in before
    found = changes.cadence(mine, settings=SMALL)
    kept = read_json(mine / "cadence.json")
    assert kept == {"as_of": MAY, "level": SMALL.choice.cadence_agreement, **json.loads(json.dumps(found.record()))}
    after = text_of(visitor.get("/choice").text)
    assert "bestiary cadence" not in after
    assert EN.sentence(kept["sentence"]) in after
    for run in (MAY, APRIL):
        assert EN.sentence(kept["sentence"]) in text_of(visitor.get(f"/choice?run={run}").text)


@pytest.mark.parametrize("name", ["summary.json", "sample.parquet", "model.json"])
@pytest.mark.parametrize("damage", ["cut", "junk"])
def test_a_damaged_file_of_a_run_is_told_and_the_rest_goes_on(mine: Path, name: str, damage: str) -> None:
    path = mine / "runs" / APRIL / name
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if damage == "cut" else b"PAR1\xff\x00" + whole[::-1] + b"PAR1")
    visitor = client(mine)
    user_id = pl.read_parquet(mine / "runs" / APRIL / "segments.parquet")["user_id"][0]
    addresses = [f"/customers?id={user_id}&run={APRIL}"]
    addresses += [f"{page}?run={APRIL}" for page in ("/", "/map", "/segments/0")] if name != "model.json" else []
    for address in addresses:
        answer = visitor.get(address)
        assert answer.status_code == 500
        assert "Something is wrong with the store" in answer.text
        assert f"STORE/runs/{APRIL}/{name}" in answer.text
        assert is_sound(answer.text, mine)
    for page in ("/", "/map", "/segments/0", "/movement", f"/?run={MARCH}"):
        assert visitor.get(page).status_code == 200
    path.write_bytes(whole)
    assert visitor.get(f"/?run={APRIL}").status_code == 200


def test_a_run_of_another_format_is_told(mine: Path) -> None:
    path = mine / "runs" / APRIL / "summary.json"
    write_json(path, read_json(path) | {"format_version": 99})
    answer = client(mine).get(f"/?run={APRIL}")
    assert answer.status_code == 500
    assert f"STORE/runs/{APRIL}/summary.json has format version 99." in answer.text


def test_what_is_read_is_never_of_two_states(
    store: Path, mine: Path, other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the figures and the sample the run is replaced: twice, which is too often; then once."""
    turns = iter([other, store, other])

    def interrupted(run: Path, *, who: bool) -> dict[str, Any]:
        found, made = read_summary(run, who=who), next(turns, None)
        if made:
            replace(mine, made, tmp_path / "scratch")
            found["sample"] = read_summary(run, who=who)["sample"]
        return found

    monkeypatch.setattr("bestiary.report.dashboard.shelf.read_summary", interrupted)
    visitor = client(mine)
    answer = visitor.get("/map")
    assert answer.status_code == 503
    assert "A run is being made anew" in answer.text
    shown = visitor.get("/map")
    assert shown.status_code == 200
    assert next(turns, None) is None
    monkeypatch.undo()
    assert shown.text == client(mine).get("/map").text
    assert shown.text != client(store).get("/map").text


def test_a_customer_and_a_download_are_never_of_two_states(
    mine: Path, other: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels = [pl.read_parquet(one / "runs" / MAY / "segments.parquet") for one in (mine, other)]
    before, after = (dict(one.select("user_id", "segment").rows()) for one in labels)
    user_id = next(one for one, number in before.items() if number is not None and after[one] not in (number, None))

    def interrupted(connection: Any, table: Path, wanted: str) -> Any:
        found = found_row(connection, table, wanted)
        if table.name == "customers.parquet" and not (tmp_path / "done").exists():
            replace(mine, other, tmp_path / "scratch")
            (tmp_path / "done").touch()
        return found

    monkeypatch.setattr("bestiary.report.dashboard.person.found_row", interrupted)
    page = client(mine).get(f"/customers?id={user_id}").text
    assert (tmp_path / "done").exists()
    assert page == client(other).get(f"/customers?id={user_id}").text


def test_a_run_that_is_gone_while_it_is_read_is_busy_and_not_damaged(
    mine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = Shelf.runs
    visitor = client(mine)

    def then_gone(self: Shelf) -> Any:
        found = held(self)
        (mine / "runs" / MAY / "summary.json").unlink(missing_ok=True)
        return found

    monkeypatch.setattr(Shelf, "runs", then_gone)
    answer = visitor.get("/")
    assert answer.status_code == 503
    assert f"A run is being made anew, one of: {MAY}." in answer.text
