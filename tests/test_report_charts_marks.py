"""Where marks stand and how large they are: sizes, axes and directions, as a reader takes them."""

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from bestiary.report.charts.biplot import LARGEST, biplot_chart
from bestiary.report.charts.components import scree_chart
from bestiary.report.charts.fidelity import confusion_chart, roc_chart
from bestiary.report.charts.flows import movements_chart
from bestiary.report.charts.space import space_chart
from bestiary.report.charts.tree import place, tree_chart
from report_beliefs import follow
from report_drawn import WORDS, drawn, summary_with_all
from report_habits import sample


@pytest.fixture(name="summary")
def _summary() -> dict[str, Any]:
    return summary_with_all()


def placed(scores: list[tuple[float, float]], segments: list[int]) -> dict[str, Any]:
    found = np.asarray(scores, dtype=np.float32)
    return {"pc1": found[:, 0], "pc2": found[:, 1], "segment": np.asarray(segments, dtype=np.int16)}


def test_the_area_of_a_mark_is_its_customers_also_in_a_crowd(summary: dict[str, Any]) -> None:
    summary["sample"]["points"] |= placed([(1.0, 1.0)] * 160 + [(-1.0, -1.0)] * 40, [0] * 160 + [2] * 40)
    traces = {trace["name"]: trace for trace in drawn(biplot_chart(summary, WORDS)).figure["data"]}
    wide, narrow = (traces[name]["marker"]["size"][0] for name in ("Lion", "Fox"))
    assert wide == LARGEST
    assert wide**2 / narrow**2 == pytest.approx(4, rel=0.02)


def test_customers_a_fiftieth_of_the_picture_apart_are_not_one_mark(summary: dict[str, Any]) -> None:
    along = [(step / 500 - 1, 0.0) for step in range(1001)]
    summary["sample"]["points"] |= placed(along, [0] * len(along))
    xs = drawn(biplot_chart(summary, WORDS)).figure["data"][0]["x"]
    low, high = drawn(biplot_chart(summary, WORDS)).figure["layout"]["xaxis"]["range"]
    assert max(b - a for a, b in pairwise(sorted(xs))) < (high - low) / 50


def test_a_crowd_in_space_is_drawn_with_simple_marks_and_others_with_their_own(summary: dict[str, Any]) -> None:
    numbers = [segment["segment"] for segment in summary["segments"]]
    shapes = {}
    for size in (9_000, 11_000):
        summary["sample"]["points"] = sample(size, numbers)
        shapes[size] = {trace["marker"]["symbol"] for trace in space_chart(summary, WORDS).figure["data"]}
    assert shapes[11_000] == {"square", "diamond"}
    assert "circle" in shapes[9_000]


# Permutations whose rank correlation with 1, 2, ..., 8 is 0.262 and 0.333.
BARELY, ENOUGH = [2, 5, 1, 7, 0, 3, 4, 6], [2, 6, 4, 0, 1, 3, 5, 7]


@pytest.mark.parametrize(
    ("ranks", "says"),
    [(BARELY, "apart"), (ENOUGH, "related"), (BARELY[::-1], "apart"), (ENOUGH[::-1], "opposed")],
)
def test_frequency_and_value_go_together_from_three_tenths_on(
    summary: dict[str, Any], ranks: list[int], says: str
) -> None:
    points = {name: column[:8] for name, column in summary["sample"]["points"].items()}
    points |= {"frequency": np.arange(8, dtype=np.float32), "monetary": np.asarray(ranks, dtype=np.float32)}
    summary["sample"]["points"] = points | {"recency": np.arange(8, dtype=np.float32)[::-1]}
    assert space_chart(summary, WORDS).title == WORDS(f"charts.space.{says}")


def test_a_row_of_the_confusion_is_the_segment_and_a_column_the_tree(summary: dict[str, Any]) -> None:
    """Three lions of four are taken for lions, one for a bear; of 7 bears 2 are taken for lions."""
    tree = summary["tree"]
    tree["classes"], tree["confusion"] = [0, 1], [[3, 1], [2, 5]]
    found = drawn(confusion_chart(summary, WORDS)).figure
    cells, texts = found["data"]
    layout = found["layout"]
    first, second = (
        WORDS.name(one["name"]) for one in sorted(summary["segments"], key=lambda s: int(s["segment"]))[:2]
    )
    assert layout["xaxis"]["ticktext"] == layout["yaxis"]["ticktext"] == [first, second]
    assert layout["xaxis"]["title"]["text"] == WORDS("terms.predicted")
    assert layout["yaxis"]["autorange"] == "reversed"  # the first row on top, as a matrix is read
    assert cells["text"] == [["3", "1"], ["2", "5"]]
    written = dict(zip(zip(texts["x"], texts["y"], strict=True), texts["text"], strict=True))
    assert written == {(0, 0): "3", (1, 0): "1", (0, 1): "2", (1, 1): "5"}


