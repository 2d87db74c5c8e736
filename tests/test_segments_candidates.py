"""Each way to segment: what is stored places as what was learned, weights stand for customers, and grids by hand."""

import json
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter
from sklearn.mixture import GaussianMixture

import segments_shop
from bestiary.config import Settings
from bestiary.errors import ConfigError
from bestiary.segments import candidates, gmm
from bestiary.segments.attempt import Attempt, attempt
from bestiary.segments.candidates import CANDIDATES
from bestiary.segments.candidates.candidate import Candidate
from bestiary.segments.candidates.rfm_grid import NAMES, grid
from bestiary.segments.cells import Cells
from bestiary.segments.frame import Frame
from bestiary.segments.gmm import RIDGE, mixture
from bestiary.segments.group import candidates_of
from bestiary.segments.kmeans import distinct
from bestiary.segments.leaves import Leaves, TreeNodes
from bestiary.segments.mixture import Mixture
from bestiary.segments.partition import AnyPartition
from bestiary.segments.presets import recipe
from bestiary.segments.transform import Floats
from bestiary.segments.tree import Node

FOUR = Settings(k=4, k_min=4, k_max=4)
WIDE = ("days_since_last_purchase", "number_of_purchases_7m", "total_purchase_value", "number_of_views_7m", "constant")


def frame(share: float = 0.2) -> Frame:
    rows = np.array(segments_shop.shop(share=share), dtype=np.float64)
    views = 5 * rows[:, 1] + np.arange(len(rows)) % 4
    views[::9] = np.nan
    wide = np.column_stack([rows, views, np.ones(len(rows))])
    purchases, nothing = rows[:, 1].copy(), np.full(len(rows), 9.0)
    return Frame(recipe("default", (2, 5, 7)), rows, wide, WIDE, purchases, nothing, nothing)


