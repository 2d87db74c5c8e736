"""How far a feature's distribution has moved: the population stability index.

PSI = sum over bins of (q - p) ln(q / p), p and q being the bins' shares in the first and the second period (Lewis, An
Introduction to Credit Scoring, 1994; Siddiqi, Credit Risk Scorecards, 2006, whose rule of thumb is: under 0.1 no
change, to 0.25 some, above it a shift). The bins are the deciles of the first period. Equal values share a bin, so
a feature with many ties has fewer bins, and one that was constant has three: below, at and above its value.
NaN is a bin of its own when either period has any. Shares are smoothed, (count + 0.5) / (n + bins / 2), so that an
empty bin is no infinity.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bestiary.segments.transform import Floats

BINS = 10
SMOOTHING = 0.5


@dataclass(frozen=True)
class Drift:
    """The index of one feature and what it is made of.

    `edges` (b - 1,) end the bins, each belonging to the bin below it; `first` and `second` are the smoothed shares of
    the bins, with one more at the end for NaN when there is any.
    """

    feature: str
    psi: float
    edges: tuple[float, ...]
    first: tuple[float, ...]
    second: tuple[float, ...]


def drift(first: Floats, second: Floats, names: Sequence[str]) -> tuple[Drift, ...]:
    """The index of each of d features between two periods' customers (n, d) and (m, d), n and m >= 1."""
    return tuple(_drift(name, first[:, column], second[:, column]) for column, name in enumerate(names))


def _drift(name: str, first: Floats, second: Floats) -> Drift:
    edges = decile_edges(first)
    missing = bool(np.isnan(first).any() or np.isnan(second).any())
    p, q = (_shares(values, edges, missing) for values in (first, second))
    psi = float(((q - p) * np.log(q / p)).sum())
    return Drift(name, psi, tuple(edges.tolist()), tuple(p.tolist()), tuple(q.tolist()))


def decile_edges(values: Floats) -> Floats:
    """The inner deciles of (n,) values, each a value that occurs, without repeats and without the largest value."""
    known = values[~np.isnan(values)]
    if not len(known):
        return np.empty(0)
    inner = np.quantile(known, np.arange(1, BINS) / BINS, method="inverted_cdf")
    largest = known.max()
    if known.min() == largest:
        return np.array([np.nextafter(largest, -np.inf), largest])
    return np.unique(inner[inner < largest])


def _shares(values: Floats, edges: Floats, missing: bool) -> Floats:
    known = values[~np.isnan(values)]
    counts = np.bincount(np.searchsorted(edges, known, side="left"), minlength=len(edges) + 1).astype(np.float64)
    if missing:
        counts = np.append(counts, len(values) - len(known))
    return np.asarray((counts + SMOOTHING) / (len(values) + SMOOTHING * len(counts)))
