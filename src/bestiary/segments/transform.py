"""From a customer's columns to the space in which segments are near or far.

Every transform is data in `model.json`. Recency is in days, frequency a count, monetary value in the shop's
currency. Refunds above purchases make a negative value: a logarithm takes max(0, value), the scores take it as it
is. A null, where a column may have one, stands at the column's mean. Only numpy is needed here, and every step is
element by element, so a customer's place does not depend on who else is placed with it.
"""

from typing import Annotated, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from bestiary.config import Frozen

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Triple = tuple[Finite, Finite, Finite]
Row = Annotated[tuple[Finite, ...], Field(min_length=1)]
Scale = Annotated[float, Field(ge=0, allow_inf_nan=False)]
RECENCY, FREQUENCY, MONETARY = range(3)
CHUNK = 65_536
"""Customers whose columns are transformed at a time, where there are many columns."""
GRID = 2.0**30
"""Steps of a logarithm to one: see `ln1p`."""


def ln1p(values: Floats) -> Floats:
    """ln(1 + x) of values (...), 0 or more, NaN for null, to the nearest multiple of 2^-30 (about 1e-9).

    Engines do not agree on the last bit of a logarithm (numpy with AVX-512 and the C library differ for 4 of 10,000
    amounts), and a customer between two segments would be in one here and in the other there. On the grid they agree,
    and multiplying by a power of two, adding, rounding down and dividing are exact in all of them.
    """
    found: Floats = np.floor(np.log(1.0 + values) * GRID + 0.5) / GRID
    return found


def clip_refunds(features: Floats) -> Floats:
    """A copy of (n, 3) features in which a monetary value below 0 is 0."""
    clipped = np.array(features, dtype=np.float64, order="C")
    clipped[:, MONETARY] = np.maximum(clipped[:, MONETARY], 0.0)
    return clipped


class Log1pStandardise(Frozen):
    """(ln(1 + max(0, x)) - mean) / scale per column, by `ln1p`; scale is the population standard deviation.

    A scale of 0 marks a column that was constant when the model was learned: it becomes 0, whatever comes
    later, because it told no two customers apart.
    """

    kind: Literal["log1p_standardise"] = "log1p_standardise"
    mean: Row
    scale: Annotated[tuple[Scale, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _same_width(self) -> Self:
        if len(self.mean) != len(self.scale):
            raise ValueError(f"{len(self.mean)} means, but {len(self.scale)} scales")
        return self

    @property
    def width(self) -> int:
        """The number of columns that it takes."""
        return len(self.mean)

    def apply(self, features: Floats) -> Floats:
        """Transform (n, d) raw features, NaN for null, to (n, d) coordinates."""
        logs = ln1p(np.maximum(features, 0.0))
        scale = np.array(self.scale)
        divisor = np.where(scale > 0, scale, 1.0)
        found = np.where(scale > 0, (logs - np.array(self.mean)) / divisor, 0.0)
        return np.where(np.isnan(found), 0.0, found)


class Log1pComponents(Frozen):
    """The coordinates of `log1p` on principal components: `loadings` (c, d) are unit vectors."""

    kind: Literal["log1p_components"] = "log1p_components"
    log1p: Log1pStandardise
    loadings: Annotated[tuple[Row, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _same_width(self) -> Self:
        if {len(row) for row in self.loadings} != {self.log1p.width}:
            raise ValueError("the loadings are not as wide as the columns")
        return self

    @property
    def width(self) -> int:
        """The number of columns that it takes."""
        return self.log1p.width

    def apply(self, features: Floats) -> Floats:
        """Transform (n, d) raw features, NaN for null, to (n, c) coordinates."""
        loadings = np.array(self.loadings)
        found = np.zeros((len(features), len(loadings)))
        for start in range(0, len(features), CHUNK):
            part = slice(start, start + CHUNK)
            rows = self.log1p.apply(features[part])
            for column in range(rows.shape[1]):
                found[part] += rows[:, column, None] * loadings[None, :, column]
        return found


class QuartileScores(Frozen):
    """Scores 1 to 4 per column: 1 + the number of quartiles strictly below the value; reversed, 5 - score."""

    kind: Literal["quartile_scores"] = "quartile_scores"
    quartiles: tuple[Triple, Triple, Triple]
    reversed: tuple[bool, bool, bool] = (True, False, False)

    @property
    def width(self) -> int:
        """The number of columns that it takes."""
        return len(self.quartiles)

    def apply(self, features: Floats) -> Floats:
        """Transform (n, 3) raw features to (n, 3) scores, whole numbers held as floats."""
        values = np.array(features, dtype=np.float64)
        scores = np.ones_like(values)
        for number in range(3):
            scores += np.array([column[number] for column in self.quartiles]) < values
        return np.where(np.array(self.reversed), 5.0 - scores, scores)


class Unchanged(Frozen):
    """The raw columns themselves, for what asks about them one by one: a tree, a grid."""

    kind: Literal["unchanged"] = "unchanged"
    width: Annotated[int, Field(ge=1)]

    def apply(self, features: Floats) -> Floats:
        """A copy of (n, d) features."""
        return np.array(features, dtype=np.float64, order="C")


AnyTransform = Log1pStandardise | Log1pComponents | QuartileScores | Unchanged
Transform = Annotated[AnyTransform, Field(discriminator="kind")]


def learn_log1p(features: Floats) -> Log1pStandardise:
    """Learn means and scales from (n, d) raw features, NaN for null, n >= 1."""
    means, scales = [], []
    for column in features.T:
        logs = ln1p(np.maximum(column[~np.isnan(column)], 0.0))
        constant = len(logs) == 0 or logs.min() == logs.max()
        means.append(float(np.mean(logs)) if not constant else float(logs[0]) if len(logs) else 0.0)
        scales.append(0.0 if constant else float(np.std(logs)))
    return Log1pStandardise(mean=tuple(means), scale=tuple(scales))


def learn_quartiles(features: Floats) -> QuartileScores:
    """Learn the quartiles (linear interpolation) of (n, 3) raw features, n >= 1."""
    quartiles = np.quantile(features, [0.25, 0.5, 0.75], axis=0, method="linear")
    recency, frequency, monetary = (_triple(column) for column in quartiles.T)
    return QuartileScores(quartiles=(recency, frequency, monetary))


def _triple(values: Floats) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return first, second, third
