"""`bestiary report --share` on a real store: what it leaves and says, when its page goes, what it counts."""

import json
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from bestiary import pipeline
from bestiary.config import Settings
from bestiary.errors import PopulationError
from bestiary.lake.runs import EXTRAS, STEPS, Run
from bestiary.lake.store import Store
from bestiary.report.sharing.presence import measure_presence
from bestiary.sql import connect, quote
from command import bestiary
from dashboard_shop import SMALL, copy
from months import APRIL, MAY
from sharing_run import counted, figures, strings, words
from shop import event, ingest, write_csv
from shop import line as row
from test_sharing_page import COUNTS

SHARED = "shared.html"


@pytest.fixture(scope="module")
def drawn(store: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A store of one's own whose latest run has its shared page, and what was told of it."""
    own, held = copy(store, tmp_path_factory.mktemp("shared")), dict[str, Any]()
    pipeline.report(own, settings=SMALL, share=True, told=held.update)
    return own, held


def small(k: int) -> Settings:
    return SMALL.model_copy(update={"privacy": SMALL.privacy.model_copy(update={"smallest_group": k})})


def test_a_real_run_is_shared_with_nothing_about_fewer_than_k(drawn: tuple[Path, dict[str, Any]]) -> None:
    source = (Run.of(drawn[0], MAY).path / SHARED).read_text(encoding="utf-8")
    books = figures(source)
    people = [n for key, one in books["en"].items() for n in COUNTS[key.partition("-")[0]](one)]
    assert len(people) > 100
    assert min(people) >= 10
    told = counted(words(source)) + [n for text in strings(books) for n in counted(text)]
    assert min(told) == 10
    assert drawn[1]["numbers"] > 100
    assert ".csv" not in words(source) + json.dumps(books)


def test_no_customer_of_the_store_is_in_it(drawn: tuple[Path, dict[str, Any]]) -> None:
    run = Run.of(drawn[0], MAY).path
    with connect(threads=1) as connection:
        ids = connection.execute(f"SELECT user_id::VARCHAR FROM {quote(str(run / 'customers.parquet'))}").fetchall()
    source = (run / SHARED).read_text(encoding="utf-8")
    told = words(source) + json.dumps(figures(source))
    assert ids
    assert [one for (one,) in ids if one in told] == []


def test_the_command_says_where_it_is_and_what_it_holds_back(store: Path, tmp_path: Path) -> None:
    own = copy(store, tmp_path)
    (tmp_path / "settings.toml").write_text("[privacy]\nsmallest_group = 25\n", encoding="utf-8")
    done = bestiary("report", "--store", own, "--share", "--lang", "fr", "--config", tmp_path / "settings.toml")
    page = Run.of(own, MAY).path / SHARED
    assert done.returncode == 0, done.stderr
    assert f"Shared report: {page}" in done.stdout
    told = " ".join(done.stdout.split())
    assert "It tells of no group under 25 people. Held back:" in told
    assert "parts of the page" in told
    source = page.read_text(encoding="utf-8")
    assert '<html lang="fr">' in source
    assert min(counted(words(source))) == 25
    logged = bestiary("report", "--store", own, "--share", "--quiet", "--log-format", "json")
    results = [one for one in map(json.loads, logged.stderr.splitlines()) if one["event"] == "result"]
    assert [one["step"] for one in results] == ["report", "shared"]
    assert (results[1]["smallest_group"], results[1]["path"]) == (10, str(page))
    assert results[1]["numbers"] > 0
    assert logged.stdout == ""


def test_without_share_no_page_is_made_and_one_that_is_there_stays(store: Path, tmp_path: Path) -> None:
    own = copy(store, tmp_path)
    run = pipeline.report(own, settings=SMALL)
    assert not (run.path / SHARED).exists()
    pipeline.report(own, settings=SMALL, share=True)
    before = (run.path / SHARED).read_bytes()
    pipeline.report(own, settings=SMALL.model_copy(update={"language": "fr"}))  # another report beside it
    assert (run.path / SHARED).read_bytes() == before
    pipeline.report(own, settings=small(20), share=True)
    assert (run.path / SHARED).read_bytes() != before
    assert run.description() is not None


def test_it_goes_with_the_segments_that_it_told_of(drawn: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    own = shutil.copytree(drawn[0], tmp_path / "store")
    done = pipeline.fit(own, as_of=MAY, settings=SMALL.model_copy(update={"k": 3, "anew": True}))
    assert set(done.gone) == {"report.html", SHARED}
    assert not (done.path / SHARED).exists()
    assert not (done.path / "run.json").exists()


def test_it_stays_where_a_fit_makes_the_same_again(drawn: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    own = shutil.copytree(drawn[0], tmp_path / "store")
    done = pipeline.fit(own, as_of=MAY, settings=SMALL)
    assert done.gone == ()
    assert (done.path / SHARED).exists()


def test_the_doctor_takes_a_whole_page_for_no_litter_and_names_a_damaged_one(
    drawn: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    own = shutil.copytree(drawn[0], tmp_path / "store")
    page = Run.of(own, MAY).path / SHARED
    found = pipeline.doctor(own, settings=SMALL, dry_run=True)
    assert SHARED not in str(found)
    page.write_bytes(page.read_bytes()[:1000])
    assert SHARED in str(pipeline.doctor(own, settings=SMALL, dry_run=True))


def test_a_page_beside_an_interrupted_report_is_litter(drawn: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    own = shutil.copytree(drawn[0], tmp_path / "store")
    run = Run.of(own, MAY)
    for name in ("run.json", "report.html"):
        (run.path / name).unlink()
    pipeline.doctor(own, settings=SMALL)
    assert not (run.path / SHARED).exists()
    assert run.has("fit")


def test_of_a_run_of_too_few_nothing_is_shared_and_nothing_changes(store: Path, tmp_path: Path) -> None:
    own = copy(store, tmp_path)
    with pytest.raises(PopulationError, match="fewer than 1000 customers") as raised:
        pipeline.report(own, settings=small(1000), share=True)
    assert "smallest_group" in raised.value.allowed
    assert not (Run.of(own, MAY).path / "report.html").exists()


def test_an_earlier_run_is_shared_by_its_date(store: Path, tmp_path: Path) -> None:
    own = copy(store, tmp_path)
    run = pipeline.report(own, as_of=APRIL, settings=SMALL, share=True)
    assert "1 April 2020, shared edition" in (run.path / SHARED).read_text(encoding="utf-8")


def test_extras_are_no_part_of_what_makes_a_run_whole() -> None:
    assert {name for names in EXTRAS.values() for name in names}.isdisjoint(
        name for names in STEPS.values() for name in names
    )


def test_customers_are_counted_once_an_hour_and_once_a_day(tmp_path: Path) -> None:
    """Five customers, of whom one is in no segment; 512000001 comes three times on one Monday, twice in one hour."""
    times = {
        "512000001": ["2019-11-04 10:05:00", "2019-11-04 10:55:00", "2019-11-04 12:00:00", "2019-11-11 10:00:00"],
        "512000002": ["2019-11-04 10:30:00"],
        "512000003": ["2019-11-05 23:59:59"],
        "512000004": ["2019-11-04 10:00:00"],
        "512000005": ["2019-03-04 10:00:00"],  # before the longest window
    }
    lines = [
        row(event_time=f"{time} UTC", user_id=who, user_session=f"{who}-{at}")
        for who, visits in times.items()
        for at, time in enumerate(visits)
    ]
    assert event()["user_id"] in times
    ingest(write_csv(tmp_path / "events.csv", lines), tmp_path / "store")
    segments = tmp_path / "segments.parquet"
    with connect(threads=1) as connection:
        connection.execute(f"""
            COPY (SELECT * FROM (VALUES (512000001, 0), (512000002, 0), (512000003, 1), (512000004, NULL),
                (512000005, 1)) AS people (user_id, segment)) TO {quote(str(segments))} (FORMAT parquet)
        """)
    lake = Store.open(tmp_path / "store", SMALL)
    parts = ((part.bucket, part.month, part.path) for part in lake.visits())
    as_of = datetime(2019, 12, 1).date()
    found = measure_presence(parts, as_of, (2, 5, 7), segments, 1, 10**9, tmp_path)
    hours = {segment: {at: n for at, n in enumerate(counts) if n} for segment, counts in found["hours"].items()}
    assert hours == {0: {10: 2, 12: 1}, 1: {24 + 23: 1}}
    assert found["days"] == {"2019-11-04": 3, "2019-11-05": 1, "2019-11-11": 1}
