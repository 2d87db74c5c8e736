"""A million customers who do their worst, and where numpy places customers."""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

import numpy as np
from numpy.typing import NDArray

import sql_models
from bestiary.segments.centroids import Centroids
from bestiary.segments.mixture import Mixture, _times
from bestiary.segments.model import Model, Segmentation
from bestiary.segments.presets import recipes
from bestiary.segments.transform import Floats

Rows = dict[str, Floats]
LARGEST = float(np.finfo(np.float64).max)
EDGES = (-0.5, 0.0, 1.0, 2.0, 2.5, 4.0, 7.5, 10.0, 19.99, 30.0, 55.5, 90.0, 250.1)
"""Every threshold, quartile and edge of the models made by hand."""
BORDERS = [float(one) for edge in EDGES for one in (np.nextafter(edge, -np.inf), edge, np.nextafter(edge, np.inf))]
EXTREMES = [0.0, -0.0, 5e-324, 1e-300, 2.0**53, 2.0**53 + 2, 1e308, LARGEST, 0.1 + 0.2]
HOPELESS = [np.nan, np.inf, -np.inf, -1.0, -1e308, -5e-324]
"""What no column, or not every one, may have; NaN stands for null."""


def people(size: int, seed: int = 0) -> Rows:
    """Customer tables' columns (size,) each, as doubles with NaN for null, for every model of `sql_models`.

    One in 25 has the same number in all columns: between centres of which one is the other turned round, the last bit
    of a sum decides, and that depends on the order in which it is added up.
    """
    random = np.random.default_rng(seed)
    price = np.round(random.lognormal(3.5, 1.0, size), 2)
    bought = np.where(random.random(size) < 0.65, random.poisson(2.0, size) + 1.0, 0.0)
    found = {
        "user_id": np.arange(size, dtype=np.float64),
        "number_of_purchases_7m": _spoiled(bought, random, 0.04),
        "number_of_events_7m": _spoiled(random.poisson(9.0, size) + 0.0, random, 0.02),
        "days_since_last_purchase": _spoiled(_days(random, size), random),
        "total_purchase_value": _spoiled(np.round(price * bought, 2) - (random.random(size) < 0.03) * 40, random),
        "days_since_last_visit": _spoiled(_days(random, size), random),
        "number_of_sessions_7m": _spoiled(random.poisson(3.0, size) + 1.0, random),
        "number_of_carts_7m": _spoiled(random.poisson(1.0, size) + 0.0, random),
        "avg_price_viewed_7m": _spoiled(np.where(random.random(size) < 0.1, np.nan, price), random),
        "avg_price_7m": _spoiled(np.where(random.random(size) < 0.1, np.nan, price), random),
        "cart_abandonments": _spoiled(random.poisson(0.7, size) + 0.0, random),
        "number_of_views_2m": _spoiled(random.poisson(4.0, size) + 0.0, random, 0.02),
        "number_of_carts_2m": _spoiled(random.poisson(2.0, size) + 0.0, random, 0.02),
        "count_products_2m": _spoiled(random.poisson(2.0, size) + 0.0, random, 0.02),
    }
    alike, all_over = random.random(size) < 0.04, np.round(random.lognormal(2.3, 0.8, size), 2)
    for name in found.keys() - {"user_id", "number_of_events_7m"}:
        found[name][alike] = all_over[alike]
    return found


def _days(random: np.random.Generator, size: int) -> Floats:
    """Days, of which some are exactly in the middle between two centres."""
    usual = np.floor(random.exponential(50.0, size))
    return np.where(random.random(size) < 0.1, random.choice(np.array(sql_models.MIDDLES), size), usual)


