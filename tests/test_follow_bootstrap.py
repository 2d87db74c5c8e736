"""How far a re-fit on other customers of the same population gives customers the same labels.

A model is fitted on one bootstrap of the customers and re-fitted on another. The agreement is the share of the original
customers with the same label, number for number, from both. The figures in `follow/refit.py` are printed by
`pytest -n 0 -s tests/test_follow_bootstrap.py`.
"""

from pathlib import Path

import numpy as np
import pytest

from bestiary.segments.follow.refit import lloyd, refit
from bestiary.segments.kmeans import Distinct, cluster, distinct
from bestiary.segments.place import nearest
from bestiary.segments.transform import Floats, learn_log1p
from follow_data import correlated, uci

PAIRS = 20


def draw(group: Distinct, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """A bootstrap of the customers: distinct points and weights."""
    drawn = group.index[rng.integers(0, len(group.index), len(group.index))]
    weights = np.bincount(drawn, minlength=len(group.points)).astype(np.float64)
    return group.points[weights > 0], weights[weights > 0]


def agreements(features: Floats, k: int) -> dict[str, float]:
    """Mean agreement between pairs of bootstraps, by way of re-fitting."""
    group = distinct(learn_log1p(features).apply(features))
    customers = np.bincount(group.index)
    rng = np.random.default_rng(7)
    found: dict[str, list[float]] = {"followed": [], "lloyd": [], "tolerance": [], "cold": [], "numbers": []}
    for pair in range(PAIRS):
        previous = cluster(*draw(group, rng), k, pair).centroids
        before, _ = nearest(group.points, previous)
        points, weights = draw(group, rng)
        cold = cluster(points, weights, k, PAIRS + pair)
        ways = {
            "followed": refit(points, weights, previous, cold, seed=pair).centroids,
            "lloyd": lloyd(points, weights, previous),
            "tolerance": refit(points, weights, previous, cold, draws=0).centroids,
            "cold": cold.centroids,
            "numbers": np.random.default_rng(pair).permutation(cold.centroids),
        }
        for way, centroids in ways.items():
            found[way].append(float(np.average(nearest(group.points, centroids)[0] == before, weights=customers)))
    return {way: round(float(np.mean(values)), 4) for way, values in found.items()}


@pytest.mark.parametrize("k", [4, 5, 6, 7, 8])
def test_labels_of_a_real_shop_stay(k: int, shared_data: Path) -> None:
    _, features = uci(shared_data)
    found = agreements(features, k)
    print(f"UCI Online Retail, {len(features)} buyers, k = {k}: {found}")
    assert found["followed"] >= 0.98
    assert found["followed"] > found["lloyd"] > found["numbers"] + 0.3


@pytest.mark.parametrize("k", [5, 7])
def test_labels_of_twenty_thousand_customers_stay(k: int) -> None:
    found = agreements(correlated(20_000, 1), k)
    print(f"one correlated blob of 20000 buyers, k = {k}: {found}")
    assert found["followed"] >= 0.99
    assert found["followed"] > found["lloyd"] > found["numbers"] + 0.3
