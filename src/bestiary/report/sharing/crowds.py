"""What is counted by itself, without a total that its parts add up to: shares, quantiles, and counts within counts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

QUARTER, HALF = 4, 2
PERSONAL = re.compile(r"%|(?<![\d.,])(?:[1-9]\d{0,2}(?:,\d{3})+|\d+(?![.,]?\d))")
"""A share, or a whole number: what a sentence may count people with. Indices such as 0.724 count nobody."""


@dataclass
class Held:
    """What was held back so far: how many numbers, and which parts of the page, each by its key, once."""

    numbers: int = 0
    parts: list[str] = field(default_factory=list)

    def number(self, n: int = 1) -> None:
        """So many numbers are held back."""
        self.numbers += n

    def part(self, key: str) -> None:
        """A part of the page is left out."""
        if key not in self.parts:
            self.parts.append(key)


@dataclass(frozen=True)
class Crowd:
    """The rule for a single figure: at least `k` people on either side of it. What it refuses it counts in `held`."""

    k: int
    held: Held

    def of(self, value: Any, people: float | None, times: int = 1) -> Any:
        """A figure about `people`, or about the smallest of `times` equal parts of them; None where they are too few.

        The lower quartile is told where a quarter of them (4 times) are at least k people: then it is the end of a
        crowd, and not what one person did.
        """
        return self._told(value, enough=people is not None and people >= times * self.k)

    def part(self, value: Any, people: float | None, whole: float | None, *, all_of_them: bool = False) -> Any:
        """A figure about `people` of a `whole`: told where they are enough, and where so are the others.

        So no share of what people do reads 0 or 100 percent, which would tell of every single one. With `all_of_them`
        the others may be nobody: that a rule is right for all whom it fits is said of the rule.
        """
        if people is None or whole is None:
            return self._told(value, enough=False)
        others = whole - people
        return self._told(value, enough=people >= self.k and (others >= self.k or (all_of_them and others == 0)))

    def share(self, share: float | None, whole: float | None, *, all_of_them: bool = False) -> Any:
        """A share (0 to 1) of a `whole` of people, by the same rule."""
        people = None if share is None or whole is None else round(share * whole)
        return self.part(share, people, whole, all_of_them=all_of_them)

    def text(self, texts: Mapping[str, str] | None) -> Mapping[str, str] | None:
        """A sentence that was made elsewhere, where it has no number that may be of people in any language."""
        told: Mapping[str, str] | None = self._told(
            texts, enough=texts is None or not any(map(PERSONAL.search, texts.values()))
        )
        return told

    def texts(self, texts: Sequence[Mapping[str, str]]) -> list[Mapping[str, str]]:
        """Those of several sentences that may be told."""
        return [one for one in map(self.text, texts) if one is not None]

    def nested(self, points: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Those of some points whose `customers` are ever fewer of the same, with k between two that are told."""
        found: list[Mapping[str, Any]] = []
        for point in points:
            fewer = found[-1]["customers"] - point["customers"] if found else self.k
            if point["customers"] >= self.k and (fewer >= self.k or fewer == 0):
                found.append(point)
        self.held.number(len(points) - len(found))
        return found

    def _told(self, value: Any, *, enough: bool) -> Any:
        if not enough and value is not None:
            self.held.number()
        return value if enough else None


def only(record: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The figures of a record that a rule has judged, of those that it has."""
    return {name: record[name] for name in names if name in record}
