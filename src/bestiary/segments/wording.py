"""Numbers, amounts and conditions as English and French write them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from bestiary.config import Language

Words = dict[str, str]
SIGNS: Mapping[Language, tuple[str, str]] = {"en": (",", "."), "fr": ("\u202f", ",")}
"""Between thousands, and before what is less than one."""
PERCENT: Mapping[Language, str] = {"en": "%", "fr": "\u202f%"}
MONEY: Mapping[Language, str] = {"en": "{currency} {amount}", "fr": "{amount}\u00a0{currency}"}


def number(value: float, language: Language, digits: int = 0) -> str:
    """A number with grouped thousands; `digits` after the point. What reads as nothing has no minus."""
    text = f"{value:,.{digits}f}".replace("-", "\u2212")
    if not text.strip("\u22120.,"):
        text = text.lstrip("\u2212")
    thousands, point = SIGNS[language]
    return text.translate({ord(","): thousands, ord("."): point})


def percent(share: float, language: Language, digits: int = 1) -> str:
    """A share of 1 as a percentage; what is not nothing never reads as nothing, nor as all what is not."""
    least, sign = 10 ** -(digits + 2), ""
    if 0 < share < least:
        sign, share = "<\u202f", least
    elif 1 - least / 2 <= share < 1:
        sign, share = ">\u202f", 1 - least
    return f"{sign}{number(100 * share, language, digits)}{PERCENT[language]}"


def money(amount: float, currency: str, language: Language, *, limit: bool = False) -> str:
    """An amount with its currency, which may be empty; cents only below a thousand.

    A `limit`, which decides who is on which side of it, keeps its cents.
    """
    cents = abs(amount) < 1000 or (limit and round(amount, 2) != round(amount))
    shown = number(amount, language, 2 if cents else 0)
    return MONEY[language].format(amount=shown, currency=currency) if currency else shown


def one(count: float, language: Language) -> bool:
    """Whether so many take the singular: in English 1, in French also what is less than 2."""
    return abs(count) < 2 if language == "fr" else count == 1


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
    where `column` does, else purchases. Any other column is called by its name. `currency` may be empty. A tree sends
    who has no value in a column to the side of the large ones, so a lower bound alone also holds for them, and says so.
    """
    if role == "recency":
        return _recency(*bounds.whole, _SEEN if "visit" in column else _BOUGHT)
    if role in ("frequency", "sessions"):
        return _sessions(*bounds.whole) if "sessions" in column else _purchases(*bounds.whole)
    if role == "carts":
        return _carts(*bounds.whole)
    if role in ("monetary", "price"):
        found = _amount(bounds, currency, _LOOKED if role == "price" else _SPENT)
    else:
        found = _amount(bounds, "", {"en": f"{column} {{}}", "fr": f"{column} {{}}"})
    if found is None or not column.startswith("avg_price") or bounds.high < math.inf:
        return found
    nothing = _NOTHING if role == "price" else _UNKNOWN
    return {language: found[language] + nothing[language] for language in found}


_BOUGHT = {"en": "last time", "fr": "dernier achat"}
_SEEN = {"en": "last seen", "fr": "dernière visite"}
_SPENT = {"en": "spent {}", "fr": "a dépensé {}"}
_NOTHING = {"en": " or at none of a known price", "fr": " ou aucun dont le prix est connu"}
_UNKNOWN = {"en": " or unknown", "fr": " ou inconnu"}
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


def _amount(bounds: Bounds, currency: str, of: Words) -> Words | None:
    low = bounds.low if bounds.low >= 0 else None
    high = bounds.high if bounds.high < math.inf else None
    if low is None and high is None:
        return None
    least, most = _limits(low, currency), _limits(high, currency)
    if low is None:
        en, fr = f"at most {most[0]}", f"au plus {most[1]}"
    elif high is None:
        en, fr = f"over {least[0]}", f"plus de {least[1]}"
    else:
        en, fr = f"over {least[0]} and at most {most[0]}", f"plus de {least[1]} et au plus {most[1]}"
    return {"en": of["en"].format(en), "fr": of["fr"].format(fr)}


def _times(number: int) -> str:
    return {1: "once", 2: "twice"}.get(number, f"{number} times")


def _fois(number: int) -> str:
    return "une fois" if number == 1 else f"{number} fois"


def _count(count: int, singular: str, plural: str, *, french: bool = False) -> str:
    return f"{count} {singular if one(count, 'fr' if french else 'en') else plural}"


def _limits(amount: float | None, currency: str) -> tuple[str, str]:
    """An amount in English and in French; of nothing where it asks nothing."""
    return money(amount or 0, currency, "en", limit=True), money(amount or 0, currency, "fr", limit=True)


def below(value: float, limit: float, digits: int) -> str:
    """A value under a limit, with so many digits after the point; more where rounding would lift it to the limit."""
    while round(value, digits) >= limit:
        digits += 1
    return f"{value:.{digits}f}"
