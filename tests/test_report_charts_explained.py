"""Charts of what explains the segments: components, loadings, biplot, tree, confusion and ROC."""

import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bestiary import report
from bestiary.report.charts import biplot, components, fidelity, tree
from bestiary.report.charts.base import cell_texts, shade
from bestiary.report.palette import INK
from report_drawn import WORDS, drawn, summary_with_all
from report_run import PEOPLE


@pytest.fixture(name="summary")
def _summary() -> dict[str, Any]:
    return summary_with_all()


def place(scores: list[list[float]], segments: list[int]) -> dict[str, Any]:
    """The sample's scores on two components."""
    found = np.asarray(scores, dtype=np.float32)
    return {"pc1": found[:, 0], "pc2": found[:, 1], "segment": np.asarray(segments, dtype=np.int16)}


def test_scree_adds_up(summary: dict[str, Any]) -> None:
    bars, line = drawn(components.scree_chart(summary, WORDS)).figure["data"]
    assert line["y"][-1] == pytest.approx(100, abs=1e-3)
    assert line["y"][1] == pytest.approx(bars["y"][0] + bars["y"][1], abs=1e-3)


def test_loadings_have_a_row_a_column_of_the_table(summary: dict[str, Any]) -> None:
    trace = drawn(components.loadings_chart(summary, WORDS)).figure["data"][0]
    assert len(trace["z"]) == len(summary["pca"]["columns"])
    assert trace["text"][3][1] == WORDS.number(summary["pca"]["loadings"][1][3], 2)
    assert trace["zmin"] == -trace["zmax"]


def test_biplot_draws_the_longest_loadings(summary: dict[str, Any]) -> None:
    pca = summary["pca"]
    pca["columns"] = ["number_of_views_2m", "avg_price_7m", "cart_abandonments"]
    pca["loadings"] = [[0.9, 0.0, -0.3], [0.0, 0.5, 0.0]]
    summary["sample"]["points"] |= place([[2.0, 0.0], [0.0, -1.0]], [0, 1])
    layout = drawn(biplot.biplot_chart(summary, WORDS)).figure["layout"]
    arrows = [a for a in layout["annotations"] if a["showarrow"]]
    labels = {a["text"]: (a["x"], a["y"]) for a in layout["annotations"] if not a["showarrow"]}
    assert (arrows[0]["x"], arrows[0]["y"], arrows[0]["ax"]) == (1.6, 0.0, 0)
    assert labels["Abandoned carts"][0] == pytest.approx(-1.6 / 3, abs=1e-4)
    assert labels["Mean price paid, 7 months"][1] == pytest.approx(1.6 * 5 / 9, abs=1e-4)


def test_biplot_is_not_scaled_by_a_far_customer(summary: dict[str, Any]) -> None:
    pca = summary["pca"]
    pca["columns"], pca["loadings"] = ["number_of_views_2m"], [[1.0], [0.0]]
    scores = [[float(i % 2), 0.0] for i in range(1000)] + [[900.0, 0.0], [0.0, -900.0]]
    summary["sample"]["points"] |= place(scores, [0] * len(scores))
    found = drawn(biplot.biplot_chart(summary, WORDS))
    assert max(found.figure["layout"]["xaxis"]["range"]) < 2
    assert found.note.startswith("2 of the customers drawn")


def test_constant_columns_are_not_in_the_loadings(summary: dict[str, Any]) -> None:
    summary["pca"]["constant_columns"] = ["cart_abandonments"]
    found = drawn(components.loadings_chart(summary, WORDS)).figure
    assert len(found["data"][0]["z"]) == len(summary["pca"]["columns"]) - 1
    assert "Abandoned carts" not in found["layout"]["yaxis"]["ticktext"]


def test_components_that_are_not_there(summary: dict[str, Any]) -> None:
    pca = summary["pca"]
    pca["loadings"], pca["explained_variance_ratio"] = pca["loadings"][:1], pca["explained_variance_ratio"][:1]
    assert biplot.biplot_chart(summary, WORDS) is None
    assert components.loadings_chart(summary, WORDS) is not None
    pca["loadings"], pca["explained_variance_ratio"] = [], []
    assert components.scree_chart(summary, WORDS) is None
    assert components.loadings_chart(summary, WORDS) is None


def test_confusion_shows_counts_and_shades_shares_of_a_row(summary: dict[str, Any]) -> None:
    tree = summary["tree"]
    tree["classes"], tree["confusion"] = [0, 1], [[3, 1], [0, 0]]
    trace = drawn(fidelity.confusion_chart(summary, WORDS)).figure["data"][0]
    assert trace["text"] == [["3", "1"], ["0", "0"]]
    assert trace["z"] == [[pytest.approx(0.875), 0.25], [0.0, 0.0]]


