"""Principal components of the standardised numeric columns.

Jolliffe (2002), "Principal Component Analysis", chapter 2, on the correlation matrix. A null takes its
column's mean, which is 0 once standardised; a constant column is 0 everywhere and has no loading. Two
passes over chunks of rows, so memory does not grow with the number of customers.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bestiary.segments.transform import Floats

Bools = NDArray[np.bool_]

Chunks = Callable[[], Iterator[Floats]]
"""Gives the rows again from the start, a chunk (m, d) at a time, NaN for null."""


@dataclass(frozen=True)
class Components:
    """`mean` and `scale` (d,) of the columns; `variance` and `ratio` (c,) explained, largest first; `loadings` (c, d).

    Loadings are unit vectors; the loading of largest size in each (the first of equals) is positive. c is
    the number of columns that vary; `constant` (d,) marks the others.
    """

    mean: Floats
    scale: Floats
    constant: Bools
    variance: Floats
    ratio: Floats
    loadings: Floats

    def scores(self, rows: Floats, components: int) -> Floats:
        """Coordinates (m, components) of rows (m, d), NaN for null; 0 for a component that does not exist."""
        found = _standardised(rows, self.mean, self.scale) @ self.loadings[:components].T
        return np.pad(found, ((0, 0), (0, components - found.shape[1])))


def components(chunks: Chunks, width: int) -> Components:
    """Learn the components of `width` columns; at least one row is expected.

    The explained variance divides by n - 1, as scikit-learn does.
    """
    rows, mean, constant = _means(chunks, width)
    products = np.zeros((width, width))
    known = np.zeros(width)
    for chunk in chunks():
        centred = np.where(np.isnan(chunk), 0.0, chunk - mean)
        products += np.einsum("ij,ik->jk", centred, centred)
        known += (~np.isnan(chunk)).sum(axis=0)
    scale = np.sqrt(np.diag(products) / np.maximum(known, 1))
    scale[constant] = 0.0
    kept = np.flatnonzero(~constant)
    correlation = products[np.ix_(kept, kept)] / np.outer(scale[kept], scale[kept]) / max(rows - 1, 1)
    values, vectors = np.linalg.eigh(correlation)
    variance = np.maximum(values[::-1], 0.0)
    loadings = np.zeros((len(kept), width))
    loadings[:, kept] = vectors.T[::-1]
    largest = np.argmax(np.round(np.abs(loadings), 9), axis=1) if len(kept) else np.zeros(0, dtype=np.intp)
    loadings *= np.where(loadings[np.arange(len(kept)), largest] < 0, -1.0, 1.0)[:, None]
    ratio = variance / variance.sum() if len(kept) else variance
    return Components(mean, scale, constant, variance, ratio, loadings)


def _means(chunks: Chunks, width: int) -> tuple[int, Floats, Bools]:
    """Number of rows, column means over what is known (0 where nothing is), and which columns do not vary."""
    rows, total, known = 0, np.zeros(width), np.zeros(width)
    low, high = np.full(width, np.inf), np.full(width, -np.inf)
    for chunk in chunks():
        rows += len(chunk)
        total += np.nansum(chunk, axis=0)
        known += (~np.isnan(chunk)).sum(axis=0)
        low = np.fmin(low, np.fmin.reduce(chunk, axis=0))
        high = np.fmax(high, np.fmax.reduce(chunk, axis=0))
    return rows, total / np.maximum(known, 1), low >= high


def _standardised(rows: Floats, mean: Floats, scale: Floats) -> Floats:
    divided = np.divide(rows - mean, scale, out=np.zeros(rows.shape), where=scale > 0)
    return np.where(np.isnan(divided), 0.0, divided)
