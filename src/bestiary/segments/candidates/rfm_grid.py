"""The trade's eleven named cells of recency against frequency and monetary value, by quintiles: a baseline.

The names are those that e-commerce tools share (champions, loyal customers, ... lost); their borders differ from tool
to tool, and these are ours: recency score 1 to 5 across, the mean of the other two scores up.
"""

import numpy as np

from bestiary.segments.candidates.candidate import Candidate
from bestiary.segments.candidates.tree import unchanged
from bestiary.segments.cells import Cells
from bestiary.segments.partition import AnyPartition
from bestiary.segments.transform import Floats

QUINTILES = (0.2, 0.4, 0.6, 0.8)
NAMES = (
    {"en": "champions", "fr": "champions"},
    {"en": "loyal customers", "fr": "clients fidèles"},
    {"en": "potential loyalists", "fr": "fidèles en puissance"},
    {"en": "new customers", "fr": "nouveaux clients"},
    {"en": "promising", "fr": "prometteurs"},
    {"en": "need attention", "fr": "à surveiller"},
    {"en": "about to sleep", "fr": "sur le point de s'endormir"},
    {"en": "cannot lose them", "fr": "à ne pas perdre"},
    {"en": "at risk", "fr": "à risque"},
    {"en": "hibernating", "fr": "en hibernation"},
    {"en": "lost", "fr": "perdus"},
)
CELLS = (
    (10, 10, 8, 8, 7),  # recency 1: longest gone; frequency and monetary value from 1 to 5
    (9, 9, 8, 8, 7),
    (6, 6, 5, 1, 1),
    (4, 2, 2, 1, 0),
    (3, 2, 2, 0, 0),
)


def grid(points: Floats, weights: Floats, _k: int, _seed: int) -> AnyPartition:
    """The cells by weighted quintiles of (m, 3) raw points: the least value that at least that share is at or under."""
    edges = []
    for column in points.T:
        order = np.argsort(column, kind="stable")
        reached = np.cumsum(weights[order]) / weights.sum()
        places = np.searchsorted(reached, np.array(QUINTILES) - 1e-12)
        edges.append(tuple(column[order][places].tolist()))
    return Cells(edges=(edges[0], edges[1], edges[2]), cells=CELLS)


CANDIDATE = Candidate(
    name="rfm_grid",
    order=6,
    title={"en": "eleven named RFM cells by quintiles", "fr": "onze cases RFM nommées, par quintiles"},
    columns="rfm",
    transform=unchanged,
    fit=grid,
    chooses="fixed",
    cells=NAMES,
)
