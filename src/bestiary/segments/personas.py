"""The animals of `personas.toml`, validated when read: names, descriptions, actions, boxes; two languages."""

import functools
import tomllib
from pathlib import Path
from typing import Annotated, Self

from pydantic import Field, model_validator

from bestiary.config import Frozen

FILE = Path(__file__).with_name("personas.toml")
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
    """Intervals of mean mid-rank percentiles, 0 to 100, bounds included; None means any."""

    recency: Interval | None = None
    frequency: Interval | None = None
    monetary: Interval | None = None
    basket: Interval | None = None

    @model_validator(mode="after")
    def _growing(self) -> Self:
        for name in type(self).model_fields:
            low, high = getattr(self, name) or ANY
            if low >= high:
                raise ValueError(f"{name}: {low} is not below {high}")
        return self

    @property
    def intervals(self) -> tuple[Interval, ...]:
        """The four intervals in the order recency, frequency, monetary, basket; any is (0, 100)."""
        return tuple(axis or ANY for axis in (self.recency, self.frequency, self.monetary, self.basket))


class Persona(Frozen):
    """One animal. `deck` tells whether it is one of the deck's seven."""

    deck: bool
    name: Bilingual
    adjectives: BilingualList
    description: Bilingual
    actions: BilingualList
    box: Box


@functools.cache
def personas() -> dict[str, Persona]:
    """All animals by their key, in the order of the file."""
    read = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return {key: Persona.model_validate(value) for key, value in read.items()}


def bestiary_of(*, deck: bool) -> dict[str, Persona]:
    """The animals a preset may use: the deck's seven, or all nine."""
    return {key: persona for key, persona in personas().items() if persona.deck or not deck}
