"""The engine that runs tasks in this process."""

import time
from contextlib import closing
from threading import Event

import pytest

from bestiary.lake.engine import LocalEngine


def test_results_come_in_the_order_of_the_items() -> None:
    engine = LocalEngine(threads=3, memory_bytes=10**9)
    waits = [0.05, 0.0, 0.02, 0.0]

    def task(place: int) -> int:
        time.sleep(waits[place])
        return place

    assert list(engine.map(task, range(4))) == [0, 1, 2, 3]
    assert not engine.stopping.is_set()


@pytest.mark.parametrize("how", ["closed", "failed", "interrupted"])
def test_tasks_under_way_are_asked_to_stop_and_others_never_begin(how: str) -> None:
    engine, begun, under_way = LocalEngine(threads=2, memory_bytes=10**9), [], Event()

    def task(place: int) -> int:
        begun.append(place)
        if place == 0:
            under_way.wait(10)
            if how == "failed":
                raise ValueError("told")
            return place
        under_way.set()
        assert engine.stopping.wait(10)  # as a long task does between two of its pieces
        return place

    with closing(engine.map(task, range(6))) as results:
        if how == "failed":
            with pytest.raises(ValueError, match="told"):
                next(results)
        else:
            assert next(results) == 0
        if how == "interrupted":
            with pytest.raises(KeyboardInterrupt):
                results.throw(KeyboardInterrupt)
    assert engine.stopping.is_set()
    assert set(begun) <= {0, 1, 2}


def test_threads_and_memory_are_shared_out() -> None:
    engine = LocalEngine(threads=4, memory_bytes=4 * 10**9)
    assert (engine.share(1).threads, engine.share(1).memory_bytes) == (4, 4 * 10**9)
    assert (engine.share(2).threads, engine.share(2).memory_bytes) == (2, 2 * 10**9)
    assert (engine.share(9).threads, engine.share(9).memory_bytes) == (1, 10**9)
