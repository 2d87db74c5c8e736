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
    """A condition on one role of a model's columns in real units; None when it asks nothing.

    Recency is that of a visit where `column` counts days since one, else that of a purchase; frequency counts sessions
    where `column` does, else purchases. Any other column is called by its name. `currency` may be empty.
    """
    unit = f" {currency}" if currency else ""
    if role == "recency":
        return _recency(*bounds.whole, _SEEN if "visit" in column else _BOUGHT)
    if role in ("frequency", "sessions"):
        return _sessions(*bounds.whole) if "sessions" in column else _purchases(*bounds.whole)
    if role == "carts":
        return _carts(*bounds.whole)
    if role in ("monetary", "price"):
        return _amount(bounds, unit, _LOOKED if role == "price" else _SPENT)
    return _amount(bounds, "", {"en": f"{column} {{}}", "fr": f"{column} {{}}"})


_BOUGHT = {"en": "last time", "fr": "dernier achat"}
_SEEN = {"en": "last seen", "fr": "dernière visite"}
_SPENT = {"en": "spent {}", "fr": "a dépensé {}"}
_LOOKED = {"en": "looked at things of {} on average", "fr": "a regardé des articles valant {} en moyenne"}


def _recency(least: int | None, most: int | None, of: Words) -> Words | None:
    low = least if least is not None and least > 0 else None
    if low is None and most is None:
        return None
    if low is None:
        assert most is not None  # noqa: S101 - one of the two is asked
        days = most + 1
        return {
            "en": f"{of['en']} under {_count(days, 'day', 'days')} ago",
            "fr": f"{of['fr']} il y a moins de {_count(days, 'jour', 'jours', french=True)}",
        }
    if most is None:
        return {
            "en": f"{of['en']} {_count(low, 'day', 'days')} ago or more",
            "fr": f"{of['fr']} il y a {_count(low, 'jour', 'jours', french=True)} ou plus",
        }
    if low == most:
        return {
            "en": f"{of['en']} {_count(low, 'day', 'days')} ago",
            "fr": f"{of['fr']} il y a {_count(low, 'jour', 'jours', french=True)}",
        }
    return {"en": f"{of['en']} {low} to {most} days ago", "fr": f"{of['fr']} il y a {low} à {most} jours"}


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


def _carts(least: int | None, most: int | None) -> Words | None:
    low = max(least or 0, 0)
    if most is None and low == 0:
        return None
    if most == 0:
        return {"en": "never put anything in the cart", "fr": "n'a jamais rien mis au panier"}
    if most is None:
        en, fr = f"{_times(low)} or more", f"{_fois(low)} ou plus"
    elif low == most:
        en, fr = _times(low), _fois(low)
    elif low == 0:
        en, fr = f"at most {_times(most)}", f"au plus {_fois(most)}"
    else:
        en, fr = f"{low} to {most} times", f"{low} à {most} fois"
    return {"en": f"put something in the cart {en}", "fr": f"a mis un article au panier {fr}"}


def _amount(bounds: Bounds, unit: str, of: Words) -> Words | None:
    low = bounds.low if bounds.low >= 0 else None
    high = bounds.high if bounds.high < math.inf else None
    if low is None and high is None:
        return None
    least, most = (_money_en(low), _money_fr(low)), (_money_en(high), _money_fr(high))
    if low is None:
        en, fr = f"at most {most[0]}", f"au plus {most[1]}"
    elif high is None:
        en, fr = f"over {least[0]}", f"plus de {least[1]}"
    else:
        en, fr = f"over {least[0]} and at most {most[0]}", f"plus de {least[1]} et au plus {most[1]}"
    return {"en": of["en"].format(en + unit), "fr": of["fr"].format(fr + unit)}


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


def below(value: float, limit: float, digits: int) -> str:
    """A value under a limit, with so many digits after the point; more where rounding would lift it to the limit."""
    while round(value, digits) >= limit:
        digits += 1
    return f"{value:.{digits}f}"
