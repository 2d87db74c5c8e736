"""One child process measured as a whole, with all that it starts, and the machine it ran on. Linux and macOS."""

import os
import platform
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tree import Tree

PACKAGES = ("bestiary", "duckdb", "deltalake", "numpy", "scikit-learn")


@dataclass(frozen=True)
class Cost:
    """What a process and all that it started took. Start-up and imports are in it.

    Seconds on the clock until it ended; seconds of all threads on the CPU; bytes resident at once in the whole tree
    (the kernel's own peak of a single process where that is above what was seen), and how much of them was not pages
    of files. `stopped` says why it was killed, if it was; `printed` is what it said.
    """

    wall: float = 0
    cpu: float = 0
    peak: int = 0
    anonymous: int = 0
    stopped: str = ""
    printed: str = ""

    def __add__(self, other: "Cost") -> "Cost":
        """One after the other."""
        return Cost(
            self.wall + other.wall,
            self.cpu + other.cpu,
            max(self.peak, other.peak),
            max(self.anonymous, other.anonymous),
            self.stopped or other.stopped,
        )


class ChildError(Exception):
    """The child ended with an error, or was killed; holds what it printed and what it had taken."""

    def __init__(self, message: str, cost: Cost) -> None:
        super().__init__(message)
        self.cost = cost


def measure(command: Sequence[str], *, ceiling: float = float("inf"), timeout: float = float("inf")) -> Cost:
    """Run a command to its end, or kill it above `ceiling` bytes or after `timeout` seconds.

    Raises ChildError where its status is not 0. A new process inherits the peak of the one that starts it, so whoever
    calls this must stay small: no engine and no arrays may be imported here.
    """
    with tempfile.TemporaryFile("w+b") as output:
        started = time.perf_counter()
        with _child(command, output.fileno(), ceiling, timeout) as (child, tree):
            _, status, usage = os.wait4(child.pid, 0)
            wall = time.perf_counter() - started
            child.returncode = os.waitstatus_to_exitcode(status)
        # A process that was not waited for by its parent (Spark's Java) is only in what was seen.
        cpu = max(usage.ru_utime + usage.ru_stime, tree.cpu)
        output.seek(0)
        printed = output.read().decode(errors="replace")
        cost = Cost(wall, cpu, max(_peak(usage), tree.peak), tree.anonymous, tree.stopped, printed)
        if child.returncode != 0:
            ended = cost.stopped or f"ended with status {child.returncode}"
            raise ChildError(f"{' '.join(command)}: {ended}\n{printed}", replace(cost, stopped=ended))
    return cost


@contextmanager
def _child(
    command: Sequence[str], output: int, ceiling: float, timeout: float
) -> Iterator[tuple["subprocess.Popen[bytes]", Tree]]:
    """A child in a session of its own, which is watched, and gone at the end with all that it started."""
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
    )
    tree = Tree(child.pid, ceiling, timeout)
    watch = threading.Thread(target=tree.watch)
    watch.start()
    try:
        yield child, tree
    except BaseException:
        tree.kill()
        raise
    finally:
        tree.end()
        watch.join()


def _peak(usage: resource.struct_rusage) -> int:
    """In bytes; the kernel's unit is KiB on Linux and bytes on macOS."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


FIGURES = ("rows", "wall s", "CPU s", "peak MB", "rows / s")


def figures(cost: Cost, rows: int) -> list[str]:
    """A cost in the columns of FIGURES."""
    return [
        f"{rows:,}",
        f"{cost.wall:.2f}",
        f"{cost.cpu:.2f}",
        f"{cost.peak / 10**6:,.0f}",
        f"{rows / cost.wall:,.0f}",
    ]


def machine(packages: Iterable[str] = ()) -> list[tuple[str, str]]:
    """Names and values: processor, cores that may be used, memory, system, versions of ours and of `packages`."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return [
        ("processor", _processor()),
        ("cores", str(cores)),
        ("memory", f"{memory / 2**30:.0f} GiB"),
        ("system", f"{platform.system()} {platform.machine()}"),
        ("Python", platform.python_version()),
        *((name, _version(name)) for name in (*PACKAGES, *packages)),
    ]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def megabytes(files: Iterable[Path]) -> str:
    """How large the files are together."""
    return f"{sum(file.stat().st_size for file in files) / 10**6:,.1f}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, texts: int) -> str:
    """A Markdown table; the columns after the first `texts` hold figures and are aligned to the right."""
    marks = ["---" if place < texts else "---:" for place in range(len(header))]
    return "\n".join("| " + " | ".join(row) + " |" for row in (header, marks, *rows))
