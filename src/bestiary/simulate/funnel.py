"""Events of a batch of sessions: views, carts and purchases, of which product and when."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from bestiary.simulate import figures
from bestiary.simulate.assortment import DEPARTMENTS
from bestiary.simulate.catalogue import Catalogue
from bestiary.simulate.customers import Customers
from bestiary.simulate.visits import Visits

VIEW, CART, PURCHASE = 0, 1, 2
_DEARER_LOOKS = (1.0, 1.0, 0.9, 0.15)
"""Powers of the place of what is only looked at, a session's at random: dearer things than are bought."""
_MERGED = 1.14
"""Purchases drawn per purchase kept: some of a basket fall on the same event of their session."""
COLUMNS: dict[str, type[np.generic]] = {
    "second": np.int32,
    "kind": np.uint8,
    "product": np.int32,
    "category": np.uint16,
    "brand": np.uint16,
    "cents": np.int32,
    "user_id": np.int32,
    "high": np.uint64,
    "low": np.uint64,
}
Rows = dict[str, NDArray[Any]]
"""Columns of events, as in COLUMNS: `second` is of the month; `kind`, `category` and `brand` are codes; `high` and
`low` are the two halves of the session's UUID, both 0 where it is null."""


def make_rows(
    rng: np.random.Generator,
    customers: Customers,
    catalogue: Catalogue,
    prices: NDArray[np.int32],
    visits: Visits,
    carts: float,
) -> Rows:
    """Draw the events of the sessions; `prices` are this month's, in cents, `carts` the share of events."""
    count = len(visits.events)
    session = np.repeat(np.arange(count), visits.events)
    first = np.cumsum(visits.events) - visits.events
    position = np.arange(len(session)) - first[session]
    kind = _kinds(rng, visits, session, position, first, carts)
    product = _products(rng, customers, catalogue, visits, session, position, kind)
    cents = prices[product]
    cents[(kind == VIEW) & (rng.random(len(kind)) < figures.ZERO_PRICES)] = 0
    high, low = _uuids(rng, count)
    return {
        "second": _seconds(rng, visits, session, position, first),
        "kind": kind,
        "product": catalogue.product_id[product],
        "category": catalogue.category[product],
        "brand": catalogue.brand[product],
        "cents": cents,
        "user_id": _users(rng, customers, visits, session, position),
        "high": high[session],
        "low": low[session],
    }


def _kinds(
    rng: np.random.Generator,
    visits: Visits,
    session: NDArray[np.intp],
    position: NDArray[np.intp],
    first: NDArray[np.int64],
    carts: float,
) -> NDArray[np.uint8]:
    """Purchases, carts before most of them, carts left behind, and views everywhere else."""
    kind = np.zeros(len(session), np.uint8)
    buying = np.flatnonzero(visits.buys)
    more = 1 - 1 / (figures.PURCHASES_PER_BUYING_SESSION * _MERGED)
    basket = np.repeat(buying, rng.geometric(1 - more, len(buying)))
    place = np.floor(np.sqrt(rng.random(len(basket))) * (visits.events[basket] - 1)).astype(np.int64)
    bought = first[basket] + np.minimum(place + 1, visits.events[basket] - 1)
    kind[bought] = PURCHASE
    bought = np.flatnonzero(kind == PURCHASE)
    before = bought[position[bought] > 1] - 1
    before = before[kind[before] == VIEW]
    wanted = figures.PURCHASES_AFTER_A_CART * len(bought)
    kind[before[rng.random(len(before)) < wanted / max(len(before), 1)]] = CART
    left = max(0.0, carts * len(kind) - np.count_nonzero(kind == CART))
    free = np.flatnonzero((kind == VIEW) & (position > 0) & visits.carts[session])
    kind[free[rng.random(len(free)) < left / max(len(free), 1)]] = CART
    return kind


