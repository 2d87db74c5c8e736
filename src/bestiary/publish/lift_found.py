"""What is found of a campaign: both groups' purchases, how they differ, what it came to, and what is to be doubted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from bestiary.publish.audience_asked import Group
from bestiary.publish.audience_outcome import Outcome
from bestiary.publish.lift import Interval, Verdict, difference, mismatch, revenue, verdict

APART = 2.576
"""So many standard errors apart, revenue before the campaign is not alike: 1 % of fair draws are."""
FEW_BUYERS = 20
"""With fewer in a group the interval of revenue is rough."""


@dataclass(frozen=True)
class Window:
    """When purchases were counted: from the first day to the midnight `until`, which the last customer had.

    `due` is the midnight at which everyone's planned days are over; before it this is a look ahead of time. `waiting`
    members have had no counted day yet.
    """

    since: date
    until: date
    due: date
    waiting: int

    @property
    def early(self) -> bool:
        """Whether the planned days are not over for everyone."""
        return self.until < self.due


@dataclass(frozen=True)
class Lift:
    """What a campaign did to the customers written to, beside those held back.

    Differences are None where a group is empty; `profit` also without margin and cost. `forgotten` are members who
    were erased since.
    """

    campaign: str
    waves: tuple[date, ...]
    window: Window
    share: float
    target: Outcome
    holdout: Outcome
    forgotten: Mapping[Group, int]
    buyers: Interval | None
    revenue: Interval | None
    margin: float | None
    contact_cost: float | None

    @property
    def verdict(self) -> Verdict:
        """Whether it did anything, by the share of buyers alone."""
        return "cannot be told" if self.buyers is None else verdict(self.buyers)

    @property
    def more_buyers(self) -> Interval | None:
        """How many more of those written to bought than would have."""
        return self.buyers and self.buyers.times(self.target.people)

    @property
    def more_revenue(self) -> Interval | None:
        """What those written to spent more than they would have, all together."""
        return self.revenue and self.revenue.times(self.target.people)

    @property
    def profit(self) -> Interval | None:
        """The margin of that, less what the contacts cost."""
        if self.more_revenue is None or self.margin is None or self.contact_cost is None:
            return None
        return self.more_revenue.times(self.margin).less(self.contact_cost * self.target.people)

    @property
    def uneven(self) -> float:
        """How probable sizes as uneven are; see `lift.mismatch`."""
        return mismatch(self.target.people, self.holdout.people, self.share)

    @property
    def apart(self) -> float:
        """How many standard errors revenue per person before the campaign is apart; 0 where nothing can be said."""
        if not self.target.people or not self.holdout.people:
            return 0.0
        ours, theirs = self.target.before, self.holdout.before
        error = (ours.variance / ours.number + theirs.variance / theirs.number) ** 0.5
        return (ours.mean - theirs.mean) / error if error else 0.0

    def record(self) -> dict[str, Any]:
        """All of it as JSON."""
        return {
            "campaign": self.campaign,
            "waves": [one.isoformat() for one in self.waves],
            "from": self.window.since.isoformat(),
            "until": self.window.until.isoformat(),
            "due": self.window.due.isoformat(),
            "early": self.window.early,
            "waiting": self.window.waiting,
            "held_back": self.share,
            "target": _group(self.target),
            "holdout": _group(self.holdout),
            "forgotten": dict(self.forgotten),
            "verdict": self.verdict,
            "margin": self.margin,
            "contact_cost": self.contact_cost,
            **{
                name: asdict(found) if (found := getattr(self, name)) else None
                for name in ("buyers", "revenue", "more_buyers", "more_revenue", "profit")
            },
            "uneven": self.uneven,
            "apart_before": self.apart,
        }


def _group(one: Outcome) -> dict[str, Any]:
    return {
        "people": one.people,
        "buyers": one.buyers,
        "share": one.share,
        "purchases": one.purchases,
        "revenue": one.revenue.mean * one.people if one.people else 0.0,
        "revenue_before": one.before.mean * one.people if one.people else 0.0,
        "gone": one.gone,
    }


def compared(target: Outcome, holdout: Outcome) -> tuple[Interval | None, Interval | None]:
    """How much more of one group bought, and how much more it spent per person; None where a group is empty."""
    if not target.people or not holdout.people:
        return None, None
    return (
        difference(target.buyers, target.people, holdout.buyers, holdout.people),
        revenue(target.revenue, holdout.revenue),
    )
