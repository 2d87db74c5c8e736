"""A simulated month: its days are dealt sessions, its sessions events, and the events leave sorted by time.

Sessions are drawn in batches. A batch needs the customers, the catalogue and a seed of its own, and nothing of
another batch; so some are made ahead by other threads, and how many changes nothing in what is made. What is held
is one block of whole days (about a million events, or one day), the later events of sessions that began before
its end, and the batches made ahead (a quarter of a million events each).
"""

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bestiary.simulate.assortment import HIGHEST_PRICE
from bestiary.simulate.catalogue import Catalogue
from bestiary.simulate.customers import Customers
from bestiary.simulate.funnel import Rows, make_rows
from bestiary.simulate.plan import Plan
from bestiary.simulate.stairs import Stairs
from bestiary.simulate.visits import DAY, make_visits

BATCH, BLOCK = 55_000, 220_000
"""Sessions drawn at once, and sessions of a block unless one day has more: 4.6 events each."""


@dataclass(frozen=True)
class Batch:
    """Sessions `first` to `stop` - 1 of a month, in the order of their days.

    `until` is the second of the month before which no event comes after this batch, or 0 within a block.
    """

    number: int
    first: int
    stop: int
    until: int


def make_month(
    seed: int, plan: Plan, customers: Customers, catalogue: Catalogue, pool: Executor, ahead: int
) -> Iterator[Rows]:
    """Yield the month's events in blocks, sorted by time within and between them.

    `pool` makes up to `ahead` batches before they are asked for.
    """
    by_day, day_buying = plan.by_day()
    edges = np.concatenate([[0], np.cumsum(by_day)])
    prices = _prices(np.random.default_rng([seed, 3, plan.number]), catalogue)
    crowd = _Crowd(customers, plan)

    def rows(batch: Batch) -> Rows:
        rng = np.random.default_rng([seed, 4, plan.number, batch.number])
        who = crowd.draw(rng, batch.first, batch.stop - batch.first)
        day = np.searchsorted(edges, np.arange(batch.first, batch.stop), side="right") - 1
        events = plan.distinct * batch.stop // plan.sessions - plan.distinct * batch.first // plan.sessions
        visits = make_visits(rng, customers, who, day, day_buying, events, plan.days * DAY, plan.buying_rate)
        return make_rows(rng, customers, catalogue, prices, visits, plan.published.carts)

    repeating = np.random.default_rng([seed, 6, plan.number])
    repeats_left = plan.repeats
    carried: list[Rows] = []
    for batch, made in _made_ahead(rows, list(_batches(edges)), pool, ahead):
        carried.append(made)
        if batch.until:
            wanted = repeats_left - plan.repeats * (plan.sessions - batch.stop) // plan.sessions
            block, repeats, later = _until(carried, batch.until, repeating, wanted)
            repeats_left -= repeats
            carried = [later]
            yield block


def _batches(edges: NDArray[np.int64]) -> Iterator[Batch]:
    """The batches of a month whose day d has the sessions from edges[d] to edges[d + 1] - 1."""
    number = 0
    for start, stop in _blocks(np.diff(edges)):
        first, last = int(edges[start]), int(edges[stop])
        parts = max(1, -(-(last - first) // BATCH))
        cuts = [first + (last - first) * part // parts for part in range(parts + 1)]
        for part in range(parts):
            yield Batch(number, cuts[part], cuts[part + 1], stop * DAY if part == parts - 1 else 0)
            number += 1


def _blocks(by_day: NDArray[np.int64]) -> Iterator[tuple[int, int]]:
    """Runs of whole days, as long as they stay within one block."""
    start = 0
    for stop in range(1, len(by_day) + 1):
        if stop == len(by_day) or by_day[start : stop + 1].sum() > BLOCK:
            yield start, stop
            start = stop


def _made_ahead(
    make: Callable[[Batch], Rows], batches: list[Batch], pool: Executor, ahead: int
) -> Iterator[tuple[Batch, Rows]]:
    """Each batch with its rows, in order; what was asked for ahead is given up where nobody goes on."""
    waiting: deque[tuple[Batch, Future[Rows]]] = deque()
    try:
        for batch in batches:
            waiting.append((batch, pool.submit(make, batch)))
            if len(waiting) > ahead:
                first, made = waiting.popleft()
                yield first, made.result()
        while waiting:
            first, made = waiting.popleft()
            yield first, made.result()
    finally:
        for _, unwanted in waiting:
            unwanted.cancel()


def _prices(rng: np.random.Generator, catalogue: Catalogue) -> NDArray[np.int32]:
    """This month's prices in cents: two in five differ a little from the usual ones."""
    change = np.where(rng.random(len(catalogue.price)) < 0.4, 0.03 * rng.standard_normal(len(catalogue.price)), 0.0)
    cents = np.rint(100 * catalogue.price * np.exp(change))
    return np.clip(cents, 50, round(100 * HIGHEST_PRICE)).astype(np.int32)


def _until(parts: list[Rows], end: int, rng: np.random.Generator, repeats: int) -> tuple[Rows, int, Rows]:
    """The events before `end`, sorted by time, of which `repeats` (or all) stand there twice; how many; the others."""
    second = np.concatenate([part["second"] for part in parts])
    # The place in the low half makes every key different, so that any sort is a stable one.
    order = np.sort((second.astype(np.int64) << 32) | np.arange(len(second))) & 0xFFFFFFFF
    now = int(np.count_nonzero(second < end))
    times = np.ones(now, np.int64)
    times[rng.choice(now, min(repeats, now), replace=False)] = 2
    block, later = np.repeat(order[:now], times), order[now:]
    rows, others = {}, {}
    for name in list(parts[0]):
        column = np.concatenate([part.pop(name) for part in parts])  # of a day at full size two copies are much
        rows[name], others[name] = column[block], column[later]
    return rows, min(repeats, now), others


class _Crowd:
    """Who comes in a month: each arrival once, the rest drawn from the active customers by their rates."""

    def __init__(self, customers: Customers, plan: Plan) -> None:
        self._first, stop = customers.arrivals(plan.number)
        self._arrivals, self._sessions = stop - self._first, plan.sessions
        self._active = customers.active(plan.number)
        edges = np.cumsum(customers.rate[self._active], dtype=np.float64)
        self._total = float(edges[-1])
        self._rates = Stairs(edges, self._total)

    def draw(self, rng: np.random.Generator, done: int, count: int) -> NDArray[np.intp]:
        """The customers of the next `count` sessions after `done`, in random order."""
        new = np.arange(
            self._first + self._arrivals * done // self._sessions,
            self._first + self._arrivals * (done + count) // self._sessions,
        )
        known = self._active[self._rates.find(rng.random(count - len(new)) * self._total)]
        return rng.permutation(np.concatenate([new, known]))
