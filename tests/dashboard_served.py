"""The dashboard's command as a person starts and ends it."""

import os
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from command import PROGRAM


@contextmanager
def served(
    store: Path, *options: str, environment: Mapping[str, str] = {}, said: list[str] | None = None
) -> "Iterator[tuple[str, subprocess.Popen[str]]]":
    """The address of a store's dashboard, and its process, which ends well when it is interrupted.

    `said` gets what it has printed after its address.
    """
    command = [PROGRAM, "dashboard", "--store", str(store), "--port", "0", *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=os.environ | dict(environment)
    )
    assert process.stdout is not None
    try:
        first = process.stdout.readline()
        assert first.startswith("Dashboard: http://"), first
        yield first.split()[1], process
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=30)
        assert process.returncode == 0, rest
        if said is not None:
            said.append(rest)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
