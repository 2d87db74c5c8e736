"""The tree in words: one rule for each part of the customers that it calls one segment.

Conditions on the same column are merged into one interval, branches that end in the same segment into one
rule, and scores are told as what they mean in days, sessions and money, so that nobody needs to know the
model. A condition that excludes none of the customers who satisfy the rule's other conditions is not told: on the
customers that the rules were made from, they still say of everyone, once, what the tree says.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bestiary.segments.transform import AnyTransform, Floats, QuartileScores
from bestiary.segments.tree import Node
from bestiary.segments.wording import Bounds, Words, condition

EVERYONE = {"en": "every customer", "fr": "tous les clients"}
Columns = tuple[tuple[str, str], ...]


Region = dict[str, Bounds]


def rules(
    nodes: tuple[Node, ...],
    columns: Columns,
    transform: AnyTransform,
    currency: str,
    rows: Floats | None = None,
) -> list[dict[str, Any]]:
    """The rules, by segment and then by number of customers, each as segment, text, customers and purity.

    `columns` are role and source of what the tree splits on; `currency` may be empty. `rows` (n, d) hold the same
    columns of the segmented customers; without them no condition is dropped.
    """
    found = []
    for node, bounds in regions(nodes, columns, rows):
        phrases = [
            phrase
            for role, source in columns
            if role in bounds
            and (phrase := condition(role, source, raw(bounds[role], role, columns, transform), currency))
        ]
        found.append(
            {
                "segment": node.segment,
                "text": _joined(phrases),
                "customers": node.customers,
                "purity": node.purity,
            }
        )
    return sorted(found, key=lambda rule: (rule["segment"], -rule["customers"]))


def regions(nodes: tuple[Node, ...], columns: Columns, rows: Floats | None) -> list[tuple[Node, Region]]:
    """What each rule asks: the node that it stands for, and bounds by role, without those that `rows` do not need."""
    found = list(_leaves(nodes, 0, {}))
    if rows is None:
        return found
    roles = [role for role, _ in columns]
    return [(node, _needed(bounds, roles, rows)) for node, bounds in found]


def _needed(bounds: Region, roles: list[str], rows: Floats) -> Region:
    """The bounds without each that excludes nobody whom the others leave; later columns are looked at first."""
    asked = {
        (role, side): rows[:, roles.index(role)] > one.low if side == "low" else rows[:, roles.index(role)] <= one.high
        for role, one in sorted(bounds.items(), key=lambda item: -roles.index(item[0]))
        for side in ("low", "high")
    }
    for key in list(asked):
        others: NDArray[np.bool_] = np.ones(len(rows), dtype=bool)
        for other, holds in asked.items():
            if other != key:
                others &= holds
        if asked[key][others].all():
            del asked[key]
    return {
        role: Bounds(
            one.low if (role, "low") in asked else -math.inf, one.high if (role, "high") in asked else math.inf
        )
        for role, one in bounds.items()
    }


def _leaves(nodes: tuple[Node, ...], at: int, bounds: dict[str, Bounds]) -> Iterator[tuple[Node, dict[str, Bounds]]]:
    node = nodes[at]
    if node.column is None or len(_segments(nodes, at)) == 1:
        yield node, bounds
        return
    assert node.left is not None  # noqa: S101 - an inner node has both, by validation
    assert node.right is not None  # noqa: S101
    assert node.threshold is not None  # noqa: S101
    now = bounds.get(node.column, Bounds())
    yield from _leaves(nodes, node.left, bounds | {node.column: Bounds(now.low, min(now.high, node.threshold))})
    yield from _leaves(nodes, node.right, bounds | {node.column: Bounds(max(now.low, node.threshold), now.high)})


def _segments(nodes: tuple[Node, ...], at: int) -> set[int]:
    """The segments of the leaves under a node."""
    node = nodes[at]
    if node.left is None or node.right is None:
        return {node.segment}
    return _segments(nodes, node.left) | _segments(nodes, node.right)


def raw(bounds: Bounds, role: str, columns: Columns, transform: AnyTransform) -> Bounds:
    """Bounds on a score as bounds on the value that it was made of; bounds on a value as they are.

    A score of at least s means a value above quartile s - 1; reversed, a value of at most quartile 5 - s.
    """
    if not isinstance(transform, QuartileScores):
        return bounds
    number = [name for name, _ in columns].index(role)
    quartiles = (-math.inf, *transform.quartiles[number], math.inf)
    least = 1 if bounds.low == -math.inf else max(1, math.floor(bounds.low) + 1)
    most = 4 if bounds.high == math.inf else min(4, math.floor(bounds.high))
    if transform.reversed[number]:
        return Bounds(quartiles[4 - most], quartiles[5 - least])
    return Bounds(quartiles[least - 1], quartiles[most])


def _joined(phrases: list[Words]) -> Words:
    """The phrases as one rule; frequency is said first, as people do."""
    if not phrases:
        return EVERYONE
    ordered = sorted(phrases, key=lambda phrase: not phrase["en"].startswith(("bought", "came")))
    return {language: ", ".join(phrase[language] for phrase in ordered) for language in ("en", "fr")}
