"""All processes of one session, watched in /proc while they run. Without /proc (macOS) nothing is seen."""

import os
import signal
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

INTERVAL = 0.05
"""Seconds between two looks."""

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass
class Tree:
    """The processes of `session`; killed, all of them, when they hold more than `ceiling` bytes or after `timeout`.

    Memory is the sum of what is resident in each, so pages that several share count once for each; the proportional
    share would be fairer, but to work it out the kernel walks all pages of a process, which slows what is measured.
    CPU seconds are those last seen of each process, its children's not included.
    """

    session: int
    ceiling: float = float("inf")
    timeout: float = float("inf")
    peak: int = 0
    anonymous: int = 0
    """Largest part of `peak` that is not pages of files, which the kernel could take back."""
    stopped: str = ""
    """Why the processes were killed, if they were."""
    _cpu: dict[int, float] = field(default_factory=dict)
    _others: set[int] = field(default_factory=set)
    _ended: threading.Event = field(default_factory=threading.Event)

    @property
    def cpu(self) -> float:
        """CPU seconds of all processes that were seen."""
        return sum(self._cpu.values())

    def watch(self) -> None:
        """Look again and again until `end`; meant for a thread."""
        started = time.perf_counter()
        while not self._ended.wait(INTERVAL):
            self.look()
            if self.peak > self.ceiling:
                self._stop(f"killed above {self.ceiling / 10**9:.1f} GB")
            elif time.perf_counter() - started > self.timeout:
                self._stop(f"killed after {self.timeout:.0f} s")

    def end(self, grace: float = 10) -> None:
        """Wait a little for processes that outlive the first, then kill what is left; ends `watch`."""
        until = time.perf_counter() + grace
        while self.look() and time.perf_counter() < until:
            time.sleep(INTERVAL)
        self._ended.set()
        self.kill()

    def look(self) -> int:
        """Take note of every process of the session; returns how many there are."""
        found = resident = anonymous = 0
        for pid in self._candidates():
            seen = _read(pid)
            if seen is None or seen.session != self.session:
                self._others.add(pid)
                continue
            self._cpu[pid] = seen.cpu
            found, resident, anonymous = found + 1, resident + seen.resident, anonymous + seen.anonymous
        self.peak, self.anonymous = max(self.peak, resident), max(self.anonymous, anonymous)
        return found

    def kill(self) -> None:
        """End every process of the session."""
        for pid in self._candidates():
            seen = _read(pid)
            if seen is not None and seen.session == self.session:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def _stop(self, why: str) -> None:
        self.stopped = self.stopped or why
        self.kill()

    def _candidates(self) -> list[int]:
        if not _PROC.is_dir():
            return []
        pids = (int(entry.name) for entry in _PROC.iterdir() if entry.name.isdigit())
        return [pid for pid in pids if pid not in self._others]


@dataclass(frozen=True)
class _Process:
    session: int
    cpu: float
    resident: int
    anonymous: int


def _read(pid: int) -> _Process | None:
    """What the kernel says of a process; None where it has ended (a zombie waits only to be asked)."""
    try:
        # The second field is the name in brackets, and may hold anything; proc(5) counts from 1.
        stat = (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
        statm = (_PROC / str(pid) / "statm").read_text().split()
    except OSError:
        return None
    if stat[0] == "Z":
        return None
    resident, files = int(statm[1]) * _PAGE, int(statm[2]) * _PAGE
    return _Process(int(stat[3]), (int(stat[11]) + int(stat[12])) / _TICKS, resident, resident - files)