def test_roc_leaves_out_what_is_not_defined(summary: dict[str, Any]) -> None:
    summary["tree"]["roc"][0]["auc"] = None
    traces = drawn(fidelity.roc_chart(summary, WORDS)).figure["data"]
    assert [t["name"] for t in traces[:2]] == ["chance", "Bear (0.950)"]
    assert len(traces) == len(PEOPLE)
    for curve in summary["tree"]["roc"]:
        curve["auc"] = None
    assert fidelity.roc_chart(summary, WORDS) is None


def test_tree_places_parents_between_their_children() -> None:
    def node(number: int, left: int | None = None, right: int | None = None) -> dict[str, Any]:
        return {"id": number, "left": left, "right": right}

    nodes = [node(0, 1, 2), node(1), node(2, 3, 4), node(3), node(4)]
    places = tree.place({n["id"]: n for n in nodes}, 0)
    assert places == {0: (0, 0.75), 1: (1, 0), 2: (1, 1.5), 3: (2, 1), 4: (2, 2)}


def test_tree_asks_in_the_units_of_its_columns(summary: dict[str, Any]) -> None:
    def asked(column: str, threshold: float) -> str:
        return tree.question({"column": column, "threshold": threshold}, summary, WORDS).replace("<br>", " ")

    assert asked("recency", 23.5) == "Days since the last purchase ≤\u00a023?"
    assert asked("frequency", 2.5) == "Purchases, 7 months ≤\u00a02?"
    assert asked("monetary", 23.456) == "Total spent, net of refunds ≤\u00a0EUR\u00a023.46?"
    assert asked("another_column", 2.5) == "another_column ≤\u00a02?"
    summary["scored"] = True
    assert asked("monetary", 2.5) == "Value score ≤\u00a02?"


def test_tree_has_every_leaf(summary: dict[str, Any]) -> None:
    layout = drawn(tree.tree_chart(summary, WORDS)).figure["layout"]
    bold = [a["text"] for a in layout["annotations"] if a["text"].startswith("<b>")]
    assert sorted(text.partition("</b>")[0].removeprefix("<b>").lower() for text in bold) == sorted(PEOPLE)
    summary["tree"]["nodes"] = summary["tree"]["nodes"][1:2]
    assert tree.tree_chart(summary, WORDS) is not None
    summary["tree"] = None
    assert tree.tree_chart(summary, WORDS) is None
    assert fidelity.confusion_chart(summary, WORDS) is None
    assert fidelity.roc_chart(summary, WORDS) is None


def test_tree_says_yes_on_the_way_to_the_left_and_no_to_the_right(summary: dict[str, Any]) -> None:
    layout = drawn(tree.tree_chart(summary, WORDS)).figure["layout"]
    nodes = {node["id"]: node for node in summary["tree"]["nodes"]}
    places = tree.place(nodes, 0)
    said = {(a["x"], a["y"]): a["text"] for a in layout["annotations"] if a["text"] in ("yes", "no")}
    asking = [node for node in nodes.values() if node["left"] is not None]
    assert said == {places[node[side]]: word for node in asking for side, word in (("left", "yes"), ("right", "no"))}


def test_biplot_counts_every_customer_of_the_frame_once(summary: dict[str, Any]) -> None:
    found = drawn(biplot.biplot_chart(summary, WORDS))
    outside = int(found.note.split(" ")[0])
    counted = {t["name"]: sum(t["customdata"]) for t in found.figure["data"]}
    assert sum(counted.values()) + outside == 1000
    scores = [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0], [-1.0, -1.0]]
    summary["sample"]["points"] |= place(scores, [0, 0, 0, 2])
    traces = {t["name"]: t for t in drawn(biplot.biplot_chart(summary, WORDS)).figure["data"]}
    assert (traces["Lion"]["x"], traces["Lion"]["customdata"], traces["Fox"]["customdata"]) == ([1.0], [3], [1])
    wide, narrow = traces["Lion"]["marker"]["size"][0], traces["Fox"]["marker"]["size"][0]
    assert wide**2 / narrow**2 == pytest.approx(3, abs=0.1)


def test_labels_of_arrows_stay_in_the_frame_and_apart(summary: dict[str, Any]) -> None:
    summary["pca"]["loadings"][0] = [0.001] * len(summary["pca"]["columns"])
    summary["pca"]["loadings"][1] = [-0.5] * len(summary["pca"]["columns"])
    layout = drawn(biplot.biplot_chart(summary, WORDS)).figure["layout"]
    low, high = layout["yaxis"]["range"]
    heights = sorted(a["y"] for a in layout["annotations"] if not a["showarrow"])
    assert low < heights[0] < heights[-1] < high
    gaps = [b - a for a, b in pairwise(heights)]
    assert min(gaps) >= 0.99 * biplot.LABEL_GAP * (high - low)


