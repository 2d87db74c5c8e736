"""The simulated shop's products: what each is, what it costs and how often it is looked at and bought.

Within a department the products stand in the order of their prices, and the price of each is read off the
department's quantiles at its place in the cumulated purchases; so the prices paid have the published
quartiles whatever the popularity of single products, which falls with the power 0.9 of their rank.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bestiary.simulate.assortment import (
    BRANDS,
    CATEGORY_IDS,
    DEPARTMENTS,
    HIGHEST_PRICE,
    NAMED_BRANDS,
    NO_BRAND,
    PRODUCTS,
    Department,
)
from bestiary.simulate.stairs import Stairs

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_SYLLABLES = (
    "ba", "cor", "del", "fen", "gi", "hal", "jo", "kra", "lu", "mir", "no", "pel", "ri", "sto", "ta", "vex", "zu",
)  # fmt: skip
_LUXURY = 0.3
"""How far, in logarithm, the dearest 3 % of what is bought rise above the log-normal price."""
_UPPER_QUARTILE_SCORE = 0.6744897501960817


@dataclass(frozen=True)
class Catalogue:
    """Columns of length PRODUCTS, and the texts that the codes stand for; code 0 of either list is null.

    `viewed` and `bought` are the cumulated looks and purchases, each department's rising by 1.
    """

    product_id: NDArray[np.int32]
    category: NDArray[np.uint16]
    brand: NDArray[np.uint16]
    price: Floats
    viewed: Stairs
    bought: Stairs
    category_ids: list[int]
    category_codes: list[str | None]
    brands: list[str | None]

    def pick(self, department: NDArray[Any], place: Floats, *, bought: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Products at a place in [0, 1), cheapest first, of the looks (or purchases) of their department."""
        key = department + np.clip(place, 0.0, 1 - 1e-9)
        picked = np.empty(len(key), np.int32)
        picked[bought], picked[~bought] = self.bought.find(key[bought]), self.viewed.find(key[~bought])
        return picked


def make_catalogue(rng: np.random.Generator) -> Catalogue:
    """Draw the shop's products; the same generator state gives the same catalogue."""
    counts = _shares(np.array([d.views for d in DEPARTMENTS], float) ** 0.7, PRODUCTS)
    ids = np.sort(rng.choice(10**8, PRODUCTS, replace=False)).astype(np.int32) + np.int32(1_000_000)
    names = _brand_names(rng)
    tails = np.sort(rng.choice(len(DEPARTMENTS), BRANDS - len(NAMED_BRANDS), p=counts / PRODUCTS))
    parts = []
    first_category = 0
    for number, department in enumerate(DEPARTMENTS):
        own = np.flatnonzero(tails == number) + len(NAMED_BRANDS) + 1
        parts.append(_department(rng, number, department, int(counts[number]), own, first_category))
        first_category += department.ids
    category, brand, price, viewed, bought = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Catalogue(
        product_id=rng.permutation(ids),
        category=category.astype(np.uint16),
        brand=brand.astype(np.uint16),
        price=price,
        viewed=Stairs(viewed, len(DEPARTMENTS)),
        bought=Stairs(bought, len(DEPARTMENTS)),
        category_ids=[2_053_013_552_226_107_603 + 75_497_477 * i for i in range(CATEGORY_IDS)],
        category_codes=[code for department in DEPARTMENTS for code in _codes(department)],
        brands=[None, *names],
    )


def _department(
    rng: np.random.Generator, number: int, department: Department, size: int, own: Ints, first_category: int
) -> tuple[NDArray[Any], ...]:
    """One department's products, cheapest first: category, brand, price and both cumulated popularities."""
    brand, viewed, bought, dearness = _brands(rng, department, size, own)
    weights = np.array([float(leaf.split(":")[1]) for leaf in department.leaves.split()])
    leaf = rng.choice(len(weights), size, p=weights / weights.sum())
    middle = (np.cumsum(weights) - weights / 2) / weights.sum()
    order = np.argsort(0.5 * middle[leaf] + 0.8 * dearness + rng.normal(0, 0.12, size), kind="stable")
    viewed, bought = (np.cumsum(share[order]) / share.sum() for share in (viewed, bought))
    price = _price(department, bought - np.diff(bought, prepend=0) / 2)
    return (
        _category(rng, department, leaf[order]) + first_category,
        brand[order],
        price,
        number + viewed,
        number + bought,
    )


