"""What is kept of people and how long: objection, retention, what is told of a person, and what every table holds."""

import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import fields
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from bestiary import pipeline, rights
from bestiary.config import load_settings, read_toml
from bestiary.errors import BestiaryError
from bestiary.files import read_json
from bestiary.lake.objections import objections
from bestiary.lake.recipients import Recipient, delivered
from bestiary.lake.retention import Expired, first_day, retain
from bestiary.lake.store import Store
from bestiary.lake.tables import REJECTS, VISITS
from bestiary.privacy.page import HERE, page, shown
from bestiary.publish.audience_rights import Membership
from command import bestiary
from rights_shop import FIRST, LAST, busiest, settings
from shop import SMALL, ingest, line, rejects, visits, write_csv
from traces import traces

Shop = tuple[Path, Path]


@pytest.fixture
def shop(people: Path, tmp_path: Path) -> Shop:
    return people / "events", Path(shutil.copytree(people / "store", tmp_path / "store"))


def test_who_objects_is_out_at_once_and_stays_out(shop: Shop) -> None:
    events, store = shop
    somebody, _ = busiest(events)
    seen = len(visits(store))
    told = rights.object_(store, [str(somebody)], settings=SMALL)
    assert told["removed"]["segments.parquet"] == 2
    in_runs = [path for path in traces(store, [somebody]) if path.startswith("runs/")]
    assert in_runs == []
    assert len(visits(store)) == seen
    again = pipeline.run([events], store, as_of=LAST, settings=SMALL)
    assert not again.unchanged  # learned anew without them
    assert [path for path in traces(store, [somebody]) if path.startswith("runs/")] == []
    assert pipeline.run([events], store, as_of=LAST, settings=SMALL).unchanged
    assert rights.export(store, str(somebody), settings=SMALL)["objected"]
    rights.object_(store, [str(somebody)], withdraw=True, settings=SMALL)
    assert objections(store) == {}
    rights.object_(store, ["1"], settings=SMALL)
    rights.erase(store, ["1"], settings=SMALL)  # nor is an objection kept of who is gone
    assert objections(store) == {}
    pipeline.run([events], store, as_of=LAST, settings=SMALL)
    assert pipeline.customer(store, somebody) is not None
    assert [one["action"] for one in rights.all_receipts(store)] == [
        "objection begun",
        "objection",
        "objection withdrawn",
        "objection begun",
        "objection",
        "erase begun",
        "erase",
    ]


def test_what_is_told_of_a_person_is_all_that_is_there(shop: Shop, tmp_path: Path) -> None:
    events, store = shop
    somebody, _ = busiest(events)
    delivered(store, kind="events", to="lions", what="ids", as_of=LAST)
    delivered(store, kind="events", to="elsewhere", what="ids", as_of=date(2019, 1, 1))
    found = rights.export(store, str(somebody), settings=SMALL)
    assert len(found["visits"]) == sum(row[0] == somebody for row in visits(store, "user_id"))
    assert len(found["refused"]) >= 4
    assert [one["as_of"] for one in found["runs"]] == [str(FIRST), str(LAST)]
    assert [one["to"] for one in found["recipients"]] == ["lions"]
    last = found["runs"][-1]
    assert last["customers"]["user_id"] == last["segments"]["user_id"] == somebody
    assert last["logic"]["answers"]
    json.dumps(found, allow_nan=False)
    # The same on the command line: a page and JSON, for the owner's eyes alone.
    out = tmp_path / "page.html"
    done = bestiary("subject", "export", str(somebody), "--store", str(store), "--out", str(out), "--lang", "fr")
    assert done.returncode == 0, done.stderr
    assert read_json(out.with_suffix(".json"))["visits"] == found["visits"]
    assert out.stat().st_mode & 0o077 == out.with_suffix(".json").stat().st_mode & 0o077 == 0
    text = Text.of(out.read_text(encoding="utf-8"))
    for one in (str(somebody), last["logic"]["segment"]["fr"], last["logic"]["answers"][0]["fr"], "lions"):
        assert one in text
    assert "elsewhere" not in text


def test_a_page_goes_only_where_a_page_may_go(shop: Shop, tmp_path: Path) -> None:
    _, store = shop
    os.mkfifo(tmp_path / "pipe")
    for out in (tmp_path, tmp_path / "pipe", tmp_path / "page.json", tmp_path / "page.pdf", store / "page.html"):
        done = bestiary("subject", "export", "1", "--store", str(store), "--out", str(out))
        assert done.returncode == 1
        assert str(out) in done.stderr
    assert (tmp_path / "pipe").is_fifo()
    assert not (store / "page.html").exists()


