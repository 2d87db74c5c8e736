"""Independent tasks on a few threads, with the results in the order of the tasks."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(task: Callable[[Item], Result], items: Sequence[Item], threads: int) -> list[Result]:
    """The results of `task` on each item, in the items' order; each task computes on one thread.

    The limit is set around all of them: it belongs to the process, and a task that set and lifted it for itself
    alone would lift it for the others too.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        if threads == 1:
            return [task(item) for item in items]
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(task, items))
