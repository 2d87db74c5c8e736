"""Sessions of a batch: who, when, how many events, and whether something is carted or bought.

Where a distribution is published, values are laid evenly on its quantiles and dealt to the sessions by the
rank of a score; so even a small batch has the distribution, while the score says who gets the large values.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bestiary.simulate import figures
from bestiary.simulate.customers import Customers

DAY = 86_400
_HOUR_EDGES = np.concatenate([[0.0], np.cumsum(figures.HOURS) / sum(figures.HOURS)])
_BUYING_BY_HOUR = np.array(figures.BUYING_HOURS) / np.array(figures.HOURS)


@dataclass(frozen=True)
class Visits:
    """Columns, one value per session; `start` is in seconds of the month, `seconds` is the duration."""

    customer: NDArray[np.intp]
    start: NDArray[np.int64]
    seconds: NDArray[np.int64]
    events: NDArray[np.int64]
    buys: NDArray[np.bool_]
    carts: NDArray[np.bool_]


def make_visits(
    rng: np.random.Generator,
    customers: Customers,
    who: NDArray[np.intp],
    day: NDArray[np.int64],
    day_buying: NDArray[np.float64],
    events: int,
    month_seconds: int,
    buying_rate: float,
) -> Visits:
    """Draw a batch of sessions with exactly `events` events.

    `who` and `day` give each session's customer and day of the month; `day_buying` the purchases per event of
    each day of the month, relative to a usual day; `buying_rate` the share of sessions that buy.
    """
    size = _sizes(rng, customers, who, events)
    place = (customers.hour[who] + 0.18 * rng.standard_normal(len(who))) % 1.0
    second = np.interp(place, _HOUR_EDGES, np.arange(25) * 3600.0).astype(np.int64)
    seconds = _durations(rng, size)
    start = np.minimum(day * DAY + np.minimum(second, DAY - 1), month_seconds - size)
    seconds = np.maximum(np.minimum(seconds, month_seconds - 1 - start), size - 1)
    chance = customers.buys[who] * _buying_by_size(size)
    chance = chance * _BUYING_BY_HOUR[np.minimum(second // 3600, 23)] * day_buying[day]
    buys = rng.random(len(who)) < _scaled(chance, buying_rate * len(who))
    carts = buys | ((rng.random(len(who)) < 0.05 + 0.06 * customers.buys[who]) & (size > 1))
    return Visits(who, start, seconds, size, buys, carts)


def _scaled(chance: NDArray[Any], expected: float) -> NDArray[np.float64]:
    """Chances in proportion to those given, at most 0.95 each, whose sum is as expected (where it can be)."""
    scaled = np.minimum(chance * (expected / max(float(chance.sum()), 1e-9)), 0.95)
    for _ in range(3):
        scaled = np.minimum(scaled * (expected / max(float(scaled.sum()), 1e-9)), 0.95)
    return scaled


def _deal(score: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    """Give the largest value to the largest score, and so on; `values` are in descending order."""
    dealt = np.empty(len(values), values.dtype)
    dealt[np.argsort(-score, kind="stable")] = values
    return dealt


def _sizes(rng: np.random.Generator, customers: Customers, who: NDArray[np.intp], events: int) -> NDArray[np.int64]:
    """Events of each session, in all as many as asked for."""
    above = np.array([share for _, share in figures.SESSION_SIZES])
    sizes = np.log([size for size, _ in figures.SESSION_SIZES])
    share = (np.arange(len(who)) + rng.random(len(who))) / max(len(who), 1)
    drawn = np.exp(np.interp(-np.log(share + 1e-12), -np.log(above), sizes))
    counts = np.where(share >= above[0], 1, np.ceil(drawn - 1e-9)).astype(np.int64)
    score = rng.standard_normal(len(who)) + 0.18 * np.log(customers.rate[who] + 0.1)
    return _adjusted(_deal(score, counts), events)


def _adjusted(counts: NDArray[np.int64], total: int) -> NDArray[np.int64]:
    """Add or take single events until the sum is `total`; sessions of one event stay so if they can."""
    while missing := total - int(counts.sum()):
        room = np.flatnonzero(counts > (2 if missing < 0 else 1))
        room = room if len(room) else np.flatnonzero(counts > (missing < 0))
        step = max(1, len(room) // max(1, abs(missing)))
        counts[room[::step][: abs(missing)]] += np.sign(missing)
    return counts


def _durations(rng: np.random.Generator, size: NDArray[np.int64]) -> NDArray[np.int64]:
    """Seconds from the first to the last event: 0 for one event, else longer for more events."""
    seconds = np.zeros(len(size), np.int64)
    several = np.flatnonzero(size > 1)
    shares, quantiles = zip(*figures.DURATIONS, strict=True)
    place = 1 - (np.arange(len(several)) + rng.random(len(several))) / max(len(several), 1)
    drawn = np.exp(np.interp(place, shares, np.log(quantiles)))
    score = 0.6 * np.log(size[several]) + rng.standard_normal(len(several))
    seconds[several] = _deal(score, drawn).astype(np.int64)
    return seconds


def _buying_by_size(size: NDArray[np.int64]) -> NDArray[np.float64]:
    edges, shares = zip(*figures.BUYING_BY_SIZE, strict=True)
    return np.array(shares)[np.searchsorted(edges, size)]
