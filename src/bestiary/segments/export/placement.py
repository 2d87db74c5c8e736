"""A whole model as layers: who is of which population, who can be placed, and the segment of everyone who can.

The layers, those that a model needs: `inputs` (the table's columns as doubles), `people` (population, too_early),
`able` (placeable), `members` (each population's own columns, null for everybody else), then those of its space and
its partition, and `placed` (segment). Buyers and visitors share the layers, each with columns of their own.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from sqlglot import exp

from bestiary.segments.export import partitions, spaces, terms
from bestiary.segments.export.spaces import Input
from bestiary.segments.export.terms import LARGEST, Layer, Names, column, number, whole
from bestiary.segments.model import Column, Model, Segmentation
from bestiary.segments.presets import Recipe, recipes

USER = "user_id"
OUTPUTS = (USER, "population", "too_early", "segment", "persona")
STEPS = (
    "logs",
    "centred",
    "standardised",
    "components",
    "scores",
    "cell_scores",
    "worth",
    "gaps",
    "turned",
    "likelihoods",
    "distances",
)
"""The layers of spaces and partitions, each after those that it may read."""
SHARED = ("inputs", "people", "able", "members", *STEPS, "placed", "placeable")


@dataclass(frozen=True)
class Placement:
    """`sources` are the columns of the customer table by their names in the first layer, `layers` all layers in order.

    The last one has `population`, `too_early` and `segment`; `persona` is the animal by the segment.
    """

    sources: dict[str, str]
    layers: tuple[Layer, ...]
    persona: exp.Expr


def has_sql(transform: object, partition: object) -> bool:
    """Whether customers can be placed in SQL by what a method has learned: only then may it be chosen."""
    return type(transform) in spaces.space.registry and type(partition) in partitions.cut.registry


def placement(model: Model) -> Placement:
    """The placement of the customers of a table by a model."""
    asked = recipes(model.config.preset, model.config.windows)
    fitted = model.fitted
    populations = list(zip_longest(asked, (fitted.buyers, fitted.visitors)[: len(asked)]))
    names = Names({one.lower() for one in (*OUTPUTS, *SHARED)})
    sources = {source: names.new(source) for source in dict.fromkeys(_needed(populations))}
    groups = [_Group(recipe, one, sources, names) for recipe, one in populations if one]
    events = sources[asked[0].events]
    people = {
        "population": terms.case([(_of(recipe, sources), terms.text(recipe.population)) for recipe, _ in populations]),
        "too_early": exp.LT(this=column(events), expression=whole(fitted.min_events)),
    }
    known = terms.either([exp.Paren(this=one.known()) for one in groups])
    enough = exp.GTE(this=column(events), expression=whole(fitted.min_events))
    segment = terms.case([(one.member(), one.segment) for one in groups])
    layers = (
        Layer("inputs", {name: exp.cast(column(source), "double") for source, name in sources.items()}),
        Layer("people", people),
        Layer("able", {"placeable": terms.both([enough, exp.Paren(this=known)])}),
        *_merged([layer for one in groups for layer in one.layers]),
        Layer("placed", {"segment": segment}),
    )
    return Placement({name: source for source, name in sources.items()}, layers, _persona(model))


class _Group:
    """One population's part: its members, its layers and the expression of its segment."""

    def __init__(self, recipe: Recipe, segmentation: Segmentation, sources: dict[str, str], names: Names) -> None:
        self.population, self.columns, self.sources = recipe.population, segmentation.columns, sources
        prefix = f"{recipe.population}_"
        inputs = [
            Input(names.new(f"{prefix}{one.name}"), one.name, one.nullable, one.signed) for one in segmentation.columns
        ]
        members = {
            one.name: terms.case([(self.member(), column(sources[of.source]))])
            for one, of in zip(inputs, segmentation.columns, strict=True)
        }
        space = spaces.space(segmentation.transform, inputs, prefix, names)
        cut = partitions.cut(segmentation.partition, space.coordinates, segmentation.first, prefix, names)
        self.layers = (Layer("members", members), *space.layers, *cut.layers)
        self.segment = cut.segment

    def here(self) -> exp.Expr:
        """Whether a customer is of this population."""
        return exp.EQ(this=column("population"), expression=terms.text(self.population))

    def member(self) -> exp.Expr:
        """Whether a customer is of this population and placed in it."""
        return terms.both([column("placeable"), self.here()])

    def known(self) -> exp.Expr:
        """Whether a customer is of this population and has numbers that can be placed (`Segmentation.placeable`)."""
        distinct = {one.source: one for one in self.columns}
        return terms.both([self.here(), *(_fine(one, self.sources[one.source]) for one in distinct.values())])


def _needed(populations: list[tuple[Recipe, Segmentation | None]]) -> Iterator[str]:
    for recipe, segmentation in populations:
        yield from (*recipe.some, *recipe.none, recipe.events)
        yield from (one.source for one in (segmentation.columns if segmentation else ()))


def _of(recipe: Recipe, sources: dict[str, str]) -> exp.Expr:
    """Who is of the population of a recipe."""
    zero = whole(0)
    return terms.both(
        [
            *(exp.GT(this=column(sources[name]), expression=zero.copy()) for name in recipe.some),
            *(exp.EQ(this=column(sources[name]), expression=zero.copy()) for name in recipe.none),
        ]
    )


def _fine(one: Column, name: str) -> exp.Expr:
    """Whether a column has a number that can be placed. NaN, which engines order above all numbers, is none."""
    low = number(-LARGEST) if one.signed else whole(0)
    fine = exp.Between(this=column(name), low=low, high=number(LARGEST))
    if not one.nullable:
        return fine
    return exp.Paren(this=terms.either([exp.Is(this=column(name), expression=exp.null()), fine]))


def _merged(layers: list[Layer]) -> Iterator[Layer]:
    """The layers of both populations side by side, those without a column left out."""
    for name in ("members", *STEPS):
        together = {key: one for layer in layers if layer.name == name for key, one in layer.columns.items()}
        if together:
            yield Layer(name, together)


def _persona(model: Model) -> exp.Expr:
    fitted = model.fitted
    everyone = (*fitted.buyers.segments, *(fitted.visitors.segments if fitted.visitors else ()))
    branches = [(whole(one.segment), terms.text(one.persona)) for one in everyone if one.persona is not None]
    return terms.case(branches, operand=column("segment")) if branches else terms.null("text")
