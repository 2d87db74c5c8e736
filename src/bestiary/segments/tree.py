"""A decision tree that relearns the segments, so that they can be told in words.

Breiman, Friedman, Olshen and Stone (1984), "Classification and Regression Trees"; scikit-learn grows it, `draft` cuts
and polishes it, and what is kept is a list of nodes: data that any language can walk. How well it agrees with the
segments on customers that it was not grown on is its fidelity (see `fidelity`), not predictive accuracy.

A tree of few leaves per segment is the best of `STARTS` trees grown large, cut back and polished, all but two of them
with some columns left out by chance at each node. Best-first growth to as many leaves was 0.5 to 5 points less
faithful.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from bestiary.config import Frozen
from bestiary.segments.draft import LEAF, Draft, polish, prune, read_easily
from bestiary.segments.transform import Finite, Floats, Ints

STARTS = 8
LARGE = 20
"""Leaves per segment of a tree before it is cut back."""
SAMPLE = 30_000
"""Customers that a tree of few leaves is shaped on, of those that it may be grown on."""
FEW = 8
"""So many customers go down a tree one by one, which is quicker than asking every node of all: a fiftieth for one."""


class Node(Frozen):
    """One node; a leaf has no column. A value at or under the threshold goes left.

    `segment` is the majority in the training part, the lowest on a tie. `customers` counts the segmented
    customers who come by, and `purity` is the share of them who are in `segment` (null when nobody does).
    """

    id: Annotated[int, Field(ge=0)]
    column: str | None
    threshold: Finite | None
    left: int | None
    right: int | None
    segment: Annotated[int, Field(ge=0)]
    customers: Annotated[int, Field(ge=0)]
    purity: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] | None


@dataclass(frozen=True)
class Shape:
    """How far a tree may grow, so that its rules stay worth reading.

    `least_share` is the least share of the training customers that a leaf holds, unless a whole segment is smaller.
    """

    depth: int
    leaves_per_segment: int | None = None
    least_share: float = 0.0


@dataclass(frozen=True)
class Split:
    """Row numbers of the training and the held-out part; whether both keep the shares of the segments."""

    train: NDArray[np.int64]
    test: NDArray[np.int64]
    stratified: bool


@dataclass(frozen=True)
class Tree:
    """`nodes` from the root down; `shares` (nodes, k), each segment's share of the training customers."""

    nodes: tuple[Node, ...]
    shares: Floats

    def walk(self, rows: Floats, columns: tuple[str, ...]) -> NDArray[np.int64]:
        """The leaf (n,) that each row (n, d) of these columns comes to."""
        return walk(self.nodes, rows, columns)


def walk(nodes: tuple[Node, ...], rows: Floats, columns: tuple[str, ...]) -> NDArray[np.int64]:
    """The leaf (n,) of each row (n, d); `nodes` are numbered by their place. What is NaN goes right."""
    if len(rows) <= FEW:
        return np.array([_leaf(nodes, dict(zip(columns, row, strict=True))) for row in rows.tolist()], dtype=np.int64)
    at = np.zeros(len(rows), dtype=np.int64)
    for node in nodes:
        if node.column is not None and node.left is not None and node.right is not None:
            here = np.flatnonzero(at == node.id)
            goes_left = rows[here, columns.index(node.column)] <= node.threshold
            at[here] = np.where(goes_left, node.left, node.right)
    return at


def _leaf(nodes: tuple[Node, ...], row: Mapping[str, float]) -> int:
    node = nodes[0]
    while node.column is not None and node.threshold is not None and node.left is not None and node.right is not None:
        node = nodes[node.left if row[node.column] <= node.threshold else node.right]
    return node.id


def split(labels: Ints, test_share: float, seed: int) -> Split:
    """Hold out a share of n >= 2 customers, at least one, keeping the segments' shares where that can be.

    It cannot be when a segment has one member, or when either part has fewer places than there are segments.
    """
    from sklearn.model_selection import train_test_split

    rows = np.arange(len(labels))
    held = min(len(labels) - 1, max(1, int(np.ceil(test_share * len(labels)))))
    counts = np.unique(labels, return_counts=True)[1]
    stratified = bool(counts.min() >= 2 and min(held, len(labels) - held) >= len(counts))
    train, test = train_test_split(rows, test_size=held, random_state=seed, stratify=labels if stratified else None)
    return Split(np.sort(train), np.sort(test), stratified)


