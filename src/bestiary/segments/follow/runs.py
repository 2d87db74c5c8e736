"""Any two runs of a store set side by side; the customers of the later one, placed by both models, are the bridge."""

from datetime import date
from pathlib import Path

import numpy as np

from bestiary.config import Settings
from bestiary.errors import ConfigError
from bestiary.files import whole_parquet
from bestiary.segments.agreement import contingency
from bestiary.segments.follow.ageing import beside
from bestiary.segments.follow.between import Between
from bestiary.segments.follow.flows import count_flows, numbered, populations, segments, stored
from bestiary.segments.follow.match import Matching, Thresholds, match
from bestiary.segments.follow.older import aged_flows, recipes
from bestiary.segments.model import Model, Segmentation, load
from bestiary.segments.population import Population, opened


def compare_runs(earlier: Path, later: Path, settings: Settings, scratch: Path) -> Between:
    """Compare two runs' folders, which hold their customers, model and segments.

    Raises ConfigError where they are not of the same preset and windows, and as `load` and `opened` do. Memory: a
    table of customers within the engine's share, which spills into `scratch`, and some 50 bytes a customer.
    """
    old, new = load(earlier / "model.json"), load(later / "model.json")
    _alike(old, new)
    now, customers = date.fromisoformat(new.provenance.as_of), later / "customers.parquet"
    with opened(customers, now, recipes(new), settings, scratch=scratch) as people:
        matchings = tuple(
            _matched(was, now, some, Thresholds(margin=settings.choice.match_margin))
            for was, now, some in zip(populations(old.fitted), populations(new.fitted), people, strict=False)
        )
        before, after = (whole_parquet(one / "segments.parquet") for one in (earlier, later))
        k_old, k_new = len(segments(old.fitted)), len(segments(new.fitted))
        counts = count_flows(people[0].connection, stored(before), stored(after), k_old, k_new)
    heirs = numbered(old.fitted, new.fitted, matchings)
    expected = aged_flows(earlier / "customers.parquet", before, old, new, heirs, settings, scratch)
    ageing = None if expected is None else beside(expected[:k_old], counts[:k_old])
    return Between(old, new, matchings, tuple("matched" for _ in matchings), counts, ageing)


def _alike(old: Model, new: Model) -> None:
    asked = [(one.config.preset, one.config.windows) for one in (old, new)]
    if asked[0] != asked[1]:
        raise ConfigError(
            f"The runs as of {old.provenance.as_of} and {new.provenance.as_of} are not alike: "
            f"preset and windows are {asked[0]} and {asked[1]}.",
            do="Name two runs of the same preset and windows.",
        )


def _matched(old: Segmentation, new: Segmentation, people: Population, rules: Thresholds) -> Matching | None:
    """Match segments by the customers whom both models place; None where there is nobody, or a column is missing."""
    columns = [[column.source for column in one.columns] for one in (old, new)]
    if people.size == 0 or not {*columns[0]} <= {*people.columns}:
        return None
    sources = sorted({*columns[0], *columns[1]})
    table = np.zeros((old.partition.k, new.partition.k))
    for rows in people.chunks(sources):
        labels = [
            one.partition.place(one.transform.apply(rows[:, [sources.index(name) for name in some]])).segment
            for one, some in zip((old, new), columns, strict=True)
        ]
        table += contingency(labels[0], labels[1], *table.shape)
    return match(table, rules)
