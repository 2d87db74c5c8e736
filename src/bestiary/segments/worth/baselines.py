"""The segmentations that need no learning, which any other has to beat: cells by quantiles, ties kept together."""

import numpy as np
from numpy.typing import NDArray

from bestiary.segments.candidates.rfm_grid import NAMES, grid
from bestiary.segments.transform import MONETARY, Floats, clip_refunds
from bestiary.segments.worth.scores import Cells


def quintile_cells(rfm: Floats) -> Cells:
    """The grid of 5 x 5 x 5 cells by quintiles of recency, frequency and monetary value (n, 3)."""
    scores = _quintiles(rfm)
    return Cells((scores @ np.array([25, 5, 1])).astype(np.int32), 125)


def named_grid(rfm: Floats) -> Cells:
    """The trade's eleven named cells of raw features (n, 3): the candidate `rfm_grid`, which learns nothing else."""
    found = grid(rfm, np.ones(len(rfm)), len(NAMES), 0)
    return Cells(found.place(rfm).segment, len(NAMES))


def monetary_deciles(rfm: Floats) -> Cells:
    """Ten cells by deciles of monetary value; equal values share a cell."""
    return Cells(_cut(clip_refunds(rfm)[:, MONETARY], 10).astype(np.int32), 10)


def _quintiles(rfm: Floats) -> NDArray[np.int64]:
    """Scores 0 to 4 (n, 3), 4 for the latest, most frequent and highest."""
    turned = rfm * np.array([-1.0, 1.0, 1.0])
    return np.column_stack([_cut(turned[:, number], 5) for number in range(3)])


def _cut(values: Floats, parts: int) -> NDArray[np.int64]:
    """How many of the inner quantiles lie strictly below each value, 0..parts - 1: ties stay together."""
    inner = np.quantile(values, np.arange(1, parts) / parts)
    return np.searchsorted(inner, values, side="left")
