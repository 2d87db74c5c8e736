"""The comparison of two groups: published examples, laws, and how often intervals hold the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bestiary.publish import lift
from bestiary.publish.lift import Amounts, Interval, difference, mismatch, revenue, verdict

GROUP = st.integers(1, 400).flatmap(lambda people: st.tuples(st.integers(0, people), st.just(people)))
SPENT = st.lists(st.sampled_from([0.0, 0.0, 0.0, 5.0, 12.5, 99.99, -20.0, 1000.0]), min_size=1, max_size=30)


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),  # Newcombe 1998, table II, method 10
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_the_published_intervals(one: tuple[int, int], other: tuple[int, int], low: float, high: float) -> None:
    found = difference(*one, *other)
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


@given(GROUP, GROUP)
def test_groups_changed_over_turn_the_sign(one: tuple[int, int], other: tuple[int, int]) -> None:
    found, turned = difference(*one, *other), difference(*other, *one)
    assert (found.value, found.low, found.high) == pytest.approx((-turned.value, -turned.high, -turned.low), abs=1e-12)
    assert -1 - 1e-12 <= found.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.high <= 1 + 1e-12


@settings(deadline=None)
@given(SPENT, SPENT)
def test_revenue_changed_over_turns_the_sign(one: list[float], other: list[float]) -> None:
    ours, theirs = Amounts.of(np.array(one)), Amounts.of(np.array(other))
    found, turned = revenue(ours, theirs), revenue(theirs, ours)
    assert found.value == pytest.approx(-turned.value)
    assert found.value == pytest.approx(np.mean(one) - np.mean(other))
    assert found.low <= found.high
    scale = max(1.0, found.high - found.low)
    assert (found.low, found.high) == pytest.approx((-turned.high, -turned.low), abs=0.35 * scale)


@given(SPENT, st.permutations(range(5)))
def test_the_order_of_people_does_not_matter(spent: list[float], order: list[int]) -> None:
    turned = sorted(spent, key=lambda amount: order[int(abs(amount)) % 5])
    ours = Amounts.of(np.array(spent))
    assert ours.number == len(spent)
    assert ours.mean == pytest.approx(np.mean(spent))
    if len(spent) > 1:
        assert ours.variance == pytest.approx(np.var(spent, ddof=1))
    assert revenue(ours, ours) == revenue(Amounts.of(np.array(turned)), ours)


def test_where_nobody_spends_anything_nothing_differs() -> None:
    nobody = Amounts.of(np.zeros(5))
    assert revenue(nobody, nobody) == Interval(0.0, 0.0, 0.0)


def test_a_small_group_without_a_large_buyer_leaves_room_above() -> None:
    """Of 2 held back none is among the tenth who spend 100: more often than not chance keeps them low."""
    found = revenue(Amounts.of(np.array([100.0] + [0.0] * 9)), Amounts.of(np.zeros(2)))
    assert found.value == 10
    assert found.high - found.value > 1.5 * (found.value - found.low)
    turned = revenue(Amounts.of(np.zeros(2)), Amounts.of(np.array([100.0] + [0.0] * 9)))
    assert turned.value - turned.low > 1.5 * (turned.high - turned.value)


def test_the_same_seed_is_the_same_interval() -> None:
    one, other = Amounts.of(np.array([0.0, 5.0, 9.0])), Amounts.of(np.array([0.0, 1.0]))
    assert revenue(one, other) == revenue(one, other)
    assert revenue(one, other) != revenue(one, other, seed=1)


def test_memory_is_bounded_and_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = Amounts.of(np.arange(50.0)), Amounts.of(np.arange(30.0))
    whole = revenue(one, other)
    monkeypatch.setattr(lift, "HELD", 100)
    assert revenue(one, other) == whole


def test_the_verdict_is_whether_the_interval_leaves_0_out() -> None:
    assert verdict(Interval(0.1, 0.01, 0.2)) == "did"
    assert verdict(Interval(-0.1, -0.2, -0.01)) == "harm"
    assert verdict(Interval(0.1, 0.0, 0.2)) == "cannot be told"
    assert verdict(Interval(-0.1, -0.2, 0.0)) == "cannot be told"


def test_sizes_by_hand() -> None:
    """880 and 120 of a tenth held back: (120 - 100)² / 100 + (880 - 900)² / 900 = 4.444, p = 0.035."""
    assert mismatch(880, 120, 0.1) == pytest.approx(0.0350, abs=1e-4)
    assert mismatch(900, 100, 0.1) == 1.0
    assert mismatch(0, 0, 0.1) == 1.0
    assert mismatch(5, 0, 0.0) == 1.0


def test_the_interval_of_shares_holds_the_truth() -> None:
    """22 held back and 198 written to: of 20,000 campaigns that do nothing, few are said to do something."""
    random = np.random.default_rng(3)
    for base, rise in ((0.12, 0.0), (0.12, 0.2), (0.02, 0.0), (0.5, 0.3)):
        bought, anyhow = random.binomial(198, base + rise, 20_000), random.binomial(22, base, 20_000)
        low, high = lift.newcombe(bought.astype(np.float64), 198, anyhow.astype(np.float64), 22)
        assert 0.93 <= ((low <= rise) & (rise <= high)).mean() <= 0.995


@pytest.mark.parametrize(
    ("target", "holdout", "base", "rise"), [(198, 22, 0.12, 0.0), (1800, 200, 0.12, 0.06), (300, 300, 0.1, 0.05)]
)
def test_the_interval_of_revenue_holds_the_truth(target: int, holdout: int, base: float, rise: float) -> None:
    """Amounts as shops know them: most spend nothing, a few a lot (log-normal)."""
    random = np.random.default_rng(5)
    truth, inside = rise * np.exp(3.5 + 0.5), 0
    for _ in range(300):
        ours = np.where(random.random(target) < base + rise, random.lognormal(3.5, 1.0, target), 0.0)
        theirs = np.where(random.random(holdout) < base, random.lognormal(3.5, 1.0, holdout), 0.0)
        found = revenue(Amounts.of(ours), Amounts.of(theirs))
        inside += found.low <= truth <= found.high
    assert 0.91 <= inside / 300 <= 0.995
