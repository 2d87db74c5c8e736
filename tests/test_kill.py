"""kill -9 at random moments: whatever was going on, a plain re-run gives what an undisturbed one gives.

A warmed-up interpreter forks a process for each attempt, which runs the real command line and is killed after a while.
The moments are spread over the time that the undisturbed command takes, so that kills fall into every phase of it.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import daily
import shop
from bestiary import pipeline
from bestiary.config import Settings
from bestiary.lake.doctor import Findings
from bestiary.lake.store import Store

KILLS = 50
FILES = 4
PHASES = ("no file committed", "some files committed", "all files committed", "after the customers")
BRANCH = """
import os, sys
import bestiary.cli, bestiary.pipeline, bestiary.show, bestiary.report.html, bestiary.segments.fit
import deltalake, duckdb

print("ready", flush=True)
for line in sys.stdin:
    *words, log = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if child == 0:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1), os.dup2(out, 2)
        sys.argv = ["bestiary", *words]
        bestiary.cli.main()
    print(child, flush=True)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    print("ended", flush=True)
    sys.stdin.readline()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Reads command lines: their words, and a file for what they print. Forks a process for each and prints its number;
when it has ended, says so, and when told to go on, how. Until then the number is not given to another process."""


@dataclass(frozen=True)
class Brancher:
    """The interpreter that forks a process for each command."""

    process: "subprocess.Popen[str]"
    log: Path

    def say(self, *words: str) -> None:
        assert self.process.stdin is not None
        print(*words, sep="\t", file=self.process.stdin, flush=True)

    def hear(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def run(self, *command: object) -> float:
        """Run a command, which must end well; how many seconds it took."""
        began = time.perf_counter()
        self.say(*map(str, command), str(self.log))
        self.hear(), self.hear()
        took = time.perf_counter() - began
        self.say()
        assert self.hear() == "0", self.log.read_text()
        return took

    def kill(self, after: float, *command: object) -> bool:
        """Kill a command after so many seconds; whether it was still at work. By itself it must end well."""
        self.say(*map(str, command), str(self.log))
        child = int(self.hear())
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
        self.hear()
        self.say()
        status = int(self.hear())
        assert status in (0, -signal.SIGKILL), self.log.read_text()
        return status != 0


@pytest.fixture(scope="module")
def brancher(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Brancher]:
    process = subprocess.Popen([sys.executable, "-c", BRANCH], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        found = Brancher(process, tmp_path_factory.mktemp("log") / "log")
        assert found.hear() == "ready"
        yield found
    finally:
        process.kill()
        process.communicate()


def customers(store: Path) -> list[tuple[Any, ...]]:
    (run,) = pipeline.runs(store)
    return shop.rows([run.path / "customers.parquet"], "*")


def phase(store: Path) -> str:
    """How far a killed command had come: one of PHASES."""
    if list((store / ".scratch").glob("run/*/customers.parquet")):
        return "after the customers"
    made = (store / "store.json").is_file()
    held = len(Store.open(store, Settings()).fingerprints()) if made else 0
    return "no file committed" if not held else "some files committed" if held < FILES else "all files committed"


def test_kills_at_random_moments_lose_nothing(brancher: Brancher, tmp_path: Path) -> None:
    events, config = tmp_path / "events", tmp_path / "config.toml"
    config.write_text('buckets = 2\nk = 3\nthreads = 1\nmemory = "500MB"\n')
    files = [
        shop.write_csv(events / f"{number}.csv", [*daily.of_day(number, customers=100, events=200), "junk"])
        for number in range(FILES)
    ]

    def command(name: str, store: Path) -> tuple[object, ...]:
        some = {"half": files[: FILES // 2], "customers": []}.get(name, [events])
        return ("ingest" if name == "half" else name, *some, "--store", store, "--config", config)

    length = {name: brancher.run(*command(name, tmp_path / "parts")) for name in ("ingest", "customers")}
    length["run"] = brancher.run(*command("run", tmp_path / "parts"))
    brancher.run(*command("run", tmp_path / "whole"))
    undisturbed = customers(tmp_path / "parts")
    assert len(undisturbed) == 100
    assert customers(tmp_path / "whole") == undisturbed
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed of the moments: {seed}")  # pytest shows it when the test fails
    moments, fallen, rounds, needed = random.Random(seed), Counter[str](), 0, set(PHASES)
    while fallen.total() < KILLS or (needed and fallen.total() < 2 * KILLS):
        store, rounds = tmp_path / f"store-{rounds}", rounds + 1
        if rounds % 2:
            brancher.run(*command("half", store))
        later = ("run",) if rounds % 3 == 0 else ("customers", "customers")
        for name in ("ingest", "ingest", "ingest", "ingest", "then ingest", *later, "then customers"):
            if name.startswith("then "):
                brancher.run(*command(name.removeprefix("then "), store))
            elif brancher.kill(moments.random() * length[name], *command(name, store)):
                fallen[phase(store)] += 1
        assert customers(store) == undisturbed
        assert pipeline.doctor(store) == Findings((), ())
        needed -= set(fallen)
    print(f"kills by phase: {dict(fallen)}, in {rounds} stores")
    assert not needed, f"no kill fell when: {needed}"
