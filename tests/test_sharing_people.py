"""The sums that the page itself has: written down anew here, for an attacker who asks nobody what was thought of."""

import math
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from bestiary.report.sharing.ledger import Ledger
from bestiary.report.sharing.people import confusion_lines, flow_lines, population_lines
from report_run import text

K = 10
Lines = list[tuple[Any, list[Any]]]
people = st.one_of(st.integers(0, 14), st.integers(0, 70))


def assert_safe(ledger: Ledger, cells: dict[Any, int], lines: Lines) -> None:
    """No count of 1 to k - 1 can be told to less than k by who knows these lines and what is told of these cells."""
    from scipy.optimize import linprog

    names = list(cells)
    rows = np.array([[(one == total) - (one in parts) for one in names] for total, parts in lines], dtype=float)
    told = {name: ledger.shown(name) for name in names}
    assert all(n is None or (n == cells[name] and n >= K) for name, n in told.items())
    bounds = [(0, None) if told[one] is None else (told[one], told[one]) for one in names]
    for key in (name for name in names if 0 < cells[name] < K):
        aim = np.array([float(one == key) for one in names])
        ends = [linprog(sign * aim, A_eq=rows, b_eq=np.zeros(len(rows)), bounds=bounds) for sign in (1, -1)]
        low, high = (math.inf if end.status == 3 else abs(float(end.fun or 0)) for end in ends)
        assert high - low >= K - 1e-3, key


@settings(max_examples=40, deadline=None)
@given(st.lists(people, min_size=1, max_size=5), st.lists(people, max_size=4), people, people, people)
def test_nothing_small_is_told_by_the_sums_of_everyone(
    buying: list[int], looking: list[int], early_buyers: int, early_visitors: int, left: int
) -> None:
    segments = [{"segment": at, "customers": n} for at, n in enumerate(buying)]
    others = [{"segment": len(buying) + at, "customers": n} for at, n in enumerate(looking)]
    buyers, visitors = sum(buying) + early_buyers, sum(looking) + early_visitors
    test = buyers // 5
    cells: dict[Any, int] = {("segment", one["segment"]): one["customers"] for one in (*segments, *others)}
    own, their = ([("segment", one["segment"]) for one in some] for some in (segments, others))
    cells |= {"buyers": buyers, ("early", "buyers"): early_buyers, "customers": buyers + left, "left": left}
    cells |= {("train", "buyers"): buyers - test, ("test", "buyers"): test}
    lines: Lines = [("buyers", [*own, ("early", "buyers")]), ("buyers", [("train", "buyers"), ("test", "buyers")])]
    parts, early = ["buyers", "left"], [("early", "buyers")]
    if looking:
        cells |= {"visitors": visitors, ("early", "visitors"): early_visitors}
        cells["customers"] += visitors
        lines.append(("visitors", [*their, ("early", "visitors")]))
        parts.append("visitors")
        early.append(("early", "visitors"))
    cells |= {"placed": sum(buying) + sum(looking), "early": sum(cells[one] for one in early)}
    lines += [("customers", parts), ("placed", [*own, *their]), ("early", list(early))]
    summary = {
        "population": {"customers": cells["customers"], "segmented": buyers, "placed": cells["placed"]}
        | {"early": cells["early"], "too_early": {"active_buyers": early_buyers, "visitors": early_visitors}},
        "segments": segments,
        "tree": {"train": buyers - test, "test": test},
        "visitors": {"customers": visitors, "segments": others, "tree": None} if looking else None,
    }
    ledger = Ledger(K)
    population_lines(ledger, summary)
    ledger.settle()
    assert ledger.shown("left") is None  # it is on no page
    assert_safe(ledger, cells, lines)


squares = st.integers(1, 4).flatmap(
    lambda size: st.lists(st.lists(people, min_size=size, max_size=size), min_size=size, max_size=size)
)


