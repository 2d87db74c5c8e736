"""The whole judgement of one way to segment: every k over all customers, the null, stability, and the verdict.

The silhouettes are those of all customers. The null and the bootstrap samples use one seeded sample of at most
`Size.sample` customers. That extreme values do not decide is checked on that sample: the same is done with its top
0.1 % of customers by the last column left out, and both verdicts are compared (`extremes`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from bestiary.config import Choice
from bestiary.segments.choice.bins import Bins, compress
from bestiary.segments.choice.curve import ToPoints, labels
from bestiary.segments.choice.null import Null, null
from bestiary.segments.choice.silhouette import DIMENSIONS, Silhouette, silhouettes
from bestiary.segments.choice.stability import Stability, stability
from bestiary.segments.choice.verdict import Verdict, verdict
from bestiary.segments.partition import AnyPartition, Fit
from bestiary.segments.transform import Floats

EXTREME = 0.001
"""The share of customers, by the last column, without whom the choice is made once more."""
FEWEST = 60
"""With fewer customers, or fewer than three distinct ones, nothing is compared."""
Tell = Callable[[int], object]


@dataclass(frozen=True)
class Size:
    """What is drawn and gathered.

    All customers are learned from as at most `points` cells. The sample has at most `sample` customers in at most
    `cells` cells; beyond three columns, where cells are too coarse for silhouettes, the null has at
    most `wide` customers as they are.
    """

    points: int = 120_000
    sample: int = 20_000
    cells: int = 1_000
    wide: int = 1_500


DEFAULT = Size()


@dataclass(frozen=True)
class Judgement:
    """`partitions` {k: partition} and `curve` over all customers; `null`, None where there are too few; `stability`
    of the partitions; and the verdict.
    """

    partitions: dict[int, AnyPartition]
    curve: list[Silhouette]
    null: Null | None
    stability: list[Stability]
    verdict: Verdict


@dataclass(frozen=True)
class Extremes:
    """The verdicts on one sample, with everyone and without the top share of customers by the last column."""

    everyone: Verdict
    trimmed: Verdict

    @property
    def decide(self) -> bool:
        """Whether the word or the k is another without the extreme values."""
        return (self.everyone.word, self.everyone.k) != (self.trimmed.word, self.trimmed.k)


def rounds(rules: Choice) -> int:
    """How much a judgement tells when it compares: all customers once, then every curve and pair of samples."""
    return 2 + rules.draws + rules.pairs


def judge(
    rows: Floats,
    to_points: ToPoints,
    fit: Fit,
    ks: Sequence[int],
    rules: Choice,
    seed: int,
    *,
    size: Size = DEFAULT,
    tell: Tell = lambda _: None,
) -> Judgement:
    """Judge k in `ks`, growing, on raw rows (n, d), n >= 1.

    Partitions have their segments in the order in which `fit` gives them. `tell` hears 1 when all customers are
    measured, and of `rules.draws` + 1 curves and `rules.pairs` pairs; of less where nothing is compared.
    """
    points = to_points(rows)
    partitions, curve, most = modelled(points, fit, ks, seed, size)
    tell(1)
    values = {one.k: one.value for one in curve}
    if len(rows) < FEWEST or most < 3 or not any(value is not None for value in values.values()):
        return Judgement(partitions, curve, None, [], verdict(values, None, [], len(rows), most, rules))
    smooth, steady = _compared(rows, to_points, fit, partitions, rules, seed, size, tell)
    return Judgement(partitions, curve, smooth, steady, verdict(values, smooth, steady, len(rows), most, rules))


def extremes(
    rows: Floats,
    space: Callable[[Floats], ToPoints],
    fit: Fit,
    judged: Judgement,
    rules: Choice,
    seed: int,
    *,
    by: int = -1,
    size: Size = DEFAULT,
    tell: Tell = lambda _: None,
) -> Extremes | None:
    """Judge once more without the top `EXTREME` of customers by the column `by`; None where nothing was compared.

    Everything is learned anew without them, also the space: `space` learns it from raw rows.
    """
    if judged.null is None:
        return None
    rest = without_extremes(rows[drawn(len(rows), size.sample, seed)], by)
    to_points = space(rest)
    ks, most = judged.null.ks, max(judged.partitions)
    cells = compress(to_points(rest), np.ones(len(rest)), size.cells)
    again = _learned(cells, fit, ks, seed)
    trimmed = _compared(rest, to_points, fit, again, rules, seed, size, tell)

    def judge_sample(smooth: Null, steady: list[Stability]) -> Verdict:
        own = {k: float(v) if np.isfinite(v) else None for k, v in zip(smooth.ks, smooth.values, strict=True)}
        return verdict(own, smooth, steady, len(rows), most, rules)

    return Extremes(judge_sample(judged.null, judged.stability), judge_sample(*trimmed))


def _compared(
    rows: Floats,
    to_points: ToPoints,
    fit: Fit,
    partitions: dict[int, AnyPartition],
    rules: Choice,
    seed: int,
    size: Size,
    tell: Tell,
) -> tuple[Null, list[Stability]]:
    """The null and the stability on samples of rows (n, d), the null's a smaller one where there are many columns."""
    sample = rows[drawn(len(rows), size.sample, seed)]
    points = to_points(sample)
    wide = points.shape[1] > DIMENSIONS
    few = sample[drawn(len(sample), size.wide, seed)] if wide else sample
    ks = tuple(partitions)
    smooth = null(
        few,
        to_points,
        fit,
        ks,
        seed,
        draws=rules.draws,
        cells=len(few) if wide else size.cells,
        tell=tell,
    )
    steady = stability(points, partitions, fit, seed, pairs=rules.pairs, cells=size.cells, tell=tell)
    return smooth, steady


def modelled(
    points: Floats, fit: Fit, ks: Sequence[int], seed: int, size: Size = DEFAULT
) -> tuple[dict[int, AnyPartition], list[Silhouette], int]:
    """Partitions and silhouettes of all customers at points (n, p), and the number of cells that they are."""
    ones = np.ones(len(points))
    cells = compress(points, ones, size.points)
    partitions = _learned(cells, fit, ks, seed)
    labelings = {k: labels(one, points) for k, one in partitions.items()}
    return partitions, silhouettes(points, ones, labelings, seed), len(cells.points)


def _learned(cells: Bins, fit: Fit, ks: Sequence[int], seed: int) -> dict[int, AnyPartition]:
    return {k: fit(cells.points, cells.weights, k, seed) for k in ks if k <= len(cells.points)}


def drawn(customers: int, number: int, seed: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Places, growing, of at most `number` customers drawn without replacement."""
    if customers <= number:
        return np.arange(customers)
    return np.sort(np.random.default_rng(seed).choice(customers, number, replace=False)).astype(np.int64)


def without_extremes(rows: Floats, by: int = -1) -> Floats:
    """Rows without the top share, at least one, by a column that is never null; of equal ones the last go first."""
    leave = max(1, round(EXTREME * len(rows)))
    order = np.argsort(rows[:, by], kind="stable")
    return rows[np.sort(order[:-leave])]
