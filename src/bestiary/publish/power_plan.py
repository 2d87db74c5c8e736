"""What is told before an audience is written: what its test can see, and what the campaign must bring to pay."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from bestiary.publish.audience_asked import Group, Money
from bestiary.publish.audience_join import Counts
from bestiary.publish.audience_outcome import Outcome
from bestiary.publish.power import BreakEven, Test, smallest_money

Basis = Literal["given", "the same selection before", "these customers before", "nobody"]
SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
"""Shares to hold back that are tried where the one asked for cannot see what the campaign needs."""


@dataclass(frozen=True)
class Baseline:
    """What would have been bought without a campaign, and where that is known from.

    `rate` is the share of people who buy within the days; `value` what a buyer spends then, and `spread` the standard
    deviation of spending among people, None where nobody was looked at or bought.
    """

    basis: Basis
    rate: float
    people: int = 0
    since: date | None = None
    value: float | None = None
    spread: float | None = None

    @classmethod
    def of(cls, basis: Basis, outcome: Outcome, since: date) -> Baseline:
        """What some customers did from a date on."""
        spread = float(outcome.revenue.variance**0.5) if outcome.people else None
        return cls(basis, outcome.share, outcome.people, since, outcome.value, spread)


@dataclass(frozen=True)
class Plan:
    """An audience before it is written: how many, what is known, what can be seen, what pays.

    `smallest` is the least rise of the share of buyers that is seen, `smallest_money` the least difference of revenue
    per person; None where nothing is. `better` is a larger share to hold back
    that would see `break_even`; None where none does.
    """

    campaign: str
    as_of: date
    days: int
    share: float
    selected: int
    members: dict[Group, int]
    joined: Counts | None
    baseline: Baseline
    smallest: float | None
    smallest_money: float | None
    break_even: BreakEven | None
    better: float | None

    @property
    def sees(self) -> bool | None:
        """Whether the test sees the rise at which the campaign pays; None where that is not known."""
        if self.break_even is None:
            return None
        return self.smallest is not None and self.smallest <= self.break_even.rise

    def record(self) -> dict[str, Any]:
        """All of it for a log."""
        return {
            "campaign": self.campaign,
            "as_of": self.as_of,
            "days": self.days,
            "held_back": self.share,
            "selected": self.selected,
            "target": self.members["target"],
            "holdout": self.members["holdout"],
            "joined": vars(self.joined) if self.joined else None,
            "baseline": self.baseline.rate,
            "baseline_of": self.baseline.basis,
            "smallest_effect": self.smallest,
            "smallest_money": self.smallest_money,
            "break_even": self.break_even.rise if self.break_even else None,
            "sees_break_even": self.sees,
        }


def plan(
    campaign: str,
    as_of: date,
    days: int,
    share: float,
    selected: int,
    members: dict[Group, int],
    joined: Counts | None,
    baseline: Baseline,
    money: Money,
) -> Plan:
    """Reckon what an audience's test can see."""
    value = money.value if money.value is not None else baseline.value
    even = None
    if money.margin is not None and money.contact_cost is not None and value is not None:
        even = BreakEven(money.margin, money.contact_cost, value)
    target, holdout = members["target"], members["holdout"]
    smallest = Test(target, holdout, baseline.rate).smallest()
    in_money = None if baseline.spread is None else smallest_money(target, holdout, baseline.spread)
    found = Plan(
        campaign, as_of, days, share, selected, members, joined, baseline, smallest, in_money, even, better=None
    )
    if found.sees is False and even is not None:
        return _with_better(found, even)
    return found


def _with_better(found: Plan, even: BreakEven) -> Plan:
    everyone = sum(found.members.values())
    for share in (one for one in SHARES if one > found.share):
        held = round(everyone * share)
        smallest = Test(everyone - held, held, found.baseline.rate).smallest()
        if smallest is not None and smallest <= even.rise:
            return replace(found, better=share)
    return found
