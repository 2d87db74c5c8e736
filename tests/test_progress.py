"""Progress: the figures of a step, who is told when, and how it reads."""

import io
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from rich.console import Console

import daily
import shop
from bestiary import pipeline, progress
from bestiary.bars import Line, Lines, at_its_end, duration, while_it_goes
from bestiary.logs import JsonLog
from bestiary.progress import Figures, Watched, step


class Heard:
    """A listener that remembers, and says when it was told `enough` times that a step goes on."""

    def __init__(self, enough: int = 1) -> None:
        self.told: list[tuple[str, Figures]] = []
        self.enough, self._left = Event(), enough

    def began(self, now: Figures) -> None:
        self.told.append(("began", now))

    def goes_on(self, now: Figures) -> None:
        self.told.append(("goes on", now))
        self._left -= 1
        if self._left == 0:
            self.enough.set()

    def ended(self, now: Figures) -> None:
        self.told.append(("ended", now))

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.told]


def test_a_step_that_is_soon_over_is_told_of_at_its_ends_alone() -> None:
    heard = Heard()
    watched = Watched(heard, patience=60)
    for label in ("events", "customers"):
        with step(watched, label, 3):
            watched.advance(2, rows=10)
    assert [(kind, now.label, now.done, now.rows) for kind, now in heard.told] == [
        ("began", "events", 0, 0),
        ("ended", "events", 2, 10),
        ("began", "customers", 0, 0),
        ("ended", "customers", 2, 10),
    ]


def test_a_long_step_is_told_of_again_and_again_also_when_nothing_moves() -> None:
    heard = Heard(enough=3)
    with step(Watched(heard, patience=0.01, every=0.01), "events", 3):
        assert heard.enough.wait(60)
    assert heard.kinds[:4] == ["began", "goes on", "goes on", "goes on"]
    assert heard.kinds[-1] == "ended"


def test_a_step_that_fails_is_ended_with_what_was_done() -> None:
    heard = Heard()
    watched = Watched(heard, patience=60)

    def fail() -> None:
        with step(watched, "events", 3):
            watched.advance()
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fail()
    kind, now = heard.told[-1]
    assert (kind, now.done, now.total) == ("ended", 1, 3)


class Sums:
    """Progress that keeps what was told of each step: label, parts in all, parts done."""

    def __init__(self) -> None:
        self.steps: list[list[Any]] = []

    def start(self, label: str, total: int) -> None:
        self.steps.append([label, total, 0])

    def advance(self, done: int = 1, *, rows: int = 0) -> None:
        self.steps[-1][2] += done

    def stop(self) -> None:
        pass


def test_the_parts_of_every_step_come_to_its_total(tmp_path: Path) -> None:
    store, sums = tmp_path / "store", Sums()
    files = daily.write_daily(tmp_path / "days", range(10))
    few = shop.write_csv(tmp_path / "few" / "a.csv", [shop.line(event_type="purchase", user_id=user) for user in "123"])
    pipeline.run(files[:1], store, settings=shop.SMALL, progress=sums)
    pipeline.run(files, store, settings=shop.SMALL, progress=sums)  # one is known, and there is much to compact
    pipeline.run([few], tmp_path / "another", settings=shop.SMALL, progress=sums)  # fewer buyers than the k to try
    pipeline.doctor(store, progress=sums)
    (tmp_path / "half" / ".scratch").mkdir(parents=True)
    pipeline.doctor(tmp_path / "half", progress=sums)
    assert {label for label, _, _ in sums.steps} == {
        "files", "events", "compaction", "last event", "customers", "the past", "segments", "figures", "report",
        "doctor",
    }  # fmt: skip
    assert [one for one in sums.steps if one[1] != one[2] or not one[1]] == []


def test_parts_from_many_threads_are_all_counted() -> None:
    watched = Watched(Heard(), patience=60)
    with step(watched, "events", 8000):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: watched.advance(rows=3), range(8000)))
        assert (watched.now().done, watched.now().rows) == (8000, 24000)


