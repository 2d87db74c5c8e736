"""The tree that explains the segments: its figures by hand, its rules in words."""

import numpy as np
import pytest
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from bestiary.segments.fidelity import CURVE_POINTS, confusion, figures
from bestiary.segments.rules import rules
from bestiary.segments.transform import Log1pStandardise, QuartileScores
from bestiary.segments.tree import Node, Shape, grow, split, walk

ROLES = ("recency", "frequency", "monetary")
COLUMNS = (
    ("recency", "days_since_last_purchase"),
    ("frequency", "number_of_purchases_7m"),
    ("monetary", "total_purchase_value"),
)
RAW = Log1pStandardise(mean=(0.0, 0.0, 0.0), scale=(1.0, 1.0, 1.0))


def ints(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int32)


def leaf(number: int, segment: int, customers: int = 1) -> Node:
    return Node(
        id=number,
        column=None,
        threshold=None,
        left=None,
        right=None,
        segment=segment,
        customers=customers,
        purity=1.0,
    )


def inner(number: int, column: str, threshold: float, left: int, right: int) -> Node:
    return leaf(number, 0).model_copy(update={"column": column, "threshold": threshold, "left": left, "right": right})


def shop() -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    rows = np.column_stack(
        [random.integers(0, 200, 900), random.integers(1, 9, 900), np.round(random.gamma(2, 100, 900), 2)]
    ).astype(np.float64)
    return rows, (rows[:, 1] > 3).astype(np.int32) + (rows[:, 0] > 50).astype(np.int32)


def test_a_fifth_is_held_out_and_keeps_the_shares() -> None:
    labels = np.repeat(ints(0, 1), [80, 20])
    part = split(labels, 0.2, seed=0)
    assert part.stratified
    assert np.bincount(labels[part.test]).tolist() == [16, 4]
    assert sorted([*part.train, *part.test]) == list(range(100))


def test_a_segment_of_one_cannot_keep_its_share() -> None:
    part = split(np.repeat(ints(0, 1), [9, 1]), 0.2, seed=0)
    assert not part.stratified
    assert (len(part.train), len(part.test)) == (8, 2)


def test_two_customers_are_split_one_and_one() -> None:
    part = split(ints(0, 1), 0.2, seed=0)
    assert (len(part.train), len(part.test)) == (1, 1)


