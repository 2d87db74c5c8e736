"""What the replay of past months is made of: the buyers of a month, how they are segmented, what that is worth."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np

from bestiary.config import Settings
from bestiary.segments.candidates import named
from bestiary.segments.choice.bins import compress
from bestiary.segments.choice.judge import Size
from bestiary.segments.follow.cadence import Cadence, Month, Place, cadence
from bestiary.segments.frame import framed
from bestiary.segments.model import Model
from bestiary.segments.population import opened
from bestiary.segments.presets import recipe
from bestiary.segments.transform import Floats, Ints
from bestiary.segments.worth.metrics import gini

OUTCOME = "outcome_value"
FEWEST = 50
"""With fewer buyers than this a month is not replayed."""
HALVES = 5


def month(customers: Path, at: date, model: Model, settings: Settings, *, known: bool) -> Month | None:
    """The buyers of a table of earlier customers with the model's columns; None where they are too few.

    `known` says that the outcome in the table is whole. Nobody's revenue counts as an unknown outcome.
    """
    one, chosen = recipe(model.config.preset, model.config.windows), model.fitted.buyers
    candidate = named((chosen.candidate,))[0]
    with opened(customers, at, [one], settings, [OUTCOME]) as populations:
        people = populations[0]
        if people.size < FEWEST:
            return None
        rows = framed(people, one, wide=candidate.columns == "all").of(candidate)
        revenue = people.values([OUTCOME])[:, 0]
    return Month(at, rows, revenue if known and revenue.sum() > 0 else None)


def replay(months: Sequence[Month], model: Model, settings: Settings) -> Cadence:
    """Replay months, in the order of their dates, with the candidate and k that a model's buyers have."""
    names = [column.name for column in model.fitted.buyers.columns]
    rules = settings.choice
    return cadence(
        months,
        lambda rows: _fitted(rows, model),
        lambda labels, revenue: held_out_gini(labels, revenue, model.config.seed),
        rules.cadence_agreement,
        rules.cadence_loss,
        names,
    )


def _fitted(rows: Floats, model: Model) -> Place:
    """Learn from rows (n, d) as the model's candidate does, with its k."""
    candidate, k = named((model.fitted.buyers.candidate,))[0], model.fitted.buyers.partition.k
    transform = candidate.transform(rows)
    cells = compress(transform.apply(rows), np.ones(len(rows)), Size().points)
    partition = candidate.fit(cells.points, cells.weights, min(k, len(cells.points)), model.config.seed)
    return lambda others: partition.place(transform.apply(others)).segment


def held_out_gini(labels: Ints, revenue: Floats, seed: int) -> float:
    """Normalised Gini of labels (n,) for revenue (n,): ranked on a half of the customers, measured on the other.

    The mean over `HALVES` seeded halves, both ways; a half without revenue does not count. NaN where none does.
    """
    rng = np.random.default_rng(seed)
    k = int(labels.max()) + 1
    found = []
    for _ in range(HALVES):
        order = rng.permutation(len(labels))
        parts = order[: len(order) // 2], order[len(order) // 2 :]
        for learned, tested in (parts, parts[::-1]):
            people = np.bincount(labels[learned], minlength=k)
            sums = np.bincount(labels[learned], weights=revenue[learned], minlength=k)
            found.append(gini((sums / np.maximum(people, 1))[labels[tested]], revenue[tested]))
    defined = [one for one in found if np.isfinite(one)]
    return float(np.mean(defined)) if defined else float("nan")
