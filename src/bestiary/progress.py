"""How long work tells where it is: a protocol, the silent default used by the Python API, and the figures of a step."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event, Lock, Thread
from time import monotonic
from typing import Protocol


class Progress(Protocol):
    """Told of a step when it begins, each time a part of it is done, and when it ends; steps follow each other."""

    def start(self, label: str, total: int) -> None:
        """Begin a step of `total` parts, in any unit: bytes of files, buckets, months."""

    def advance(self, done: int = 1, *, rows: int = 0) -> None:
        """Count `done` parts of the current step as done, in which `rows` rows were handled; from any thread."""

    def stop(self) -> None:
        """End the current step."""


class Silent:
    """Says nothing."""

    def start(self, label: str, total: int) -> None:
        """Do nothing."""

    def advance(self, done: int = 1, *, rows: int = 0) -> None:
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


@contextmanager
def in_full(total: int, tell: Callable[[int], object]) -> Iterator[Callable[[int], object]]:
    """Give a `tell` that passes parts on, from any thread; at the end what is missing to `total` is told as done."""
    told: list[int] = []

    def heard(parts: int) -> None:
        told.append(parts)
        tell(parts)

    yield heard
    tell(total - sum(told))


SILENT: Progress = Silent()


@dataclass(frozen=True)
class Figures:
    """A step at one moment: parts done of `total`, rows handled, `seconds` since it began.

    `seconds_left` supposes that the rest goes as fast as what is done; None until a part is done.
    """

    label: str
    total: int
    done: int = 0
    rows: int = 0
    seconds: float = 0.0
    seconds_left: float | None = None

    @property
    def share(self) -> float:
        """What is done, between 0 and 1."""
        return min(1.0, self.done / self.total) if self.total else 1.0

    @property
    def rows_per_second(self) -> float:
        """Over the whole step until now."""
        return self.rows / self.seconds if self.seconds > 0 else 0.0


class Listener(Protocol):
    """Shows steps to somebody."""

    def began(self, now: Figures) -> None:
        """A step begins; it may be over at once."""

    def goes_on(self, now: Figures) -> None:
        """A step has taken a while, and is not over."""

    def ended(self, now: Figures) -> None:
        """A step is over, or has failed where not all is done."""


class Watched:
    """Progress that a listener is told of: after `patience` seconds, and each `every` seconds from then on."""

    def __init__(self, listener: Listener, *, patience: float = 2.0, every: float = 10.0) -> None:
        self._listener, self._patience, self._every = listener, patience, every
        self._lock = Lock()

    def start(self, label: str, total: int) -> None:
        """See Progress.start."""
        self._label, self._total, self._done, self._rows = label, total, 0, 0
        self._began = self._last = monotonic()
        self._over = Event()
        self._listener.began(self.now())
        self._clock = Thread(target=self._tell, args=(self._over,), daemon=True)
        self._clock.start()

    def advance(self, done: int = 1, *, rows: int = 0) -> None:
        """See Progress.advance."""
        with self._lock:
            self._done += done
            self._rows += rows
            self._last = monotonic()

    def stop(self) -> None:
        """See Progress.stop."""
        self._over.set()
        self._clock.join()
        self._listener.ended(self.now())

    def now(self) -> Figures:
        """The current step's figures."""
        with self._lock:
            seconds, left = monotonic() - self._began, None
            if self._done:  # what is left was known when a part ended, and has shrunk since
                left = (self._last - self._began) * self._total / self._done - seconds
                left = max(0.0, left) if self._done < self._total else 0.0
            return Figures(self._label, self._total, self._done, self._rows, seconds, left)

    def _tell(self, over: Event) -> None:
        wait = self._patience
        while not over.wait(wait):
            self._listener.goes_on(self.now())
            wait = self._every