def grow(rows: Floats, labels: Ints, k: int, part: Split, columns: tuple[str, ...], shape: Shape, seed: int) -> Tree:
    """Grow a tree of this shape on the training rows of (n, d), labels (n,) below k."""
    train = sampled(part.train, seed) if shape.leaves_per_segment else part.train
    draft = _grown(rows[train], labels[train], k, shape, seed)
    draft = prune(draft, rows[part.train], labels[part.train], k, len(draft.leaves()))
    return finished(draft, rows, labels, k, part, columns)


def sampled(train: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
    """At most `SAMPLE` of the row numbers (m,), drawn at random, in their order."""
    if len(train) <= SAMPLE:
        return train
    return np.sort(np.random.default_rng(seed).choice(train, SAMPLE, replace=False))


def finished(draft: Draft, rows: Floats, labels: Ints, k: int, part: Split, columns: tuple[str, ...]) -> Tree:
    """The tree as it is kept: numbered level by level, with shares of the training part and counts of everyone."""
    order = _from_the_root(draft)
    number = {old: new for new, old in enumerate(order)}
    counts = draft.counts(rows[part.train], labels[part.train], k)[order]
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    bare = tuple(
        Node(
            id=new,
            column=None if draft.column[old] == LEAF else columns[draft.column[old]],
            threshold=None if draft.column[old] == LEAF else draft.threshold[old],
            left=number.get(draft.left[old]),
            right=number.get(draft.right[old]),
            segment=int(np.argmax(shares[new])),
            customers=0,
            purity=None,
        )
        for new, old in enumerate(order)
    )
    return Tree(counted(bare, walk(bare, rows, columns), labels), shares)


def _grown(rows: Floats, labels: Ints, k: int, shape: Shape, seed: int) -> Draft:
    """The tree that errs on fewest of the rows (n, d) it is grown on, the first on a tie; thresholds made readable."""
    smallest = int(np.unique(labels, return_counts=True)[1].min())
    least = max(1, min(smallest, round(shape.least_share * len(rows))))
    if not shape.leaves_per_segment:
        return _cart(rows, labels, max_depth=shape.depth, min_samples_leaf=least, random_state=seed)
    best, fewest = Draft(), len(rows) + 1
    for start in range(STARTS):
        draft = _cart(
            rows,
            labels,
            criterion=("gini", "entropy")[start % 2],
            max_features=None if start < 2 else max(1, rows.shape[1] - 1 - start // 2 % 2),
            max_depth=shape.depth,
            max_leaf_nodes=LARGE * k,
            min_samples_leaf=least,
            random_state=(seed + start) % 2**32,
        )
        draft = prune(draft, rows, labels, k, shape.leaves_per_segment * k)
        polish(draft, rows, labels, least)
        errors = int((draft.says(rows) != labels).sum())
        if errors < fewest:
            best, fewest = draft, errors
    read_easily(best, rows, labels)
    return best


def _cart(rows: Floats, labels: Ints, **asked: Any) -> Draft:
    from sklearn.tree import DecisionTreeClassifier

    learner = DecisionTreeClassifier(**asked).fit(rows, labels)
    grown, draft = learner.tree_, Draft()
    for node in range(grown.node_count):
        column = int(grown.feature[node]) if grown.children_left[node] >= 0 else LEAF
        draft.add(column, float(grown.threshold[node]), int(learner.classes_[grown.value[node, 0].argmax()]))
    draft.left, draft.right = grown.children_left.tolist(), grown.children_right.tolist()
    return draft


def _from_the_root(draft: Draft) -> list[int]:
    """Node numbers level by level, so that a child always comes after its parent."""
    order = [0]
    for node in order:
        if draft.column[node] != LEAF:
            order += [draft.left[node], draft.right[node]]
    return order


def counted(nodes: tuple[Node, ...], leaves: NDArray[np.int64], labels: Ints) -> tuple[Node, ...]:
    """The nodes with how many customers come by each, and the share of them in its segment."""
    k = max(int(labels.max()), max(node.segment for node in nodes)) + 1
    counts = np.bincount(leaves * k + labels, minlength=len(nodes) * k).reshape(len(nodes), k)
    for node in reversed(nodes):
        if node.left is not None and node.right is not None:
            counts[node.id] = counts[node.left] + counts[node.right]
    return tuple(
        node.model_copy(
            update={
                "customers": int(counts[node.id].sum()),
                "purity": float(counts[node.id, node.segment] / total) if (total := counts[node.id].sum()) else None,
            }
        )
        for node in nodes
    )