def test_figures_worked_by_hand() -> None:
    true, predicted = ints(0, 0, 0, 1, 1), ints(0, 0, 1, 1, 0)
    found = figures(true, np.eye(3)[predicted], predicted)
    assert found["confusion"] == [[2, 1, 0], [1, 1, 0], [0, 0, 0]]
    assert found["accuracy"] == found["fidelity"] == 0.6
    assert found["per_class"][0] == {
        "segment": 0,
        "precision": pytest.approx(2 / 3),
        "recall": pytest.approx(2 / 3),
        "f1": pytest.approx(2 / 3),
        "support": 3,
    }
    assert found["per_class"][2] == {"segment": 2, "precision": None, "recall": None, "f1": None, "support": 0}
    assert found["macro"]["recall"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    assert found["weighted"]["recall"] == pytest.approx(0.6)
    assert found["roc"][2] == {"segment": 2, "auc": None, "fpr": [], "tpr": []}
    # segment 0 by rank: of the six pairs member, other, 2 x 1 are right and 2 + 1 are tied
    assert found["roc"][0]["auc"] == pytest.approx((2 + 3 / 2) / 6)


def test_a_segment_that_is_never_predicted_has_no_precision() -> None:
    found = figures(ints(0, 1), np.array([[1.0, 0.0], [1.0, 0.0]]), ints(0, 0))
    assert found["per_class"][1] == {"segment": 1, "precision": None, "recall": 0.0, "f1": 0.0, "support": 1}
    assert found["macro"]["precision"] == 0.5


def test_figures_agree_with_scikit_learn() -> None:
    random = np.random.default_rng(2)
    shares = random.dirichlet(np.ones(3), 1_000)
    true = np.array([random.choice(3, p=row) for row in shares], dtype=np.int32)
    predicted = shares.argmax(axis=1).astype(np.int32)
    found = figures(true, shares, predicted)
    for mean in ("macro", "weighted"):
        expected = precision_recall_fscore_support(true, predicted, average=mean)[:3]
        assert tuple(found[mean].values()) == pytest.approx(expected)
    for segment, roc in enumerate(found["roc"]):
        assert roc["auc"] == pytest.approx(roc_auc_score(true == segment, shares[:, segment]))
        assert len(roc["fpr"]) == len(roc["tpr"]) == CURVE_POINTS
        assert (roc["fpr"][0], roc["tpr"][0], roc["fpr"][-1], roc["tpr"][-1]) == (0, 0, 1, 1)


def test_confusion_puts_the_truth_in_rows() -> None:
    assert confusion(ints(0, 0, 1), ints(1, 1, 1), 2).tolist() == [[0, 2], [0, 1]]


def test_the_nodes_walk_as_scikit_learn_predicts() -> None:
    rows, labels = shop()
    part = split(labels, 0.2, seed=0)
    tree = grow(rows, labels, 3, part, ROLES, Shape(5, 3), seed=0)
    learner = DecisionTreeClassifier(max_depth=5, max_leaf_nodes=9, random_state=0)
    learner.fit(rows[part.train], labels[part.train])
    said = np.array([node.segment for node in tree.nodes])[walk(tree.nodes, rows, ROLES)]
    assert (said == learner.predict(rows)).all()
    assert (said == labels).all()


def test_nodes_count_everyone_and_leaves_are_few() -> None:
    rows, labels = shop()
    tree = grow(rows, labels, 3, split(labels, 0.2, seed=0), ROLES, Shape(5, 3), seed=0)
    leaves = [node for node in tree.nodes if node.column is None]
    assert tree.nodes[0].customers == sum(node.customers for node in leaves) == 900
    assert len(leaves) <= 9
    assert [node.id for node in tree.nodes] == list(range(len(tree.nodes)))
    assert tree.shares.sum(axis=1) == pytest.approx(np.ones(len(tree.nodes)))


def test_a_leaf_holds_its_share_unless_a_segment_is_smaller() -> None:
    rows, labels = shop()
    labels[:4] = 3
    part = split(labels, 0.2, seed=0)
    for share, least in ((0.1, 3), (0.002, 1)):
        tree = grow(rows, labels, 4, part, ROLES, Shape(9, None, share), seed=0)
        leaves = np.bincount(walk(tree.nodes, rows[part.train], ROLES))
        assert leaves[leaves > 0].min() >= least


def texts(nodes: tuple[Node, ...], currency: str = "") -> list[tuple[int, str, str]]:
    found = rules(nodes, COLUMNS, RAW, currency)
    return [(rule["segment"], rule["text"]["en"], rule["text"]["fr"]) for rule in found]


def test_rules_say_days_purchases_and_money() -> None:
    nodes = (
        inner(0, "frequency", 2.5, 1, 2),
        inner(1, "monetary", 1234.5, 3, 4),
        inner(2, "recency", 23.5, 5, 6),
        leaf(3, 2),
        leaf(4, 1),
        leaf(5, 0),
        leaf(6, 1),
    )
    assert texts(nodes, "EUR") == [
        (
            0,
            "bought 3 times or more, last time under 24 days ago",
            "a acheté 3 fois ou plus, dernier achat il y a moins de 24 jours",
        ),
        (
            1,
            "bought 1 to 2 times, spent over 1,234.50 EUR",
            "a acheté 1 à 2 fois, a dépensé plus de 1\u202f234,50 EUR",
        ),
        (
            1,
            "bought 3 times or more, last time 24 days ago or more",
            "a acheté 3 fois ou plus, dernier achat il y a 24 jours ou plus",
        ),
        (
            2,
            "bought 1 to 2 times, spent at most 1,234.50 EUR",
            "a acheté 1 à 2 fois, a dépensé au plus 1\u202f234,50 EUR",
        ),
    ]


def test_conditions_on_one_column_become_one_interval() -> None:
    nodes = (
        inner(0, "recency", 90.5, 1, 2),
        inner(1, "recency", 30.5, 3, 4),
        leaf(2, 2),
        leaf(3, 0),
        leaf(4, 1),
    )
    assert [text for _, text, _ in texts(nodes)] == [
        "last time under 31 days ago",
        "last time 31 to 90 days ago",
        "last time 91 days ago or more",
    ]


def test_branches_that_end_alike_are_one_rule() -> None:
    nodes = (
        inner(0, "frequency", 1.5, 1, 2),
        leaf(1, 1),
        inner(2, "recency", 9.5, 3, 4),
        leaf(3, 0),
        leaf(4, 0),
    )
    assert [text for _, text, _ in texts(nodes)] == ["bought 2 times or more", "bought once"]


def test_a_tree_of_one_leaf_is_for_everyone() -> None:
    assert texts((leaf(0, 0),)) == [(0, "every customer", "tous les clients")]


def test_scores_are_told_as_what_they_mean() -> None:
    scores = QuartileScores(quartiles=((11.0, 24.0, 46.0), (4.0, 10.0, 24.0), (147.98, 360.34, 959.75)))
    columns = (COLUMNS[0], ("frequency", "number_of_sessions_7m"), COLUMNS[2])
    nodes = (
        inner(0, "recency", 2.5, 1, 2),
        inner(1, "frequency", 3.5, 3, 4),
        inner(2, "monetary", 1.5, 5, 6),
        leaf(3, 3),
        leaf(4, 2),
        leaf(5, 1),
        leaf(6, 0),
    )
    found = [rule["text"]["en"] for rule in rules(nodes, columns, scores, "USD")]
    # recency score 3 or 4: at most the median, 24 days; frequency score 4: above 24; monetary score 1: at most 147.98
    assert found == [
        "last time under 25 days ago, spent over 147.98 USD",
        "last time under 25 days ago, spent at most 147.98 USD",
        "came 25 times or more, last time 25 days ago or more",
        "came 1 to 24 times, last time 25 days ago or more",
    ]
