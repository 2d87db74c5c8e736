"""What candidates learn from: the customers of one population as of a date, as arrays."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from bestiary.errors import ModelError
from bestiary.segments.candidates.candidate import Candidate
from bestiary.segments.identity import percentiles, visitor_percentiles
from bestiary.segments.model import Column
from bestiary.segments.population import TENURE, Population
from bestiary.segments.presets import Recipe
from bestiary.segments.transform import MONETARY, Floats


@dataclass(frozen=True)
class Frame:
    """`rows` (n, r) are the recipe's columns, `wide` (n, d) all numeric ones (None unless asked for), NaN for null.

    `purchases` (n,) are numbers of purchasing sessions, `events` (n,) those of events, `tenure` (n,) whole days since
    the first event.
    """

    recipe: Recipe
    rows: Floats
    wide: Floats | None
    names: tuple[str, ...]
    purchases: Floats
    events: Floats
    tenure: Floats

    @property
    def size(self) -> int:
        """The number of customers."""
        return len(self.rows)

    @property
    def values(self) -> Floats:
        """What each customer (n,) has brought in net of refunds; 0 for visitors."""
        if self.recipe.animals == "visitors":
            return np.zeros(self.size)
        return np.asarray(self.rows[:, MONETARY])

    def some(self, kept: NDArray[np.int64]) -> "Frame":
        """The customers in these rows (m,)."""
        wide = None if self.wide is None else self.wide[kept]
        purchases, events, tenure = (one[kept] for one in (self.purchases, self.events, self.tenure))
        return replace(self, rows=self.rows[kept], wide=wide, purchases=purchases, events=events, tenure=tenure)

    def of(self, candidate: Candidate) -> Floats:
        """The rows (n, d) that a candidate learns from."""
        if candidate.columns == "rfm":
            return self.rows
        assert self.wide is not None  # noqa: S101 - `framed` was told of the candidates
        return self.wide

    def columns(self, candidate: Candidate) -> tuple[Column, ...]:
        """What the columns of `of` are, in order."""
        if candidate.columns == "rfm":
            return tuple(
                Column(name=role, source=source, nullable=role in self.recipe.nullable)
                for role, source in self.recipe.columns
            )
        assert self.wide is not None  # noqa: S101
        holes = [bool(np.isnan(column).any()) for column in self.wide.T]
        return tuple(
            Column(name=name, source=name, nullable=bool(hole)) for name, hole in zip(self.names, holes, strict=True)
        )

    @cached_property
    def percentiles(self) -> Floats:
        """Mid-rank percentiles (n, 4) on the axes of the population's animals."""
        if self.recipe.animals == "visitors":
            return visitor_percentiles(self.rows)
        return percentiles(self.rows, self.purchases)


def framed(
    population: Population, recipe: Recipe, *, wide: bool = False, most: int | None = None, seed: int = 0
) -> Frame:
    """Read a population, or a seeded sample of at most `most` of it.

    Raises ModelError when a column has a null that may have none, or is out of range.
    """
    names = [*recipe.sources, recipe.purchases, recipe.events, TENURE]
    if most is None or population.size <= most:
        raw, everything = population.whole(names), population.whole(population.columns) if wide else None
    else:
        places = np.sort(np.random.default_rng(seed).choice(population.size, most, replace=False)).astype(np.int64)
        raw = population.rows(places, names)
        everything = population.rows(places) if wide else None
    width = len(recipe.sources)
    rows, (purchases, events, tenure) = np.ascontiguousarray(raw[:, :width]), raw[:, width:].T
    _check(rows, purchases, recipe)
    return Frame(recipe, rows, everything, population.columns, purchases, events, tenure)


def _check(rows: Floats, purchases: Floats, recipe: Recipe) -> None:
    """Nulls only where they may be, nothing infinite, nothing negative but a value net of refunds."""
    buyers = recipe.animals == "buyers"
    known = np.array([role not in recipe.nullable for role in recipe.roles])
    signed = np.array([buyers and role == "monetary" for role in recipe.roles])
    wrong = not np.isfinite(rows[:, known]).all() or np.isinf(rows).any() or (rows[:, ~signed] < 0).any()
    if wrong or (buyers and not (purchases >= 1).all()):
        raise ModelError(
            "The customer table has buyers without a last purchase, a number of purchases or a value."
            if buyers
            else "The customer table has visitors without a last visit, a number of sessions or one of carts.",
            allowed="Allowed: recency and counts 0 or more, a finite value, 1 purchase or more for a buyer.",
            do="Make the customer table again.",
        )
