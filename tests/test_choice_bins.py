"""Cells hold every customer once, stand at their means, and never mix groups."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bestiary.segments.choice.bins import compress, with_width


def cloud(size: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(size, 3))


@given(st.integers(1, 400), st.integers(1, 60), st.integers(0, 5))
def test_every_customer_is_in_one_cell_at_the_mean_of_its_members(size: int, most: int, seed: int) -> None:
    points, weights = cloud(size, seed), np.random.default_rng(seed).integers(1, 5, size).astype(np.float64)
    cells = compress(points, weights, most)
    assert len(cells.points) <= most + 7  # a cloud around 0 touches 8 boxes of any width
    assert cells.weights.sum() == weights.sum()
    assert sorted(set(cells.index.tolist())) == list(range(len(cells.points)))
    for cell in range(len(cells.points)):
        own = cells.index == cell
        assert cells.weights[cell] == weights[own].sum()
        assert cells.points[cell] == pytest.approx(np.average(points[own], axis=0, weights=weights[own]))


def test_few_distinct_points_stay_as_they_are() -> None:
    points = np.array([[0.1, 0.2], [0.3, 0.2], [0.1, 0.2]])
    cells = compress(points, np.array([1.0, 2.0, 4.0]), 2)
    assert cells.width == 0
    assert cells.points.tolist() == [[0.1, 0.2], [0.3, 0.2]]
    assert cells.weights.tolist() == [5.0, 2.0]
    assert (cells.points[cells.index] == points).all()


def test_the_width_is_the_least_that_fits_and_bounds_what_moved() -> None:
    points, ones = cloud(20_000), np.ones(20_000)
    cells = compress(points, ones, 2_000)
    assert len(cells.points) <= 2_000 < len(with_width(points, ones, cells.width / 2**0.5).points)
    assert np.abs(cells.points[cells.index] - points).max() < cells.width
    again = with_width(points, ones, cells.width)
    assert again.points.tobytes() == cells.points.tobytes()


def test_a_cell_never_holds_two_groups() -> None:
    points, groups = cloud(3_000), np.random.default_rng(1).integers(0, 4, 3_000).astype(np.int32)
    cells = compress(points, np.ones(3_000), 200, groups)
    assert len(cells.points) <= 200
    assert all(len(set(groups[cells.index == cell])) == 1 for cell in range(len(cells.points)))


def test_points_far_apart_in_many_columns_are_not_confused() -> None:
    points = np.random.default_rng(2).normal(size=(500, 10)) * 1e6
    cells = compress(points, np.ones(500), 400)
    assert np.abs(cells.points[cells.index] - points).max() < cells.width
