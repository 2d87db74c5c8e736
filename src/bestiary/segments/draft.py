"""A tree in the making: cut back to so many leaves, its questions asked again, its thresholds made readable.

`prune` finds the subtree with at most so many leaves that says the segment of most customers (Bohanec and Bratko 1994,
"Trading accuracy for simplicity in decision trees"). `polish` then asks each node again for the one question, of all,
that sends most customers to the child which says their segment (Carreira-Perpiñán and Tavallali 2018, "Alternating
optimization of decision trees", for splits along an axis, where the best question is found exactly). Both only lower
the number of training customers whose segment the tree does not say.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bestiary.segments.transform import Floats, Ints

LEAF = -1
PASSES = 10
READABLE = 0.002
"""The share of training customers that round thresholds may cost."""
Places = NDArray[np.int64]
Cut = tuple[int, int, float]


@dataclass
class Draft:
    """Nodes numbered by their place, the root first, children after parents; `column` is `LEAF` for a leaf.

    A value at or under the threshold goes left. A leaf says `segment`.
    """

    column: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    segment: list[int] = field(default_factory=list)

    def add(self, column: int, threshold: float, segment: int) -> int:
        """A new node, without children yet; returns its number."""
        self.column.append(column)
        self.threshold.append(threshold)
        self.left.append(LEAF)
        self.right.append(LEAF)
        self.segment.append(segment)
        return len(self.column) - 1

    def walk(self, rows: Floats, at: int = 0) -> Places:
        """The leaf (n,) that rows (n, d) come to from node `at`."""
        if self.column[at] == LEAF:
            return np.full(len(rows), at, dtype=np.int64)
        leaves = np.empty(len(rows), dtype=np.int64)
        low = rows[:, self.column[at]] <= self.threshold[at]
        leaves[low] = self.walk(rows[low], self.left[at])
        leaves[~low] = self.walk(rows[~low], self.right[at])
        return leaves

    def says(self, rows: Floats, at: int = 0) -> Ints:
        """The segment (n,) that rows (n, d) are told from node `at`."""
        return np.asarray(self.segment, dtype=np.int32)[self.walk(rows, at)]

    def counts(self, rows: Floats, labels: Ints, k: int) -> NDArray[np.int64]:
        """How many of each segment come by each node (nodes, k)."""
        size = len(self.column)
        found = np.bincount(self.walk(rows) * k + labels, minlength=size * k).reshape(size, k)
        for node in range(size - 1, -1, -1):
            if self.column[node] != LEAF:
                found[node] = found[self.left[node]] + found[self.right[node]]
        return np.asarray(found, dtype=np.int64)

    def leaves(self, at: int = 0) -> list[int]:
        """The leaves under node `at`, from the left."""
        if self.column[at] == LEAF:
            return [at]
        return [*self.leaves(self.left[at]), *self.leaves(self.right[at])]


def prune(draft: Draft, rows: Floats, labels: Ints, k: int, most: int) -> Draft:
    """The subtree with at most `most` >= 1 leaves that errs on fewest of the rows (n, d), the smallest on a tie.

    Leaves say the majority of their rows, the lowest segment on a tie; so no two leaves of one parent say the same.
    """
    counts = draft.counts(rows, labels, k)
    said = np.where(counts.sum(axis=1) > 0, counts.argmax(axis=1), draft.segment)
    errors = np.full((len(said), most + 1), np.inf)
    errors[:, 1:] = (counts.sum(axis=1) - counts.max(axis=1))[:, None]
    shared: dict[tuple[int, int], tuple[int, int]] = {}
    for node in range(len(said) - 1, -1, -1):
        for leaves in range(2, most + 1) if draft.column[node] != LEAF else ():
            options = errors[draft.left[node], 1:leaves] + errors[draft.right[node], leaves - 1 : 0 : -1]
            errors[node, leaves] = errors[node, leaves - 1]
            if leaves > 2 and (node, leaves - 1) in shared:
                shared[node, leaves] = shared[node, leaves - 1]
            if options.min() < errors[node, leaves]:
                errors[node, leaves] = options.min()
                shared[node, leaves] = (int(options.argmin()) + 1, leaves - 1 - int(options.argmin()))
    cut = Draft()

    def copy(node: int, leaves: int) -> int:
        if (node, leaves) not in shared:
            return cut.add(LEAF, 0.0, int(said[node]))
        new = cut.add(draft.column[node], draft.threshold[node], int(said[node]))
        left, right = shared[node, leaves]
        cut.left[new] = copy(draft.left[node], left)
        cut.right[new] = copy(draft.right[node], right)
        return new

    copy(0, most)
    return cut


def polish(draft: Draft, rows: Floats, labels: Ints, least: int) -> None:
    """Ask every node again from the root down until nothing changes; no leaf comes to hold fewer than `least` rows."""
    for _ in range(PASSES):
        if not _pass(draft, 0, rows, labels, least):
            return


def _pass(draft: Draft, at: int, rows: Floats, labels: Ints, least: int) -> bool:
    if draft.column[at] == LEAF:
        before = draft.segment[at]
        draft.segment[at] = int(np.bincount(labels).argmax()) if len(labels) else before
        return draft.segment[at] != before
    changed = _ask_again(draft, at, rows, labels, least)
    low = rows[:, draft.column[at]] <= draft.threshold[at]
    left = _pass(draft, draft.left[at], rows[low], labels[low], least)
    right = _pass(draft, draft.right[at], rows[~low], labels[~low], least)
    return changed or left or right


def _ask_again(draft: Draft, at: int, rows: Floats, labels: Ints, least: int) -> bool:
    """Give a node the best question for those whom one child tells right and the other wrong; whether it changed."""
    left = draft.says(rows, draft.left[at]) == labels
    matters = left != (draft.says(rows, draft.right[at]) == labels)
    old = draft.column[at], draft.threshold[at]
    errors = int(((rows[matters, old[0]] <= old[1]) != left[matters]).sum())
    found = best_cut(rows[matters], left[matters])
    if found is None or found[0] >= errors:
        return False
    _, draft.column[at], draft.threshold[at] = found
    held = np.bincount(draft.walk(rows, at), minlength=len(draft.column))[draft.leaves(at)]
    if held.min() < least:
        draft.column[at], draft.threshold[at] = old
        return False
    return True


def best_cut(rows: Floats, lefts: NDArray[np.bool_]) -> Cut | None:
    """Errors, column and threshold of the question that best sends rows (n, d) left where `lefts` (n,) and else right.

    The first column and the lowest threshold win a tie; thresholds are halfway between values. None where no column
    has two values.
    """
    best: Cut | None = None
    for column in range(rows.shape[1]):
        order = np.argsort(rows[:, column], kind="stable")
        values, wants = rows[order, column], lefts[order]
        places = np.flatnonzero(values[1:] > values[:-1])
        if len(places):
            errors = (np.cumsum(~wants) + wants.sum() - np.cumsum(wants))[places]
            first = int(errors.argmin())
            if best is None or errors[first] < best[0]:
                low, high = float(values[places[first]]), float(values[places[first] + 1])
                middle = low + (high - low) / 2
                best = int(errors[first]), column, middle if middle < high else low
    return best


def read_easily(draft: Draft, rows: Floats, labels: Ints, share: float = READABLE) -> None:
    """Round thresholds to as few digits as cost at most a `share` of the rows (n, d) their right segment, all told.

    Every inner node may cost the same part of it. Columns of whole numbers stay: `<= 23.5` is told as under 24.
    """
    whole = (rows == np.floor(rows)).all(axis=0)
    allowed = share * len(rows) / max(1, len(draft.leaves()) - 1)
    _round(draft, 0, rows, labels, whole, allowed)


def _round(draft: Draft, at: int, rows: Floats, labels: Ints, whole: NDArray[np.bool_], allowed: float) -> None:
    if draft.column[at] == LEAF:
        return
    values, old = rows[:, draft.column[at]], draft.threshold[at]
    low = values <= old
    for new in [] if whole[draft.column[at]] else _rounded(old):
        moves = low != (values <= new)
        left = draft.says(rows[moves], draft.left[at]) == labels[moves]
        gained = left.astype(int) - (draft.says(rows[moves], draft.right[at]) == labels[moves])
        cost = int(np.where(low[moves], gained, -gained).sum())
        if cost <= allowed and 0 < int((values <= new).sum()) < len(values):
            draft.threshold[at], low = new, values <= new
            break
    _round(draft, draft.left[at], rows[low], labels[low], whole, allowed)
    _round(draft, draft.right[at], rows[~low], labels[~low], whole, allowed)


def _rounded(threshold: float) -> list[float]:
    """From one digit to three, then down to the hundredth, which is as fine as rules are told."""
    return [*(float(f"{threshold:.{digits}g}") for digits in (1, 2, 3)), float(np.floor(100 * threshold) / 100)]
