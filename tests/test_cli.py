"""The commands as a person runs them: what they print, how they end, and what they leave."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import shop
from bestiary import __version__, show_segments
from bestiary.sql import connect
from command import bestiary, done, events_of, failed, quick

STEPS = ["customers.parquet", "model.json", "quality.json", "report.html", "run.json", "scorecard.json"]
LEFT = [*STEPS, "movements.parquet", "sample.parquet", "segments.parquet", "summary.json"]
HEAVY = ("duckdb", "deltalake", "numpy", "sklearn", "scipy", "sqlglot", "onnx", "plotly", "jinja2")


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("shop") / "events"
    out = done("simulate", folder, "--events", "12000", "--months", "2", "--seed", "3", "--dirty")
    assert "2 files" in out
    assert str(folder) in out
    return folder


@pytest.fixture(scope="module")
def config(events: Path) -> Path:
    return quick(events.parent)


@pytest.fixture(scope="module")
def finished(events: Path, config: Path) -> tuple[Path, str]:
    """A store after `run`, and what it printed. Tests that change it take a copy."""
    store = events.parent / "store"
    return store, done("run", events, "--store", store, "--config", config)


@pytest.fixture
def store(finished: tuple[Path, str], tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished[0], tmp_path / "store"))


def test_run_leaves_everything_and_says_what_and_where(events: Path, finished: tuple[Path, str]) -> None:
    store, out = finished
    (run,) = (store / "runs").iterdir()
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", run.name)
    assert sorted(path.name for path in run.iterdir()) == sorted(LEFT)
    assert str(run / "report.html") in out.replace("\n", "")
    quality = json.loads((run / "quality.json").read_text())
    counts = quality["counts"]
    assert counts["read"] == counts["kept"] + counts["duplicates"] + counts["rejected"] > 11_000
    assert counts["rejected"] > 0
    for source in quality["sources"]:
        (row,) = (line.split() for line in out.splitlines() if line.startswith(source["name"]))
        assert row[1:] == [f"{source[name]:,}" for name in ("read", "kept", "duplicates", "rejected")]
        lines = (events / source["name"]).read_bytes().splitlines()
        assert source["read"] == len(lines) - 1
    assert f"bestiary rejects --store {store}" in out
    card = json.loads((run / "scorecard.json").read_text())
    for segment in card["segments"]:
        assert f"{segment['customers']:,}" in out
    assert "Nothing new" not in out


def test_the_same_command_again_changes_no_byte_and_says_so(events: Path, config: Path, store: Path) -> None:
    before = shop.tree(store)
    out = done("run", events, "--store", store, "--config", config)
    assert "Nothing new" in out
    assert "Already there: 2019-" in out
    assert shop.tree(store) == before
    assert "Already there" in done("ingest", events, "--store", store)
    assert shop.tree(store) == before


def test_two_stores_of_the_same_events_have_the_same_artefacts(
    events: Path, config: Path, store: Path, tmp_path: Path
) -> None:
    done("run", events, "--store", tmp_path / "other", "--config", config)
    (run,) = (store / "runs").iterdir()
    assert shop.tree(tmp_path / "other" / "runs" / run.name) == shop.tree(run)


def test_a_new_file_is_all_that_is_added(events: Path, config: Path, store: Path, tmp_path: Path) -> None:
    more = shop.write_csv(tmp_path / "more.csv", [shop.line(event_time="2019-11-30 23:00:00 UTC")])
    before = shop.tree(store)
    out = done("ingest", events, more, "--store", store)
    assert re.search(r"^more\.csv +1 +1 +0 +0$", out, re.MULTILINE)
    after = shop.tree(store)
    assert {name: after[name] for name in before} == before
    new = {name.split("/")[0] for name in after.keys() - before.keys()}
    assert new == {"rejects", "sources", "visits"}
    again = done("run", events, more, "--store", store, "--config", config)
    assert "Nothing new" not in again
    assert "Nothing new" in done("run", events, more, "--store", store, "--config", config)


def test_each_step_as_a_command_makes_what_run_makes(
    events: Path, config: Path, finished: tuple[Path, str], tmp_path: Path
) -> None:
    store = tmp_path / "store"
    assert "2019-" in done("ingest", events, "--store", store)
    assert "No runs yet" in done("runs", "--store", store)
    assert "customers.parquet" in done("customers", "--store", store)
    (name,) = (path.name for path in (store / "runs").iterdir())
    told = done("runs", "--store", store)
    assert "not complete: no segments" in told
    assert f"To go on: bestiary fit --store {store} --as-of {name}\n" in told
    assert "customers" in done("fit", "--store", store, "--config", config)
    assert "report.html" in done("report", "--store", store)
    assert "complete" in done("runs", "--store", store)
    (run,), (other,) = ((folder / "runs").iterdir() for folder in (store, finished[0]))
    assert shop.tree(run) == shop.tree(other)


def test_a_report_that_a_fit_takes_away_is_told_to_people_and_to_machines(store: Path, tmp_path: Path) -> None:
    (run,) = (store / "runs").iterdir()
    out = done("fit", "--store", store, "--config", quick(tmp_path, "k = 3\n"))
    draw = f"bestiary report --store {store} --as-of {run.name}"
    assert f"The report was of the segments before and is gone; to draw it again: {draw}" in out
    assert not (run / "report.html").exists()
    done("report", "--store", store)
    config = quick(tmp_path, "k = 4\n")
    told = []
    for _ in range(2):
        process = bestiary("fit", "--store", store, "--config", config, "--quiet", "--log-format", "json")
        told += [(one["removed"], one["report"]) for one in events_of(process.stderr, "result")]
    assert told == [(["report.html"], None), ([], None)]
    out = done("customers", "--store", store, "--config", written(tmp_path, "windows = [1, 2, 3]\n"))
    assert "What was made of the customers before is gone: model.json, segments.parquet" in out


def test_runs_count_who_has_a_segment(store: Path) -> None:
    (run,) = (store / "runs").iterdir()
    card = json.loads((run / "scorecard.json").read_text())["population"]
    title, row = done("runs", "--store", store).splitlines()
    assert "in a segment" in title
    with connect() as connection:
        query = f"SELECT count(segment) FROM read_parquet('{run / 'segments.parquet'}')"
        ((placed,),) = connection.execute(query).fetchall()
    assert row.split()[-2] == f"{placed:,}"
    assert placed == card["customers"] - sum(card["too_early"].values()) - card["left_out"] != card["segmented"]
    # One of an older version, which did not count them.
    told = json.loads((run / "run.json").read_text())
    del told["placed"]
    (run / "run.json").write_text(json.dumps(told))
    assert done("runs", "--store", store).splitlines()[1].split()[-2] == "-"


def test_loose_is_explained_where_a_segment_is(store: Path) -> None:
    (run,) = (store / "runs").iterdir()
    card = json.loads((run / "scorecard.json").read_text())
    for loose in (True, False):
        for one in (*card["segments"], *card["visitors"]["segments"]):
            one["loose"] = False
        card["visitors"]["segments"][-1]["loose"] = loose
        lines = show_segments.told(card)
        assert ("Loose: when customers are drawn again, the segment comes back only in part." in lines) == loose


def test_presets_languages_and_dates(store: Path, config: Path) -> None:
    assert "2019-11-15" in done("customers", "--store", store, "--as-of", "2019-11-15")
    assert sorted(path.name for path in (store / "runs").iterdir())[0] == "2019-11-15"
    french = done("report", "--store", store, "--lang", "fr")
    (report,) = re.findall(r"Report: (.*)", french)
    assert '<html lang="fr"' in Path(report).read_text()
    out = done("fit", "--store", store, "--as-of", "2019-11-15", "--preset", "amazing", "--config", config)
    assert "segment" in out
    model = json.loads((store / "runs" / "2019-11-15" / "model.json").read_text())
    assert model["config"]["preset"] == "amazing"


def test_settings_come_from_a_file_and_unknown_ones_are_refused(events: Path, tmp_path: Path) -> None:
    config = quick(tmp_path, 'currency = "EUR"\nk = 4\n')
    out = done("run", events, "--store", tmp_path / "store", "--config", config, "--as-of", "2019-12-01")
    assert "value, EUR" in out
    assert json.loads((tmp_path / "store" / "store.json").read_text())["currency"] == "EUR"
    config.write_text('currenci = "EUR"\n')
    error = failed("ingest", events, "--store", tmp_path / "new", "--config", config)
    assert "did you mean 'currency'" in error
    config.write_text('candidate = "rfm_lg"\n')
    assert "did you mean 'rfm_log'" in failed("run", events, "--store", tmp_path / "new", "--config", config)
    assert not (tmp_path / "new").exists()


def test_ignored_columns_are_named_once(tmp_path: Path) -> None:
    for number in ("1", "2"):
        line = shop.line(user_id=number) + ",red"
        shop.write_csv(tmp_path / "events" / f"{number}.csv", [line], header=shop.HEADER + ",colour")
    assert done("ingest", tmp_path / "events", "--store", tmp_path / "store").count("colour") == 1


def test_errors_end_with_1_and_say_what_was_found_allowed_and_to_do(store: Path, tmp_path: Path) -> None:
    good = shop.write_csv(tmp_path / "good.csv", [shop.line()])
    html = shop.write_bytes(tmp_path / "page.csv", b"<html></html>\n")
    bare = shop.write_csv(tmp_path / "bare.csv", [], header=shop.line())
    cut = shop.write_csv(tmp_path / "cut.csv.gz", [shop.line()] * 50)
    cut.write_bytes(cut.read_bytes()[:-5])
    new = tmp_path / "new"
    three_parts = {
        "no events file there": ("ingest", tmp_path / "nowhere", "--store", new),
        "not a header": ("run", bare, "--store", new),
        "time_zone": ("ingest", good, "--store", store, "--config", written(tmp_path, 'time_zone = "Europe/Paris"')),
    }
    for words, arguments in three_parts.items():
        error = failed(*arguments)
        assert words in error
        assert len(error.strip().splitlines()) == 3
    others = {
        "HTML": ("ingest", html, "--store", new),
        "damaged": ("run", cut, "--store", new),
        "No mapping": ("ingest", good, "--store", new, "--mapping", "nope"),
        "not a store": ("customers", "--store", new),
        "bestiary customers": ("fit", "--store", store, "--as-of", "2001-01-01"),
        "No events from": ("customers", "--store", store, "--as-of", "2001-01-01"),
        "Cannot read": ("ingest", good, "--store", new, "--config", tmp_path / "no.toml"),
    }
    for words, arguments in others.items():
        assert words in failed(*arguments)
    assert not new.exists()
    in_the_way = tmp_path / "good.csv" / "store"
    assert "good.csv" in failed("ingest", good, "--store", in_the_way)


def written(folder: Path, text: str) -> Path:
    path = folder / "settings.toml"
    path.write_text(text)
    return path


def test_a_stray_last_event_asks_for_as_of(tmp_path: Path) -> None:
    lines = [shop.line(user_id=str(number), event_type="purchase") for number in range(2000)]
    path = shop.write_csv(tmp_path / "a.csv", [*lines, shop.line(event_time="2020-03-01 10:00:00 UTC")])
    process = bestiary("run", path, "--store", tmp_path / "store")
    assert process.returncode == 1
    assert "--as-of 2019-10-02" in process.stderr
    assert re.search(r"^a\.csv +2,001 +2 +1,999 +0$|^a\.csv +2,001 +2,001 +0 +0$", process.stdout, re.MULTILINE)
    assert "customers.parquet" in done("customers", "--store", tmp_path / "store", "--as-of", "2019-10-02")


def test_an_option_that_takes_one_of_some_names_says_which(tmp_path: Path) -> None:
    process = bestiary("report", "--store", tmp_path, "--lang", "de")
    assert process.returncode == 2
    assert "Invalid value for '--lang': 'de' is not one of 'en', 'fr'." in process.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["run"],
        ["run", "events"],
        ["ingest", "--store", "s"],
        ["fly"],
        ["run", "e", "--store", "s", "--preset", "other"],
        ["run", "e", "--store", "s", "--as-of", "01/05/2020"],
        ["simulate", "out", "--events", "0"],
        ["simulate", "out", "--format", "xml"],
        [],
    ],
    ids=lambda arguments: " ".join(arguments) or "nothing",
)
def test_misuse_ends_with_2(arguments: list[str], tmp_path: Path) -> None:
    process = bestiary(*arguments, cwd=tmp_path)
    assert process.returncode == 2
    assert "Usage" in process.stderr + process.stdout
    assert "Traceback" not in process.stderr
    assert not list(tmp_path.iterdir())


def test_help_and_version_load_nothing_heavy() -> None:
    code = (
        "import sys\nfrom bestiary.cli import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit as end:\n    assert not end.code\n"
        f"loaded = [name for name in {HEAVY!r} if name in sys.modules]\nassert not loaded, loaded\n"
    )
    for text in (code, code.replace("--help", "version"), code.replace("['--help']", "['run', '--help']")):
        process = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
        assert process.returncode == 0, process.stderr
    out = done("--help")
    for name in ("run", "ingest", "customers", "fit", "report", "runs", "rejects", "doctor", "simulate", "demo"):
        assert re.search(rf"\b{name}\b", out)
    assert "names still follow customers" in " ".join(done("fit", "--help").split())
    assert done("version").strip() == __version__
