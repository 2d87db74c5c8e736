"""Parts of the page that are judged by several rules at once: the tree, a segment's record, the moves, the choice."""

from typing import Any

import pytest

from bestiary.report.sharing.crowds import Crowd, Held
from bestiary.report.sharing.edition import shared
from bestiary.report.sharing.explained import shared_tree
from bestiary.report.sharing.ledger import Ledger
from bestiary.report.sharing.measured import shared_cadence, shared_choice, shared_comparison, shared_enough
from bestiary.report.sharing.people import confusion_lines
from bestiary.report.sharing.segment import shared_segment
from report_beliefs import believed, enough
from report_habits import cadence
from report_run import text
from sharing_run import K, edition, summary
from test_sharing_crowds import fork, leaf


@pytest.fixture
def crowd() -> Crowd:
    return Crowd(K, Held())


def tree(*leaves: dict[str, Any], whole: int) -> dict[str, Any]:
    """A chain of questions whose leaves are the given ones, with a rule for each, that is always right."""
    nodes: list[dict[str, Any]] = []
    left = whole
    for at, one in enumerate(leaves[:-1]):
        nodes += [fork(2 * at, 2 * at + 1, 2 * at + 2, left), {**one, "id": 2 * at + 1}]
        left -= one["customers"]
    nodes.append({**leaves[-1], "id": 2 * len(leaves) - 2})
    rules = [
        {"segment": one["segment"], "text": text(f"rule {at}", f"règle {at}"), **figures(one)}
        for at, one in enumerate(leaves)
    ]
    classes = sorted({one["segment"] for one in leaves})
    per_class = [{"segment": one, "precision": 1.0, "recall": 1.0, "f1": 1.0, "support": 30} for one in classes]
    mean = {"precision": 1.0, "recall": 1.0, "f1": 1.0}
    test = 30 * len(classes)
    return {
        "columns": ["recency"], "max_depth": 3, "classes": classes, "train": whole - test, "test": test,
        "accuracy": 1.0, "fidelity": 1.0, "fidelity_interval": [0.9, 1.0], "leaves": len(leaves), "nodes": nodes,
        "rules": rules, "roc": [{"segment": 0, "auc": 0.9}], "per_class": per_class, "macro": mean, "weighted": mean,
        "confusion": [[30 if one == other else 0 for other in classes] for one in classes],
    }  # fmt: skip


def figures(one: dict[str, Any]) -> dict[str, Any]:
    return {name: one[name] for name in ("customers", "purity")}


def told(found: dict[str, Any], cards: dict[int, int], early: int, crowd: Crowd) -> dict[str, Any]:
    """What is told of a tree of buyers beside cards of so many."""
    ledger = Ledger(K)
    whole = sum(cards.values()) + early
    ledger.line("buyers", whole, {("early", "buyers"): early, **{("segment", n): one for n, one in cards.items()}})
    ledger.line("buyers", whole, {("train", "buyers"): found["train"], ("test", "buyers"): found["test"]})
    confusion_lines(ledger, found)
    ledger.settle()
    made = shared_tree(found, "buyers", {n: n for n in cards}, ledger, crowd)
    assert made is not None
    return made


def test_the_rule_beside_a_folded_one_goes_with_it(crowd: Crowd) -> None:
    small = tree(leaf(0, 0, 150), leaf(0, 1, 100), leaf(0, 0, 45), leaf(0, 1, 5, 0.8), whole=300)
    made = told(small, {0: 150, 1: 70}, 80, crowd)
    assert [one["text"]["en"] for one in made["rules"]] == ["rule 0", "rule 1"]  # 45 of the 50 would tell of 5
    assert [node["customers"] for node in made["nodes"] if node["left"] is None] == [150, 100, 50]
    assert made["leaves"] == 3


def test_a_leaf_tells_its_purity_and_a_question_none(crowd: Crowd) -> None:
    made = told(tree(leaf(0, 0, 150), leaf(0, 1, 150, 0.9), whole=300), {0: 120, 1: 100}, 80, crowd)
    assert [(node["customers"], node["purity"]) for node in made["nodes"]] == [(300, None), (150, 1.0), (150, 0.9)]
    assert [one["purity"] for one in made["rules"]] == [1.0, 0.9]
    hidden = told(tree(leaf(0, 0, 150), leaf(0, 1, 150, 0.98), whole=300), {0: 120, 1: 100}, 80, crowd)
    assert [one["purity"] for one in hidden["rules"]] == [1.0, None]


