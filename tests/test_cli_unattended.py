"""Commands that nobody watches: quiet, logs as JSON lines, exit statuses, signals, and readers that go away."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import shop
from bestiary import pipeline
from bestiary.config import Settings
from bestiary.guard import EXIT_STATUSES
from bestiary.lake.lock import locked
from bestiary.lake.store import Store
from command import PROGRAM, bestiary, done, events_of, failed, quick

README = Path(__file__).resolve().parents[1] / "README.md"
STEPS = ["files", "events", "last event", "customers", "the past", "segments", "figures", "report"]


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unattended") / "shop"
    pipeline.simulate(folder, events=12_000, months=2, seed=3, dirty=True)
    return folder


@pytest.fixture(scope="module")
def finished(events: Path) -> Path:
    """A store after `run`. Tests that change it take a copy."""
    store = events.parent / "store"
    pipeline.run([events], store, settings=Settings.model_validate({"buckets": 2, **shop.QUICK}))
    return store


@pytest.fixture
def store(finished: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(finished, tmp_path / "store"))


def test_quiet_says_nothing_and_does_the_same(events: Path, tmp_path: Path) -> None:
    process = bestiary("run", events, "--store", tmp_path / "store", "--quiet", "--config", quick(tmp_path))
    assert (process.returncode, process.stdout, process.stderr) == (0, "", "")
    (run,) = (tmp_path / "store" / "runs").iterdir()
    assert (run / "run.json").is_file()
    assert failed("fit", "--store", tmp_path / "store", "--as-of", "2001-01-01", "--quiet")


def test_a_log_of_json_lines_tells_steps_and_what_they_came_to(events: Path, tmp_path: Path) -> None:
    store = tmp_path / "store"
    process = bestiary("run", events, "--store", store, "--log-format", "json", "--config", quick(tmp_path))
    assert process.returncode == 0
    assert "Report: " in process.stdout  # the tables are as ever
    log = events_of(process.stderr)
    assert all(one["time"].endswith("Z") for one in log)
    assert [one["step"] for one in log if one["event"] == "start"] == STEPS
    ends = [one for one in log if one["event"] == "end"]
    assert [one["step"] for one in ends] == STEPS
    assert all(one["done"] == one["total"] > 0 for one in ends)
    read, learned = events_of(process.stderr, "result")
    (run,) = (store / "runs").iterdir()
    quality, card = (json.loads((run / name).read_text()) for name in ("quality.json", "scorecard.json"))
    counts = ("name", "read", "kept", "duplicates", "rejected")
    assert [[one[name] for name in counts] for one in read["files"]] == [
        [one[name] for name in counts] for one in quality["sources"]
    ]
    assert sum(sum(one["reasons"].values()) for one in read["files"]) == quality["counts"]["rejected"] > 0
    assert (learned["step"], learned["path"], learned["as_of"]) == ("segments", str(run), run.name)
    assert {one["name"]: one["customers"] for one in learned["segments"]} == {
        one["name"]["en"]: one["customers"] for one in card["segments"]
    }
    assert learned["report"] == str(run / "report.html")


def test_quiet_and_json_leave_the_results_alone(events: Path, store: Path, tmp_path: Path) -> None:
    process = bestiary("run", events, "--store", store, "--quiet", "--log-format", "json", "--config", quick(tmp_path))
    assert (process.returncode, process.stdout) == (0, "")
    read, learned = events_of(process.stderr)
    assert (read["event"], read["files"], len(read["known"])) == ("result", [], 2)
    assert (learned["event"], learned["unchanged"]) == ("result", True)


def test_an_error_as_json_has_its_three_parts_and_the_status(tmp_path: Path) -> None:
    process = bestiary("ingest", tmp_path / "no", "--store", tmp_path / "s", "--log-format", "json")
    assert process.returncode == 1
    (error,) = events_of(process.stderr, "error")
    assert error["status"] == 1
    assert all(error[part] for part in ("found", "allowed", "do"))
    assert not (tmp_path / "s").exists()


def test_what_was_read_is_told_also_when_something_fails_later(tmp_path: Path) -> None:
    views = shop.write_csv(tmp_path / "views.csv", [shop.line(user_id=str(number)) for number in range(20)])
    nobody_bought = bestiary("run", views, "--store", tmp_path / "store")
    assert nobody_bought.returncode == 1
    assert nobody_bought.stderr.startswith("Error: ")
    assert nobody_bought.stdout.splitlines()[1].split() == ["views.csv", "20", "20", "0", "0"]
    good = shop.write_csv(tmp_path / "files" / "1.csv", [shop.line(price="1")])
    cut = shop.write_csv(tmp_path / "files" / "2.csv.gz", [shop.line(price="2")] * 500)
    cut.write_bytes(cut.read_bytes()[:-5])
    second_fails = bestiary("ingest", good.parent, "--store", tmp_path / "store")
    assert second_fails.returncode == 1
    assert "damaged" in second_fails.stderr
    assert [line.split() for line in second_fails.stdout.splitlines()[1:]] == [["1.csv", "1", "1", "0", "0"]]


def test_files_that_overlap_are_read_with_a_warning_or_refused(tmp_path: Path) -> None:
    first = shop.write_csv(tmp_path / "first.csv", [shop.line(price="1"), shop.line(price="2")])
    second = shop.write_csv(tmp_path / "second.csv", [shop.line(price="2"), shop.line(price="3")])
    done("ingest", first, "--store", tmp_path / "store")
    told = failed("ingest", second, "--store", tmp_path / "store", "--on-overlap", "refuse")
    assert "second.csv shares 1 session" in told
    warned = bestiary("ingest", second, "--store", tmp_path / "store", "--quiet")
    assert (warned.returncode, warned.stdout) == (0, "")
    assert warned.stderr.startswith("Warning: second.csv shares 1 session")
    third = shop.write_csv(tmp_path / "third.csv", [shop.line(price="3"), shop.line(price="4")])
    process = bestiary("ingest", third, "--store", tmp_path / "store", "--log-format", "json")
    (warning,) = events_of(process.stderr, "warning")
    assert warning["told"].startswith("third.csv shares 1 session")


def test_another_process_on_the_store_is_status_3(store: Path) -> None:
    with locked(store):
        assert "Another process" in failed("customers", "--store", store, status=3)
    done("report", "--store", store)


@pytest.mark.parametrize(
    ("number", "step"),
    [(signal.SIGINT, "events"), (signal.SIGTERM, "customers"), (signal.SIGINT, "segments"), (signal.SIGTERM, "report")],
)
def test_a_signal_ends_a_run_with_a_sentence_and_loses_nothing(
    number: signal.Signals, step: str, events: Path, tmp_path: Path
) -> None:
    command = [PROGRAM, "run", str(events), "--store", str(tmp_path / "store"), "--log-format", "json"]
    command += ["--config", str(quick(tmp_path))]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if (json.loads(line)["event"], json.loads(line).get("step")) == ("start", step):
                process.send_signal(number)
                break
        rest = process.stderr.read()
    (error,) = events_of(rest, "error")
    assert error["found"].startswith("Interrupted")
    assert process.returncode == error["status"] == 128 + number
    if (tmp_path / "store").exists():
        assert not list((tmp_path / "store").glob("runs/*/run.json"))


def test_a_reader_that_goes_away_stops_nothing(events: Path, store: Path, tmp_path: Path) -> None:
    def gone(stream: str, *arguments: str | Path) -> None:
        reader, writer = os.pipe()
        os.close(reader)
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, stream: writer}
        command = [PROGRAM, *map(str, arguments)]
        process = subprocess.run(command, text=True, check=False, stdout=pipes["stdout"], stderr=pipes["stderr"])
        os.close(writer)
        assert process.returncode == 0
        assert "Traceback" not in (process.stderr or "")

    gone("stdout", "run", events, "--store", tmp_path / "new", "--config", quick(tmp_path))
    assert list((tmp_path / "new").glob("runs/*/run.json"))
    gone("stderr", "customers", "--store", store, "--as-of", "2019-11-15", "--log-format", "json")
    assert (store / "runs" / "2019-11-15" / "customers.parquet").is_file()
    for arguments in (f"rejects --store {store} --limit 5000", "--help"):
        piped = f"{PROGRAM} {arguments} | head -n 1"
        process = subprocess.run(piped, shell=True, capture_output=True, text=True, check=False)
        assert (process.stderr, len(process.stdout.splitlines())) == ("", 1)


def test_the_exit_statuses_are_told_in_help_and_readme() -> None:
    out, readme = done("--help"), README.read_text(encoding="utf-8")
    for status, meaning in EXIT_STATUSES.items():
        assert any(line.split(maxsplit=1) == [str(status), meaning] for line in out.splitlines())
        assert f"| {status} | {meaning} |" in readme


def test_too_little_memory_is_refused(events: Path, tmp_path: Path) -> None:
    assert "at least 500MB" in failed("run", events, "--store", tmp_path / "store", "--memory", "1MB")


def refused(store: Path) -> Iterator[tuple[str, int, str, str]]:
    files = Store.open(store, Settings()).files("rejects")
    yield from shop.rows(files, "source, number, reason, raw")


def test_rejects_are_shown_with_file_line_reason_and_text(store: Path) -> None:
    rows = list(refused(store))
    out = done("rejects", "--store", store, "--limit", "5000").splitlines()
    assert len(out) > len(rows) > 50
    told = [line.split(": ", 2)[:2] for line in out[: len(rows)]]
    assert told == [[f"{source}:{number}", reason] for source, number, reason, _ in rows]
    assert all(line.isprintable() for line in out)
    plain = [at for at, row in enumerate(rows) if row[3].isascii() and row[3].isprintable()]
    assert plain
    assert all(out[at].split(": ", 2)[2:] == [rows[at][3]] for at in plain if rows[at][3])
    reason = rows[0][2]
    some = done("rejects", "--store", store, "--reason", reason, "--limit", "2").splitlines()
    assert [line.split(": ", 2)[1] for line in some[:2]] == [reason, reason]
    count = sum(row[2] == reason for row in rows)
    assert some[-1] == f"These are the first 2 of {count:,}; more with --limit."
    assert f"{reason} {count:,}" in " ".join(some)


def test_rejects_that_are_not_there(store: Path, tmp_path: Path) -> None:
    assert "did you mean 'bad_price'" in failed("rejects", "--store", store, "--reason", "bad_prize")
    good = shop.write_csv(tmp_path / "good.csv", [shop.line()])
    done("ingest", good, "--store", tmp_path / "new")
    assert done("rejects", "--store", tmp_path / "new") == "No row was refused.\n"
    assert "not a store" in failed("rejects", "--store", tmp_path / "nothing")


def test_the_doctor_names_litter_removes_it_and_tells_what_it_cannot_mend(store: Path) -> None:
    before = shop.tree(store)
    assert "is well" in done("doctor", "--store", store)
    litter = shop.write_bytes(store / ".scratch" / "left.parquet", b"0123456789")
    assert f"Litter: {litter.parent} (10 bytes)" in done("doctor", "--store", store, "--dry-run")
    assert litter.exists()
    assert f"Removed: {litter.parent} (10 bytes)" in done("doctor", "--store", store)
    assert shop.tree(store) == before
    part = next(iter(Store.open(store, Settings()).visits())).path
    part.unlink()
    process = bestiary("doctor", "--store", store, "--log-format", "json")
    assert process.returncode == 1
    assert f"Problem: {part}" in process.stdout
    (result,) = events_of(process.stderr, "result")
    assert (result["litter"], len(result["problems"])) == ([], 1)
