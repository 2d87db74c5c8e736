"""The silhouette against the textbook: by hand, against scikit-learn, sampled against exact."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import silhouette_score

from bestiary.segments.kmeans import distinct
from bestiary.segments.silhouette import SAMPLED, Silhouette, choose_k, silhouettes


def labels(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int32)


def test_three_customers_worked_by_hand() -> None:
    points = np.array([[0.0], [1.0], [10.0]])
    (found,) = silhouettes(points, np.ones(3), {2: labels(0, 0, 1)}, seed=0)
    # (10 - 1) / 10, (9 - 1) / 9, and 0 for the segment of one
    assert found.value == pytest.approx((0.9 + 8 / 9 + 0.0) / 3)
    assert (found.kind, found.low, found.high) == ("exact", None, None)


def test_customers_who_are_alike_are_at_distance_zero() -> None:
    (found,) = silhouettes(np.array([[0.0], [10.0]]), np.array([2.0, 3.0]), {2: labels(0, 1)}, seed=0)
    assert found.value == 1.0


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=3, max_size=40),
    st.lists(st.integers(0, 3), min_size=25, max_size=25),
)
def test_equal_to_scikit_learn_on_the_customers_one_by_one(rows: list[tuple[int, int]], cells: list[int]) -> None:
    expanded = np.array(rows, dtype=np.float64)
    group = distinct(expanded)
    wanted = np.array([cells[int(x) * 5 + int(y)] for x, y in group.points])
    _, renumbered = np.unique(wanted, return_inverse=True)
    segments = int(renumbered.max()) + 1
    assume(2 <= segments < len(rows))
    (found,) = silhouettes(group.points, group.weights, {segments: renumbered.astype(np.int32)}, seed=0)
    assert found.value == pytest.approx(silhouette_score(expanded, renumbered[group.index]), abs=1e-12)


def test_undefined_when_each_customer_is_a_segment_or_there_is_one() -> None:
    points = np.array([[0.0], [1.0], [2.0]])
    one, each = silhouettes(points, np.ones(3), {1: labels(0, 0, 0), 3: labels(0, 1, 2)}, seed=0)
    assert one.value is None
    assert each.value is None
    assert silhouettes(points, np.ones(3), {}, seed=0) == []


def test_several_k_in_one_pass_are_those_of_each_alone() -> None:
    points = np.random.default_rng(1).normal(size=(300, 3))
    weights = (np.arange(300) % 4 + 1).astype(np.float64)
    several = {k: (np.arange(300) % k).astype(np.int32) for k in (2, 3, 7)}
    together = silhouettes(points, weights, several, seed=0)
    alone = [silhouettes(points, weights, {k: one}, seed=0)[0] for k, one in several.items()]
    assert [one.value for one in together] == pytest.approx([one.value for one in alone])


def test_a_sampled_value_says_so_and_its_interval_holds_the_exact_one() -> None:
    random = np.random.default_rng(7)
    points = random.normal(size=(4_000, 3)) + random.integers(0, 3, size=(4_000, 1)) * 2
    weights = random.integers(1, 4, size=4_000).astype(np.float64)
    labelling = {3: np.digitize(points[:, 0], [1.0, 3.0]).astype(np.int32)}
    (exact,) = silhouettes(points, weights, labelling, seed=0)
    assert exact.value is not None
    held = 0
    for seed in range(20):
        (sampled,) = silhouettes(points, weights, labelling, seed=seed, exact=SAMPLED)
        assert sampled.kind == "sampled"
        assert sampled.low is not None
        assert sampled.high is not None
        assert 0 < sampled.high - sampled.low < 0.1
        held += sampled.low <= exact.value <= sampled.high
    assert held >= 17


def curve(**values: float | None) -> list[Silhouette]:
    return [Silhouette(int(k[1:]), value, "exact") for k, value in values.items()]


@pytest.mark.parametrize(
    ("values", "floor", "chosen"),
    [
        ({"k2": 0.9, "k3": 0.5, "k4": 0.6}, 2, 2),
        ({"k2": 0.9, "k3": 0.5, "k4": 0.6}, 3, 4),
        ({"k2": 0.9, "k3": 0.6, "k4": 0.6}, 3, 3),
        ({"k2": 0.4, "k3": None}, 3, 2),
        ({"k2": None}, 3, 2),
    ],
    ids=["largest", "from the floor", "smaller on a tie", "below the floor when nothing else", "none defined"],
)
def test_the_choice_of_k(values: dict[str, float | None], floor: int, chosen: int) -> None:
    assert choose_k(curve(**values), floor) == chosen
