"""What a comparison found, as plain values: a figure that is not defined is None, never 0."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Record = dict[str, Any]
Kind = Literal["segments", "segments_and_distances", "baseline", "expected", "ceiling"]


@dataclass(frozen=True)
class Entry:
    """Who is measured: a segmentation's hard labels, its labels and distances, a baseline, and so on."""

    name: str
    kind: Kind


@dataclass(frozen=True)
class Figure:
    """A value and its 95 % interval; all None where it is not defined."""

    value: float | None
    low: float | None
    high: float | None

    def record(self) -> Record:
        """Plain values."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Measured:
    """One scorer, on how many halves it was measured, and its figures by name.

    `of_ceiling`: its Gini over the ceiling's, and what its average precision gains on the share who bought, over
    what the ceiling's gains; on the halves that the ceiling was measured on.
    """

    name: str
    kind: Kind
    halves: int
    metrics: Mapping[str, Figure]
    of_ceiling: Mapping[str, Figure]

    def record(self) -> Record:
        """Plain values."""
        figures = {name: figure.record() for name, figure in self.metrics.items()}
        shares = {name: figure.record() for name, figure in self.of_ceiling.items()}
        about = {"name": self.name, "kind": self.kind, "halves": self.halves}
        return about | {"metrics": figures, "of_ceiling": shares}


@dataclass(frozen=True)
class Difference:
    """A scorer's figure less a baseline's, on the same customers."""

    name: str
    kind: Kind
    baseline: str
    metric: str
    figure: Figure

    @property
    def too_small(self) -> bool:
        """Whether the sample is too small to say which is better: the interval contains 0, or is not known."""
        low, high = self.figure.low, self.figure.high
        return low is None or high is None or low <= 0 <= high

    def record(self) -> Record:
        """Plain values."""
        where = {"name": self.name, "kind": self.kind, "baseline": self.baseline, "metric": self.metric}
        return where | self.figure.record() | {"too_small_to_say": self.too_small}


@dataclass(frozen=True)
class Lift:
    """A segment's mean revenue over that of all customers; above 1 it brings more than its share."""

    segment: int
    customers: int
    figure: Figure

    def record(self) -> Record:
        """Plain values."""
        return {"segment": self.segment, "customers": self.customers} | self.figure.record()


@dataclass(frozen=True)
class Comparison:
    """`customers` compared, the share `base` who bought again, the number of `halves`, and the findings."""

    customers: int
    base: float
    halves: int
    scorers: tuple[Measured, ...]
    differences: tuple[Difference, ...]
    lifts: Mapping[str, tuple[Lift, ...]]

    def figure(self, name: str, metric: str, kind: str | None = None) -> Figure:
        """A scorer's figure; `kind` tells a segmentation's labels from its labels and distances."""
        return self.scorer(name, kind).metrics[metric]

    def scorer(self, name: str, kind: str | None = None) -> Measured:
        """A scorer by name; `kind` as for `figure`."""
        return next(one for one in self.scorers if one.name == name and kind in (None, one.kind))

    def difference(self, name: str, baseline: str, metric: str, kind: str = "segments") -> Difference:
        """A scorer's difference to a baseline."""
        asked = (name, kind, baseline, metric)
        return next(one for one in self.differences if (one.name, one.kind, one.baseline, one.metric) == asked)

    def record(self) -> Record:
        """The findings in the layout of `evaluation.json`."""
        return {
            "customers": self.customers,
            "share_who_bought": self.base,
            "halves": self.halves,
            "scorers": [one.record() for one in self.scorers],
            "differences": [one.record() for one in self.differences],
            "lifts": {name: [one.record() for one in lifts] for name, lifts in self.lifts.items()},
        }
