"""One child process measured as a whole, and the machine it ran on. Linux and macOS."""

import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

PACKAGES = ("bestiary", "duckdb", "deltalake", "numpy", "scikit-learn")


@dataclass(frozen=True)
class Cost:
    """What a process took: seconds on the clock, seconds of all its threads on the CPU, largest resident bytes.

    Start-up and imports are in it. The processes it started and waited for count too: their CPU seconds are added,
    and the largest one's memory is taken where it is above its own.
    """

    wall: float
    cpu: float
    peak: int


class ChildError(Exception):
    """The child ended with an error; holds what it printed."""


def measure(command: Sequence[str]) -> Cost:
    """Run a command to its end. Raises ChildError where its status is not 0.

    A new process inherits the peak of the one that starts it, so whoever calls this must stay small: no engine and no
    arrays may be imported here.
    """
    with tempfile.TemporaryFile("w+b") as output:
        started = time.perf_counter()
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            output.seek(0)
            raise ChildError(
                f"{' '.join(command)}: status {child.returncode}\n{output.read().decode(errors='replace')}"
            )
    return Cost(wall, usage.ru_utime + usage.ru_stime, _peak(usage))


def _peak(usage: resource.struct_rusage) -> int:
    """In bytes; the kernel's unit is KiB on Linux and bytes on macOS."""
    return usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def machine() -> list[tuple[str, str]]:
    """Names and values: processor, cores that may be used, memory, system, versions."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return [
        ("processor", _processor()),
        ("cores", str(cores)),
        ("memory", f"{memory / 2**30:.0f} GiB"),
        ("system", f"{platform.system()} {platform.machine()}"),
        ("Python", platform.python_version()),
        *((name, version(name)) for name in PACKAGES),
    ]


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