@settings(max_examples=40, deadline=None)
@given(squares)
def test_nothing_small_is_told_by_the_sums_of_the_moves(rows: list[list[int]]) -> None:
    """The last row are new customers, the last column those who are gone; segments count as on their cards."""
    at = range(len(rows))

    def state(kind: str, number: int | None) -> dict[str, Any]:
        return {"kind": kind, "segment": number, "population": "buyers", "name": text(kind, kind)}

    sums = {("from", i): sum(rows[i]) for i in at} | {("to", j): sum(row[j] for row in rows) for j in at}
    last = len(rows) - 1
    states = {
        side: [state("segment", n) if n < last else state(kind, None) for n in at]
        for side, kind in (("from", "new"), ("to", "gone"))
    }
    both = [(i, j) for i in range(last) for j in range(last)]
    follow = {"counts": rows, "states": states, "flows": [{"from": n, "to": n, "stayed": True} for n in range(last)]}
    cells: dict[Any, int] = {("flow", i, j): rows[i][j] for i in at for j in at} | sums
    lines: Lines = [(("from", i), [("flow", i, j) for j in at]) for i in at]
    lines += [(("to", j), [("flow", i, j) for i in at]) for j in at]
    cells |= {("segment", n): sums["to", n] for n in range(last)}
    lines += [(("segment", n), [("to", n)]) for n in range(last)]
    cells["placed"] = sum(sums["to", n] for n in range(last))
    lines.append(("placed", [("segment", n) for n in range(last)]))
    cells |= {"stayed": sum(rows[n][n] for n in range(last)), "settled": sum(rows[i][j] for i, j in both)}
    lines += [("stayed", [("flow", n, n) for n in range(last)]), ("settled", [("flow", i, j) for i, j in both])]
    ledger = Ledger(K)
    ledger.line("placed", cells["placed"], {("segment", n): sums["to", n] for n in range(last)})
    flow_lines(ledger, follow)
    ledger.settle()
    assert_safe(ledger, cells, lines)


@settings(max_examples=40, deadline=None)
@given(squares)
def test_nothing_small_is_told_by_the_sums_of_the_confusion(rows: list[list[int]]) -> None:
    at, total = range(len(rows)), sum(map(sum, rows))
    right = sum(rows[i][i] for i in at)
    cells: dict[Any, int] = {("confusion", i, j): rows[i][j] for i in at for j in at}
    cells |= {("support", i): sum(rows[i]) for i in at} | {("predicted", j): sum(row[j] for row in rows) for j in at}
    cells |= {"right": right, "wrong": total - right, ("test", "buyers"): total}
    lines: Lines = [(("support", i), [("confusion", i, j) for j in at]) for i in at]
    lines += [(("predicted", j), [("confusion", i, j) for i in at]) for j in at]
    lines += [("right", [("confusion", i, i) for i in at]), (("test", "buyers"), ["right", "wrong"])]
    lines += [(("test", "buyers"), [("support", i) for i in at]), (("test", "buyers"), [("predicted", i) for i in at])]
    ledger = Ledger(K)
    confusion_lines(ledger, {"confusion": rows, "test": total, "classes": list(at)})
    ledger.settle()
    assert_safe(ledger, cells, lines)


def test_where_nothing_is_small_everything_is_told() -> None:
    segments = [{"segment": at, "customers": 50} for at in range(3)]
    summary: dict[str, Any] = {
        "population": {"customers": 300, "segmented": 180, "placed": 150, "early": 30, "too_early": {"buyers": 30}},
        "segments": segments,
        "tree": {"train": 140, "test": 40, "confusion": [[20, 0], [0, 20]], "classes": [0, 1]},
        "visitors": None,
    }
    ledger = Ledger(K)
    population_lines(ledger, summary)
    confusion_lines(ledger, summary["tree"])
    ledger.settle()
    names: list[Any] = [
        "customers",
        "buyers",
        "placed",
        "early",
        ("early", "buyers"),
        ("train", "buyers"),
        ("test", "buyers"),
    ]
    names += [("segment", at) for at in range(3)] + [("support", 0), ("predicted", 1), ("confusion", 0, 0), "right"]
    assert [ledger.shown(name) for name in names] == [300, 180, 150, 30, 30, 140, 40, 50, 50, 50, 20, 20, 20, 40]
    assert [ledger.shown(name) for name in (("confusion", 0, 1), "wrong")] == [None, None]
