"""The animals of `personas.toml`, validated when read: names, descriptions, actions, boxes; two languages.

Buyers and visitors (who bought nothing in the longest window) are two populations with an animal kingdom each, because
they are looked at along different axes.
"""

import functools
import tomllib
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, TypeAdapter, model_validator

from bestiary.config import Frozen

FILE = Path(__file__).with_name("personas.toml")
Kind = Literal["buyers", "visitors"]
Text = Annotated[str, Field(min_length=1)]
Interval = tuple[Annotated[float, Field(ge=0, le=100)], Annotated[float, Field(ge=0, le=100)]]
ANY = (0.0, 100.0)


class Bilingual(Frozen):
    """One text in each language of the reports."""

    en: Text
    fr: Text


class BilingualList(Frozen):
    """A list of texts in each language, of the same length."""

    en: Annotated[tuple[Text, ...], Field(min_length=1)]
    fr: Annotated[tuple[Text, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _same_length(self) -> Self:
        if len(self.en) != len(self.fr):
            raise ValueError(f"{len(self.en)} texts in English, {len(self.fr)} in French")
        return self


class Box(Frozen):
    """Intervals of mean mid-rank percentiles, 0 to 100, bounds included; None means any. The fields are the axes."""

    @model_validator(mode="after")
    def _growing(self) -> Self:
        for name in type(self).model_fields:
            low, high = getattr(self, name) or ANY
            if low >= high:
                raise ValueError(f"{name}: {low} is not below {high}")
        return self

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """The four intervals in the order of the axes; any is (0, 100)."""
        return tuple(getattr(self, name) or ANY for name in type(self).model_fields)


class BuyerBox(Box):
    """Recency of purchase (high = recent), frequency, monetary value, basket (value of a purchase)."""

    recency: Interval | None = None
    frequency: Interval | None = None
    monetary: Interval | None = None
    basket: Interval | None = None


class VisitorBox(Box):
    """Recency of visit (high = recent), sessions, carts, price (mean price of what was looked at)."""

    recency: Interval | None = None
    sessions: Interval | None = None
    carts: Interval | None = None
    price: Interval | None = None


class Persona(Frozen):
    """One animal. `deck` tells whether it is one of the deck's seven, who are all buyers."""

    population: Kind
    deck: bool = False
    name: Bilingual
    adjectives: BilingualList
    description: Bilingual
    actions: BilingualList
    box: Box


class Buyer(Persona):
    """An animal that buys."""

    population: Literal["buyers"]
    box: BuyerBox


class Visitor(Persona):
    """An animal that has only looked so far."""

    population: Literal["visitors"]
    deck: Literal[False] = False
    box: VisitorBox


_Animal = Annotated[Buyer | Visitor, Field(discriminator="population")]
_FILE = TypeAdapter[dict[str, Buyer | Visitor]](dict[str, _Animal])


@functools.cache
def personas() -> dict[str, Persona]:
    """All animals of both populations by their key, in the order of the file."""
    return {**_FILE.validate_python(tomllib.loads(FILE.read_text(encoding="utf-8")))}


def bestiary_of(*, deck: bool, population: Kind = "buyers") -> dict[str, Persona]:
    """The animals that a preset may use of a population: the deck's seven, or all."""
    return {
        key: persona
        for key, persona in personas().items()
        if persona.population == population and (persona.deck or not deck)
    }