def separated(k: int, size: int = 120, seed: int = 0) -> Floats:
    """Round clouds in three columns, far apart, the first the largest."""
    random = np.random.default_rng(seed)
    parts = [
        random.normal([9.0 * number, 9.0 * (number % 2), -9.0 * (number // 2)], 1.0, (size + 30 * (k - number), 3))
        for number in range(k)
    ]
    return np.concatenate(parts)


def alike(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two labellings cut the same way, whatever the numbers."""
    pairs = set(zip(one.tolist(), other.tolist(), strict=True))
    return len(pairs) == len(set(one.tolist())) == len(set(other.tolist()))


@pytest.fixture(scope="module")
def tried() -> dict[str, Attempt]:
    people = frame()
    return {name: attempt(one, people, FOUR, None, None, lambda _: None) for name, one in CANDIDATES.items()}


def test_the_six_are_there_in_their_order() -> None:
    assert list(CANDIDATES) == ["rfm_log", "rfm_scores", "rfm_gmm", "behaviour_pca", "tree", "rfm_grid"]
    for one in CANDIDATES.values():
        assert set(one.title) == {"en", "fr"}
        assert not one.like or one.like in CANDIDATES


@pytest.mark.parametrize("name", CANDIDATES)
def test_what_is_stored_places_everyone_where_the_learning_did(name: str, tried: dict[str, Attempt]) -> None:
    one, people = tried[name], frame()
    stored = TypeAdapter[AnyPartition](AnyPartition).validate_json(one.partition.model_dump_json())
    assert stored == one.partition
    again = stored.place(one.transform.apply(people.of(one.candidate)))
    assert again.segment.tobytes() == one.placed.segment.tobytes()
    assert again.second.tobytes() == one.placed.second.tobytes()
    assert again.confidence.tobytes() == one.placed.confidence.tobytes()
    assert one.k == (11 if name == "rfm_grid" else 4)
    assert one.sizes.sum() == people.size


@pytest.mark.parametrize("name", [name for name in CANDIDATES if name != "rfm_grid"])
def test_segments_are_numbered_from_the_highest_value_down(name: str, tried: dict[str, Attempt]) -> None:
    percentiles = frame().percentiles[:, 2]
    means = [percentiles[tried[name].placed.segment == number].mean() for number in range(4)]
    assert means == sorted(means, reverse=True)


@pytest.mark.parametrize("name", CANDIDATES)
def test_confidence_and_the_second_best_are_of_the_kind_of_method(name: str, tried: dict[str, Attempt]) -> None:
    one = tried[name]
    points = one.transform.apply(frame().of(one.candidate))
    distances = one.partition.distances(points)
    if name == "rfm_grid":
        assert (one.placed.second == -1).all()
        assert np.isnan(one.placed.confidence).all()
        assert distances is None
        return
    assert ((one.placed.confidence >= 0) & (one.placed.confidence <= 1)).all()
    assert (one.placed.second != one.placed.segment).all()
    alone = one.placed.second < 0  # a leaf where nobody else is
    assert not alone.any() or name == "tree"
    assert (one.placed.confidence[alone] == 1).all()
    if isinstance(one.partition, Mixture):
        shares = one.partition.memberships(points)
        assert shares.sum(axis=1) == pytest.approx(np.ones(len(points)))
        assert (shares.argmax(axis=1) == one.placed.segment).all()
    elif distances is not None:
        assert (distances.argmin(axis=1) == one.placed.segment).all()


def test_a_renumbered_partition_has_the_same_segments(tried: dict[str, Attempt]) -> None:
    for one in tried.values():
        points = one.transform.apply(frame().of(one.candidate))
        order = list(range(one.k))[::-1]
        turned = one.partition.renumbered(order).place(points).segment
        clear = one.placed.confidence != 0  # an exact tie goes to the lowest number, which is another one then
        assert (np.array(order)[turned] == one.placed.segment)[clear].all()
        assert clear.mean() > 0.9


def test_the_tree_explains_itself(tried: dict[str, Attempt]) -> None:
    assert tried["tree"].fidelity == 1.0
    assert tried["tree"].explanation is not None
    assert tried["tree"].explanation.leaves <= 3 * 4


def test_behaviour_takes_all_columns_with_holes_and_leaves_what_is_constant(tried: dict[str, Attempt]) -> None:
    one, people = tried["behaviour_pca"], frame()
    assert [(column.source, column.nullable) for column in people.columns(one.candidate)] == [
        (name, name == "number_of_views_7m") for name in WIDE
    ]
    rows = people.of(one.candidate).copy()
    rows[:, -1] = 99.0
    assert (one.partition.place(one.transform.apply(rows)).segment == one.placed.segment).all()


@pytest.mark.parametrize("name", ["rfm_log", "rfm_gmm", "tree", "rfm_grid"])
def test_weights_stand_for_customers_who_are_alike(name: str) -> None:
    points = np.round(np.exp(separated(4, 60) / 12), 1)
    group = distinct(np.repeat(points, 1 + np.arange(len(points)) % 3, axis=0))
    fit, everyone = CANDIDATES[name].fit, group.points[group.index]
    weighted = fit(group.points, group.weights, 4, 0)
    repeated = fit(everyone, np.ones(len(everyone)), 4, 0)
    assert weighted.k == repeated.k
    assert alike(weighted.place(group.points).segment, repeated.place(group.points).segment)


# The grid. Of the values 1 to 10 the quintiles are 2, 4, 6 and 8: score 1 for 1 and 2, ... 5 for 9 and 10; recency is
# turned round, and the other two scores' mean is rounded up at the half.
@pytest.mark.parametrize(
    ("customer", "cell"),
    [
        ((1, 10, 10), "champions"),
        ((10, 1, 1), "lost"),
        ((5, 5, 5), "need attention"),
        ((1, 1, 1), "new customers"),
        ((10, 10, 10), "cannot lose them"),
        ((10, 5, 5), "at risk"),
        ((3, 1, 1), "promising"),
        ((5, 1, 1), "about to sleep"),
    ],
)
def test_cells_worked_by_hand(customer: tuple[int, int, int], cell: str) -> None:
    column = np.arange(1.0, 11.0)
    found = grid(np.column_stack([column] * 3), np.ones(10), 0, 0)
    assert isinstance(found, Cells)
    assert found.edges == ((2.0, 4.0, 6.0, 8.0),) * 3
    recency, worth = 6 - (1 + sum(e < customer[0] for e in found.edges[0])), 0
    scores = [1 + sum(edge < value for edge in found.edges[0]) for value in customer[1:]]
    worth = (sum(scores) + 1) // 2
    (segment,) = found.place(np.array([customer], dtype=np.float64)).segment.tolist()
    assert segment == found.cells[recency - 1][worth - 1]
    assert NAMES[segment]["en"] == cell


def test_the_mean_of_two_scores_is_rounded_up_at_the_half() -> None:
    column = np.arange(1.0, 11.0)
    found = grid(np.column_stack([column] * 3), np.ones(10), 0, 0)
    # scores 5 and 4 make 5; 4 and 3 make 4: with a recency of 1 to 2 days champions and loyal, as the cells say
    places = found.place(np.array([[1.0, 10.0, 7.0], [1.0, 8.0, 6.0], [1.0, 7.0, 8.0]])).segment.tolist()
    assert [NAMES[one]["en"] for one in places] == ["champions", "champions", "champions"]
    assert NAMES[found.place(np.array([[3.0, 7.0, 5.0]])).segment[0]]["en"] == "loyal customers"


def test_ties_are_kept_together() -> None:
    frequency = np.array([1.0] * 70 + [2.0] * 20 + [3.0] * 10)
    rows = np.column_stack([np.arange(100.0), frequency, frequency])
    found = grid(rows, np.ones(100), 0, 0)
    assert isinstance(found, Cells)
    assert found.edges[1] == (1.0, 1.0, 1.0, 2.0)  # seven in ten share the lowest score, and so one row of cells
    same = found.place(np.column_stack([np.full(100, 50.0), frequency, frequency])).segment
    assert [len(set(same[frequency == number].tolist())) for number in (1, 2, 3)] == [1, 1, 1]


def likelihood(found: Mixture, points: Floats) -> float:
    logs = found.log_joint(points)
    return float(np.logaddexp.reduce(logs, axis=1).mean())


def test_every_round_of_the_mixture_makes_the_customers_likelier(monkeypatch: pytest.MonkeyPatch) -> None:
    points = np.random.default_rng(3).gamma(2.0, 1.0, (330, 3)) + separated(3, 50) / 12
    monkeypatch.setattr(gmm, "RIDGE", 1e-9)  # a ridge is not the likeliest
    monkeypatch.setattr(gmm, "TOLERANCE", -np.inf)
    reached = []
    for rounds in range(12):
        monkeypatch.setattr(gmm, "ROUNDS", rounds)
        reached.append(likelihood(mixture(points, np.ones(330), 3, 0), points))
    assert all(later >= before - 1e-9 for before, later in pairwise(reached))
    assert reached[-1] > reached[0] + 0.01


def test_the_mixture_is_scikit_learns() -> None:
    points = separated(4)
    ours = mixture(points, np.ones(len(points)), 4, 0)
    theirs = GaussianMixture(4, reg_covar=RIDGE, tol=1e-7, max_iter=500, random_state=0).fit(points)
    order = np.argsort(-theirs.weights_)
    mine = np.argsort(-np.array(ours.weights))
    assert np.array(ours.weights)[mine] == pytest.approx(theirs.weights_[order], abs=1e-5)
    assert np.array(ours.means)[mine] == pytest.approx(theirs.means_[order], abs=1e-3)
    covariances = [np.linalg.inv(np.array(factor) @ np.array(factor).T) for factor in np.array(ours.factors)[mine]]
    assert np.array(covariances) == pytest.approx(theirs.covariances_[order], abs=1e-3)
    assert ours.memberships(points)[:, mine] == pytest.approx(theirs.predict_proba(points)[:, order], abs=1e-4)


def test_equal_shares_of_a_leaf_go_to_the_lowest_segment_in_any_order() -> None:
    leaf = Node(id=0, column=None, threshold=None, left=None, right=None, segment=0, customers=4, purity=0.5)
    tied = Leaves(tree=TreeNodes(columns=("recency",), nodes=(leaf,)), shares=((0.4, 0.2, 0.4),))
    for one in (tied, tied.renumbered([2, 1, 0]), tied.renumbered([0, 2, 1])):
        placed = one.place(np.zeros((1, 1)))
        places = [number for number, share in enumerate(one.shares[0]) if share == 0.4]
        assert [placed.segment[0], placed.second[0], placed.confidence[0]] == [*places, 0.0]


def test_customers_who_are_all_alike_on_a_column_do_not_break_the_mixture() -> None:
    points = np.column_stack([np.zeros(40), np.repeat([0.0, 5.0], 20), np.zeros(40)])
    found = mixture(points, np.ones(40), 2, 0)
    assert alike(found.place(points).segment, np.repeat([0, 1], 20))


MODULE = """
from bestiary.segments.candidates.candidate import Candidate, kmeans
from bestiary.segments.transform import learn_log1p

CANDIDATE = Candidate("by_hand", 9, {"en": "by hand", "fr": "à la main"}, "rfm", learn_log1p, kmeans)
"""


def test_adding_a_candidate_is_adding_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "by_hand.py").write_text(MODULE, encoding="utf-8")
    monkeypatch.setattr(candidates, "__path__", [*candidates.__path__, str(tmp_path)])
    try:
        found: dict[str, Candidate] = candidates._found()  # what is done once, at import
        assert list(found) == [*CANDIDATES, "by_hand"]
        monkeypatch.setattr(candidates, "CANDIDATES", found)
        (chosen,) = candidates_of(recipe("default", (2, 5, 7)), Settings(candidate="by_hand"))
        assert attempt(chosen, frame(), FOUR, None, None, lambda _: None).k == 4
    finally:
        sys.modules.pop(f"{candidates.__name__}.by_hand", None)


@pytest.mark.parametrize("asked", [{"candidate": "rfm_lg"}, {"candidates": ("rfm_log", "rfm_lg")}])
def test_an_unknown_candidate_is_refused_with_the_nearest(asked: dict[str, object], tmp_path: Path) -> None:
    settings = Settings.model_validate(json.loads(json.dumps(asked)))
    with pytest.raises(ConfigError, match="did you mean 'rfm_log'") as caught:
        candidates_of(recipe("default", (2, 5, 7)), settings)
    assert "rfm_grid" in caught.value.allowed


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({}, [*CANDIDATES]),
        ({"candidates": ["rfm_grid", "rfm_scores"]}, ["rfm_scores", "rfm_grid"]),
        ({"candidates": ["tree"]}, ["rfm_log", "tree"]),
        ({"candidate": "behaviour_pca"}, ["behaviour_pca"]),
        ({"candidate": "rfm_gmm", "candidates": ["rfm_grid"]}, ["rfm_log", "rfm_gmm", "rfm_grid"]),
    ],
    ids=str,
)
def test_candidates_are_tried_in_their_order_with_those_they_take_k_from(
    asked: dict[str, object], names: list[str]
) -> None:
    found = candidates_of(recipe("default", (2, 5, 7)), Settings.model_validate(asked))
    assert [one.name for one in found] == names


def test_the_deck_s_preset_has_the_deck_s_own() -> None:
    names: Callable[[Settings], list[str]] = lambda settings: [  # noqa: E731
        one.name for one in candidates_of(recipe("amazing", (2, 5, 7)), settings)
    ]
    assert names(Settings(preset="amazing")) == ["rfm_scores"]
    assert names(Settings(preset="amazing", candidate="rfm_log")) == ["rfm_log"]
