"""From a population's columns to the coordinates of its space: each transform as layers of expressions."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

from sqlglot import exp

from bestiary.errors import ConfigError
from bestiary.segments.export import terms
from bestiary.segments.export.terms import Layer, Names, column, number
from bestiary.segments.transform import Log1pComponents, Log1pStandardise, QuartileScores, Unchanged


@dataclass(frozen=True)
class Input:
    """A column of the population's: its name there, its role, whether it may be null, whether it may be negative."""

    name: str
    role: str
    nullable: bool
    signed: bool


@dataclass(frozen=True)
class Space:
    """Layers, and the names of the columns that are the coordinates, in order.

    `zero` are the coordinates that are 0 for everybody.
    """

    layers: tuple[Layer, ...]
    coordinates: tuple[str, ...]
    zero: frozenset[str] = frozenset()


@singledispatch
def space(transform: object, inputs: Sequence[Input], prefix: str, names: Names) -> Space:
    """The layers of a transform of the inputs; new columns are named after the prefix and the inputs' roles."""
    raise ConfigError(f"A transform of the kind {type(transform).__name__} is not known in SQL.")


@space.register
def _(transform: Unchanged, inputs: Sequence[Input], prefix: str, names: Names) -> Space:
    return Space((), tuple(one.name for one in inputs))


@space.register
def _(transform: Log1pStandardise, inputs: Sequence[Input], prefix: str, names: Names) -> Space:
    logs, centred, standardised, zero = {}, {}, {}, set()
    for one, mean, scale in zip(inputs, transform.mean, transform.scale, strict=True):
        z = names.new(f"{prefix}{one.role}_z")
        if scale == 0:  # constant when the model was learned
            standardised[z] = number(0.0)
            zero.add(z)
            continue
        logs[log := names.new(f"{prefix}{one.role}_log")] = terms.log(_clipped(one))
        centred[above := names.new(f"{prefix}{one.role}_centred")] = terms.minus(column(log), number(mean))
        value = terms.over(column(above), number(scale))
        standardised[z] = exp.Coalesce(this=value, expressions=[number(0.0)]) if one.nullable else value
    layers = (Layer("logs", logs), Layer("centred", centred), Layer("standardised", standardised))
    return Space(layers, tuple(standardised), frozenset(zero))


def _clipped(one: Input) -> exp.Expr:
    """The input, a value below 0 as 0. Of the other inputs nobody who is placed has one."""
    if not one.signed:
        return column(one.name)
    below = exp.LT(this=column(one.name), expression=terms.whole(0))
    return terms.case([(below, terms.whole(0))], column(one.name))


@space.register
def _(transform: Log1pComponents, inputs: Sequence[Input], prefix: str, names: Names) -> Space:
    before = space(transform.log1p, inputs, prefix, names)
    components = {
        names.new(f"{prefix}component_{i}"): terms.added(
            terms.times(column(name), number(loading))
            for name, loading in zip(before.coordinates, row, strict=True)
            if loading and name not in before.zero  # what is 0 changes no sum
        )
        for i, row in enumerate(transform.loadings)
    }
    return Space((*before.layers, Layer("components", components)), tuple(components))


@space.register
def _(transform: QuartileScores, inputs: Sequence[Input], prefix: str, names: Names) -> Space:
    scores = {
        names.new(f"{prefix}{one.role}_score"): terms.scored(
            one.name, quartiles, (4, 3, 2, 1) if turned else (1, 2, 3, 4)
        )
        for one, quartiles, turned in zip(inputs, transform.quartiles, transform.reversed, strict=True)
    }
    return Space((Layer("scores", scores),), tuple(scores))
