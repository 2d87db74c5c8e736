"""Counts that add up: what is told never gives back a count of fewer than k, by hand and by an attacker."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bestiary.report.sharing.ledger import Ledger

K = 10


def hidden(ledger: Ledger) -> set[Any]:
    """What is held back of what would be on the page."""
    return {key for key in ledger.cells if ledger.shown(key) is None} - ledger.unsaid


def attacked(ledger: Ledger, key: Any) -> tuple[float, float]:
    """The range of a count for who has the lines and what is told, by an arithmetic of the test's own."""
    from scipy.optimize import linprog

    names = list(ledger.cells)
    rows = [[(one == total) - (one in parts) for one in names] for total, parts in ledger.lines]
    bounds = [(0, None) if (n := ledger.shown(one)) is None else (n, n) for one in names]
    aim = [float(one == key) for one in names]
    ends = [
        linprog([sign * one for one in aim], A_eq=np.array(rows), b_eq=np.zeros(len(rows)), bounds=bounds)
        for sign in (1, -1)
    ]
    low, high = (math.inf if end.status == 3 else abs(float(end.fun or 0)) for end in ends)
    return low, high


def assert_safe(ledger: Ledger, k: int) -> None:
    """Nothing below k is told, what is told is true, and no count of 1 to k - 1 can be narrowed to less than k."""
    for key, n in ledger.cells.items():
        told = ledger.shown(key)
        assert told in (None, n)
        assert told is None or told >= k
        if 0 < n < k:
            low, high = attacked(ledger, key)
            assert low <= n + 1e-6
            assert high - low >= k - 1e-3, key


def table(rows: list[list[int]], k: int = K) -> Ledger:
    """A table with its sums, and the sum of those."""
    ledger = Ledger(k)
    width = range(len(rows[0]))
    for i, row in enumerate(rows):
        ledger.line(("row", i), sum(row), {(i, j): row[j] for j in width})
    for j in width:
        ledger.line(("column", j), sum(row[j] for row in rows), {(i, j): rows[i][j] for i in range(len(rows))})
    ledger.line("all", sum(map(sum, rows)), {("row", i): sum(row) for i, row in enumerate(rows)})
    ledger.line("all", sum(map(sum, rows)), {("column", j): sum(row[j] for row in rows) for j in width})
    ledger.settle()
    return ledger


def test_a_small_part_takes_the_smallest_other_with_it() -> None:
    ledger = Ledger(K)
    ledger.line("all", 105, {"a": 3, "b": 12, "c": 40, "d": 50})
    ledger.settle()
    assert hidden(ledger) == {"a", "b"}
    assert ledger.range_of("a") == (0, 15)
    assert ledger.held() == 2


def test_parts_that_are_small_together_take_one_more() -> None:
    ledger = Ledger(K)
    ledger.line("all", 95, {"a": 3, "b": 2, "c": 40, "d": 50})
    ledger.settle()
    assert hidden(ledger) == {"a", "b", "c"}


def test_small_parts_that_are_many_enough_together_take_no_other() -> None:
    ledger = Ledger(K)
    ledger.line("all", 101, {"a": 5, "b": 6, "c": 40, "d": 50})
    ledger.settle()
    assert hidden(ledger) == {"a", "b"}


def test_what_remains_of_a_total_is_a_part_too() -> None:
    ledger = Ledger(K)
    ledger.line("all", 93, {"c": 40, "d": 50})
    ledger.settle()
    assert hidden(ledger) == {"c"}
    enough = Ledger(K)
    enough.line("all", 100, {"c": 40, "d": 50})
    enough.settle()
    assert hidden(enough) == set()


def test_nobody_is_no_secret_and_is_told_no_more_than_a_few() -> None:
    ledger = Ledger(K)
    ledger.line("all", 90, {"a": 0, "c": 40, "d": 50})
    ledger.settle()
    assert hidden(ledger) == {"a"}
    assert ledger.held() == 0


def test_a_total_of_too_few_is_held_back_with_all_its_parts() -> None:
    ledger = Ledger(K)
    ledger.line("all", 9, {"a": 4, "b": 5})
    ledger.line("everything", 200, {"all": 9, "rest": 191})
    ledger.settle()
    assert hidden(ledger) == {"a", "b", "all", "rest"}


def test_a_table_hides_a_rectangle_around_its_small_cell() -> None:
    ledger = table([[3, 30, 40], [20, 50, 60], [70, 80, 25]])
    assert (0, 0) in hidden(ledger)
    assert len({key for key in hidden(ledger) if isinstance(key[0], int)}) == 4
    assert not [key for key in hidden(ledger) if key == "all" or key[0] in ("row", "column")]
    assert_safe(ledger, K)


def test_a_count_on_two_lines_is_not_told_by_the_other_line() -> None:
    ledger = Ledger(K)
    ledger.line("placed", 62, {"lion": 4, "fox": 18, "bear": 40})
    ledger.line("now", 62, {"fox": 18, "others": 44})
    ledger.settle()
    assert {"lion", "fox"} <= hidden(ledger)
    assert_safe(ledger, K)


def test_parts_that_exceed_their_total_are_no_line() -> None:
    ledger = Ledger(K)
    ledger.line("all", 50, {"a": 40, "b": 20})
    ledger.settle()
    assert hidden(ledger) == set()
    assert ledger.range_of("a") == (0, math.inf)


few = st.integers(0, 14)
some = st.one_of(few, st.integers(0, 60))
tables = st.integers(1, 5).flatmap(
    lambda width: st.lists(st.lists(some, min_size=width, max_size=width), min_size=1, max_size=5)
)


@settings(max_examples=120, deadline=None)
@given(tables, st.integers(2, 20))
def test_no_table_gives_back_a_small_cell(rows: list[list[int]], k: int) -> None:
    assert_safe(table(rows, k), k)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(some, some, some), min_size=1, max_size=5), st.data())
def test_lines_that_share_counts_give_back_no_small_one(parts: list[tuple[int, int, int]], data: st.DataObject) -> None:
    """A tree of totals, and a second way to cut the same whole, as segments are cut by the moves between two runs."""
    ledger = Ledger(K)
    groups = {("group", i): sum(one) for i, one in enumerate(parts)}
    for i, one in enumerate(parts):
        ledger.line(("group", i), sum(one), {("part", i, j): n for j, n in enumerate(one)})
    ledger.line("all", sum(groups.values()), groups)
    cells = [("part", i, j) for i in range(len(parts)) for j in range(3)]
    across = data.draw(st.lists(st.sampled_from(cells), unique=True, min_size=1))
    ledger.line("across", sum(ledger.cells[one] for one in across), {one: ledger.cells[one] for one in across})
    ledger.settle()
    assert_safe(ledger, K)


@pytest.mark.parametrize("size", [12, 20])
def test_a_matrix_of_moves_is_settled_at_once(size: int) -> None:
    random = np.random.default_rng(size)
    rows = random.poisson(random.choice([0, 3, 12, 60], (size, size), p=[0.3, 0.4, 0.2, 0.1])).tolist()
    ledger = table(rows)
    assert ledger.shown("all") == sum(map(sum, rows))
    small = [key for key, n in ledger.cells.items() if 0 < n < K]
    assert min(ledger.width(key) for key in small[:: len(small) // 8]) >= K - 1e-3
