"""Why one customer is where they are: the way through the explaining tree, question by question, in words."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from bestiary.segments.model import Segmentation
from bestiary.segments.rules import raw
from bestiary.segments.wording import Bounds, Words, condition


@dataclass(frozen=True)
class Route:
    """What the customer answered on the way, the segment at its end, and the purity there (0 to 1, or None)."""

    answers: tuple[Words, ...]
    segment: int
    purity: float | None


def route(segmentation: Segmentation, customer: Mapping[str, Any], currency: str) -> Route | None:
    """The way of one row of the customer table through the tree of its population; None where there is no tree.

    Raises ModelError where the row cannot be placed, and KeyError where it lacks a column of the model.
    """
    if segmentation.tree is None:
        return None
    values = [customer[column.source] for column in segmentation.columns]
    features = np.array([[math.nan if value is None else float(value) for value in values]])
    found = segmentation.leaves(features)
    assert found is not None  # noqa: S101 - there is a tree
    return routes(segmentation, currency)[int(found[0])]


def routes(segmentation: Segmentation, currency: str) -> dict[int, Route]:
    """The way to each leaf of the explaining tree, by the number of its node; nothing without a tree.

    An answer that says nothing in whole numbers (bought at least once) is left out.
    """
    nodes = segmentation.tree.nodes if segmentation.tree else ()
    columns = tuple((column.name, column.source) for column in segmentation.columns)
    answers: dict[int, tuple[Words, ...]] = {0: ()}
    found = {}
    for node in nodes:  # a child comes after its parent
        if node.column is None or node.threshold is None or node.left is None or node.right is None:
            found[node.id] = Route(answers[node.id], node.segment + segmentation.first, node.purity)
            continue
        sides = ((node.left, Bounds(high=node.threshold)), (node.right, Bounds(low=node.threshold)))
        for child, bounds in sides:
            told = raw(bounds, node.column, columns, segmentation.transform)
            said = condition(node.column, dict(columns)[node.column], told, currency)
            answers[child] = (*answers[node.id], said) if said else answers[node.id]
    return found