def test_the_time_left_is_reckoned_from_the_last_part_and_shrinks(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = 100.0
    monkeypatch.setattr(progress, "monotonic", lambda: clock)
    watched = Watched(Heard(), patience=60)
    watched.start("events", 10)
    clock = 103.0
    assert watched.now().seconds_left is None
    clock = 104.0
    watched.advance(2, rows=1000)
    assert watched.now().seconds_left == 16.0  # 2 parts in 4 seconds, 8 to come
    clock = 108.0
    assert watched.now().seconds_left == 12.0
    assert watched.now().rows_per_second == 125.0
    clock = 130.0
    assert watched.now().seconds_left == 0.0  # later than was thought, and never negative
    watched.advance(8)
    assert (watched.now().share, watched.now().seconds_left) == (1.0, 0.0)
    watched.stop()


def test_what_a_person_reads() -> None:
    assert [duration(seconds) for seconds in (0.4, 59.6, 61, 3723)] == ["0:00", "1:00", "1:01", "1:02:03"]
    some = Figures("events", 200, 87, 1_234_567, 10.0, 13.0)
    assert while_it_goes(some) == "43 %, 1,234,567 rows, 123,457 rows/s, 0:13 left"
    assert at_its_end(some) == "ended at 43 % after 0:10, 1,234,567 rows, 123,457 rows/s"
    assert while_it_goes(Figures("segments", 1, seconds=7.0)) == "0:07 so far"
    assert at_its_end(Figures("segments", 1, 1, seconds=7.0)) == "done in 0:07"
    assert at_its_end(Figures("events", 0)) == "done in 0:00"  # nothing was to do


def test_lines_come_only_for_what_takes_a_while(capsys: pytest.CaptureFixture[str]) -> None:
    lines, some = Lines(), Figures("events", 2, 1, 10, 5.0, 5.0)
    lines.began(some)
    lines.ended(some)
    assert capsys.readouterr() == ("", "")
    lines.began(some)
    lines.goes_on(some)
    lines.ended(Figures("events", 2, 2, 20, 10.0, 0.0))
    out, err = capsys.readouterr()
    assert out == ""
    assert err == "events: 50 %, 10 rows, 2 rows/s, 0:05 left\nevents: done in 0:10, 20 rows, 2 rows/s\n"


def test_a_terminal_has_one_line_that_moves_and_goes(capsys: pytest.CaptureFixture[str]) -> None:
    screen = io.StringIO()
    line = Line(Console(file=screen, force_terminal=True, width=100))
    line.began(Figures("events", 2))
    line.ended(Figures("events", 2, 2))
    assert screen.getvalue() == ""
    line.began(Figures("events", 2))
    for done in (0, 1):
        line.goes_on(Figures("events", 2, done, 1000 * done, 4.0, 4.0 if done else None))
    shown = screen.getvalue()
    assert "0:04 so far" in shown
    assert "50 %, 1,000 rows, 250 rows/s, 0:04 left" in shown
    assert "\n" not in shown.partition("events")[2]  # the line is drawn over itself
    line.ended(Figures("events", 2, 2, 2000, 8.0, 0.0))
    assert screen.getvalue().endswith("\x1b[2K")  # erased
    assert capsys.readouterr().err == "events: done in 0:08, 2,000 rows, 250 rows/s\n"


def test_a_log_of_json_lines(capsys: pytest.CaptureFixture[str]) -> None:
    log = JsonLog(quiet=False)
    log.began(Figures("events", 200))
    log.goes_on(Figures("events", 200, 50, 1000, 2.0, 6.0))
    log.ended(Figures("events", 200, 200, 4000, 8.0, 0.0))
    log.warning("Two files overlap: «a» and «b»")
    found = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert all(one.pop("time").endswith("Z") for one in found)
    assert found == [
        {"event": "start", "step": "events", "total": 200},
        {
            "event": "progress",
            "step": "events",
            "done": 50,
            "total": 200,
            "rows": 1000,
            "rows_per_second": 500,
            "seconds": 2.0,
            "seconds_left": 6.0,
        },
        {
            "event": "end",
            "step": "events",
            "done": 200,
            "total": 200,
            "rows": 4000,
            "rows_per_second": 500,
            "seconds": 8.0,
        },
        {"event": "warning", "told": "Two files overlap: «a» and «b»"},
    ]
