"""From recency, frequency and monetary value to the space in which segments are near or far.

Two transforms, both data in `model.json`. Recency is in days since the last purchase, frequency a count,
monetary value in the shop's currency. Refunds above purchases make a negative value: the logarithm takes
max(0, value), the scores take it as it is. Only numpy is needed here, and every step is element by element, so a
customer's place does not depend on who else is placed with it.
"""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bestiary.config import Frozen

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Finite = Annotated[float, Field(allow_inf_nan=False)]
Triple = tuple[Finite, Finite, Finite]
Scale = Annotated[float, Field(ge=0, allow_inf_nan=False)]
RECENCY, FREQUENCY, MONETARY = range(3)


def clip_refunds(features: Floats) -> Floats:
    """A copy of (n, 3) features in which a monetary value below 0 is 0."""
    clipped = np.array(features, dtype=np.float64, order="C")
    clipped[:, MONETARY] = np.maximum(clipped[:, MONETARY], 0.0)
    return clipped


class Log1pStandardise(Frozen):
    """(ln(1 + x) - mean) / scale per column; scale is the population standard deviation.

    A scale of 0 marks a column that was constant when the model was learned: it becomes 0, whatever comes
    later, because it told no two customers apart.
    """

    kind: Literal["log1p_standardise"] = "log1p_standardise"
    mean: Triple
    scale: tuple[Scale, Scale, Scale]

    def apply(self, features: Floats) -> Floats:
        """Transform (n, 3) raw features to (n, 3) coordinates."""
        logs = np.log(1.0 + clip_refunds(features))
        scale = np.array(self.scale)
        divisor = np.where(scale > 0, scale, 1.0)
        return np.where(scale > 0, (logs - np.array(self.mean)) / divisor, 0.0)


class QuartileScores(Frozen):
    """Scores 1 to 4 per column: 1 + the number of quartiles strictly below the value; reversed, 5 - score."""

    kind: Literal["quartile_scores"] = "quartile_scores"
    quartiles: tuple[Triple, Triple, Triple]
    reversed: tuple[bool, bool, bool] = (True, False, False)

    def apply(self, features: Floats) -> Floats:
        """Transform (n, 3) raw features to (n, 3) scores, whole numbers held as floats."""
        values = np.array(features, dtype=np.float64)
        scores = np.ones_like(values)
        for number in range(3):
            scores += np.array([column[number] for column in self.quartiles]) < values
        return np.where(np.array(self.reversed), 5.0 - scores, scores)


Transform = Annotated[Log1pStandardise | QuartileScores, Field(discriminator="kind")]


def learn_log1p(features: Floats) -> Log1pStandardise:
    """Learn means and scales from (n, 3) raw features, n >= 1."""
    logs = np.log(1.0 + clip_refunds(features))
    constant = logs.min(axis=0) == logs.max(axis=0)
    mean = np.where(constant, logs[0], [np.mean(column) for column in logs.T.copy()])
    scale = np.where(constant, 0.0, [np.std(column) for column in logs.T.copy()])
    return Log1pStandardise(mean=_triple(mean), scale=_triple(scale))


def learn_quartiles(features: Floats) -> QuartileScores:
    """Learn the quartiles (linear interpolation) of (n, 3) raw features, n >= 1."""
    quartiles = np.quantile(features, [0.25, 0.5, 0.75], axis=0, method="linear")
    recency, frequency, monetary = (_triple(column) for column in quartiles.T)
    return QuartileScores(quartiles=(recency, frequency, monetary))


def _triple(values: Floats) -> tuple[float, float, float]:
    first, second, third = (float(value) for value in values)
    return first, second, third
