"""Any two runs compared: what takes longer than a page may is done beside the pages, and kept."""

import threading
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date
from typing import Any

from bestiary.lake.runs import Run

Record = Mapping[str, Any]
Compare = Callable[[date, date], Record]
"""The record of `follow.between` of an earlier run and a later one."""
KEPT = 50
"""Comparisons that are kept, the last ones begun."""
PATIENCE = 0.1
"""Seconds that a page waits for a comparison that has just begun."""


class Comparisons:
    """Comparisons under way and done, by the two runs and what they are made of. One is made at a time."""

    def __init__(self, compare: Compare) -> None:
        self._compare = compare
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="comparison")
        self._made: dict[Hashable, Future[Record]] = {}
        self._lock = threading.Lock()

    def ask(self, earlier: Run, later: Run, stamp: Hashable) -> Record | None:
        """The comparison, or None while it is being made; another `stamp` is another comparison.

        Raises what it failed with (the store may have been busy), and tries again when it is asked for the next time.
        """
        key = (earlier.path.name, later.path.name, stamp)
        with self._lock:
            if key not in self._made:
                self._made[key] = self._pool.submit(self._compare, earlier.as_of, later.as_of)
                for old in [old for old, one in self._made.items() if one.done()][: max(0, len(self._made) - KEPT)]:
                    del self._made[old]
            future = self._made[key]
        try:
            return future.result(timeout=PATIENCE)
        except TimeoutError:
            return None
        except Exception:
            with self._lock:
                self._made.pop(key, None)
            raise

    def close(self) -> None:
        """Drop what has not begun; what has is waited for when the process ends, since it works in the store."""
        self._pool.shutdown(wait=False, cancel_futures=True)
