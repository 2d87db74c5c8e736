"""The report's language: its sentences from `locales/*.toml`, and how it writes numbers, dates and money."""

import functools
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from bestiary.config import Language
from bestiary.segments import wording

LOCALES = Path(__file__).parent / "locales"
LITTLE = 0.0005
"""A change of a smaller part is no percentage that is worth reading."""
MINUS = "\u2212"
UNDEFINED = "–"
"""Stands for a figure that is not defined; a zero would be a claim."""

LOOSE = re.compile(r"[ \u00a0](?=[:;?!]|%(?!\{))")
"""A space before a sign that French keeps on the line of the word before it; `%{` is of Plotly."""


def is_amount(column: str) -> bool:
    """Whether a column of the customer table is in the shop's currency."""
    return column.startswith(("total_purchase_value", "avg_price"))


@functools.cache
def load(name: str) -> dict[str, Any]:
    """Read `locales/<name>.toml`."""
    return tomllib.loads((LOCALES / f"{name}.toml").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Words:
    """One language and one currency. Called with a key such as `header.title` it gives the sentence.

    Methods that format take None and give a dash: a figure that is not defined.
    """

    language: Language
    currency: str

    def __call__(self, key: str, **values: object) -> str:
        """The sentence at `key` with its `{names}` filled in; KeyError names a key that is not there.

        Where there is a sentence for `one` and another for `many`, the number `count` chooses as the language does; it
        fills in `{n}` where that is not given.
        """
        found, count = self._find(key), values.get("count")
        if isinstance(count, int | float):
            values = {"n": self.number(count), **values}
            if isinstance(found, dict) and set(found) == {"one", "many"}:
                found = found["one" if wording.one(count, self.language) else "many"]
        if not isinstance(found, str):
            raise KeyError(key)
        return self._set(found.format(**values) if values else found)

    def label(self, group: str, name: str) -> str:
        """The word for a value met in data, or the value itself where there is none (a mapping's own reason)."""
        found = self._find(group).get(name, name)
        return self._set(str(found))

    def of(self, texts: Mapping[str, Any]) -> Any:
        """Pick this language from a text, or a list of texts, written in all of them."""
        found = texts[self.language]
        return self._set(found) if isinstance(found, str) else [self._set(one) for one in found]

    def name(self, texts: Mapping[str, str]) -> str:
        """A segment's name, beginning with a capital."""
        text: str = self.of(texts)
        return text[:1].upper() + text[1:]

    def sentence(self, texts: Mapping[str, str]) -> str:
        """A text as a sentence: a capital first (a symbol such as k stays as it is), a stop last."""
        text: str = self.of(texts)
        text = text if text.startswith("k ") else self.name(texts)
        return text if text.endswith((".", "!", "?", "…")) else text + "."

    def reasons(self, texts: Sequence[Mapping[str, str]]) -> str:
        """Several short texts as one sentence; empty for none."""
        joined = self("format.semicolon").join(self.of(text).rstrip(".") for text in texts)
        return f"{joined[:1].upper()}{joined[1:]}." if joined else ""

    def column(self, name: str) -> str:
        """A column of the customer table in words, with its window where the name has one; unknown names as is."""
        base, _, last = name.rpartition("_")
        if last.endswith("m") and last[:-1].isdigit():
            label = self.label("columns", base)
            return name if label == base else f"{label}, {self('terms.months', count=int(last[:-1]))}"
        return self.label("columns", name)

    def dictionary(self, text: str) -> str:
        """A sentence of the dictionary of columns, which is written in English."""
        return text if self.language == "en" else str(load(f"columns.{self.language}").get(text, text))

    def number(self, value: float | None, digits: int = 0) -> str:
        """A number with grouped thousands; `digits` after the point."""
        if value is None:
            return UNDEFINED
        return wording.number(value, self.language, digits)

    def compact(self, value: float) -> str:
        """A number short enough for an axis: 12 k, 3 M."""
        for size, suffix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
            if abs(value) >= size:
                return self.number(value / size, 0 if value % size == 0 else 1) + suffix
        return self.number(value, 0 if value == int(value) else 1)

    def percent(self, share: float | None, digits: int = 1) -> str:
        """A share of 1 as a percentage; what is not nothing never reads as nothing, nor as all."""
        return UNDEFINED if share is None else wording.percent(share, self.language, digits)

    def money(self, value: float | None, *, limit: bool = False) -> str:
        """An amount with its currency; cents only below a thousand, where it is no `limit` that has some."""
        return UNDEFINED if value is None else wording.money(value, self.currency, self.language, limit=limit)

    def times(self, ratio: float | None) -> str:
        """How many times as much; what is not once never reads as once."""
        if ratio is None:
            return UNDEFINED
        digits = 1
        while round(ratio, digits) == 1 and abs(ratio - 1) > 1e-6:
            digits += 1
        return self.number(ratio, digits)

    def figure(self, column: str, value: float | None) -> str:
        """A value of a column of the customer table: an amount, a whole number, or one digit after the point."""
        if is_amount(column):
            return self.money(value)
        return self.number(value, 0 if value is None or value == int(value) else 1)

    def value(self, column: str, value: Any) -> str:
        """A value of a customer's row that is no text: a moment to the second, else as `figure` writes it."""
        if isinstance(value, datetime):
            return f"{self.date(value.isoformat())} {value:%H:%M:%S}"
        return self.figure(column, value)

    def change(self, change: Mapping[str, int] | None) -> str:
        """How `now` differs from `before`, as a number and in percent; a dash where there is nothing to compare."""
        if change is None:
            return UNDEFINED
        more = change["now"] - change["before"]
        number = self("format.up", number=self.number(more)) if more > 0 else self.number(more)
        if abs(more) < LITTLE * change["before"] or not change["before"]:
            return number
        share = self.percent(abs(more) / change["before"])
        return f"{number} ({self('format.up', number=share) if more > 0 else MINUS + share})"

    def date(self, iso: str | None) -> str:
        """A day such as `2019-11-01` in words."""
        if iso is None:
            return UNDEFINED
        return self._dated(iso, self._find("format.months"))

    def short_date(self, iso: str) -> str:
        """A day such as `2019-11-03`, short enough for an axis: 3 Nov 2019."""
        return self._dated(iso, self._find("format.months_short"))

    def month(self, iso: str) -> str:
        """The month of a day such as `2019-11-03`, short enough for an axis: Nov 2019."""
        day = date.fromisoformat(iso[:10])
        return f"{self._find('format.months_short')[day.month - 1]} {day.year}"

    def _dated(self, iso: str, months: Sequence[str]) -> str:
        day = date.fromisoformat(iso[:10])
        number = self("format.first") if day.day == 1 else str(day.day)
        return self("format.date", day=number, month=months[day.month - 1], year=day.year)

    def _set(self, text: str) -> str:
        """A text with the spaces of its language: in French a narrow one before `:`, which does not break."""
        return LOOSE.sub("\u202f", text) if self.language == "fr" else text

    def _find(self, key: str) -> Any:
        found: Any = load(self.language)
        for part in key.split("."):
            if not isinstance(found, dict) or part not in found:
                raise KeyError(f"{key} in {self.language}.toml")
            found = found[part]
        return found
