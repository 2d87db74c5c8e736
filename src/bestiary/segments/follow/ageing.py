"""What ageing alone would have moved between two runs, so that only the rest is news.

Every customer of the old run is made older by the days between the runs and placed by the new model (`follow.older`).
Each expected flow is a share of its segment, with a 95 % interval of that share (Wilson, Probable inference, the law
of succession, and statistical inference, 1927); an observed flow outside of it is a surprise. In a large segment the
interval is narrow and small differences are surprises too: `excess` says how many customers each is worth.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bestiary.segments.intervals import wilson
from bestiary.segments.transform import Floats

ROUNDING = 1e-9


@dataclass(frozen=True)
class Ageing:
    """Flows (k_old, m) in customers of the old run, from each of its segments to each state of the new one.

    `expected` by ageing alone, between `low` and `high`, the least and the most customers within the interval;
    `observed` between the runs; `surprise` where it lies outside.
    """

    expected: Floats
    low: Floats
    high: Floats
    observed: Floats

    @property
    def excess(self) -> Floats:
        """Observed less expected customers."""
        return self.observed - self.expected

    @property
    def surprise(self) -> NDArray[np.bool_]:
        """Which flows are news; a segment without a customer has none."""
        return (self.observed < self.low) | (self.observed > self.high)


def beside(expected: NDArray[Any], observed: NDArray[Any]) -> Ageing:
    """Set observed flows (k_old, m) beside those that ageing alone would have made, each row of the same customers."""
    likely = np.asarray(expected, dtype=np.float64)
    total = likely.sum(axis=1, keepdims=True)
    low, high = wilson(likely, total)
    least, most = np.ceil(low * total - ROUNDING), np.floor(high * total + ROUNDING)
    return Ageing(likely, least, most, np.asarray(observed, dtype=np.float64))
