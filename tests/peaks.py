"""The memory that a command takes, measured by a small process between: a new one inherits the peak of the one that
starts it, and tests have a large one."""

import subprocess
import sys
from pathlib import Path

import measure

PEAK = "import sys; from measure import measure; print(measure(sys.argv[1:]).peak)"


def peak(command: list[str]) -> int:
    """The most memory that a command and its children held at once, in bytes."""
    told = subprocess.run(
        [sys.executable, "-c", PEAK, *command],
        cwd=Path(measure.__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    return int(told.stdout)
