"""The tree that explains the segments: its figures by hand, its rules in words."""

from typing import get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support, roc_auc_score
from sklearn.tree import DecisionTreeClassifier

from bestiary.config import Language
from bestiary.report.words import Words as Pages
from bestiary.segments.fidelity import CURVE_POINTS, confusion, figures
from bestiary.segments.intervals import wilson_of
from bestiary.segments.rules import regions, rules
from bestiary.segments.transform import Log1pStandardise, QuartileScores
from bestiary.segments.tree import Node, Shape, grow, split, walk
from bestiary.segments.wording import Bounds, condition

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


def test_fidelity_has_wilsons_interval() -> None:
    found = figures(ints(0, 1, 1, 0), np.eye(2)[[0, 1, 0, 0]], ints(0, 1, 0, 0))
    assert found["fidelity"] == 0.75
    assert found["fidelity_interval"] == pytest.approx(wilson_of(3, 4))


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
            "bought 1 to 2 times, spent over EUR 1,234.50",
            "a acheté 1 à 2 fois, a dépensé plus de 1\u202f234,50\u00a0EUR",
        ),
        (
            1,
            "bought 3 times or more, last time 24 days ago or more",
            "a acheté 3 fois ou plus, dernier achat il y a 24 jours ou plus",
        ),
        (
            2,
            "bought 1 to 2 times, spent at most EUR 1,234.50",
            "a acheté 1 à 2 fois, a dépensé au plus 1\u202f234,50\u00a0EUR",
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
        "last time under 25 days ago, spent over USD 147.98",
        "last time under 25 days ago, spent at most USD 147.98",
        "came 25 times or more, last time 25 days ago or more",
        "came 1 to 24 times, last time 25 days ago or more",
    ]


SEEN = {
    "recency": "days_since_last_visit",
    "sessions": "number_of_sessions_7m",
    "carts": "number_of_carts_7m",
    "price": "avg_price_viewed_7m",
}


@pytest.mark.parametrize(
    ("role", "low", "high", "english", "french"),
    [
        ("recency", -np.inf, 23.5, "last seen under 24 days ago", "dernière visite il y a moins de 24 jours"),
        ("recency", 23.5, np.inf, "last seen 24 days ago or more", "dernière visite il y a 24 jours ou plus"),
        ("recency", 6.5, 23.5, "last seen 7 to 23 days ago", "dernière visite il y a 7 à 23 jours"),
        ("sessions", 2.5, np.inf, "came 3 times or more", "est venu 3 fois ou plus"),
        ("sessions", -np.inf, 1.5, "came once", "est venu une fois"),
        ("carts", 1.5, np.inf, "put something in the cart twice or more", "a mis un article au panier 2 fois ou plus"),
        ("carts", -np.inf, 0.5, "never put anything in the cart", "n'a jamais rien mis au panier"),
        ("carts", 0.5, 1.5, "put something in the cart once", "a mis un article au panier une fois"),
        ("carts", -np.inf, 2.5, "put something in the cart at most twice", "a mis un article au panier au plus 2 fois"),
        ("carts", 0.5, 3.5, "put something in the cart 1 to 3 times", "a mis un article au panier 1 à 3 fois"),
        (
            "price",
            120.0,
            np.inf,
            "looked at things of over EUR 120.00 on average or at none of a known price",
            "a regardé des articles valant plus de 120,00\u00a0EUR en moyenne ou aucun dont le prix est connu",
        ),
        (
            "price",
            20.0,
            1500.0,
            "looked at things of over EUR 20.00 and at most EUR 1,500 on average",
            "a regardé des articles valant plus de 20,00\u00a0EUR et au plus 1\u202f500\u00a0EUR en moyenne",
        ),
    ],
)
def test_visitors_are_told_by_what_they_looked_at(
    role: str, low: float, high: float, english: str, french: str
) -> None:
    assert condition(role, SEEN[role], Bounds(low, high), "EUR") == {"en": english, "fr": french}


