"""A model made ready to answer for many customers at once: columns in, arrays out.

What a customer's segment is depends on nobody else in the batch, and is bit for bit what `segments.parquet` holds.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bestiary.errors import ModelError
from bestiary.segments.model import Bools, Model, Segmentation
from bestiary.segments.presets import Recipe, recipes
from bestiary.segments.transform import Floats, Ints

NOBODY = -1
"""No population, no segment, no leaf."""
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Scores:
    """What is said of n customers, each (n,) but `expected` (3, n): value, and the ends of its 95 % interval.

    `population` is the place of the recipe, `leaf` the node of the explaining tree; both and the segments are NOBODY
    where there is none, confidence and expected values NaN.
    """

    population: Ints
    too_early: Bools
    segment: Ints
    second: Ints
    confidence: Floats
    expected: Floats
    leaf: Ints

    @classmethod
    def of_nobody(cls, size: int) -> "Scores":
        """Before anything is known of so many customers."""
        numbers = np.full((4, size), NOBODY, dtype=np.int32)
        values = np.full((4, size), np.nan)
        return cls(numbers[0], np.zeros(size, dtype=bool), numbers[1], numbers[2], values[0], values[1:], numbers[3])


@dataclass(frozen=True)
class Group:
    """One population as it is asked: places of its rule's, its segmentation's and its value's columns."""

    recipe: Recipe
    segmentation: Segmentation | None
    some: Rows
    none: Rows
    features: Rows
    rfm: Rows
    required: Rows


class Scorer:
    """`columns` are what a customer is asked for, in order; those in `judging` decide the population, for everyone.

    Raises ModelError for a model that cannot place what it must.
    """

    def __init__(self, model: Model) -> None:
        self.model = model
        config, fitted = model.config, model.fitted
        asked = recipes(config.preset, config.windows)
        segmentations = (fitted.buyers, fitted.visitors)
        there = [one.population for one in segmentations if one]
        if there != [one.population for one in asked][: len(there)]:
            raise ModelError(f"The model has {', '.join(there)}, which the preset {config.preset} has not.")
        self.events = asked[0].events
        self.judging = tuple(dict.fromkeys([self.events, *(name for one in asked for name in (*one.some, *one.none))]))
        wanted = [column.source for one in segmentations if one for column in one.columns]
        valued = asked[0].sources if fitted.expected else ()
        self.columns = tuple(dict.fromkeys([*self.judging, *valued, *wanted]))
        place = {name: number for number, name in enumerate(self.columns)}
        self.groups = tuple(
            _group(recipe, segmentation, valued if number == 0 else (), place)
            for number, (recipe, segmentation) in enumerate(zip(asked, segmentations, strict=False))
        )

    def population(self, rows: Floats) -> Ints:
        """The population (n,) of customers with `columns` (n, c); NaN for null."""
        found = np.full(len(rows), NOBODY, dtype=np.int32)
        for number, group in enumerate(self.groups):
            found[_is_of(group, rows)] = number
        return found

    def score(self, rows: Floats, population: Ints | None = None) -> Scores:
        """Score customers by their `columns` (n, c), NaN for null; whoever cannot be placed has no segment.

        `population` (n,) is theirs, where it is known.
        """
        scores = Scores.of_nobody(len(rows))
        scores.population[:] = self.population(rows) if population is None else population
        scores.too_early[:] = ~(rows[:, self.columns.index(self.events)] >= self.model.fitted.min_events)
        with np.errstate(all="ignore"):  # what overflows is infinitely far, and that is all
            for number, group in enumerate(self.groups):
                here = (scores.population == number).nonzero()[0]
                if len(here):
                    self._value(group, rows, here, scores)
                    self._place(group, rows, here, scores)
        return scores

    def _value(self, group: Group, rows: Floats, here: Rows, scores: Scores) -> None:
        expected = self.model.fitted.expected
        if expected and len(group.rfm):
            rfm = rows[here[:, None], group.rfm]
            known = np.isfinite(rfm).all(axis=1)
            scores.expected[:, here[known]] = expected.predict(rfm[known], self.model.fitted.season or 1.0)

    def _place(self, group: Group, rows: Floats, here: Rows, scores: Scores) -> None:
        segmentation = group.segmentation
        if segmentation is None:
            return
        here = here[~scores.too_early[here]]
        features = rows[here[:, None], group.features]
        fine = segmentation.placeable(features)
        here, features = here[fine], features[fine]
        if not len(here):
            return
        points = segmentation.transform.apply(features)
        placed = segmentation.place_points(points)
        scores.segment[here], scores.second[here] = placed.segment, placed.second
        scores.confidence[here] = placed.confidence
        leaves = segmentation.leaves_of(features, points)
        if leaves is not None:
            scores.leaf[here] = leaves


def _group(recipe: Recipe, segmentation: Segmentation | None, rfm: Sequence[str], place: Mapping[str, int]) -> Group:
    def places(names: Iterable[str]) -> Rows:
        return np.array([place[name] for name in names], dtype=np.int64)

    columns = segmentation.columns if segmentation else ()
    needed = dict.fromkeys([*rfm, *(column.source for column in columns if not column.nullable)])
    features = places(column.source for column in columns)
    return Group(recipe, segmentation, places(recipe.some), places(recipe.none), features, places(rfm), places(needed))


def _is_of(group: Group, rows: Floats) -> Bools:
    found: Bools = (rows[:, group.some] > 0).all(axis=1) & (rows[:, group.none] == 0).all(axis=1)
    return found
