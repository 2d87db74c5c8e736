"""The way of one customer through the explaining tree, in words."""

import math
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from bestiary.errors import ModelError
from bestiary.segments.model import Segmentation
from bestiary.segments.route import route
from segments_shop import QUICK, learn, shop


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Segmentation, Segmentation]:
    folder = tmp_path_factory.mktemp("learned")
    model, _ = learn(folder, shop(), 600, **QUICK)
    assert model.fitted.visitors is not None
    return folder, model.fitted.buyers, model.fitted.visitors


def rows(folder: Path, where: str) -> list[dict[str, Any]]:
    found = duckdb.execute(f"FROM '{folder / 'customers.parquet'}' WHERE {where} ORDER BY user_id")
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def small(segmentation: Segmentation) -> Segmentation:
    """The same with a tree that a person can walk: who bought three times or more, else who bought lately."""

    def node(number: int, segment: int, column: str | None = None, at: float | None = None, left: int = 0) -> Any:
        asks = {"column": column, "threshold": at, "left": left or None, "right": left + 1 if left else None}
        return {"id": number, "segment": segment, "customers": 10, "purity": 0.5 + number / 10, **asks}

    nodes = [
        node(0, 0, "frequency", 2.5, 1),
        node(1, 1, "recency", 30.0, 3),
        node(2, 0),
        node(3, 1),
        node(4, 2),
    ]
    tree = {"columns": segmentation.roles, "nodes": nodes}
    return Segmentation.model_validate(segmentation.model_dump() | {"tree": tree})


def customer(segmentation: Segmentation, **figures: float) -> dict[str, Any]:
    return {column.source: figures[column.name] for column in segmentation.columns}


def test_each_answer_on_the_way_is_told_from_the_root_on(learned: tuple[Path, Segmentation, Segmentation]) -> None:
    tree = small(learned[1])
    late = route(tree, customer(tree, recency=31, frequency=2, monetary=5), "EUR")
    assert late is not None
    assert [answer["en"] for answer in late.answers] == ["bought 1 to 2 times", "last time 31 days ago or more"]
    assert [answer["fr"] for answer in late.answers] == ["a acheté 1 à 2 fois", "dernier achat il y a 31 jours ou plus"]
    assert (late.segment, late.purity) == (2, 0.9)
    often = route(tree, customer(tree, recency=31, frequency=3, monetary=5), "EUR")
    assert often is not None
    assert [answer["en"] for answer in often.answers] == ["bought 3 times or more"]
    assert often.segment == 0


def test_the_end_of_the_way_is_the_leaf_of_the_tree(learned: tuple[Path, Segmentation, Segmentation]) -> None:
    folder, *both = learned
    for segmentation, where in zip(both, ("number_of_purchases_7m > 0", "number_of_purchases_7m = 0"), strict=True):
        assert segmentation.tree is not None
        people = rows(folder, where)
        columns = [column.source for column in segmentation.columns]
        features = np.array([[math.nan if row[name] is None else row[name] for name in columns] for row in people])
        leaves = segmentation.leaves(features)
        assert leaves is not None
        ends = [segmentation.tree.nodes[leaf].segment + segmentation.first for leaf in leaves.tolist()]
        found = [route(segmentation, row, "USD") for row in people]
        assert [one.segment for one in found if one] == ends
        assert len(set(ends)) > 1
        assert {bool(one.answers) for one in found if one} == {True}


def test_without_a_tree_there_is_no_way(learned: tuple[Path, Segmentation, Segmentation]) -> None:
    bare = Segmentation.model_validate(learned[1].model_dump() | {"tree": None})
    assert route(bare, customer(bare, recency=1, frequency=1, monetary=1), "") is None


def test_who_cannot_be_placed_has_no_way(learned: tuple[Path, Segmentation, Segmentation]) -> None:
    someone = customer(learned[1], recency=math.nan, frequency=1, monetary=1)
    with pytest.raises(ModelError, match="missing, infinite or negative"):
        route(learned[1], someone, "")
