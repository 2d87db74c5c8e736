"""What a campaign's test can see before it is made, and what the campaign must bring to pay.

The smallest effect is that of the rule by which `lift` judges: the least rise in the share of buyers that Newcombe's
95 % interval tells from 0 in POWER of all cases. It is not approximated: for each number of buyers that those held back
may have, the least number among the others that decides is found, and the binomial probabilities are added up. With
groups in which people buy it agrees with the usual formula (Fleiss, Levin and Paik 2003, "Statistical Methods for Rates
and Proportions", section 4.2); where hardly anybody buys, that formula promises that anything can be seen.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from bestiary.publish.lift import Floats, newcombe

POWER = 0.8
FAR = 9.0
"""Standard deviations beyond which numbers of buyers are not looked at: 1e-18 of all cases lie there."""
DIGITS = 12
"""Of a share of buyers; a binomial distribution of a share of 1e-308 cannot be reckoned with."""
CLOSE = 1e-6
"""So close the smallest effect is found."""
Z_LEVEL, Z_POWER = 1.959963984540054, 0.8416212335729143
"""The normal distribution's 97.5 % and 80 % points."""


class Test:
    """A test with so many customers written to and so many held back, of whom a share `base` buys anyhow."""

    __test__ = False  # it is none of pytest's

    def __init__(self, target: int, holdout: int, base: float) -> None:
        from scipy.stats import binom

        base = round(base, DIGITS)
        self.target, self.holdout, self.base = target, holdout, base
        middle, spread = holdout * base, np.sqrt(holdout * base * (1 - base))
        first, last = max(0, int(middle - FAR * spread - FAR)), min(holdout, int(middle + FAR * spread + FAR))
        bought = np.arange(first, last + 1, dtype=np.float64)
        self._weights: Floats = binom.pmf(bought, holdout, base)
        self._least = _least(bought, target, holdout)

    def power(self, rise: float) -> float:
        """How often a rise of the share of buyers, to at most 1, is told from none."""
        from scipy.stats import binom

        raised = min(1.0, self.base + rise)
        return float(self._weights @ binom.sf(self._least - 1, self.target, raised))

    def smallest(self) -> float | None:
        """The least rise that is seen in POWER of all cases; None where not even the largest is."""
        low, high = 0.0, 1.0 - self.base
        if not self.target or not self.holdout or self.power(high) < POWER:
            return None
        while high - low > CLOSE:
            middle = (low + high) / 2
            low, high = (low, middle) if self.power(middle) >= POWER else (middle, high)
        return high


def _least(bought: Floats, target: int, holdout: int) -> Floats:
    """For numbers of buyers among those held back (m,), the least number among the others that decides (m,).

    Where none does, it is one more than there are.
    """
    low, high = np.zeros(len(bought)), np.full(len(bought), target + 1.0)
    if not target or not holdout:
        return high
    while (low < high).any():
        middle = np.floor((low + high) / 2)
        seen = newcombe(np.minimum(middle, target), target, bought, holdout)[0] > 0
        done = low >= high
        low, high = np.where(seen | done, low, middle + 1), np.where(seen & ~done, middle, high)
    return high


def smallest_money(target: int, holdout: int, spread: float) -> float | None:
    """The least difference in revenue per person that is seen in POWER of all cases, by the usual formula.

    `spread` is the standard deviation of revenue among people; None where a group is empty. (Cohen 1988, "Statistical
    Power Analysis for the Behavioral Sciences", chapter 2.)
    """
    if not target or not holdout:
        return None
    return float((Z_LEVEL + Z_POWER) * spread * np.sqrt(1 / target + 1 / holdout))


@dataclass(frozen=True)
class BreakEven:
    """What a campaign must bring to pay: `margin` of a buyer's `value` against a cost for each contact."""

    margin: float
    contact_cost: float
    value: float

    @property
    def rise(self) -> float:
        """The rise of the share of buyers at which it pays; above 1 it never does."""
        gain = self.margin * self.value
        if not self.contact_cost:
            return 0.0
        return self.contact_cost / gain if gain else float("inf")
