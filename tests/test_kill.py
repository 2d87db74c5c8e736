"""kill -9 at random moments: whatever was going on, a plain re-run gives what an undisturbed one gives.

A warmed-up interpreter forks a process for each attempt, which runs the real command line and is killed after a while.
The moments are spread over the time that the undisturbed command takes, so that kills fall into every phase of it. In
some stores no file waits for others, so that there is a commit for each.
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
from bestiary import gate, pipeline
from bestiary.config import Settings
from bestiary.files import read_json
from bestiary.lake.doctor import Findings
from bestiary.lake.store import Store

KILLS, MOST_KILLS = 50, 100
FILES = 4
PHASES = (
    "no file committed",
    "half of the files committed",
    "between two commits",
    "all files committed",
    "after the customers",
)
BRANCH = """
import os, sys
import bestiary.cli, bestiary.gate, bestiary.pipeline, bestiary.show, bestiary.report.html, bestiary.segments.fit
import deltalake, duckdb

print("ready", flush=True)
for line in sys.stdin:
    patience, *words, log = line.rstrip("\\n").split("\\t")
    child = os.fork()
    if child == 0:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1), os.dup2(out, 2)
        bestiary.gate.PATIENCE = float(patience)
        sys.argv = ["bestiary", *words]
        bestiary.cli.main()
    print(child, flush=True)
    os.waitid(os.P_PID, child, os.WEXITED | os.WNOWAIT)
    print("ended", flush=True)
    sys.stdin.readline()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Reads command lines: how long a file waits for others, the words, and a file for what they print. Forks a process for
each and prints its number; when it has ended, says so, and when told to go on, how. Until then the number is not given
to another process."""


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


def outcome(store: Path) -> dict[str, Any]:
    """All that must be as if nothing had happened: what the lake holds of the files, and what its only run says."""
    (run,) = pipeline.runs(store)
    lake = Store.open(store, Settings())
    return {
        "rejects": shop.rejects(store),
        "sources": shop.rows(lake.files("sources"), "*"),
        "visits": shop.visits(store),
        "customers": shop.rows([run.path / "customers.parquet"], "*"),
        "quality": read_json(run.path / "quality.json"),
    }


def phase(store: Path) -> str:
    """How far a killed command had come: one of PHASES."""
    if list((store / ".scratch").glob("run/*/customers.parquet")):
        return "after the customers"
    held = len(Store.open(store, Settings()).fingerprints()) if (store / "store.json").is_file() else 0
    half = "half of the files committed" if held == FILES // 2 else "between two commits"
    return {0: "no file committed", FILES: "all files committed"}.get(held, half)


def test_kills_at_random_moments_lose_nothing(brancher: Brancher, tmp_path: Path) -> None:
    events, config = tmp_path / "events", tmp_path / "config.toml"
    config.write_text(
        'buckets = 2\nk = 3\nk_min = 3\nk_max = 3\ncandidate = "rfm_log"\nthreads = 1\nmemory = "500MB"\n'
    )
    files = [
        shop.write_csv(events / f"{number}.csv", [*daily.of_day(number, customers=100, events=200), "junk"])
        for number in range(FILES)
    ]

    def command(name: str, store: Path, patience: float) -> tuple[object, ...]:
        some = {"half": files[: FILES // 2], "customers": []}.get(name, [events])
        return (patience, "ingest" if name == "half" else name, *some, "--store", store, "--config", config)

    length = {
        (name, patience): brancher.run(*command(name, tmp_path / f"parts-{patience}", patience))
        for patience in (0, gate.PATIENCE)
        for name in ("ingest", "customers", "run")
    }
    brancher.run(*command("run", tmp_path / "whole", gate.PATIENCE))
    undisturbed = outcome(tmp_path / "whole")
    assert len(undisturbed["customers"]) == 100
    assert len(undisturbed["rejects"]) == len(undisturbed["sources"]) == FILES
    for patience in (0, gate.PATIENCE):
        assert outcome(tmp_path / f"parts-{patience}") == undisturbed
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed of the moments: {seed}")  # pytest shows it when the test fails
    moments, fallen, rounds, needed = random.Random(seed), Counter[str](), 0, set(PHASES)
    while fallen.total() < KILLS or (needed and fallen.total() < MOST_KILLS):
        store, rounds = tmp_path / f"store-{rounds}", rounds + 1
        patience = gate.PATIENCE if rounds % 4 == 1 else 0
        if rounds % 2:
            brancher.run(*command("half", store, patience))
        later = ("run",) if rounds % 3 == 0 else ("customers", "customers")
        for names in (("ingest",) * 4, later):
            shares = [(number + moments.random()) / len(names) for number in range(len(names))]
            if rounds % 3 == 0:  # elsewhere each attempt comes further than the one before
                moments.shuffle(shares)
            for name, share in zip(names, shares, strict=True):
                if brancher.kill(share * length[name, patience], *command(name, store, patience)):
                    fallen[phase(store)] += 1
            brancher.run(*command("ingest" if names[0] == "ingest" else "customers", store, patience))
        assert outcome(store) == undisturbed
        assert pipeline.doctor(store) == Findings((), ())
        needed -= set(fallen)
    print(f"kills by phase: {dict(fallen)}, in {rounds} stores")
    assert not needed, f"no kill fell when: {needed}"