def test_leaves_that_tell_of_a_few_beside_the_cards_are_drawn_without_numbers(crowd: Crowd) -> None:
    made = told(tree(leaf(0, 0, 150), leaf(0, 1, 150), whole=300), {0: 147, 1: 73}, 80, crowd)  # 3 are too early
    assert {node["customers"] for node in made["nodes"]} == {None}
    assert {node["purity"] for node in made["nodes"]} == {None}
    assert {(one["customers"], one["purity"]) for one in made["rules"]} == {(None, None)}
    assert "leaves" in crowd.held.parts
    assert (made["train"], made["test"], made["fidelity"]) == (240, 60, 1.0)


def test_figures_of_the_confusion_are_told_where_their_cells_are(crowd: Crowd) -> None:
    found = tree(leaf(0, 0, 150), leaf(0, 1, 150), whole=300)
    found["confusion"], found["fidelity"] = [[25, 5], [20, 10]], 35 / 60
    found["per_class"][0] |= {"precision": 25 / 45, "recall": 25 / 30}
    made = told(found, {0: 120, 1: 100}, 80, crowd)
    assert [row["recall"] for row in made["per_class"]] == [None, None]  # 25 of 30 would tell of 5
    assert made["macro"] == dict.fromkeys(("precision", "recall", "f1"))
    assert sum(n is None for row in made["confusion"] for n in row) >= 2
    plain = told(tree(leaf(0, 0, 150), leaf(0, 1, 150), whole=300), {0: 120, 1: 100}, 80, crowd)
    assert plain["confusion"] == [[30, None], [None, 30]]
    assert [row["recall"] for row in plain["per_class"]] == [1.0, 1.0]
    assert plain["roc"] == []


def test_fidelity_is_told_where_k_are_wrong_or_nobody(crowd: Crowd) -> None:
    found = tree(leaf(0, 0, 150), leaf(0, 1, 150), whole=300)
    found |= {"confusion": [[27, 3], [1, 29]], "fidelity": 56 / 60}
    assert told(found, {0: 120, 1: 100}, 80, crowd)["fidelity"] is None
    found |= {"confusion": [[20, 10], [10, 20]], "fidelity": 40 / 60}
    assert told(found, {0: 120, 1: 100}, 80, crowd)["fidelity"] == 40 / 60


@pytest.mark.parametrize(
    ("people", "quartiles"), [(19, None), (20, [None, 1, None]), (39, [None, 1, None]), (40, [0, 1, 2])]
)
def test_a_profile_needs_twice_k_for_its_medians_and_four_times_for_its_quartiles(
    crowd: Crowd, people: int, quartiles: list[int] | None
) -> None:
    one = summary()["segments"][1]
    row = {"role": "recency", "column": "x", "q1": 0, "median": 1, "q3": 2, "low": 1, "high": 1, "index": 50}
    one |= {"customers": people, "profile": [row | {"shop": {"q1": 3, "median": 4, "q3": 5}}]}
    ledger = Ledger(K)
    ledger.line("buyers", 500, {("segment", one["segment"]): people, "others": 500 - people})
    ledger.settle()
    made = shared_segment(one, 500, 500, None, ledger, crowd)
    assert [[row[name] for name in ("q1", "median", "q3")] for row in made["profile"]] == (
        [quartiles] if quartiles else []
    )
    assert (made["expects"]["middle"] is None) == (people < 20)
    assert made["expects"]["rank"] == one["expects"]["rank"]


def test_segments_that_are_held_back_stand_last_in_the_order_of_their_numbers() -> None:
    made = summary()
    for one, people in zip(made["segments"], (6, 110, 4, 140, 90, 320, 200), strict=True):
        one |= {"customers": people, "placed": people}
    first, third = made["segments"][0], made["segments"][2]
    first["segment"], third["segment"] = sorted((first["segment"], third["segment"]), reverse=True)
    found = shared({**made, "tree": None, "follow": None}, K)["segments"]
    assert [one["withheld"] for one in found] == [False] * 5 + [True] * 2
    assert [one["segment"] for one in found[-2:]] == [third["segment"], first["segment"]]


