"""A decision tree on weighted points, grown at once to its number of leaves: quick enough to be grown a hundred times.

Breiman, Friedman, Olshen and Stone (1984), "Classification and Regression Trees", by scikit-learn, best split first.
"""

import numpy as np

from bestiary.segments.leaves import Leaves, TreeNodes
from bestiary.segments.transform import Floats, Ints
from bestiary.segments.tree import Node

LEAST = 0.005
"""The share of all customers that a leaf holds at least."""


def sketch(
    points: Floats, labels: Ints, weights: Floats, k: int, roles: tuple[str, ...], leaves: int, seed: int
) -> Leaves:
    """Grow at most `leaves` leaves on points (m, d) with labels (m,) below k and weights (m,)."""
    from sklearn.tree import DecisionTreeClassifier

    learner = DecisionTreeClassifier(
        max_leaf_nodes=max(2, leaves), min_weight_fraction_leaf=LEAST, random_state=seed % 2**32
    )
    grown = learner.fit(points, labels, sample_weight=weights).tree_
    order = [0]
    for node in order:  # level by level: a child always comes after its parent
        if grown.children_left[node] >= 0:
            order += [int(grown.children_left[node]), int(grown.children_right[node])]
    number = {old: new for new, old in enumerate(order)}
    shares = np.zeros((len(order), k))
    shares[:, learner.classes_] = grown.value[order, 0, :]
    shares /= shares.sum(axis=1, keepdims=True)
    nodes = tuple(
        Node(
            id=new,
            column=None if leaf else roles[int(grown.feature[old])],
            threshold=None if leaf else float(grown.threshold[old]),
            left=number.get(int(grown.children_left[old])),
            right=number.get(int(grown.children_right[old])),
            segment=int(np.argmax(shares[new])),
            customers=0,
            purity=None,
        )
        for new, old in enumerate(order)
        for leaf in [grown.children_left[old] < 0]
    )
    return Leaves(tree=TreeNodes(columns=roles, nodes=nodes), shares=tuple(tuple(row) for row in shares.tolist()))
