"""The silhouette against the textbook: by hand, against scikit-learn, and estimated against exact."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.metrics import silhouette_score

from bestiary.segments.choice.distances import COLUMNS, crowd, sums
from bestiary.segments.choice.silhouette import Limits, silhouettes
from bestiary.segments.kmeans import cluster
from bestiary.segments.transform import Floats, Ints

EVERY_PAIR = Limits(exact=10**9)


def labels(*values: int) -> Ints:
    return np.array(values, dtype=np.int32)


def shop(size: int, columns: int, seed: int) -> Floats:
    """A heavy-tailed cloud with whole numbers in two columns, in standard deviations."""
    random = np.random.default_rng(seed)
    rows = np.log1p(random.lognormal(3.0, 1.0, size=(size, columns)))
    rows[:, 0] = np.log1p(random.integers(0, 200, size))
    rows[:, 1] = np.log1p(random.geometric(0.4, size))
    scaled: Floats = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    return scaled


def cut(points: Floats, ks: range) -> dict[int, Ints]:
    return {k: cluster(points, np.ones(len(points)), k, seed=0).labels for k in ks}


def test_three_customers_worked_by_hand() -> None:
    (found,) = silhouettes(np.array([[0.0], [1.0], [10.0]]), np.ones(3), {2: labels(0, 0, 1)}, seed=0)
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
    points = np.array(rows, dtype=np.float64)
    _, own = np.unique([cells[x * 5 + y] for x, y in rows], return_inverse=True)
    segments = int(own.max()) + 1
    assume(2 <= segments < len(rows))
    (found,) = silhouettes(points, np.ones(len(rows)), {segments: own.astype(np.int32)}, seed=0)
    assert found.value == pytest.approx(silhouette_score(points, own), abs=1e-12)


def test_undefined_when_each_customer_is_a_segment_or_there_is_one() -> None:
    points = np.array([[0.0], [1.0], [2.0]])
    one, each = silhouettes(points, np.ones(3), {1: labels(0, 0, 0), 3: labels(0, 1, 2)}, seed=0)
    assert one.value is None
    assert each.value is None
    assert silhouettes(points, np.ones(3), {}, seed=0) == []


def test_several_k_in_one_pass_are_those_of_each_alone() -> None:
    points = shop(3 * COLUMNS, 3, seed=1)
    several = {k: (np.arange(len(points)) * 7 % k).astype(np.int32) for k in (2, 3, 7)}
    together = silhouettes(points, np.ones(len(points)), several, seed=0)
    alone = [silhouettes(points, np.ones(len(points)), {k: one}, seed=0)[0] for k, one in several.items()]
    assert [one.value for one in together] == pytest.approx([one.value for one in alone])


def test_sums_of_distances_to_groups_across_blocks() -> None:
    random = np.random.default_rng(0)
    points, weights = random.normal(size=(2 * COLUMNS + 5, 2)), random.integers(1, 4, 2 * COLUMNS + 5).astype(float)
    groups = random.integers(0, 3, len(points)).astype(np.int32)
    groups[groups == 2] = np.where(np.arange((groups == 2).sum()) % 900 == 0, 2, 1)  # a small group at the end
    found = sums(points[:70], crowd(points, weights, groups))
    apart = np.sqrt(((points[:70, None] - points[None]) ** 2).sum(axis=2)) * weights
    assert found == pytest.approx(np.column_stack([apart[:, groups == group].sum(axis=1) for group in range(3)]))


@pytest.mark.parametrize("seed", range(2))
def test_cells_are_within_a_thousandth_and_the_interval_holds_the_exact_value(seed: int) -> None:
    points = shop(20_000, 3, seed)
    labelings = cut(points, range(2, 12))
    exact = silhouettes(points, np.ones(len(points)), labelings, seed, EVERY_PAIR)
    found = silhouettes(points, np.ones(len(points)), labelings, seed)
    held = 0
    for one, true in zip(found, exact, strict=True):
        assert (one.kind, true.kind) == ("binned", "exact")
        assert one.value is not None
        assert true.value is not None
        assert one.low is not None
        assert one.high is not None
        assert abs(one.value - true.value) <= 1e-3
        assert one.high - one.low < 0.002
        held += one.low <= true.value <= one.high
    assert held >= 8


def test_cells_alone_are_off_and_the_customers_measured_put_it_right() -> None:
    points = shop(8_000, 3, seed=4)
    labelings = cut(points, range(5, 9))
    coarse = Limits(exact=100, cells=300)
    exact = silhouettes(points, np.ones(len(points)), labelings, 0, EVERY_PAIR)
    for one, true in zip(silhouettes(points, np.ones(len(points)), labelings, 0, coarse), exact, strict=True):
        assert abs((one.value or 0) - (true.value or 0)) < 0.012


def test_in_many_columns_a_stratified_sample_whose_interval_holds_the_exact_value() -> None:
    points = shop(6_000, 6, seed=5)
    labelings = cut(points, range(2, 8))
    exact = silhouettes(points, np.ones(len(points)), labelings, 0)
    held = 0
    for seed in range(5):
        limits = Limits(exact=100, sampled=1_500)
        for one, true in zip(silhouettes(points, np.ones(len(points)), labelings, seed, limits), exact, strict=True):
            assert one.kind == "sampled"
            assert one.low is not None
            assert one.high is not None
            assert true.value is not None
            assert 0 < one.high - one.low < 0.06
            held += one.low <= true.value <= one.high
    assert held >= 26  # of 30


def test_the_number_of_threads_changes_nothing() -> None:
    points = shop(5_000, 4, seed=6)
    labelings = cut(points, range(2, 5))
    limits = Limits(exact=1_000, sampled=2_000)
    one, two = (silhouettes(points, np.ones(len(points)), labelings, 0, limits, threads=t) for t in (1, 2))
    assert one == two
