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

    An answer that says nothing in whole numbers (bought at least once) is left out. Raises ModelError where the row
    cannot be placed, and KeyError where it lacks a column of the model.
    """
    tree = segmentation.tree
    if tree is None:
        return None
    values = [customer[column.source] for column in segmentation.columns]
    features = np.array([[math.nan if value is None else float(value) for value in values]])
    found = segmentation.leaves(features)
    assert found is not None  # noqa: S101 - there is a tree
    above = {child: node for node in tree.nodes for child in (node.left, node.right) if child is not None}
    columns = tuple((column.name, column.source) for column in segmentation.columns)
    leaf = at = tree.nodes[int(found[0])]
    answers: list[Words] = []
    while at.id in above:
        parent = above[at.id]
        assert parent.column is not None and parent.threshold is not None  # noqa: S101, PT018 - an inner node
        bounds = Bounds(high=parent.threshold) if parent.left == at.id else Bounds(low=parent.threshold)
        told = raw(bounds, parent.column, columns, segmentation.transform)
        said = condition(parent.column, dict(columns)[parent.column], told, currency)
        answers += [said] if said else []
        at = parent
    return Route(tuple(reversed(answers)), leaf.segment + segmentation.first, leaf.purity)
