"""What the commands say of files that were read: which, how much of them, and what is odd about them."""

from datetime import date, timedelta
from pathlib import Path

import shop
from command import bestiary, done, failed, quick


def a_store(folder: Path) -> Path:
    """A store with one file."""
    store = folder / "store"
    done("ingest", shop.write_csv(folder / "first.csv", [shop.line(user_session="first")]), "--store", store)
    return store


def test_files_that_are_called_alike_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for day in ("01", "02"):
        shop.write_csv(tmp_path / "logs" / day / "events.csv", [shop.line(event_time=f"2019-10-{day}")])
    shop.write_csv(tmp_path / "logs" / "02" / "other.csv", [shop.line(user_id="5", user_session="5")])
    out = done("ingest", tmp_path / "logs", "--store", tmp_path / "store")
    assert [line.split()[0] for line in out.splitlines()[1:]] == ["01/events.csv", "02/events.csv", "other.csv"]
    out = done("ingest", tmp_path / "logs", "--store", tmp_path / "store")
    assert "Already there: 01/events.csv, 02/events.csv, other.csv" in out


def test_a_file_of_which_most_was_refused_is_a_warning_even_when_quiet(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    lines = [shop.line(event_time="01/03/2020")] * 4 + [shop.line(user_id=str(user)) for user in range(3)]
    process = bestiary("ingest", shop.write_csv(tmp_path / "b.csv", lines), "--store", store, "--quiet")
    assert process.returncode == 0
    assert process.stdout == ""
    assert "b.csv: 4 of 7 rows were refused; to see why: bestiary rejects --store" in process.stderr
    half = shop.write_csv(tmp_path / "c.csv", [shop.line(user_id="x"), shop.line(event_time="2019-10-03", price="1")])
    assert done("ingest", half, "--store", store)  # with nothing on standard error


def test_a_part_that_is_missing_is_told_without_a_traceback(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    for part in (store / "visits").rglob("part-*.parquet"):
        part.unlink()
    for command in (["customers"], ["customers", "--as-of", "2019-10-02"]):
        assert "part-" in failed(*command, "--store", store)
    assert "doctor" in failed("customers", "--store", store)


def test_segments_without_a_report_say_how_to_draw_one(tmp_path: Path) -> None:
    done("simulate", tmp_path / "shop", "--events", "6000", "--months", "2")
    done("run", tmp_path / "shop", "--store", tmp_path / "store", "--config", quick(tmp_path))
    out = done("fit", "--store", tmp_path / "store", "--preset", "amazing", "--config", quick(tmp_path))
    (run,) = (tmp_path / "store" / "runs").iterdir()
    drawn = f"bestiary report --store {tmp_path / 'store'} --as-of {run.name}"
    assert f"The report was of the segments before and is gone; to draw it again: {drawn}" in out
    again = done("fit", "--store", tmp_path / "store", "--config", quick(tmp_path))
    assert f"Its report: {drawn}" in again
    # A later run that has no segments is not passed over in silence.
    store, later = tmp_path / "store", date.fromisoformat(run.name) + timedelta(days=1)
    done("customers", "--store", store, "--as-of", str(later), "--config", quick(tmp_path))
    told = bestiary("report", "--store", store)
    assert told.returncode == 0
    assert f"The run as of {later} is later and has no whole segments" in told.stderr
    assert "later" not in bestiary("report", "--store", store, "--as-of", run.name).stderr