def test_roc_curves_have_the_false_alarms_along_and_the_hits_up(summary: dict[str, Any]) -> None:
    found = drawn(roc_chart(summary, WORDS)).figure
    assert found["layout"]["xaxis"]["title"]["text"] == WORDS("terms.fpr")
    assert found["layout"]["yaxis"]["title"]["text"] == WORDS("terms.tpr")
    chance, *curves = found["data"]
    assert chance["x"] == chance["y"]
    for trace, curve in zip(curves, summary["tree"]["roc"], strict=True):
        assert (trace["x"], trace["y"]) == (curve["fpr"], curve["tpr"])


def test_flows_go_from_the_left_to_the_right_and_states_do_not_overlap(summary: dict[str, Any]) -> None:
    record = follow()
    trace = drawn(movements_chart(record, WORDS, summary["segments"])).figure["data"][0]
    node, link = trace["node"], trace["link"]
    assert all(node["x"][a] < node["x"][b] for a, b in zip(link["source"], link["target"], strict=True))
    ends = zip(link["source"], link["target"], link["customdata"], link["value"], strict=True)
    names = {side: [WORDS.name(one["name"]) for one in record["states"][side]] for side in ("from", "to")}
    counted = {
        f"{names['from'][i]} → {names['to'][j]}": n for i, row in enumerate(record["counts"]) for j, n in enumerate(row)
    }
    for source, target, told, n in ends:
        assert told == f"{node['customdata'][source]} → {node['customdata'][target]}"
        assert counted[told] == n
    sums = dict.fromkeys(range(len(node["label"])), 0)
    for source, target, n in zip(link["source"], link["target"], link["value"], strict=True):
        sums[source] += n
        sums[target] += n
    for side in (min(node["x"]), max(node["x"])):
        column = [at for at, x in enumerate(node["x"]) if x == side]
        assert [node["y"][at] for at in column] == sorted(node["y"][at] for at in column)
        # From one middle to the next is half of either, at one scale on both sides, and room between.
        for one, other in pairwise(column):
            assert node["y"][other] - node["y"][one] > (sums[one] + sums[other]) / 2 / sum(sums.values())


def test_a_leaf_tells_its_customers_and_purity_and_hangs_on_its_question(summary: dict[str, Any]) -> None:
    nodes = {node["id"]: node for node in summary["tree"]["nodes"]}
    nodes[1] |= {"customers": 77, "purity": 0.8}
    found = drawn(tree_chart(summary, WORDS)).figure
    places = place(nodes, 0)
    note = next(one for one in found["layout"]["annotations"] if (one["x"], one["y"]) == places[1])
    assert note["text"].endswith("77 customers, 80%")
    lines = found["data"][0]
    branches = {
        (lines["x"][at + 2], lines["y"][at + 2]): (lines["x"][at], lines["y"][at])
        for at in range(0, len(lines["x"]), 4)
    }
    parents = {
        places[node[side]]: places[node["id"]]
        for node in nodes.values()
        for side in ("left", "right")
        if node["left"] is not None
    }
    assert branches == parents
    top, bottom = found["layout"]["yaxis"]["range"][::-1]
    assert top < min(y for _, y in places.values()) < max(y for _, y in places.values()) < bottom  # yes is above


def test_scree_tells_what_the_first_components_hold_together(summary: dict[str, Any]) -> None:
    summary["pca"]["explained_variance_ratio"] = [0.5, 0.3, 0.2]
    found = drawn(scree_chart(summary, WORDS))
    assert found.title == WORDS("charts.scree.found", first="80.0%")
    told = found.description
    for n, share in enumerate(("50.0%", "80.0%", "100.0%"), 1):
        assert WORDS("chart_terms.cumulated", n=n, share=share) in told
    assert math.isclose(found.figure["data"][1]["y"][-1], 100)