def test_a_page_escapes_what_the_shop_logged_and_says_where_nothing_is_held(tmp_path: Path) -> None:
    store = tmp_path / "store"
    nasty = "<script>alert(1)</script>"
    ingest([write_csv(tmp_path / "a.csv", [line(event_type="purchase", brand=nasty)])], store, settings=SMALL)
    for language in ("en", "fr"):
        shown = page(rights.export(store, "512000001", settings=SMALL), language)
        assert nasty not in shown
        assert nasty in Text.of(shown)
    nobody = rights.export(store, "7", settings=SMALL)
    assert not any(nobody[name] for name in ("visits", "refused", "runs", "recipients", "audiences", "erased"))
    assert Text.of(page(nobody, "en")).count("Nothing.") == 5


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (44419.23, "44419.23"),
        (0.699298, "0.699298"),
        ("215.690000", "215.69"),
        ("0.000000", "0"),
        (None, "–"),
        (("2020-04-01", "2020-05-01"), "2020-04-01; 2020-05-01"),
        ("2020-04-01T10:00:00", "2020-04-01 10:00:00"),
        ("target", "contacted"),
    ],
)
def test_values_are_shown_whole_and_without_idle_digits(value: object, told: str) -> None:
    assert shown(value, {"target": "contacted"}) == told


def test_every_word_of_the_page_is_there_in_both_languages_and_used() -> None:
    words: dict[str, Any] = {one: read_toml(HERE / "locales" / f"{one}.toml") for one in ("en", "fr")}
    assert list(leaves(words["en"])) == list(leaves(words["fr"]))
    template = (HERE / "person.html.j2").read_text(encoding="utf-8")
    asked = {name for name in leaves(words["en"]) if not name.startswith(("columns.", "values."))}
    assert {name for name in asked if f"w.{name}" not in template} == set()
    # What is held has a name that is no column's.
    named = {*VISITS, *REJECTS, *Recipient.model_fields, *(one.name for one in fields(Membership))}
    named -= {"user_id", "bought", "month", "bucket", "fingerprint"}
    assert named <= set(words["en"]["columns"])


def leaves(words: dict[str, Any], before: str = "") -> Iterator[str]:
    """The names of all texts, with those of the tables that they are in."""
    for name, value in words.items():
        yield from leaves(value, f"{before}{name}.") if isinstance(value, dict) else [f"{before}{name}"]


class Text(HTMLParser):
    """The text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    @classmethod
    def of(cls, source: str) -> str:
        parser = cls()
        parser.feed(source)
        return " ".join(parser.parts)


def test_the_first_day_that_is_kept_begins_a_month() -> None:
    assert first_day(settings().privacy, date(2020, 5, 31)) is None
    assert first_day(settings(retention_months=7).privacy, date(2020, 5, 31)) == date(2019, 10, 1)
    assert first_day(settings(retention_months=12).privacy, date(2020, 2, 29)) == date(2019, 2, 1)


def test_what_is_older_than_it_is_kept_goes_and_the_doctor_is_content(shop: Shop) -> None:
    _, store = shop
    lake, privacy = Store.open(store, SMALL), settings(retention_months=7, rejects_days=30).privacy
    texts = sum(raw is not None for _, raw, _ in rejects(store))
    assert texts > 10
    events = sum(sum(row) for row in visits(store, "views, carts, removals, purchases, refunds"))
    assert not retain(lake, privacy, date(2020, 5, 20))
    shutil.copytree(store / "runs" / str(FIRST), store / "runs" / "2020-03-31")
    gone = retain(lake, privacy, date(2020, 11, 1))
    assert gone.months == ("2019-10", "2019-11", "2019-12", "2020-01", "2020-02", "2020-03")
    assert gone.runs == ("2020-03-31",)
    assert [run.as_of for run in pipeline.runs(store)] == [FIRST, LAST]
    rest = sum(sum(row) for row in visits(store, "views, carts, removals, purchases, refunds"))
    assert gone.events == events - rest > 0
    assert pipeline.doctor(store).problems == ()
    before = sorted((number, reason) for number, _, reason in rejects(store))
    late = _texts_gone(lake)
    assert late.rejects == texts
    assert sorted((number, reason) for number, _, reason in rejects(store)) == before
    assert all(raw is None for _, raw, _ in rejects(store))


def _texts_gone(lake: Store) -> Expired:
    """Long after: only the text of refused rows has an end here."""
    return retain(lake, settings(rejects_days=30).privacy, date(2999, 1, 1))


def test_a_store_is_not_emptied_by_itself(shop: Shop) -> None:
    _, store = shop
    before = len(visits(store))
    with pytest.raises(BestiaryError, match="Every visit"):
        retain(Store.open(store, SMALL), settings(retention_months=7).privacy, date(2024, 1, 1))
    assert len(visits(store)) == before


def test_the_job_lets_go_by_itself_and_leaves_a_receipt(tmp_path: Path) -> None:
    today = date.today()  # noqa: DTZ011 - the test has no zone either
    old, new = f"{today.year - 2}-01-15 10:00:00 UTC", f"{today.year}-{today.month:02d}-01 00:00:00 UTC"
    store = tmp_path / "store"
    file = write_csv(tmp_path / "a.csv", [line(event_time=old, user_id="1"), line(event_time=new, user_id="2")])
    ingest([file], store, settings=SMALL)
    assert {row[0] for row in visits(store, "user_id")} == {1, 2}
    ingest([file], store, settings=settings(retention_months=7))
    assert {row[0] for row in visits(store, "user_id")} == {2}
    (receipt,) = rights.all_receipts(store)
    assert (receipt["action"], receipt["events"]) == ("retention", 1)
    with pytest.raises(BestiaryError, match="below the longest window"):
        load_settings(None, privacy={"retention_months": 6})
