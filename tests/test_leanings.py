"""What a segment buys more than the others: by hand, found where it was planted, and not where there is nothing."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import poisson

from bestiary.customers.habits import Bought, Counts, Group, expected
from bestiary.report.leanings import COMMON, MOST, commonest, garwood, leanings


def groups(*sizes: int) -> tuple[Group, ...]:
    """Segments 0, 1, ... of buyers; the last are those without one, and then visitors who are in nobody's way."""
    placed = [Group("buyers", number, size) for number, size in enumerate(sizes[:-1])]
    return (*placed, Group("buyers", None, sizes[-1]), Group("visitors", len(placed), 1_000))


def bought(counts: Mapping[str, tuple[int, ...]], sizes: tuple[Group, ...]) -> Bought:
    """Counts by group, where all buy as many different values."""
    told = np.array([[*row, 0] for row in counts.values()], dtype=np.int64)
    of = np.array([[0 if one.population == "visitors" else one.customers] for one in sizes], dtype=np.int64)
    return Bought(tuple(counts), told, expected(told.sum(axis=1, keepdims=True), of))


def test_by_hand() -> None:
    some = groups(1000, 1000, 1000)
    found = leanings(bought({"liked": (300, 100, 100), "shunned": (100, 300, 300)}, some), some)
    (one,) = found[0]
    assert {name: one[name] for name in ("value", "customers", "share", "rest", "lift")} == {
        "value": "liked",
        "customers": 300,
        "share": 0.3,
        "rest": 0.1,
        "lift": pytest.approx(1.8),  # a third of the 500 who bought it were expected
    }
    # Two segments and two values: 5 % over four pairs, 0.625 % at either end.
    mean = 500 / 3
    assert poisson.sf(299, mean * one["low"]) == pytest.approx(0.00625)
    assert poisson.cdf(300, mean * one["high"]) == pytest.approx(0.00625)
    assert [one["value"] for one in found[1]] == ["shunned"]
    assert list(found) == [0, 1]


def test_what_is_expected_follows_the_strata() -> None:
    """Of two values, one is bought by half of those who buy one thing, and both by all who buy two."""
    customers = np.array([[50, 20], [50, 20]], dtype=np.int64)
    sizes = np.array([[80, 0], [20, 20], [0, 0]], dtype=np.int64)
    assert expected(customers, sizes).tolist() == [[40.0, 30.0, 0.0]] * 2
    assert expected(np.zeros((0, 2), dtype=np.int64), sizes).shape == (0, 3)


def test_what_most_have_bought_is_told_whether_or_not_they_lean_to_it() -> None:
    some = groups(100, 100, 100)
    counts = {"a": (40, 0, 9), "b": (40, 0, 9), **{f"v{n}": (n, 0, 9) for n in range(1, 5)}}
    found = commonest(bought(counts, some), some)
    assert [one["value"] for one in found[0]] == ["a", "b", "v4", "v3", "v2"]
    assert len(found[0]) == COMMON
    assert found[0][0] == {"value": "a", "customers": 40, "share": 0.4}
    assert found[1] == []
    assert set(found) == {0, 1}


def test_one_segment_or_no_value_has_nothing_to_lean_to() -> None:
    assert leanings(bought({"x": (50, 0)}, groups(100, 0)), groups(100, 0)) == {0: []}
    nothing: Counts = np.zeros((0, 4), dtype=np.int64)
    assert leanings(Bought((), nothing, nothing.astype(np.float64)), groups(5, 5, 5)) == {0: [], 1: []}
    assert leanings(bought({"x": (0, 40, 0)}, groups(0, 100, 0)), groups(0, 100, 0)) == {0: [], 1: []}


