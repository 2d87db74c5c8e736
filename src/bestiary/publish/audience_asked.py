"""What is asked of an audience: who, how many held back, and what the file holds. Nothing here is looked up yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal, get_args

from bestiary.errors import ConfigError, did_you_mean

Format = Literal["csv", "google", "meta", "ids"]
FORMATS: tuple[Format, ...] = get_args(Format)
Group = Literal["target", "holdout"]
GROUPS: tuple[Group, ...] = get_args(Group)


@dataclass(frozen=True)
class Joined:
    """A file that the shop gives: `on` is its column with the customers' ids."""

    file: Path
    on: str = "user_id"


@dataclass(frozen=True)
class Money:
    """What the campaign is judged by; None where it is not said. `margin` is a share, the others are money."""

    margin: float | None = None
    contact_cost: float | None = None
    value: float | None = None


@dataclass(frozen=True)
class Asked:
    """An audience as it was asked for."""

    campaign: str
    out: Path
    segments: tuple[str, ...] = ()
    where: str | None = None
    share: Fraction = Fraction(0)
    as_of: date | None = None
    format: Format = "csv"
    columns: tuple[str, ...] = ()
    joined: Joined | None = None
    plain: bool = False
    days: int = 30
    baseline: float | None = None
    money: Money = Money()
    purpose: str = ""

    def record(self) -> dict[str, Any]:
        """What decides who is in the audience and how it is judged; the formats of its files do not."""
        return {
            "segments": list(self.segments),
            "where": self.where,
            "share": str(self.share),
            "days": self.days,
        }

    def file_of(self, group: Group) -> Path:
        """Where a group is written: `lions.csv`, and `lions.holdout.csv` beside it."""
        return self.out if group == "target" else self.out.with_name(f"{self.out.stem}.holdout{self.out.suffix}")


def format_of(text: str) -> Format:
    """A format by its name; ConfigError for another name."""
    for one in FORMATS:
        if one == text:
            return one
    raise ConfigError(
        f"There is no format {text!r}{did_you_mean(text, FORMATS)}.", allowed=f"Allowed: {', '.join(FORMATS)}."
    )
