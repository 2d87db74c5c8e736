"""Any small model places any rows alike in numpy, DuckDB and ONNX Runtime; and every kind of method is known in SQL."""

import subprocess
import sys
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import sql_models
import sql_people
from bestiary.config import Frozen, Settings
from bestiary.errors import ConfigError
from bestiary.segments.attempt import Attempt
from bestiary.segments.candidates import CANDIDATES
from bestiary.segments.export import has_sql, score
from bestiary.segments.leaves import Leaves
from bestiary.segments.model import Model
from bestiary.segments.partition import AnyPartition
from bestiary.segments.place import Placed
from bestiary.segments.selection import select
from bestiary.segments.transform import AnyTransform, Unchanged
from engines import started
from test_segments_selection import GINI, tried

LEVELS = st.sampled_from([-1.5, -0.5, 0.0, 0.1, 1.0, 2.0, 2.5, 1 / 3, 1e-3, 7.0]) | st.floats(-50, 50).map(
    lambda x: round(x, 9)
)
SCALES = st.sampled_from([0.0, 0.25, 1.0, 1 / 3]) | st.floats(0.01, 100)
POSITIVE = st.floats(0.05, 20)


def rows_of(number: int, width: int, values: st.SearchStrategy[float]) -> st.SearchStrategy[list[list[float]]]:
    row = st.lists(values, min_size=width, max_size=width)
    return st.lists(row, min_size=number, max_size=number)


@st.composite
def spaces(draw: st.DrawFn, width: int) -> tuple[dict[str, Any], int]:
    """A transform of columns, and the number of coordinates."""
    kind = draw(st.sampled_from(["log1p", "components", "unchanged", *(["scores"] if width == 3 else [])]))
    if kind == "unchanged":
        return {"kind": "unchanged", "width": width}, width
    if kind == "scores":
        return {
            "kind": "quartile_scores",
            "quartiles": draw(rows_of(3, 3, LEVELS)),
            "reversed": draw(st.lists(st.booleans(), min_size=3, max_size=3)),
        }, 3
    mean, scale = draw(rows_of(1, width, LEVELS))[0], draw(rows_of(1, width, SCALES))[0]
    if kind == "log1p":
        return sql_models.log1p(mean, scale), width
    number = draw(st.integers(1, 3))
    loadings = draw(rows_of(number, width, LEVELS))
    return {"kind": "log1p_components", "log1p": sql_models.log1p(mean, scale), "loadings": loadings}, number


@st.composite
def partitions(draw: st.DrawFn, width: int, roles: list[str] | None) -> tuple[dict[str, Any], int]:
    """A partition of points, and its number of segments; trees need the roles that are the coordinates."""
    kinds = ["centroids", "mixture", *(["leaves"] if roles else []), *(["cells"] if width == 3 else [])]
    kind, k = draw(st.sampled_from(kinds)), draw(st.integers(1, 5))
    if kind == "centroids":
        return sql_models.centroids(draw(rows_of(k, width, LEVELS))), k
    if kind == "mixture":
        factors = [
            [[draw(POSITIVE) if i == j else draw(LEVELS) if i < j else 0.0 for j in range(width)] for i in range(width)]
            for _ in range(k)
        ]
        weights = draw(st.lists(POSITIVE, min_size=k, max_size=k))
        return {"kind": kind, "weights": weights, "means": draw(rows_of(k, width, LEVELS)), "factors": factors}, k
    if kind == "cells":
        q = draw(st.integers(1, 4))
        cells = draw(
            st.lists(st.lists(st.integers(0, k - 1), min_size=q + 1, max_size=q + 1), min_size=q + 1, max_size=q + 1)
        )
        edges = [sorted(row) for row in draw(rows_of(3, q, LEVELS))]
        return {"kind": kind, "edges": edges, "cells": cells}, 1 + max(max(row) for row in cells)
    assert roles
    return draw(leaves(roles, k)), k


@st.composite
def leaves(draw: st.DrawFn, roles: list[str], k: int) -> dict[str, Any]:
    """A tree of some questions, each asked where a leaf would be."""
    splits = draw(st.integers(0, 5))
    nodes: list[dict[str, Any]] = []
    for place in range(2 * splits + 1):
        segment = draw(st.integers(0, k - 1))
        branch = dict.fromkeys(("column", "threshold", "left", "right"))
        if place < splits:  # node i has the children 2 i + 1 and 2 i + 2
            branch |= {"column": draw(st.sampled_from(roles)), "threshold": draw(LEVELS)}
            branch |= {"left": 2 * place + 1, "right": 2 * place + 2}
        nodes.append({"id": place, "segment": segment, "customers": 1, "purity": 1.0, **branch})
    shares = [[1.0] * k for _ in nodes]
    return {"kind": "leaves", "tree": {"columns": roles, "nodes": nodes}, "shares": shares}


