"""Numbers and conditions as English and French write them."""

import math
from dataclasses import dataclass

Words = dict[str, str]


@dataclass(frozen=True)
class Bounds:
    """What a rule asks of one column: above `low` and at most `high`; an infinite bound asks nothing."""

    low: float = -math.inf
    high: float = math.inf

    @property
    def whole(self) -> tuple[int | None, int | None]:
        """The same for whole numbers: at least, at most; None asks nothing."""
        least = None if self.low == -math.inf else math.floor(self.low) + 1
        most = None if self.high == math.inf else math.floor(self.high)
        return least, most


def condition(role: str, column: str, bounds: Bounds, currency: str) -> Words | None:
    """A condition on recency, frequency or monetary value in real units; None when it asks nothing."""
    if role == "recency":
        return _recency(*bounds.whole)
    if role == "frequency":
        return _sessions(*bounds.whole) if "sessions" in column else _purchases(*bounds.whole)
    return _spent(bounds, f" {currency}" if currency else "")


def _recency(least: int | None, most: int | None) -> Words | None:
    low = least if least is not None and least > 0 else None
    if low is None and most is None:
        return None
    if low is None:
        assert most is not None  # noqa: S101 - one of the two is asked
        days = most + 1
        return {
            "en": f"last time under {_count(days, 'day', 'days')} ago",
            "fr": f"dernier achat il y a moins de {_count(days, 'jour', 'jours', french=True)}",
        }
    if most is None:
        return {
            "en": f"last time {_count(low, 'day', 'days')} ago or more",
            "fr": f"dernier achat il y a {_count(low, 'jour', 'jours', french=True)} ou plus",
        }
    if low == most:
        return {
            "en": f"last time {_count(low, 'day', 'days')} ago",
            "fr": f"dernier achat il y a {_count(low, 'jour', 'jours', french=True)}",
        }
    return {"en": f"last time {low} to {most} days ago", "fr": f"dernier achat il y a {low} à {most} jours"}


def _purchases(least: int | None, most: int | None) -> Words | None:
    low = max(least or 1, 1)
    if most == low:
        return {"en": f"bought {_times(low)}", "fr": f"a acheté {_fois(low)}"}
    if most is not None:
        return {"en": f"bought {low} to {most} times", "fr": f"a acheté {low} à {most} fois"}
    if low == 1:
        return None
    return {"en": f"bought {low} times or more", "fr": f"a acheté {low} fois ou plus"}


def _sessions(least: int | None, most: int | None) -> Words | None:
    low = max(least or 1, 1)
    if most == low:
        return {"en": f"came {_times(low)}", "fr": f"est venu {_fois(low)}"}
    if most is not None:
        return {"en": f"came {low} to {most} times", "fr": f"est venu {low} à {most} fois"}
    if low == 1:
        return None
    return {"en": f"came {low} times or more", "fr": f"est venu {low} fois ou plus"}


def _spent(bounds: Bounds, unit: str) -> Words | None:
    low = bounds.low if bounds.low >= 0 else None
    high = bounds.high if bounds.high < math.inf else None
    if low is None and high is None:
        return None
    if low is None:
        return {
            "en": f"spent at most {_money_en(high)}{unit}",
            "fr": f"a dépensé au plus {_money_fr(high)}{unit}",
        }
    if high is None:
        return {"en": f"spent over {_money_en(low)}{unit}", "fr": f"a dépensé plus de {_money_fr(low)}{unit}"}
    return {
        "en": f"spent over {_money_en(low)} and at most {_money_en(high)}{unit}",
        "fr": f"a dépensé plus de {_money_fr(low)} et au plus {_money_fr(high)}{unit}",
    }


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _fois(number: int) -> str:
    return "une fois" if number == 1 else f"{number} fois"


def _count(number: int, one: str, many: str, *, french: bool = False) -> str:
    singular = number < 2 if french else number == 1
    return f"{number} {one if singular else many}"


def _money_en(amount: float | None) -> str:
    return f"{amount or 0:,.2f}"


def _money_fr(amount: float | None) -> str:
    return _money_en(amount).replace(",", "\u202f").replace(".", ",")
