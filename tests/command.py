"""The installed command, run as a person or a scheduler would."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

PROGRAM = str(Path(sys.executable).with_name("bestiary"))

QUICK = 'candidate = "rfm_log"\nk_max = 4\n\n[choice]\nsample = 1000\n'
"""A settings file for what is not about segments: one way to segment, few k, small samples."""


def quick(folder: Path, more: str = "") -> Path:
    """Write that file into a folder, with lines of `more` before."""
    path = folder / "quick.toml"
    path.write_text(more + QUICK, encoding="utf-8")
    return path


def bestiary(*arguments: str | Path, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    """The installed command, without a terminal."""
    command = [PROGRAM, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


def without_progress(stderr: str) -> str:
    """What stands on standard error beside the progress of steps that a busy machine takes over two seconds for."""
    return re.sub(r"^\w+: (\d|done in|ended at).*\n", "", stderr, flags=re.MULTILINE)


def done(*arguments: str | Path, cwd: Path | None = None) -> str:
    """What a command prints that ends well, and quietly."""
    process = bestiary(*arguments, cwd=cwd)
    assert process.returncode == 0, process.stderr
    assert without_progress(process.stderr) == ""
    assert "\x1b" not in process.stdout + process.stderr
    return process.stdout


def failed(*arguments: str | Path, status: int = 1) -> str:
    """What a command prints that ends with an error of ours: found, allowed, what to do; never a traceback."""
    process = bestiary(*arguments)
    assert process.returncode == status, process.stdout + process.stderr
    told = without_progress(process.stderr)
    assert told.startswith("Error: ")
    assert "Traceback" not in told
    assert process.stdout == ""
    return told


def events_of(stderr: str, *kinds: str) -> list[dict[str, Any]]:
    """The objects of a log of JSON lines, of some kinds of events or of all."""
    found = [json.loads(line) for line in stderr.splitlines()]
    return [one for one in found if not kinds or one["event"] in kinds]