@pytest.mark.parametrize(("now", "is_told"), [(100, False), (105, False), (110, True), (90, True)])
def test_a_change_is_told_from_k_on(now: int, is_told: bool) -> None:
    made = summary()
    at = made["segments"][1]["segment"]
    before = sum(made["follow"]["counts"][at])
    made["segments"][1]["change"] = {"before": before, "now": before + now - 100}
    found = next(one for one in shared(made, K)["segments"] if one["segment"] == at)
    if found["withheld"]:
        pytest.fail("the segment was meant to be told")
    assert (found["change"] is not None) == is_told


def test_moves_keep_their_news_and_lose_what_ageing_does() -> None:
    follow = edition()["follow"]
    assert {flow["news"] for flow in follow["flows"]} == {"more"}
    assert {flow[name] for flow in follow["flows"] for name in ("expected", "low", "high")} == {None}
    assert min(flow["customers"] for flow in follow["flows"]) >= K
    assert all("customers" not in state for side in follow["states"].values() for state in side)


def test_what_a_side_of_the_flows_hides_is_told_together() -> None:
    made = {one["segment"]: one for one in summary()["segments"]}
    seen = 0
    for one in edition()["segments"]:
        for side in ("came", "went") if one["flows"] else ():
            counts = [flow["customers"] for flow in one["flows"][side]]
            assert min(counts, default=K) >= K
            assert not counts or sum(counts) == sum(flow["customers"] for flow in made[one["segment"]]["flows"][side])
            seen += "others" in {flow["kind"] for flow in one["flows"][side]}
    assert seen > 3


def test_the_share_of_a_tiny_segment_among_the_tried_is_not_told(crowd: Crowd) -> None:
    found = believed(4)
    found["curve"][0]["smallest_share"], found["curve"][1]["smallest_share"] = 0.009, 0.01
    made = shared_choice(found, 1000, crowd)
    assert [point["smallest_share"] for point in made["curve"][:2]] == [None, 0.01]
    assert made["extremes"] is None  # they are one customer
    assert shared_choice(found, 10_000, crowd)["extremes"] is not None


def test_the_reasons_against_a_candidate_are_told_where_they_count_nobody(crowd: Crowd) -> None:
    made = summary()
    made["comparison"]["candidates"][1]["why"] = [text("too few: 3", "trop peu : 3"), text("worth 0.7", "vaut 0,7")]
    made["comparison"]["candidates"][1]["fidelity"] = 0.99
    found = shared_comparison(made["comparison"], {**made, "tree": {"test": 200}}, 1000, crowd)
    assert [one["en"] for one in found["candidates"][1]["why"]] == ["worth 0.7"]
    assert found["candidates"][1]["fidelity"] is None  # 2 of 200
    top = found["worth"]["scorers"][0]["rows"][0]["metrics"]["top_10"]
    assert top["value"] is not None
    made["comparison"]["worth"]["customers"] = 199
    fewer = shared_comparison(made["comparison"], {**made, "tree": {"test": 200}}, 1000, crowd)
    assert fewer["worth"]["scorers"][0]["rows"][0]["metrics"]["top_10"]["value"] is None
    made["comparison"]["worth"]["customers"] = 99
    none = shared_comparison(made["comparison"], {**made, "tree": {"test": 200}}, 1000, crowd)
    assert none["worth"]["calibration"] is None
    assert {"expected"} <= set(crowd.held.parts)


def test_points_of_few_who_came_again_are_left_out_with_the_sentence_about_them(crowd: Crowd) -> None:
    found = enough()
    made = shared_enough(found, crowd)
    assert made is not None
    assert len(made["deciding"]["points"]) == 4  # the last one is of 20, of whom 1 did not keep it
    assert made["words"] is None
    for point in found["deciding"]["points"]:
        point["customers"] = 600
    whole = shared_enough(found, crowd)
    assert whole is not None
    assert whole["words"] == found["words"]


def test_how_long_a_model_lasts_is_told_where_k_agree_and_k_do_not(crowd: Crowd) -> None:
    made = shared_cadence(cadence() | {"as_of": "2019-12-01"}, 1000, crowd)
    assert made is not None
    assert len(made["intervals"]) == 4
    assert shared_cadence(cadence() | {"as_of": "2019-12-01"}, 300, crowd) is None  # 9 of 300 disagree
    assert "cadence" in crowd.held.parts