def test_at_most_eight_best_first_and_ties_by_code_point() -> None:
    some = groups(500, 1000, 1000)
    counts = {f"v{n}": (100 + 10 * (n // 2), 20, 20) for n in range(12)}
    told = [one["value"] for one in leanings(bought(counts, some), some)[0]]
    assert told == ["v10", "v11", "v8", "v9", "v6", "v7", "v4", "v5"]
    assert len(told) == MOST


@given(st.integers(0, 400), st.floats(0.1, 300), st.floats(1e-9, 0.2))
def test_the_interval_is_that_of_the_two_exact_tests(count: int, mean: float, level: float) -> None:
    low, high = garwood(np.array([count]), np.array([mean]), level)
    if count:
        assert poisson.sf(count - 1, mean * low[0]) == pytest.approx(level, rel=1e-6)
    else:
        assert low[0] == 0
    assert poisson.cdf(count, mean * high[0]) == pytest.approx(level, rel=1e-6)


def test_where_nothing_is_expected_nothing_is_known() -> None:
    low, high = garwood(np.array([3]), np.array([0.0]), 0.025)
    assert (low[0], high[0]) == (0.0, math.inf)


def dealt(seed: int, volumes: tuple[float, ...], brands: int = 60, planted: float = 0.0) -> tuple[Bought, Any]:
    """2000 buyers in three segments who buy so much on average, all by the same taste: brand n is likely as 1 / n.

    With `planted`, so much of the smallest segment buys brand 30 besides.
    """
    random = np.random.default_rng(seed)
    segment = random.choice(3, size=2000, p=[0.1, 0.3, 0.6])
    taste = 1 / np.arange(1, brands + 1)
    has: NDArray[np.bool_] = np.zeros((2000, brands), dtype=bool)
    for row, n in enumerate(1 + random.poisson(np.array(volumes)[segment])):
        has[row, random.choice(brands, size=n, p=taste / taste.sum())] = True
    has[(segment == 0) & (random.random(2000) < planted), 30] = True
    breadth = has.sum(axis=1)
    slots = np.unique(breadth)
    sizes = np.array([[((segment == g) & (breadth == s)).sum() for s in slots] for g in (0, 1, 2)])
    hits = np.array([has[breadth == s].sum(axis=0) for s in slots]).T
    counts = np.array([has[segment == g].sum(axis=0) for g in (0, 1, 2)]).T
    names = tuple(f"b{n:03}" for n in range(brands))
    people = tuple(Group("buyers", g, int((segment == g).sum())) for g in (0, 1, 2))
    return Bought(names, counts, expected(hits, sizes)), people


@pytest.mark.parametrize("volumes", [(4, 4, 4), (30, 6, 1.5)], ids=["alike", "apart"])
def test_segments_without_a_taste_lean_to_nothing_however_much_they_buy(volumes: tuple[float, ...]) -> None:
    """By Bonferroni at most 1 shop in 40 lists anything; of 30 it is over 4 less than once in 1000 times."""
    listed = [sum(map(len, leanings(*dealt(seed, volumes)).values())) for seed in range(30)]
    assert sum(n > 0 for n in listed) <= 4


@pytest.mark.parametrize("volumes", [(4, 4, 4), (6, 5, 4)], ids=["alike", "apart"])
def test_a_planted_leaning_is_found(volumes: tuple[float, ...]) -> None:
    """Where volumes are so far apart that nobody else buys as much, there is nobody to be compared with."""
    for seed in range(3):
        found = leanings(*dealt(seed, volumes, brands=200, planted=0.4))
        assert [one["value"] for one in found[0]] == ["b030"]
        assert found[0][0]["lift"] > 1.5


@given(st.permutations(range(40)), st.integers(0, 3))
def test_order_changes_nothing(order: list[int], seed: int) -> None:
    random, some = np.random.default_rng(seed), groups(100, 200, 300)
    counts = random.integers(0, 90, (40, 3)) * random.integers(0, 2, (40, 3))
    told = bought({f"v{n:02}": tuple(row) for n, row in enumerate(counts.tolist())}, some)
    shuffled = Bought(tuple(told.values[n] for n in order), told.customers[order], told.expected[order])
    assert leanings(shuffled, some) == leanings(told, some)
