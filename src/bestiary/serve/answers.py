"""What is said of customers, in a language: the columns of `segments.parquet`, the animal's name, the way in words.

An answer is put together from pieces of JSON that are made once for each model and language: all that differs from
customer to customer is their id and four numbers, which are written a column at a time. That is twice as quick as
making a dictionary for each customer and serialising it.
"""

from collections.abc import Mapping, Sequence
from itertools import chain, repeat
from typing import Any

from pydantic_core import to_json

from bestiary.config import LANGUAGES, Language
from bestiary.segments.model import Model, Segmentation
from bestiary.segments.personas import personas
from bestiary.segments.route import Route, routes
from bestiary.segments.transform import Floats
from bestiary.serve.scorer import Scores
from bestiary.web import accepted

Record = dict[str, Any]
UserId = int | str | None


def language(header: str) -> Language:
    """The first of ours that an Accept-Language header wants; English where it wants none."""
    return next((one for name in accepted(header) for one in LANGUAGES if one == name), "en")


class Answers:
    """The words of a model in each language. The last of a list is what is said of nobody's, whose number is -1."""

    def __init__(self, model: Model, populations: Sequence[str]) -> None:
        groups = (model.fitted.buyers, model.fitted.visitors)
        segments = [segment for one in groups if one for segment in one.segments]
        self.populations: list[str | None] = [*populations, None]
        self.personas: list[str | None] = [*(segment.persona for segment in segments), None]
        self.names: dict[Language, list[str | None]] = {
            said: [*(getattr(segment.name, said) for segment in segments), None] for said in LANGUAGES
        }
        currency = model.provenance.currency or ""
        self._pieces = {said: _Pieces(self, said, groups, currency) for said in LANGUAGES}

    def json(self, ids: Sequence[UserId], scores: Scores, said: Language) -> bytes:
        """A JSON array with an object for each customer, in order; what has no value is null."""
        pieces = self._pieces[said]
        populations, early = scores.population.tolist(), scores.too_early.tolist()
        value, low, high = (_numbers(values) for values in scores.expected)
        columns = (
            repeat(b',{"user_id":'),
            _ids(ids),
            [pieces.heads[one][population] for one, population in zip(early, populations, strict=True)],
            [pieces.segments[segment] for segment in scores.segment.tolist()],
            _numbers(scores.confidence),
            [pieces.seconds[second] for second in scores.second.tolist()],
            value,
            repeat(b',"expected_low":'),
            low,
            repeat(b',"expected_high":'),
            high,
            [pieces.ways[one][leaf] for one, leaf in zip(populations, scores.leaf.tolist(), strict=True)],
        )
        return b"[" + b"".join(chain.from_iterable(zip(*columns, strict=False)))[1:] + b"]"


class _Pieces:
    """What stands between the numbers: `heads` by too early and population, `ways` by population and leaf."""

    def __init__(self, words: Answers, said: Language, groups: Sequence[Segmentation | None], currency: str) -> None:
        self.heads = [
            [_inner({"population": one, "too_early": early}) for one in words.populations] for early in (False, True)
        ]
        named = [
            (number if name is not None else None, persona, name)
            for number, (persona, name) in enumerate(zip(words.personas, words.names[said], strict=True))
        ]
        self.segments = [
            _inner({"segment": number, "persona": persona, "name": name}) + b',"confidence":'
            for number, persona, name in named
        ]
        self.seconds = [
            _inner({"second": number, "second_persona": persona, "second_name": name}) + b',"expected_value":'
            for number, persona, name in named
        ]
        none = {-1: b',"path":null}'}
        ways = [
            {leaf: _inner({"path": _way(one, said)}) + b"}" for leaf, one in routes(group, currency).items()} | none
            if group
            else none
            for group in groups
        ]
        self.ways: list[Mapping[int, bytes]] = [*ways, none]


def _way(way: Route, said: Language) -> Record:
    return {"answers": [words[said] for words in way.answers], "segment": way.segment, "purity": way.purity}


def _inner(record: Record) -> bytes:
    """A record as JSON, with a comma for its opening brace and without the closing one."""
    return b"," + to_json(record)[1:-1]


def _numbers(values: Floats) -> list[bytes]:
    """Numbers (n,) as JSON, the shortest that reads as the same; null for what is not finite."""
    return to_json(values.tolist(), inf_nan_mode="null")[1:-1].split(b",")


def _ids(ids: Sequence[UserId]) -> list[bytes]:
    if all(isinstance(one, int) for one in ids):  # no comma in any of them
        return to_json(ids)[1:-1].split(b",")
    return [to_json(one) for one in ids]


def segments(model: Model, said: Language) -> list[Record]:
    """What there is to be in: number, population, animal, name, who they are, what to do, customers when learned."""
    known = personas()
    found = []
    for group in (model.fitted.buyers, model.fitted.visitors):
        for segment in group.segments if group else ():
            animal = known.get(segment.persona or "")
            found.append(
                {
                    "segment": segment.segment,
                    "population": group.population if group else None,
                    "persona": segment.persona,
                    "name": getattr(segment.name, said),
                    "description": getattr(animal.description, said) if animal else None,
                    "actions": list(getattr(animal.actions, said)) if animal else [],
                    "match": segment.match,
                    "customers": segment.customers,
                }
            )
    return found
