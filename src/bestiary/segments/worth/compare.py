"""Segmentations beside baselines and a ceiling, on customers whose outcome they have not seen.

Customers are split in halves; every scorer learns on one and is measured on the other, both ways, repeatedly.
A figure is the mean over the halves, its 95 % interval the percentiles of a bootstrap over customers, paired for
differences: over 80 simulated shops of 1,500 customers, those of 36 differences held the mean difference in 89 to
100 % of shops, 95 % on average. The ceiling, which is slow, is measured on the first `CEILING` repeats only.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from bestiary.errors import PopulationError
from bestiary.segments.transform import FREQUENCY, MONETARY, Floats, Ints
from bestiary.segments.worth import baselines, bootstrap, scores
from bestiary.segments.worth.bootstrap import METRICS, Half, Sheet
from bestiary.segments.worth.expected import log_columns
from bestiary.segments.worth.findings import Comparison, Entry
from bestiary.segments.worth.gather import gather
from bestiary.segments.worth.metrics import average_precision, gini, lift, log_revenue, r_squared, top_share
from bestiary.segments.worth.resampled_cells import CellSheet, cell_sheet
from bestiary.segments.worth.scores import Cells, Outcome, Rows, Scorer, Scores

MOST = 50_000
"""Above this many customers a seeded sample of them is compared."""
FEWEST = 50
REPEATS, CEILING, RESAMPLES, CHUNK = 5, 2, 500, 100
BASELINES = ("grid", "quintile_cells", "frequency", "monetary_deciles", "monetary")


@dataclass(frozen=True)
class Candidate:
    """A segmentation of the n customers: `labels` (n,) of `k` segments, `distances` (n, k) where it has them."""

    name: str
    labels: Ints
    k: int
    distances: Floats | None = None


def compare(
    candidates: Sequence[Candidate],
    rfm: Floats,
    wide: Floats,
    outcome: Outcome,
    seed: int,
    repeats: int = REPEATS,
    resamples: int = RESAMPLES,
) -> Comparison:
    """Measure candidates on n customers: `rfm` (n, 3) raw, `wide` (n, d) all columns with NaN for null.

    Raises PopulationError below `FEWEST` customers.
    """
    from threadpoolctl import threadpool_limits

    if len(rfm) < FEWEST:
        raise PopulationError(
            f"{len(rfm)} customers are too few to say what segments are worth.",
            allowed=f"At least {FEWEST} customers with a window before and after the date are needed.",
        )
    rng = np.random.default_rng(seed)
    kept = np.arange(len(rfm))
    if len(kept) > MOST:
        kept = np.sort(rng.choice(len(kept), MOST, replace=False))
    chosen = [
        Candidate(one.name, one.labels[kept], one.k, None if one.distances is None else one.distances[kept])
        for one in candidates
    ]
    outcome = Outcome(outcome.revenue[kept], outcome.bought[kept])
    found = _entries(chosen, rfm[kept], wide[kept])
    entries, scorers = [entry for entry, _ in found], [scorer for _, scorer in found]
    splits = _splits(len(kept), repeats, rng)
    with threadpool_limits(limits=1), ThreadPoolExecutor(2) as pool:
        tested = list(
            pool.map(lambda one: _measure(entries, scorers, outcome, splits[one], one, seed), range(len(splits)))
        )
        drawn, lifts = _resample(tested, chosen, outcome, resamples, rng, pool)
    exact = np.array([one.figures for one in tested])
    segments = {one.name: (lift(one.labels, outcome.revenue, one.k), lifts[one.name], one.labels) for one in chosen}
    return gather(entries, outcome, exact, drawn, segments)


def _entries(candidates: Sequence[Candidate], rfm: Floats, wide: Floats) -> list[tuple[Entry, Scorer]]:
    found: list[tuple[Entry, Scorer]] = [(Entry(one.name, "segments"), Cells(one.labels, one.k)) for one in candidates]
    found += [
        (Entry(one.name, "segments_and_distances"), scores.segments_and_distances(one.labels, one.distances))
        for one in candidates
        if one.distances is not None
    ]
    known: dict[str, Scorer] = {
        "grid": baselines.named_grid(rfm),
        "quintile_cells": baselines.quintile_cells(rfm),
        "frequency": scores.one_column(rfm[:, FREQUENCY]),
        "monetary_deciles": baselines.monetary_deciles(rfm),
        "monetary": scores.one_column(rfm[:, MONETARY]),
    }
    found += [(Entry(name, "baseline"), known[name]) for name in BASELINES]
    found.append((Entry("expected", "expected"), scores.Regression(log_columns(rfm))))
    return [*found, (Entry("ceiling", "ceiling"), scores.Ceiling(wide))]


def _splits(n: int, repeats: int, rng: np.random.Generator) -> list[tuple[Rows, Rows]]:
    """Rows to learn from and rows to test, both directions of each repeat; rows in their own order."""
    found = []
    for _ in range(repeats):
        order = rng.permutation(n)
        one, other = np.sort(order[: n // 2]), np.sort(order[n // 2 :])
        found += [(one, other), (other, one)]
    return found


@dataclass(frozen=True)
class _Tested:
    """One half: figures (scorers, `METRICS`), NaN for a ceiling that is not measured here, and the sheets."""

    figures: Floats
    shared: Half
    sheets: list[Sheet | CellSheet]


def _measure(
    entries: Sequence[Entry],
    scorers: Sequence[Scorer],
    outcome: Outcome,
    split: tuple[Rows, Rows],
    number: int,
    seed: int,
) -> _Tested:
    learn, test = split
    figures = np.full((len(entries), len(METRICS)), np.nan)
    sheets: list[Sheet | CellSheet] = []
    for row, entry in enumerate(entries):
        if entry.kind == "ceiling" and number >= 2 * CEILING:
            continue
        scorer = scorers[row]
        scored = scorer.score(outcome, learn, test, seed)
        figures[row] = _figures(scored, outcome, test)
        if isinstance(scorer, Cells):
            sheets.append(cell_sheet(scorer, outcome, learn, test))
        else:
            sheets.append(bootstrap.sheet(scored, outcome, test))
    return _Tested(figures, bootstrap.half(outcome, learn, test), sheets)


def _figures(scored: Scores, outcome: Outcome, test: Rows) -> tuple[float, ...]:
    revenue = outcome.revenue[test]
    return (
        gini(scored.value, revenue),
        r_squared(scored.logs, log_revenue(revenue)),
        top_share(scored.value, revenue, 0.1),
        top_share(scored.value, revenue, 0.2),
        average_precision(scored.chance, outcome.bought[test]),
    )


def _resample(
    tested: Sequence[_Tested],
    candidates: Sequence[Candidate],
    outcome: Outcome,
    resamples: int,
    rng: np.random.Generator,
    pool: ThreadPoolExecutor,
) -> tuple[Floats, dict[str, Floats]]:
    """Figures (halves, scorers, `METRICS`, resamples), NaN where not measured, and lifts (k, resamples)."""
    out = np.full((len(tested), *tested[0].figures.shape, resamples), np.nan)
    lifts = {one.name: np.empty((one.k, resamples)) for one in candidates}
    for start in range(0, resamples, CHUNK):
        part = slice(start, min(start + CHUNK, resamples))
        weights = bootstrap.draws(len(outcome.revenue), part.stop - start, rng)
        jobs = [pool.submit(bootstrap.weigh, one.shared, one.sheets, weights) for one in tested]
        for number, job in enumerate(jobs):
            found = job.result()
            out[number, : len(found), :, part] = found
        for one in candidates:
            lifts[one.name][:, part] = bootstrap.lifts(one.labels, one.k, outcome.revenue, weights)
    return out, lifts
