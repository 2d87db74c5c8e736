"""One label everywhere: a million customers on DuckDB, Postgres, Spark and ONNX Runtime are where numpy places them.

Among them are exact ties, values on and beside every border, nulls, infinities and numbers of every size. One test is
one engine, which is started once.
"""

from functools import cache
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.cluster import KMeans

import sql_people
from bestiary.segments.centroids import Centroids
from bestiary.segments.model import Model
from bestiary.segments.transform import GRID, ln1p
from engines import Engine, Found, started
from sql_models import KINDS, MIDDLES

MILLION = 1_000_000
SOME = 200_000
TIED = {"logs": 90_000, "components": 30_000, "scores": 90_000, "mixture": 90_000, "tree": 5_000, "grid": 5_000}
"""Exact ties that there are at least; those of a tree and a grid are of their visitors."""
TURNED = {"logs": 500, "components": 500, "scores": 500, "mixture": 500}
"""Customers who would at least be elsewhere, if a sum were added up the other way round."""


@cache
def people() -> sql_people.Rows:
    return sql_people.people(MILLION)


@cache
def expected(kind: str) -> tuple[Model, dict[str, NDArray[Any]]]:
    model = KINDS[kind]()
    return model, sql_people.placed(model, people())


def differing(found: Found, wanted: dict[str, NDArray[Any]], size: int) -> dict[str, int]:
    assert all(len(values) == size for values in found.values())
    return {name: wrong for name, values in found.items() if (wrong := int((values != wanted[name][:size]).sum()))}


@pytest.mark.parametrize("kind", TIED)
def test_ties_are_many_and_the_lowest_segment_wins_each_and_the_order_of_sums_matters(kind: str) -> None:
    tied, turned = sql_people.ties(expected(kind)[0], people())
    assert tied >= TIED[kind]
    assert turned >= TURNED.get(kind, 0)


def test_every_kind_has_customers_in_every_segment_and_in_none() -> None:
    for kind in KINDS:
        model, found = expected(kind)
        numbers = [one.segment for one in model.fitted.buyers.segments]
        numbers += [one.segment for one in model.fitted.visitors.segments] if model.fitted.visitors else []
        never = {"logs": {5}, "components": {3}, "scores": {2}, "mixture": {4}}.get(
            kind, set()
        )  # a lower one is as near
        assert set(np.unique(found["segment"]).tolist()) == {-1, *numbers} - never, kind


def test_the_middles_are_far_from_where_a_logarithm_is_rounded() -> None:
    steps = np.log(1.0 + np.array(MIDDLES)) * GRID
    assert (np.abs(steps - np.floor(steps) - 0.5) > 0.001).all()
    assert (ln1p(np.array(MIDDLES)) * GRID % 1 == 0).all()


def wrong(engine: Engine, size: int) -> dict[str, dict[str, int]]:
    """By kind, how many of the first `size` customers are not where numpy places them."""
    found = {kind: differing(engine.place(expected(kind)[0]), expected(kind)[1], size) for kind in KINDS}
    return {kind: differences for kind, differences in found.items() if differences}


@pytest.mark.parametrize("name", ["duckdb", "onnx", "postgres"])
def test_a_million_customers_of_every_kind_are_where_numpy_places_them(name: str) -> None:
    with started(name, people()) as engine:
        assert wrong(engine, MILLION) == {}


def test_spark_too_a_million_of_one_kind_and_some_of_every_kind() -> None:
    with started("spark", people()) as engine:
        for kind in KINDS:
            size = MILLION if kind == "components" else SOME
            model, wanted = expected(kind)
            assert differing(engine.place(model, size), wanted, size) == {}, kind


def test_scikit_learn_differs_only_where_two_distances_agree_within_a_thousand_millionth() -> None:
    model, _ = expected("logs")
    buyers = model.fitted.buyers
    _, here, _ = next(iter(sql_people.parts(model, people())))
    _, features = sql_people.placeable(model, buyers, here, people())
    points = buyers.transform.apply(features)
    assert isinstance(buyers.partition, Centroids)
    learner = KMeans(buyers.partition.k, n_init=1, max_iter=1).fit(points[:: len(points) // 50])
    learner.cluster_centers_ = buyers.partition.array
    theirs, ours = learner.predict(points), buyers.place(features).segment
    distances = buyers.partition.distances(points)
    assert distances is not None
    rows = np.arange(len(points))
    apart = np.abs(distances[rows, theirs] - distances[rows, ours])
    assert (theirs != ours).any()  # exact ties, of which it takes another
    assert apart.max() < 1e-9
