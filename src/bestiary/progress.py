"""How long work tells where it is: a protocol, and the silent default used by the Python API."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Told of a step when it begins and each time a part of it ends."""

    def start(self, label: str, total: int) -> None:
        """Begin a step of `total` parts."""

    def advance(self, parts: int = 1) -> None:
        """Count `parts` of the current step as done."""

    def stop(self) -> None:
        """End the current step."""


class Silent:
    """Says nothing."""

    def start(self, label: str, total: int) -> None:
        """Do nothing."""

    def advance(self, parts: int = 1) -> None:
        """Do nothing."""

    def stop(self) -> None:
        """Do nothing."""


@contextmanager
def step(progress: Progress, label: str, total: int) -> Iterator[None]:
    """Run a step, ending it also when it fails."""
    progress.start(label, total)
    try:
        yield
    finally:
        progress.stop()


SILENT: Progress = Silent()
