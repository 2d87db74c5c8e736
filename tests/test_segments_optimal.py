"""Optimal trees: with a stand-in that tries every tree, and with the package itself where it is installed."""

import importlib.util
import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bestiary.config import Settings
from bestiary.errors import ConfigError, ModelError
from bestiary.segments import optimal
from bestiary.segments.attempt import explain
from bestiary.segments.candidates import CANDIDATES
from bestiary.segments.centroids import Centroids
from bestiary.segments.fit import fit
from bestiary.segments.frame import Frame
from bestiary.segments.optimal import DEEPEST, grow_optimal, questions
from bestiary.segments.presets import recipe
from bestiary.segments.transform import Floats, Ints
from bestiary.segments.tree import Shape, Tree, grow, split

ROLES = ("recency", "frequency", "monetary")


@dataclass
class Place:
    """A node as the package has them: left is where the answer to the feature is no."""

    label: int
    feature: int = -1
    left_child: "Place | None" = None
    right_child: "Place | None" = None

    def is_leaf_node(self) -> bool:
        return self.left_child is None


def every(answers: np.ndarray, labels: np.ndarray, depth: int, least: int) -> tuple[int, Place]:
    counts = np.bincount(labels)
    best = len(labels) - int(counts.max()), Place(int(counts.argmax()))
    for feature in range(answers.shape[1]) if depth else ():
        yes = answers[:, feature] == 1
        if min(yes.sum(), (~yes).sum()) >= least:
            left = every(answers[~yes], labels[~yes], depth - 1, least)
            right = every(answers[yes], labels[yes], depth - 1, least)
            if left[0] + right[0] < best[0]:
                best = left[0] + right[0], Place(0, feature, left[1], right[1])
    return best


class StandIn:
    """Tries every tree, with the part of the package's interface that is used."""

    done = True

    def __init__(self, **asked: Any) -> None:
        self.asked = asked
        self.fit_result = SimpleNamespace(is_optimal=lambda: self.done)

    def fit(self, answers: np.ndarray, labels: np.ndarray) -> "StandIn":
        least = self.asked["min_leaf_node_size"]
        self.found = every(answers, labels, self.asked["max_depth"], least)[1]
        return self

    def get_tree(self) -> Place:
        return self.found


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> type[StandIn]:
    package = ModuleType("pystreed")
    package.STreeDClassifier = StandIn  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "pystreed", package)
    return StandIn


@pytest.fixture(params=["a stand-in", "the package"])
def package(request: pytest.FixtureRequest) -> None:
    if request.param == "a stand-in":
        request.getfixturevalue("stand_in")
    elif importlib.util.find_spec("pystreed") is None:
        message = "the extra 'optimal' is not installed: the package itself WAS NOT TRIED"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)


def shop(size: int = 300) -> tuple[Floats, Ints]:
    """Two questions tell the segments only when asked together; a third column tells a little alone, and tempts."""
    random = np.random.default_rng(3)
    rows = random.integers(1, 5, (size, 3)).astype(np.float64)
    labels = ((rows[:, 0] > 2.5) ^ (rows[:, 1] > 2.5)).astype(np.int32) * 2
    rows[:, 2] = np.where(random.random(size) < 0.7, labels, 2 - labels) + 1
    return rows, labels


def right(tree: Tree, rows: Floats, labels: Ints) -> float:
    return float((np.array([node.segment for node in tree.nodes])[tree.walk(rows, ROLES)] == labels).mean())


@pytest.mark.usefixtures("package")
def test_no_tree_of_its_depth_errs_less() -> None:
    rows, labels = shop()
    part = split(labels, 0.2, 0)
    own, said = rows[part.train], labels[part.train]
    found = grow_optimal(rows, labels, 3, part, ROLES, 2, 0)
    asked = np.column_stack([own[:, column] > threshold for column, threshold in questions(own)]).astype(np.int32)
    assert right(found, own, said) == 1 - every(asked, said, 2, 1)[0] / len(said)
    assert right(found, own, said) > 0.1 + right(grow(rows, labels, 3, part, ROLES, Shape(2), 0), own, said)
    assert found.nodes[0].customers == len(rows)
    assert len(found.nodes) == 7


@pytest.mark.usefixtures("package")
def test_a_leaf_holds_its_share() -> None:
    rows, labels = shop()
    part = split(labels, 0.2, 0)
    found = grow_optimal(rows, labels, 3, part, ROLES, 2, 0, least_share=0.25)
    held = np.bincount(found.walk(rows[part.train], ROLES))
    assert held[held > 0].min() >= 60


@pytest.mark.usefixtures("package")
def test_customers_who_are_all_alike_are_one_leaf() -> None:
    labels = np.array([1] * 6 + [0] * 4, dtype=np.int32)
    found = grow_optimal(np.ones((10, 3)), labels, 2, split(labels, 0.2, 0), ROLES, 3, 0)
    assert [(node.column, node.segment, node.customers) for node in found.nodes] == [(None, 1, 10)]


def test_a_question_for_every_value_or_for_quantiles() -> None:
    rows = np.column_stack([np.repeat([1.0, 2.0, 4.0], 34)[:100], np.arange(100.0)])
    found = questions(rows)
    assert found[:2] == [(0, 1.0), (0, 2.0)]
    thresholds = [threshold for column, threshold in found if column == 1]
    assert len(thresholds) == optimal.THRESHOLDS
    assert thresholds[0] == 4.0
    assert max(thresholds) < 99


@pytest.mark.parametrize("depth", [0, 5])
def test_another_depth_is_refused(depth: int) -> None:
    rows, labels = shop(20)
    with pytest.raises(ConfigError, match="depth 1 to 4"):
        grow_optimal(rows, labels, 3, split(labels, 0.2, 0), ROLES, depth, 0)


def test_without_the_package_the_error_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pystreed", None)
    rows, labels = shop(50)
    with pytest.raises(ConfigError, match=r"bestiary\[optimal\]"):
        grow_optimal(rows, labels, 3, split(labels, 0.2, 0), ROLES, 2, 0)


def test_a_search_that_is_not_done_is_no_tree(stand_in: type[StandIn], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stand_in, "done", False)
    rows, labels = shop(50)
    with pytest.raises(ModelError, match="not done"):
        grow_optimal(rows, labels, 3, split(labels, 0.2, 0), ROLES, 2, 0)


@pytest.mark.usefixtures("package")
def test_a_setting_asks_for_it_and_no_deeper_than_can_be_searched() -> None:
    rows, labels = shop(120)
    ones = np.ones(len(rows))
    centroids = Centroids.of(np.arange(9.0).reshape(3, 3))
    candidate = CANDIDATES["rfm_log"]
    for depth in (2, 9):
        asked = replace(recipe("default", (2, 5, 7)), shape=Shape(depth=depth))
        frame = Frame(asked, rows, None, (), ones, ones, ones)
        if depth > DEEPEST and StandIn is getattr(sys.modules.get("pystreed"), "STreeDClassifier", None):
            continue  # every tree of four questions is too many for the stand-in
        found = explain(frame, candidate, candidate.transform(rows), centroids, labels, Settings(tree="optimal"))
        assert found is not None
        direct = grow_optimal(rows, labels, 3, found.part, ROLES, min(depth, DEEPEST), 0)
        assert found.tree.nodes == direct.nodes


def test_a_fit_without_the_package_says_so_before_it_learns(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pystreed", None)
    told = {"as_of": "2020-05-01", "fingerprint": "none"}
    with pytest.raises(ConfigError, match=r"bestiary\[optimal\]"):
        fit(tmp_path / "customers.parquet", tmp_path, Settings(tree="optimal"), told)
