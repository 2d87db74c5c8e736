"""An engine runs a list of independent tasks; which one runs them is nobody else's business."""

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Event
from typing import Protocol, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Share:
    """What one task may use while its neighbours run: threads, and memory in bytes."""

    threads: int
    memory_bytes: int


class Engine(Protocol):
    """Runs independent tasks, and says what each may use."""

    def share(self, tasks: int) -> Share:
        """What one of `tasks` tasks may use."""

    def map(self, task: Callable[[Item], Result], items: Sequence[Item]) -> Iterator[Result]:
        """The results of `task` over `items`, in their order; the first error ends the iteration."""


class LocalEngine:
    """A thread pool in this process; DuckDB leaves Python's lock while it works.

    At most `threads` tasks run at once, and share `memory_bytes`. A long task should look at `stopping` now and then,
    and end where it is set: somebody waits for it to do so, after an error or Ctrl-C.
    """

    def __init__(self, *, threads: int | None, memory_bytes: int) -> None:
        self.threads = threads or os.cpu_count() or 1
        self.memory_bytes = memory_bytes
        self.stopping = Event()

    def share(self, tasks: int) -> Share:
        """An equal part of threads and memory for each task that can run at the same time."""
        at_once = max(1, min(tasks, self.threads))
        return Share(threads=max(1, self.threads // at_once), memory_bytes=self.memory_bytes // at_once)

    def map(self, task: Callable[[Item], Result], items: Sequence[Item]) -> Generator[Result]:
        """See Engine.map. Tasks that have not begun when one fails, or when it is closed, are dropped."""
        with ThreadPoolExecutor(max_workers=max(1, min(len(items), self.threads))) as pool:
            futures = [pool.submit(task, item) for item in items]
            try:
                for future in futures:
                    yield future.result()
            except BaseException:
                self.stopping.set()
                raise
            finally:
                for future in futures:
                    future.cancel()