def _products(
    rng: np.random.Generator,
    customers: Customers,
    catalogue: Catalogue,
    visits: Visits,
    session: NDArray[np.intp],
    position: NDArray[np.intp],
    kind: NDArray[np.uint8],
) -> NDArray[np.int32]:
    """Index of each event's product: a view mostly moves on to another, a cart or a purchase stays."""
    looks = (position == 0) | ((kind == VIEW) & (rng.random(len(kind)) < 0.65))
    looked = np.flatnonzero(looks)
    who = session[looked]
    usual = customers.place[visits.customer] + 0.12 * rng.standard_normal(len(visits.customer))
    place = _reflected(usual[who] + 0.05 * rng.standard_normal(len(who)))
    power = np.array(_DEARER_LOOKS)[rng.integers(0, len(_DEARER_LOOKS), len(visits.customer))]
    place = np.where(visits.buys[who], place, place ** power[who])
    department = _departments(rng, customers, visits)[who]
    picked: NDArray[np.int32] = catalogue.pick(department, place, bought=visits.buys[who])[np.cumsum(looks) - 1]
    return picked


def _departments(rng: np.random.Generator, customers: Customers, visits: Visits) -> NDArray[np.intp]:
    """What a session is about: at times the customer's favourite, else as the outcome has it."""
    views, carts, purchases = (
        np.array([getattr(d, kind) for d in DEPARTMENTS], float) for kind in ("views", "carts", "purchases")
    )
    views, carts, purchases = views / views.sum(), carts / carts.sum(), purchases / purchases.sum()
    only_looked = np.maximum(views - 0.12 * purchases - 0.18 * carts, 0)
    draws = rng.random(len(visits.buys))
    chosen = np.empty(len(draws), np.intp)
    for who, share in (
        (visits.buys, purchases),
        (visits.carts & ~visits.buys, carts),
        (~visits.carts & ~visits.buys, only_looked),
    ):
        edges = np.cumsum(share)
        chosen[who] = np.searchsorted(edges / edges[-1], draws[who], side="right").clip(max=len(share) - 1)
    loyal = rng.random(len(draws)) < 0.3
    return np.where(loyal, customers.favourite[visits.customer], chosen)


def _reflected(place: NDArray[Any]) -> NDArray[np.float64]:
    """Fold what lies outside [0, 1] back in, which leaves an even distribution even."""
    place = np.abs(place) % 2.0
    return np.where(place > 1, 2.0 - place, place)


def _seconds(
    rng: np.random.Generator,
    visits: Visits,
    session: NDArray[np.intp],
    position: NDArray[np.intp],
    first: NDArray[np.int64],
) -> NDArray[np.int32]:
    """Times that grow by at least a second within a session, from its start over its duration."""
    gaps = rng.standard_exponential(len(session))
    gaps[first] = 0.0
    run = np.cumsum(gaps)
    run -= run[first][session]
    total = run[first + visits.events - 1]
    spare = (visits.seconds - visits.events + 1) / np.maximum(total, 1e-12)
    second = visits.start[session] + position + np.floor(run * spare[session])
    seconds: NDArray[np.int32] = second.astype(np.int32)
    return seconds


def _users(
    rng: np.random.Generator,
    customers: Customers,
    visits: Visits,
    session: NDArray[np.intp],
    position: NDArray[np.intp],
) -> NDArray[np.int32]:
    """The customer of each event; the later events of a rare shared session belong to another session's."""
    shared = (rng.random(len(visits.customer)) < figures.SHARED_SESSIONS) & (visits.events > 1)
    other = visits.customer.copy()
    other[shared] = rng.choice(visits.customer, int(shared.sum()))
    late = shared[session] & (position >= visits.events[session] // 2)
    who: NDArray[np.intp] = np.where(late, other[session], visits.customer[session])
    return customers.user_id[who]


def _uuids(rng: np.random.Generator, count: int) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Random UUIDs of version 4, in two halves; both 0 for the few sessions that are null."""
    high, low = rng.integers(0, 2**64, (2, count), np.uint64)
    high = (high & np.uint64(0xFFFFFFFFFFFF0FFF)) | np.uint64(0x4000)
    low = (low & np.uint64(0x3FFFFFFFFFFFFFFF)) | np.uint64(1 << 63)
    known = rng.random(count) >= figures.NULL_SESSIONS
    return high * known, low * known