def _brands(
    rng: np.random.Generator, department: Department, size: int, own: Ints
) -> tuple[NDArray[np.intp], Floats, Floats, Floats]:
    """Brand codes of a department's products, their shares of its views and purchases, and their dearness."""
    total = {kind: sum(getattr(d, kind) for d in DEPARTMENTS) for kind in ("views", "purchases")}
    split = np.array([brand.departments.get(department.name, 0.0) for brand in NAMED_BRANDS])
    targets = []
    for kind in ("views", "purchases"):
        named = split * [getattr(brand, kind) for brand in NAMED_BRANDS] * total[kind] / getattr(department, kind)
        rest = max(0.02, 1 - named.sum())
        tail = 1 / np.arange(3, len(own) + 3) ** 0.9
        targets.append(np.concatenate([[rest * NO_BRAND], named, rest * (1 - NO_BRAND) * tail / tail.sum()]))
    codes = np.concatenate([np.arange(len(NAMED_BRANDS) + 1), own])
    drawn = rng.choice(len(codes), size, p=targets[0] / targets[0].sum())
    popularity = rng.permutation(1 / (np.arange(size) + 15.0) ** 0.9)
    within = popularity / np.bincount(drawn, popularity, len(codes))[drawn]
    level = np.concatenate([[0.35], [b.dearness for b in NAMED_BRANDS], rng.beta(2, 2, len(own))])
    return codes[drawn], within * targets[0][drawn], within * targets[1][drawn], level[drawn]


def _price(department: Department, place: Floats) -> Floats:
    """Two half log-normal distributions that meet at the median and have the published quartiles."""
    from scipy.special import ndtri

    score = ndtri(np.clip(place, 0.001, 0.9995)) / _UPPER_QUARTILE_SCORE
    spread = np.where(score < 0, np.log(department.median / department.q1), np.log(department.q3 / department.median))
    luxury = _LUXURY * np.maximum(0.0, place - 0.97) / 0.03
    return np.clip(department.median * np.exp(spread * score + luxury), 0.77, HIGHEST_PRICE)


def _category(rng: np.random.Generator, department: Department, leaf: NDArray[np.intp]) -> NDArray[Any]:
    """A category id of the leaf of each product, as a number within the department."""
    counts = _shares(_leaf_weights(department), department.ids)
    first = np.cumsum(counts) - counts
    return first[leaf] + np.floor(rng.random(len(leaf)) ** 2 * counts[leaf]).astype(np.int64)


def _codes(department: Department) -> list[str | None]:
    """The category code of each of a department's category ids."""
    counts = _shares(_leaf_weights(department), department.ids)
    codes = [
        f"{department.name}.{leaf.split(':')[0]}" if department.name else None for leaf in department.leaves.split()
    ]
    return [code for code, count in zip(codes, counts, strict=True) for _ in range(count)]


def _leaf_weights(department: Department) -> Floats:
    return np.sqrt([float(leaf.split(":")[1]) for leaf in department.leaves.split()])


def _shares(weights: Floats, total: int) -> Ints:
    """Divide `total` in proportion to the weights, at least 1 each; the remainder goes to the largest."""
    counts: Ints = np.maximum(1, np.floor(weights / weights.sum() * total)).astype(np.int64)
    counts[np.argmax(weights)] += total - counts.sum()
    return counts


def _brand_names(rng: np.random.Generator) -> list[str]:
    """The published names, then invented ones: no syllable begins another, so all are different."""
    names = [brand.name for brand in NAMED_BRANDS]
    base = len(_SYLLABLES)
    for number in rng.permutation(base**4)[: BRANDS - len(names)].tolist():
        syllables = range(3 if number < base**3 else 4)
        names.append("".join(_SYLLABLES[number // base**place % base] for place in syllables))
    return names
