"""From figures on halves and their resamples to findings with intervals."""

from collections.abc import Mapping, Sequence

import numpy as np

from bestiary.segments.transform import Floats, Ints
from bestiary.segments.worth.bootstrap import METRICS
from bestiary.segments.worth.findings import Comparison, Difference, Entry, Figure, Lift, Measured
from bestiary.segments.worth.metrics import Flags
from bestiary.segments.worth.scores import Outcome

SHARES = ("top_10", "top_20", "average_precision")
GINI, PRECISION = METRICS.index("gini"), METRICS.index("average_precision")


def gather(
    entries: Sequence[Entry],
    outcome: Outcome,
    exact: Floats,
    drawn: Floats,
    segments: Mapping[str, tuple[Floats, Floats, Ints]],
) -> Comparison:
    """Put findings together.

    `exact` (halves, entries, metrics) and `drawn` (halves, entries, metrics, resamples) are NaN where an entry
    was not measured; `segments` holds lifts (k,), their resamples (k, resamples) and labels (n,) by candidate.
    """
    base = float(outcome.bought.mean())
    return Comparison(
        len(outcome.revenue),
        base,
        len(exact),
        _measured(entries, exact, drawn, base),
        _differences(entries, _mean(exact), _mean(drawn)),
        {name: _lifts(*found) for name, found in segments.items()},
    )


def _measured(entries: Sequence[Entry], exact: Floats, drawn: Floats, base: float) -> tuple[Measured, ...]:
    values, replicates = _mean(exact), _mean(drawn)
    top = next(row for row, entry in enumerate(entries) if entry.kind == "ceiling")
    measured: Flags = np.isfinite(exact).any(axis=2)  # type: ignore[assignment]
    shares, share_replicates = _mean(exact[measured[:, top]]), _mean(drawn[measured[:, top]])

    def of_ceiling(row: int) -> dict[str, Figure]:
        return {
            METRICS[m]: figure(
                float(_over(shares[row, m] - floor, shares[top, m] - floor)),
                _over(share_replicates[row, m] - floor, share_replicates[top, m] - floor),
            )
            for m, floor in ((GINI, 0.0), (PRECISION, base))
        }

    return tuple(
        Measured(
            entry.name,
            entry.kind,
            int(measured[:, row].sum()),
            {metric: _within(figure(values[row, m], replicates[row, m]), metric) for m, metric in enumerate(METRICS)},
            of_ceiling(row),
        )
        for row, entry in enumerate(entries)
    )


def _within(found: Figure, metric: str) -> Figure:
    """The figure with its interval cut to what the metric can be: 1 at most, and a share 0 at least."""
    if found.low is None or found.high is None:
        return found
    least = 0.0 if metric in SHARES else -np.inf
    return Figure(found.value, max(found.low, least), min(found.high, 1.0))


def _differences(entries: Sequence[Entry], values: Floats, drawn: Floats) -> tuple[Difference, ...]:
    """Every segmentation and the expected value against every baseline, in every figure."""
    baselines = [(row, entry.name) for row, entry in enumerate(entries) if entry.kind == "baseline"]
    return tuple(
        Difference(
            entry.name,
            entry.kind,
            name,
            metric,
            figure(values[row, m] - values[base, m], drawn[row, m] - drawn[base, m]),
        )
        for row, entry in enumerate(entries)
        if entry.kind not in ("baseline", "ceiling")
        for base, name in baselines
        for m, metric in enumerate(METRICS)
    )


def _lifts(exact: Floats, drawn: Floats, labels: Ints) -> tuple[Lift, ...]:
    sizes = np.bincount(labels, minlength=len(exact))
    return tuple(Lift(one, int(sizes[one]), figure(exact[one], drawn[one])) for one in range(len(exact)))


def figure(value: float, drawn: Floats) -> Figure:
    """A value with its 95 % interval: quantiles of its resamples, moved so that their median is the value.

    A resample teaches less than the sample did, because its customers repeat, and the more so the more cells there
    are (125 cells lose 0.03 of R squared on CDNOW, 7 segments 0.007): unmoved, intervals would praise segments for
    being few (Efron and Tibshirani 1993, chapter 10; the median, since one resample of hardly any spread would carry
    a mean of R squared away, and the interval would not hold its own value). Resamples that are not a number are
    left out.
    """
    finite = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or not len(finite):
        return Figure(None, None, None)
    low, high = np.quantile(finite, [0.025, 0.975]) + (value - np.median(finite))
    return Figure(float(value), float(low), float(high))


def _over(above: Floats, below: Floats) -> Floats:
    ratio: Floats = np.divide(above, below, out=np.full(np.shape(above), np.nan), where=below > 0)
    return ratio


def _mean(values: Floats) -> Floats:
    """Mean over the first axis of what is a number; NaN where nothing is."""
    known = np.isfinite(values)
    total, count = np.where(known, values, 0.0).sum(axis=0), known.sum(axis=0)
    means: Floats = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return means