def _spoiled(values: NDArray[np.floating[Any]], random: np.random.Generator, share: float = 0.2) -> Floats:
    """The values with a share of them on borders, extreme, or hopeless (a tenth of the share)."""
    draws, size = random.random(len(values)), len(values)
    odd = np.where(random.random(size) < 0.8, random.choice(BORDERS, size), random.choice(EXTREMES, size))
    wrong = random.choice(HOPELESS, size)
    return np.where(draws < 0.1 * share, wrong, np.where(draws < share, odd, values)).astype(np.float64)


def parts(model: Model, rows: Rows) -> Iterator[tuple[str, NDArray[np.bool_], Segmentation | None]]:
    """Each population's name, who (n,) is of it, and its segments."""
    asked = recipes(model.config.preset, model.config.windows)
    for recipe, one in zip_longest(asked, (model.fitted.buyers, model.fitted.visitors)[: len(asked)]):
        here = np.ones(len(rows["user_id"]), dtype=bool)
        for name in recipe.some:
            here &= rows[name] > 0
        for name in recipe.none:
            here &= rows[name] == 0
        yield recipe.population, here, one


def placeable(model: Model, one: Segmentation, here: NDArray[np.bool_], rows: Rows) -> tuple[NDArray[np.int64], Floats]:
    """Row numbers (m,) of who is placed of a population, and their features (m, d)."""
    enough = rows["number_of_events_7m"] >= model.fitted.min_events
    features = np.column_stack([rows[column.source] for column in one.columns])
    kept = np.flatnonzero(here & enough & one.placeable(features))
    return kept, features[kept]


def placed(model: Model, rows: Rows) -> dict[str, NDArray[Any]]:
    """Where numpy places each customer: population ("" for none), segment (-1 for none), persona ("" for none)."""
    size = len(rows["user_id"])
    population, segment = np.full(size, "", dtype=object), np.full(size, -1, dtype=np.int64)
    persona = np.full(size, "", dtype=object)
    for name, here, one in parts(model, rows):
        population[here] = name
        if one:
            kept, features = placeable(model, one, here, rows)
            segment[kept] = one.place(features).segment
            for each in one.segments:
                persona[segment == each.segment] = each.persona or ""
    return {"population": population, "segment": segment, "persona": persona}


def ties(model: Model, rows: Rows) -> tuple[int, int]:
    """How many customers are exactly as near to another segment, and how many would be elsewhere in another order.

    Theirs is the lowest of those that are as near; the other order adds the squares up from the last to the first.
    """
    tied = turned = 0
    for _, here, one in parts(model, rows):
        if not one or not isinstance(one.partition, Centroids | Mixture):
            continue
        _, features = placeable(model, one, here, rows)
        squares = _squares(one, one.transform.apply(features))
        far, back = _far(one, squares), _far(one, squares[::-1])
        least = far == far.min(axis=1, keepdims=True)
        several = least.sum(axis=1) > 1
        lowest = one.first + np.array([np.flatnonzero(row)[0] for row in least[several]], dtype=np.int64)
        assert (one.place(features).segment[several] == lowest).all()
        tied += int(several.sum())
        turned += int((far.argmin(axis=1) != back.argmin(axis=1)).sum())
    return tied, turned


def _squares(one: Segmentation, points: Floats) -> Floats:
    """The squares (d, n, k) of how far points (n, d) are from each segment, one for each coordinate."""
    if isinstance(one.partition, Centroids):
        return np.array([(points[:, [j]] - at) ** 2 for j, at in enumerate(one.partition.array.T)])
    assert isinstance(one.partition, Mixture)
    parts_ = zip(one.partition.means, one.partition.factors, strict=True)
    return np.array([_times(points - np.array(mean), np.array(factor)).T ** 2 for mean, factor in parts_]).transpose(
        1, 2, 0
    )


def _far(one: Segmentation, squares: Floats) -> Floats:
    """How far (n, k) from squares (d, n, k): less is nearer, or likelier."""
    total = np.zeros(squares.shape[1:])
    for part in squares:
        total += part
    return total / 2 - one.partition.heights if isinstance(one.partition, Mixture) else total