@st.composite
def segmentations(draw: st.DrawFn, population: str, columns: list[dict[str, Any]], first: int) -> dict[str, Any]:
    transform, width = draw(spaces(len(columns)))
    roles = [one["name"] for one in columns] if width == len(columns) else None
    partition, k = draw(partitions(width, roles))
    return sql_models.segmentation(population, columns, transform, partition, k, first=first)


@st.composite
def models(draw: st.DrawFn) -> Model:
    preset = draw(st.sampled_from(["default", "amazing"]))
    name, columns = ("buyers", sql_models.RFM) if preset == "default" else ("active_buyers", sql_models.ACTIVE)
    buyers = draw(segmentations(name, draw(st.sampled_from([columns, sql_models.WIDE])), 0))
    visitors = None
    if preset == "default" and draw(st.booleans()):
        visitors = draw(segmentations("visitors", sql_models.LOOKS, len(buyers["segments"])))
    return sql_models.made(buyers, visitors, preset=preset, min_events=draw(st.integers(0, 5)))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(models(), st.integers(0, 2**32 - 1))
def test_any_model_places_anyone_alike(model: Model, seed: int) -> None:
    rows = sql_people.people(300, seed)
    for name, values in rows.items():  # a square of what is above has no end, which engines tell apart from an error
        if name != "user_id":
            values[np.abs(values) > 1e150] = 12.0
    wanted = sql_people.placed(model, rows)
    for name in ("duckdb", "onnx"):
        with started(name, rows) as engine:
            for column, values in engine.place(model).items():
                assert values.tolist() == wanted[column].tolist(), (name, column)


def test_every_kind_of_method_is_known_in_sql() -> None:
    for transform in get_args(AnyTransform):
        for partition in get_args(AnyPartition):
            assert has_sql(transform.model_construct(), partition.model_construct()), (transform, partition)


class MadeUp(Leaves):
    """A method of tomorrow, which places in numpy as another does."""


def made_up(name: str) -> Attempt:
    """A candidate that came out best, by that method."""
    there = tried(name)
    one = sql_models.tree().fitted.buyers.partition
    partition = MadeUp.model_construct(**dict(one))
    labels = there.placed.segment
    return Attempt(
        CANDIDATES[name],
        Unchanged(width=6),
        partition,
        Placed(labels, 1 - labels, np.ones(len(labels))),
        None,
        there.stable,
        None,
    )


def test_what_has_no_placement_in_sql_cannot_be_chosen() -> None:
    assert not has_sql(Unchanged(width=6), made_up("rfm_gmm").partition)
    found = select([tried("rfm_log", ari=0.1), made_up("rfm_gmm")], GINI, Settings(), "rfm_gmm")
    assert (found.chosen, found.nobody) == ("rfm_log", True)  # though it is worth more, and was kept
    assert found.lost["rfm_gmm"][0] == {"en": "no placement in SQL", "fr": "pas de placement en SQL"}


def test_nor_can_it_be_asked_for() -> None:
    with pytest.raises(ConfigError, match=r"(?s)No placement in SQL: rfm_gmm.*these may be chosen: rfm_log\."):
        select([tried("rfm_log"), made_up("rfm_gmm")], GINI, Settings(candidate="rfm_gmm"), None)
    with pytest.raises(ConfigError, match=r"(?s)No placement in SQL: rfm_gmm.*these may be chosen: none\."):
        select([made_up("rfm_gmm")], GINI, Settings(), None)


def test_a_model_of_an_unknown_kind_has_no_select() -> None:
    class Other(Frozen):
        k: int = 5

    model = sql_models.tree()
    buyers = model.fitted.buyers.model_copy(update={"partition": Other()})
    with pytest.raises(ConfigError, match="Other is not known in SQL"):
        score(model.model_copy(update={"fitted": model.fitted.model_copy(update={"buyers": buyers})}), dialect="duckdb")


def test_placing_needs_no_sqlglot() -> None:
    asked = "import sys, bestiary.segments.model; print('sqlglot' in sys.modules, 'duckdb' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
