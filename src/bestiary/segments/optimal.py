"""The shallow tree that errs on fewest customers of all trees, where the optional package `pystreed` is installed.

Van der Linden, de Weerdt and Demirović (2023), "Necessary and sufficient conditions for optimal decision trees using
dynamic programming": of all trees of at most four questions in a row, asked at `THRESHOLDS` quantiles of each column,
the search finds the best. Polishing afterwards takes the thresholds from the quantiles to where they err least.
"""

from typing import Any

import numpy as np

from bestiary.errors import ConfigError, ModelError
from bestiary.segments.draft import LEAF, Draft, polish, prune, read_easily
from bestiary.segments.transform import Floats, Ints
from bestiary.segments.tree import Split, Tree, finished, sampled

DEEPEST = 4
THRESHOLDS = 20
PATIENCE = 600.0
"""Seconds after which the search is given up, because what it has found by then depends on the machine."""
LEAVES = 3
"""Leaves a segment that are kept at most."""


def grow_optimal(
    rows: Floats,
    labels: Ints,
    k: int,
    part: Split,
    columns: tuple[str, ...],
    depth: int,
    seed: int,
    least_share: float = 0.0,
) -> Tree:
    """Find the best tree of at most `depth` 1 to 4 on the training rows of (n, d), labels (n,) below k.

    A leaf holds at least `least_share` of the training customers, unless a whole segment is smaller. Raises ConfigError
    when the depth is another or the package is not installed, ModelError when the search takes too long.
    """
    if not 1 <= depth <= DEEPEST:
        raise ConfigError(
            f"An optimal tree of depth {depth} cannot be searched for.",
            allowed=f"Allowed: depth 1 to {DEEPEST}.",
            do="Ask for a tree of another depth, or for one grown step by step.",
        )
    train = sampled(part.train, seed)
    own, said = rows[train], labels[train]
    least = max(1, min(int(np.unique(said, return_counts=True)[1].min()), round(least_share * len(train))))
    draft = _searched(own, said, depth, least)
    polish(draft, own, said, least)
    read_easily(draft, own, said)
    draft = prune(draft, rows[part.train], labels[part.train], k, min(len(draft.leaves()), LEAVES * k))
    return finished(draft, rows, labels, k, part, columns)


def needed() -> None:
    """Raise ConfigError where the package is not installed, before anything is learned for nothing."""
    _classifier()


def _searched(rows: Floats, labels: Ints, depth: int, least: int) -> Draft:
    asked = questions(rows)
    if not asked:
        return Draft([LEAF], [0.0], [LEAF], [LEAF], [int(np.bincount(labels).argmax())])
    answers = np.column_stack([rows[:, column] > threshold for column, threshold in asked]).astype(np.int32)
    known, places = np.unique(labels, return_inverse=True)
    learner = _classifier()(
        max_depth=depth, min_leaf_node_size=least, cost_complexity=0.0, time_limit=PATIENCE, random_seed=0
    ).fit(answers, places.astype(np.int32))
    if not learner.fit_result.is_optimal():
        raise ModelError(
            f"The search for the best tree of depth {depth} was not done after {PATIENCE:.0f} s.",
            do="Ask for a lower depth, or for a tree grown step by step.",
        )
    draft = Draft()

    def copy(node: Any) -> int:
        if node.is_leaf_node():
            return draft.add(LEAF, 0.0, int(known[node.label]))
        column, threshold = asked[node.feature]
        new = draft.add(column, threshold, 0)
        # The package goes left where an answer is no; a question asks for more than its threshold, so that left is low.
        draft.left[new] = copy(node.left_child)
        draft.right[new] = copy(node.right_child)
        return new

    copy(learner.get_tree())
    return draft


def questions(rows: Floats) -> list[tuple[int, float]]:
    """Column and threshold of each question: every value but the highest, or quantiles where there are more."""
    found = []
    for column, values in enumerate(rows.T):
        some = np.unique(values)
        if len(some) > THRESHOLDS + 1:
            places = np.linspace(0, 1, THRESHOLDS + 2)[1:-1]
            some = np.append(np.unique(np.quantile(values, places, method="lower")), some[-1])
        found += [(column, float(value)) for value in np.unique(some)[:-1]]
    return found


def _classifier() -> Any:
    try:
        from pystreed import STreeDClassifier
    except ImportError as error:
        raise ConfigError(
            "Optimal trees need the package pystreed, which is not installed.",
            allowed="Without it, trees are grown step by step (tree = 'cart').",
            do="Install it with: pip install 'bestiary[optimal]'",
        ) from error
    return STreeDClassifier
