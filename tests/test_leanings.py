"""What a segment buys more than the others: by hand, found where it was planted, and not where there is nothing."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats.contingency import relative_risk

from bestiary.customers.habits import Bought, Counts, Group
from bestiary.report.leanings import MOST, katz, leanings


def groups(*sizes: int) -> tuple[Group, ...]:
    """Segments 0, 1, ... of buyers; the last are those without one, and then visitors who are in nobody's way."""
    placed = [Group("buyers", number, size) for number, size in enumerate(sizes[:-1])]
    return (*placed, Group("buyers", None, sizes[-1]), Group("visitors", len(placed), 1_000))


def bought(counts: Mapping[str, tuple[int, ...]]) -> Bought:
    return Bought(tuple(counts), np.array([[*row, 0] for row in counts.values()], dtype=np.int64))


def test_by_hand() -> None:
    found = leanings(
        bought({"liked": (300, 100, 100), "shunned": (100, 300, 300), "rare": (9, 0, 0)}), groups(1000, 1000, 1000)
    )
    (one,) = found[0]
    assert {name: one[name] for name in ("value", "customers", "share", "rest", "lift")} == {
        "value": "liked",
        "customers": 300,
        "share": 0.3,
        "rest": 0.1,
        # 300 of the 400 pairs of the segment, 200 of the 800 of the others.
        "lift": pytest.approx(3.0),
    }
    # Two segments and the two values that ten or more bought: 5 % over four pairs, 0.625 % at either end.
    z, spread = 2.4977054744123723, math.sqrt(1 / 300 - 1 / 400 + 1 / 200 - 1 / 800)
    assert one["low"] == pytest.approx(3.0 * math.exp(-z * spread))
    assert one["high"] == pytest.approx(3.0 * math.exp(z * spread))
    assert [one["value"] for one in found[1]] == ["shunned"]
    assert list(found) == [0, 1]


def test_what_nobody_else_bought_has_no_lift_and_no_high_end() -> None:
    (one,) = leanings(bought({"own": (200, 0, 0), "other": (200, 2000, 0)}), groups(400, 4000, 0))[0]
    assert (one["rest"], one["lift"], one["high"]) == (0.0, None, None)
    assert one["low"] > 1
    assert leanings(bought({"own": (10, 0, 0), "other": (4000, 400, 0)}), groups(4000, 400, 0))[0] == []


def test_one_segment_or_no_value_has_nothing_to_lean_to() -> None:
    assert leanings(bought({"x": (50, 0)}), groups(100, 0)) == {0: []}
    nothing: Counts = np.zeros((0, 4), dtype=np.int64)
    assert leanings(Bought((), nothing), groups(5, 5, 5)) == {0: [], 1: []}
    assert leanings(bought({"x": (0, 40, 0)}), groups(0, 100, 0)) == {0: [], 1: []}


def test_at_most_eight_best_first_and_ties_by_code_point() -> None:
    counts = {f"v{n}": (100 + 10 * (n // 2), 20, 20) for n in range(12)} | {"all": (0, 900, 900)}
    told = [one["value"] for one in leanings(bought(counts), groups(500, 1000, 1000))[0]]
    assert told == ["v10", "v11", "v8", "v9", "v6", "v7", "v4", "v5"]
    assert len(told) == MOST


@given(st.integers(1, 50), st.integers(50, 400), st.integers(1, 50), st.integers(50, 400))
def test_the_interval_is_that_of_scipy(hits: int, of: int, rest: int, others: int) -> None:
    low, high = katz(np.array([hits]), of, np.array([rest]), others, 1.959963984540054)
    expected = relative_risk(hits, of, rest, others).confidence_interval(0.95)
    assert (low[0], high[0]) == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_who_buys_more_of_everything_leans_to_nothing() -> None:
    more = {f"v{n}": (300, 30, 30) for n in range(20)}
    assert leanings(bought(more), groups(400, 400, 400)) == {0: [], 1: []}
    (one,) = leanings(bought(more | {"own": (60, 60, 60)}), groups(400, 400, 400))[1]
    assert (one["value"], one["share"]) == ("own", 0.15)


def dealt(seed: int, planted: float = 0.0) -> tuple[Bought, tuple[Group, ...]]:
    """A shop of 20,000 buyers and 400 brands, most of them rare, whose segments say nothing; 2 % are in the smallest.

    Some buy ten times what others do, and these fill the smallest segment. With `planted`, so much of that segment
    buys brand 7 besides.
    """
    random = np.random.default_rng(seed)
    shares = np.array([0.02, 0.08, 0.3, 0.4, 0.2])
    segment = random.choice(5, size=20_000, p=shares)
    volume = np.where(segment == 0, 10.0, random.choice([0.5, 1.0, 4.0], size=20_000))
    counts = np.zeros((400, 6), dtype=np.int64)
    for brand in range(400):
        buys = random.random(20_000) < 1 - np.exp(-volume * (0.0007 + 0.02 / (brand + 1)))
        if brand == 7:
            buys |= (segment == 0) & (random.random(20_000) < planted)
        counts[brand, :5] = np.bincount(segment[buys], minlength=5)
    sizes = np.bincount(segment, minlength=5).tolist()
    return Bought(tuple(f"b{n:03}" for n in range(400)), counts), groups(*sizes)


def test_segments_dealt_at_random_lean_to_nothing() -> None:
    """By Bonferroni at most 1 shop in 40 lists anything; of 60 it is over 5 less than once in 300 times."""
    listed = [sum(map(len, leanings(*dealt(seed)).values())) for seed in range(60)]
    assert sum(n > 0 for n in listed) <= 5


def test_a_planted_leaning_is_found() -> None:
    for seed in range(5):
        found = leanings(*dealt(seed, planted=0.1))
        assert [one["value"] for one in found[0]] == ["b007"]
        assert 2 < found[0][0]["lift"] < 6


@given(st.permutations(range(40)), st.integers(0, 3))
def test_order_changes_nothing(order: list[int], seed: int) -> None:
    random = np.random.default_rng(seed)
    counts = random.integers(0, 90, (40, 4)) * random.integers(0, 2, (40, 4))
    counts[:, 3] = 0
    told = Bought(tuple(f"v{n:02}" for n in range(40)), counts)
    shuffled = Bought(tuple(told.values[n] for n in order), counts[order])
    some = groups(100, 200, 300)
    expected: dict[int, list[dict[str, Any]]] = leanings(told, some)
    assert leanings(shuffled, some) == expected