def test_a_lower_bound_alone_also_holds_for_who_has_no_value() -> None:
    assert condition("x", "avg_price_2m", Bounds(5.0), "EUR") == {
        "en": "avg_price_2m over 5.00 or unknown",
        "fr": "avg_price_2m plus de 5,00 ou inconnu",
    }
    assert condition("x", "avg_price_2m", Bounds(5.0, 6.0), "EUR") == {
        "en": "avg_price_2m over 5.00 and at most 6.00",
        "fr": "avg_price_2m plus de 5,00 et au plus 6,00",
    }
    assert condition("x", "number_of_views_2m", Bounds(5.0), "EUR") == {
        "en": "number_of_views_2m over 5.00",
        "fr": "number_of_views_2m plus de 5,00",
    }


@pytest.mark.parametrize("role", SEEN)
def test_a_condition_that_asks_nothing_is_not_told(role: str) -> None:
    assert condition(role, SEEN[role], Bounds(), "EUR") is None
    assert condition(role, SEEN[role], Bounds(-1.0, np.inf), "EUR") is None


def test_rules_write_amounts_as_the_pages_do() -> None:
    for amount in (12.5, 1_234.5, 2_000.0):
        for language in get_args(Language):
            shown = Pages(language, "EUR").money(amount, limit=True)
            told = condition("monetary", "total_purchase_value", Bounds(low=amount), "EUR")
            assert told is not None
            assert told[language].endswith(shown)
    assert Pages("en", "EUR").money(1_234.5, limit=True) == "EUR 1,234.50"  # what decides is not rounded away
    assert Pages("en", "EUR").money(2_000.0, limit=True) == Pages("en", "EUR").money(2_000.0) == "EUR 2,000"


def satisfies(region: dict[str, Bounds], rows: np.ndarray) -> np.ndarray:
    held = np.ones(len(rows), dtype=bool)
    for role, one in region.items():
        values = rows[:, ROLES.index(role)]
        held &= (values > one.low) & (values <= one.high)
    return held


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.sampled_from([Shape(4), Shape(7, 3, 0.002)]))
def test_pruned_rules_say_of_everyone_once_what_the_tree_says(seed: int, shape: Shape) -> None:
    random = np.random.default_rng(seed)
    rows = np.column_stack(
        [random.integers(0, 60, 120), 1 + random.poisson(0.7, 120), np.round(random.lognormal(3, 1, 120), 2)]
    )
    labels = (rows[:, 0] > 20).astype(np.int32) + (rows[:, 2] * rows[:, 1] > 40)
    labels[:3] = (0, 1, 2)
    tree = grow(rows, labels, 3, split(labels, 0.2, 0), ROLES, shape, 0)
    said = np.array([node.segment for node in tree.nodes])[walk(tree.nodes, rows, ROLES)]
    found = regions(tree.nodes, COLUMNS, rows)
    covers = np.array([satisfies(region, rows) for _, region in found])
    assert (covers.sum(axis=0) == 1).all()
    assert (np.array([node.segment for node, _ in found])[covers.argmax(axis=0)] == said).all()
    for node, region in found:
        assert int(satisfies(region, rows).sum()) == node.customers
        for role, one in region.items():
            for less in (Bounds(-np.inf, one.high), Bounds(one.low, np.inf)):
                if less != one:
                    assert satisfies(region | {role: less}, rows).sum() > node.customers
    words = [rule["text"]["en"] for rule in rules(tree.nodes, COLUMNS, RAW, "EUR", rows)]
    assert not any("1 times or more" in text for text in words)


def test_a_condition_that_excludes_nobody_is_not_told() -> None:
    nodes = (
        inner(0, "monetary", 50.0, 1, 2),
        leaf(1, 1),
        inner(2, "frequency", 1.5, 3, 4),
        leaf(3, 2),
        leaf(4, 0),
    )
    rows = np.array([[1.0, 1, 20], [1, 1, 60], [1, 2, 80], [1, 3, 90]])
    found = [rule["text"]["en"] for rule in rules(nodes, COLUMNS, RAW, "", rows)]
    # nobody who bought twice spent 50 or less, so that the amount is not worth telling of them
    assert found == ["bought 2 times or more", "spent at most 50.00", "bought once, spent over 50.00"]
    assert rules(nodes, COLUMNS, RAW, "")[0]["text"]["en"] == "bought 2 times or more, spent over 50.00"
