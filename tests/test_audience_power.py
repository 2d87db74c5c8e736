"""What a test can see, held against a simulation of the very verdict, the textbook, and what can be said by hand."""

from datetime import date

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bestiary.publish import lift
from bestiary.publish.audience_asked import Group, Money
from bestiary.publish.power import Z_LEVEL, Z_POWER, BreakEven, Test, smallest_money
from bestiary.publish.power_plan import Baseline, Plan, plan

DRAWS = 20_000


def attained(target: int, holdout: int, base: float, rise: float) -> float:
    """How often the verdict is that the campaign did something, in simulated campaigns."""
    random = np.random.default_rng(7)
    bought = random.binomial(target, base + rise, DRAWS).astype(np.float64)
    anyhow = random.binomial(holdout, base, DRAWS).astype(np.float64)
    low, _ = lift.newcombe(bought, target, anyhow, holdout)
    return float((low > 0).mean())


@pytest.mark.parametrize(
    ("target", "holdout", "base"),
    [(198, 22, 0.12), (1800, 200, 0.12), (90, 90, 0.3), (4000, 60, 0.02), (100, 22, 0.0), (20_000, 2_000, 0.05)],
)
def test_the_power_at_the_smallest_effect_is_what_was_promised(target: int, holdout: int, base: float) -> None:
    test = Test(target, holdout, base)
    smallest = test.smallest()
    assert smallest is not None
    error = 4 * (0.8 * 0.2 / DRAWS) ** 0.5
    assert attained(target, holdout, base, smallest) == pytest.approx(0.8, abs=error)
    assert attained(target, holdout, base, smallest / 2) == pytest.approx(test.power(smallest / 2), abs=error)
    assert test.power(0.9 * smallest) < 0.8


@pytest.mark.parametrize(
    ("target", "holdout", "base"), [(9000, 1000, 0.1), (50_000, 50_000, 0.02), (10**6, 10**5, 0.03)]
)
def test_large_groups_agree_with_the_usual_formula(target: int, holdout: int, base: float) -> None:
    smallest = Test(target, holdout, base).smallest()
    assert smallest is not None
    raised = base + smallest
    pooled = (target * raised + holdout * base) / (target + holdout)
    usual = (
        Z_LEVEL * (pooled * (1 - pooled) * (1 / target + 1 / holdout)) ** 0.5
        + Z_POWER * (raised * (1 - raised) / target + base * (1 - base) / holdout) ** 0.5
    )
    assert smallest == pytest.approx(usual, rel=0.02)


def test_without_a_group_or_with_one_person_nothing_can_be_seen() -> None:
    assert Test(100, 0, 0.1).smallest() is None
    assert Test(0, 100, 0.1).smallest() is None
    assert Test(5, 1, 0.5).smallest() is None
    assert Test(100, 100, 1.0).smallest() is None  # they all buy anyhow


@settings(max_examples=40, deadline=None)
@example(7, 10, 1e-308)
@given(st.integers(1, 3000), st.integers(1, 300), st.floats(0, 0.9))
def test_more_people_see_no_less(target: int, holdout: int, base: float) -> None:
    few, many = Test(target, holdout, base).smallest(), Test(4 * target, 4 * holdout, base).smallest()
    if few is not None:
        assert many is not None
        assert many <= few + 1e-5
    powers = [Test(target, holdout, base).power(rise) for rise in (0.0, 0.03, 0.1)]
    assert powers == sorted(powers)


def test_money_by_hand() -> None:
    """(1.959964 + 0.841621) * 100 * sqrt(1/100 + 1/25) = 62.6."""
    assert smallest_money(100, 25, 100.0) == pytest.approx(62.6453, abs=1e-3)
    assert smallest_money(0, 25, 100.0) is None


def test_break_even_by_hand() -> None:
    """A contact of 0.05 against 30 % of 40, so 12, a buyer: one more buyer in 240."""
    assert BreakEven(0.3, 0.05, 40.0).rise == pytest.approx(1 / 240)
    assert BreakEven(0.0, 0.0, 40.0).rise == 0  # what costs nothing pays with anything
    assert BreakEven(0.0, 0.05, 40.0).rise == BreakEven(0.3, 0.05, 0.0).rise == float("inf")


def planned(target: int, holdout: int, cost: float, rate: float = 0.1, **more: float) -> Plan:
    money = Money(margin=0.5, contact_cost=cost, value=more.get("value"))
    members: dict[Group, int] = {"target": target, "holdout": holdout}
    base = Baseline("given", rate, value=more.get("known"))
    share = holdout / (target + holdout)
    return plan("c", date(2020, 5, 1), 30, share, target + holdout, members, None, base, money)


def test_the_plan_says_whether_the_break_even_is_seen_and_what_would_see_it() -> None:
    seen = planned(9000, 1000, 2.0, known=40.0)  # pays from 10 points on
    assert (seen.sees, seen.better) == (True, None)
    blind = planned(900, 10, 2.0, known=40.0)
    assert blind.sees is False
    assert blind.better == 0.2
    for share, sees in ((0.1, False), (0.2, True)):
        held = round(910 * share)
        smallest = Test(910 - held, held, 0.1).smallest()
        assert smallest is not None
        assert (smallest <= 0.1) is sees
    hopeless = planned(90, 10, 0.02, known=40.0)
    assert (hopeless.sees, hopeless.better) == (False, None)
    assert planned(90, 10, 0.02).break_even is None  # what a buyer spends is not known
    given_value = planned(90, 10, 0.02, known=40.0, value=10.0).break_even
    assert given_value is not None
    assert given_value.rise == pytest.approx(0.004)