def test_labels_that_would_touch_move_both_ways() -> None:
    assert biplot.spread([0, 5, 5, 9], 2, -9, 99) == [0, 4, 6, 9]
    assert biplot.spread([8, 9, 9], 2, 0, 10) == [6, 8, 10], "within the frame"


def test_biplot_finds_the_segments_that_are_furthest_apart(summary: dict[str, Any]) -> None:
    summary["sample"]["points"] |= place([[0, 0], [0.5, 0], [4, 0]], [0, 1, 2])
    assert drawn(biplot.biplot_chart(summary, WORDS)).title == "No two segments lie further apart than Lion and Fox"
    summary["sample"]["points"] |= place([[0, 0], [4, 0]], [0, 2])
    assert drawn(biplot.biplot_chart(summary, WORDS)).title.startswith("Lion and Fox side by side")


def test_loadings_find_the_heaviest_column() -> None:
    assert components.strongest(["a", "b"], [0.2, -0.9], WORDS)[:2] == ("found", {"column": "b"})
    assert components.strongest(["a", "b"], [0.46, -0.5], WORDS)[0] == "tied"
    assert components.strongest(["a", "b"], [0.44, -0.5], WORDS)[0] == "found"
    assert components.strongest(["a"], [1.0], WORDS)[0] == "found"


@pytest.mark.parametrize(
    ("confusion", "says", "share"),
    [
        ([[29, 1], [12, 18]], "found", "78.3%"),
        ([[9, 1], [3, 7]], "unsure", "80.0%"),
        ([[9, 1], [0, 10]], "unsure", "95.0%"),
        ([[4, 0], [0, 4]], "perfect", "100.0%"),
        ([[0, 0], [0, 0]], "nobody", "–"),
    ],
)
def test_confusion_finds_the_commonest_mistake(confusion: list[list[int]], says: str, share: str) -> None:
    found, values, told = fidelity.mistakes(confusion, ["Owl", "Turtle"], WORDS)
    assert (found, values["share"]) == (says, share)
    if says == "found":
        assert (values["actual"], values["predicted"]) == ("Turtle", "Owl")
        assert told == ["Turtle taken for Owl: 12", "Owl taken for Turtle: 1"]


def test_roc_finds_the_least_sure_segment() -> None:
    assert fidelity.surest([("a", 0.9), ("b", 0.8)], WORDS) == ("found", {"name": "b", "auc": "0.800", "n": "2"})
    assert fidelity.surest([("a", 0.8), ("b", 0.8001), ("c", 0.9)], WORDS)[0] == "tied"
    assert fidelity.surest([("a", 0.8), ("b", 0.8001)], WORDS)[0] == "alike"
    assert fidelity.surest([("a", 0.8)], WORDS)[0] == "one"


def test_tree_tells_its_first_question_and_its_fidelity(summary: dict[str, Any]) -> None:
    told = "The tree asks first about “Days since the last purchase”"
    assert (
        drawn(tree.tree_chart(summary, WORDS)).title == f"{told}, and puts 91.3% of held-out customers in their segment"
    )
    summary["tree"]["fidelity"] = None
    assert drawn(tree.tree_chart(summary, WORDS)).title == told
    summary["tree"]["nodes"] = summary["tree"]["nodes"][1:2]
    assert drawn(tree.tree_chart(summary, WORDS)).title.startswith("The tree asks nothing")


def luminance(colour: str) -> float:
    """Relative luminance of a colour, by WCAG 2."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def mixed(one: str, other: str, part: float) -> str:
    pairs = [(int(one[i : i + 2], 16), int(other[i : i + 2], 16)) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(a + part * (b - a)):02x}" for a, b in pairs)


@pytest.mark.parametrize("theme", [0, 1])
@pytest.mark.parametrize("end", ["low", "high"])
def test_texts_of_cells_can_be_read_in_both_themes(theme: int, end: str) -> None:
    css = (Path(report.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
    style = css.split("prefers-color-scheme: dark", 1)[theme]
    page, ink, strong = (re.findall(rf"--{name}: (#\w{{6}})", style)[0] for name in ("page", "ink", end))
    parts = [[step / 50 for step in range(51)]]
    texts = cell_texts(parts, [["x"] * 51])["textfont"]["color"]
    for part, colour in zip(parts[0], texts, strict=True):
        light, dark = sorted((luminance(mixed(page, strong, shade(part))), luminance({INK: ink}.get(colour, colour))))
        assert (dark + 0.05) / (light + 0.05) >= 4.5, part
