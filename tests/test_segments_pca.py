"""Principal components against scikit-learn, and what nulls and constant columns do."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler

from bestiary.segments.pca import components


def in_chunks(rows: np.ndarray, size: int) -> Callable[[], Iterator[np.ndarray]]:
    def chunks() -> Iterator[np.ndarray]:
        for start in range(0, len(rows), size):
            yield rows[start : start + size]

    return chunks


def table() -> np.ndarray:
    random = np.random.default_rng(0)
    base = random.normal(size=(500, 2))
    noise = random.normal(size=(500, 4))
    return np.column_stack([base[:, 0] * 50 + 7, base[:, 0] * 3 + noise[:, 0], base[:, 1], noise[:, 1] * 1e4])


def test_equal_to_scikit_learn_up_to_sign() -> None:
    rows = table()
    found = components(in_chunks(rows, 120), 4)
    standard = StandardScaler().fit_transform(rows)
    expected = PCA().fit(standard)
    assert found.variance == pytest.approx(expected.explained_variance_)
    assert found.ratio == pytest.approx(expected.explained_variance_ratio_)
    assert np.abs(found.loadings) == pytest.approx(np.abs(expected.components_))
    assert np.abs(found.scores(rows[:9], 2)) == pytest.approx(np.abs(expected.transform(standard[:9])[:, :2]))


def test_two_columns_worked_by_hand() -> None:
    rows = np.array([[0.0, 0.0], [2.0, 4.0], [4.0, 2.0]])
    # correlation 1/2: eigenvalues 3/2 and 1/2 along (1, 1) and (1, -1); times n / (n - 1) = 3 / 2
    found = components(in_chunks(rows, 3), 2)
    assert found.ratio == pytest.approx([0.75, 0.25])
    assert found.variance == pytest.approx([2.25, 0.75])
    assert found.loadings == pytest.approx(np.array([[1, 1], [1, -1]]) / np.sqrt(2))
    assert found.scores(rows, 2)[0] == pytest.approx([-np.sqrt(3), 0])


def test_the_largest_loading_is_positive_whatever_the_sign_of_the_columns() -> None:
    for signs in ([1, 1, 1, 1], [-1, 1, 1, -1], [-1, -1, -1, -1]):
        loadings = components(in_chunks(table() * signs, 500), 4).loadings
        assert (loadings[np.arange(4), np.abs(loadings).argmax(axis=1)] > 0).all()


def test_a_null_takes_the_mean_of_its_column() -> None:
    rows = table()
    rows[::7, 1] = np.nan
    found = components(in_chunks(rows, 120), 4)
    known = rows[~np.isnan(rows[:, 1]), 1]
    assert found.mean[1] == pytest.approx(known.mean())
    assert found.scale[1] == pytest.approx(known.std())
    filled = rows.copy()
    filled[::7, 1] = known.mean()
    assert found.scores(rows, 4) == pytest.approx(found.scores(filled, 4))


def test_constant_and_empty_columns_have_no_loading() -> None:
    rows = np.column_stack([table()[:, :2], np.full(500, 3.0), np.full(500, np.nan)])
    found = components(in_chunks(rows, 120), 4)
    assert found.constant.tolist() == [False, False, True, True]
    assert found.loadings.shape == (2, 4)
    assert (found.loadings[:, 2:] == 0).all()
    assert found.variance == pytest.approx(components(in_chunks(rows[:, :2], 120), 2).variance)


def test_chunks_do_not_matter() -> None:
    whole, parts = (components(in_chunks(table(), size), 4) for size in (500, 33))
    assert whole.loadings == pytest.approx(parts.loadings)


def test_one_customer_has_no_components() -> None:
    rows = table()[:1]
    found = components(in_chunks(rows, 1), 4)
    assert found.variance.shape == (0,)
    assert found.scores(rows, 2).tolist() == [[0.0, 0.0]]
