"""A fit set beside the run before it, for its scorecard."""

from pathlib import Path

from bestiary.config import Settings
from bestiary.segments.assign import Moved, matchings
from bestiary.segments.follow.ageing import beside
from bestiary.segments.follow.between import Between
from bestiary.segments.follow.flows import numbered, segments
from bestiary.segments.follow.older import aged_flows
from bestiary.segments.history import History
from bestiary.segments.learn import Learned
from bestiary.segments.model import Model


def followed(
    history: History, learned: Learned, model: Model, moved: Moved, settings: Settings, scratch: Path
) -> Between | None:
    """The run before and this one; None without a run before. The engine spills into the folder `scratch`."""
    before = history.before
    if before is None or moved.flows is None:
        return None
    found = tuple(matchings(learned))
    groups = (learned.buyers, learned.visitors)
    carried = [one.carried if one else None for one in groups]
    ways = tuple(one.way if one else "matched" for one in carried)
    heirs = numbered(before.model.fitted, model.fitted, found)
    customers = before.segments.with_name("customers.parquet")
    expected = aged_flows(customers, before.segments, before.model, model, heirs, settings, scratch)
    k_old = len(segments(before.model.fitted))
    ageing = None if expected is None else beside(expected[:k_old], moved.flows[:k_old])
    return Between(before.model, model, found, ways, moved.flows, ageing)
