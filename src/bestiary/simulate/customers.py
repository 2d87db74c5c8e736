"""The simulated shop's customers: hidden kinds, and what of each customer persists over the months.

A customer arrives in a month with one session, may live on for some months, is active in some of those, and
then makes a share of the month's other sessions in proportion to their rate. Whether a session buys depends
on the customer's own inclination; what it looks at, on their price level and favourite department; when, on
their hour.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bestiary.simulate.assortment import DEPARTMENTS

FIRST_USER = 512_000_000
HIGHEST_RATE = 100.0
"""No customer comes oftener, so that none outweighs the others in a small shop."""


@dataclass(frozen=True)
class Kind:
    """A hidden type of customer.

    `founders` and `share` are its parts (any unit) of the first month's arrivals and of later ones; `rate` is
    the median of the relative number of sessions in an active month, `spread` the standard deviation of its
    logarithm; `stay` the chance to live on another month, `active` the chance to be active in a month lived;
    `buys` the relative inclination to buy in a session; `dearness` shifts the price level (its own standard
    deviation within a kind is 0.35).
    """

    name: str
    founders: float
    share: float
    rate: float
    spread: float
    stay: float
    active: float
    buys: float
    dearness: float


KINDS = (
    Kind("frequent_high_value", 1.36, 0.56, 20.78, 0.73, 0.91, 0.91, 1.76, 1.1),
    Kind("loyal_regular", 5.44, 2.20, 9.57, 0.40, 0.91, 0.99, 0.64, 0.1),
    Kind("steady_small", 4.00, 1.10, 6.52, 0.72, 0.86, 0.88, 0.94, -1.1),
    Kind("occasional_small", 8.01, 2.58, 1.13, 0.83, 0.97, 0.45, 1.14, -0.9),
    Kind("rare_big_spender", 6.33, 4.05, 2.51, 0.35, 0.88, 0.26, 0.72, 1.6),
    Kind("dormant", 3.00, 1.61, 2.86, 0.98, 0.43, 0.99, 3.20, 0.2),
    Kind("newcomer", 1.88, 4.60, 2.41, 0.93, 0.30, 0.86, 2.02, 0.0),
    Kind("window_shopper", 22.11, 9.30, 2.75, 1.20, 0.86, 0.80, 0.00, 0.0),
    Kind("one_visit", 8.07, 21.06, 0.26, 0.56, 0.36, 0.69, 0.00, 0.0),
)


@dataclass(frozen=True)
class Customers:
    """Columns, one value per customer, in the order of their arrival.

    `months` has bit m set where the customer is active in month m. `place` in [0, 1) is the price level,
    cheapest first; `hour` in [0, 1) the usual place in the day's events.
    """

    user_id: NDArray[np.int32]
    kind: NDArray[np.uint8]
    first_month: NDArray[np.uint8]
    months: NDArray[np.uint64]
    rate: NDArray[np.float32]
    buys: NDArray[np.float32]
    place: NDArray[np.float32]
    hour: NDArray[np.float32]
    favourite: NDArray[np.uint8]

    def arrivals(self, month: int) -> tuple[int, int]:
        """First and last + 1 of the customers who arrive in a month."""
        first, last = np.searchsorted(self.first_month, [month, month + 1])
        return int(first), int(last)

    def active(self, month: int) -> NDArray[np.intp]:
        """The customers who are active in a month, in order."""
        return np.flatnonzero(self.months & np.uint64(1 << month))


def make_customers(rng: np.random.Generator, arrivals: list[int]) -> Customers:
    """Draw the customers; `arrivals` is the number of new ones by month (at most 64 months)."""
    first_month = np.repeat(np.arange(len(arrivals), dtype=np.uint8), arrivals)
    total = len(first_month)
    kind = np.concatenate(
        [_kinds(rng, count, founders=month == 0) for month, count in enumerate(arrivals)] or [np.zeros(0, np.uint8)]
    )
    rate = _of(kind, "rate") * np.exp(_of(kind, "spread") * rng.standard_normal(total, np.float32))
    rate = np.minimum(rate, HIGHEST_RATE)
    buys = _of(kind, "buys") * rng.gamma(2.0, 0.5, total).astype(np.float32)
    months = _active_months(rng, kind, first_month, len(arrivals))
    level = _of(kind, "dearness") + 0.35 * rng.standard_normal(total, np.float32)
    return Customers(
        user_id=(FIRST_USER + np.cumsum(rng.integers(1, 16, total))).astype(np.int32),
        kind=kind,
        first_month=first_month,
        months=months,
        rate=rate,
        buys=buys,
        place=_weighted_rank(level, buys * (1 + rate * np.bitwise_count(months))),
        hour=rng.random(total, np.float32),
        favourite=_favourites(rng, buys > 0),
    )


def _of(kind: NDArray[np.uint8], field: str) -> NDArray[np.float32]:
    return np.array([getattr(k, field) for k in KINDS], np.float32)[kind]


def _kinds(rng: np.random.Generator, count: int, *, founders: bool) -> NDArray[np.uint8]:
    """Kinds in shuffled order, each as often as its share says."""
    shares = np.cumsum([k.founders if founders else k.share for k in KINDS])
    places = (np.arange(count) + rng.random()) / max(count, 1) * shares[-1]
    return rng.permutation(np.searchsorted(shares, places, side="right").clip(max=len(KINDS) - 1)).astype(np.uint8)


def _active_months(
    rng: np.random.Generator, kind: NDArray[np.uint8], first_month: NDArray[np.uint8], months: int
) -> NDArray[np.uint64]:
    stay, active = _of(kind, "stay"), _of(kind, "active")
    bits = np.uint64(1) << first_month.astype(np.uint64)
    alive = np.ones(len(kind), np.bool_)
    for month in range(1, months):
        before = first_month < month
        alive &= ~before | (rng.random(len(kind), np.float32) < stay)
        shows = before & alive & (rng.random(len(kind), np.float32) < active)
        bits |= shows.astype(np.uint64) << np.uint64(month)
    return bits


def _weighted_rank(level: NDArray[Any], weight: NDArray[Any]) -> NDArray[np.float32]:
    """The place of each level in the distribution of weight, in [0, 1)."""
    order = np.argsort(level, kind="stable")
    weight = weight[order].astype(np.float64)
    place = np.empty(len(level), np.float32)
    place[order] = (np.cumsum(weight) - weight / 2) / max(weight.sum(), 1e-9)
    return place


def _favourites(rng: np.random.Generator, buyer: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Departments in proportion to purchases for those who buy, and to views for the others."""
    places = rng.random(len(buyer))
    chosen = np.empty(len(buyer), np.uint8)
    for who, kind in ((buyer, "purchases"), (~buyer, "views")):
        shares = np.cumsum([getattr(d, kind) for d in DEPARTMENTS])
        chosen[who] = np.searchsorted(shares / shares[-1], places[who], side="right")
    return chosen
