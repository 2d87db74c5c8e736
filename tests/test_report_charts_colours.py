"""What colours and shades say on the pictures: more is stronger, gaps are told apart, who stayed is dark."""

from typing import Any

import pytest

from bestiary.report.charts import draw
from bestiary.report.charts.components import loadings_chart
from bestiary.report.charts.days import days_chart
from bestiary.report.charts.fidelity import confusion_chart
from bestiary.report.charts.flows import flows_chart, movements_chart
from bestiary.report.charts.shares import shares_chart
from bestiary.report.charts.tree import tree_chart
from bestiary.report.charts.worth import reliability_chart
from bestiary.report.palette import BAND, HIGH, LOW, MIDDLE, QUIET, looks
from report_beliefs import follow
from report_drawn import WORDS, drawn, summary_with_all


@pytest.fixture(name="summary")
def _summary() -> dict[str, Any]:
    return summary_with_all()


def cells(trace: dict[str, Any]) -> list[float]:
    return [value for row in trace["z"] for value in row if value is not None]


def colour(trace: dict[str, Any], value: float) -> str:
    """The colour of a heat map's cell of this value, at an end of the scale or in its middle."""
    low, high = trace["zmin"], trace.get("zmax", max(cells(trace)))
    scale = {1 - at if trace.get("reversescale") else at: name for at, name in trace["colorscale"]}
    return str(scale[(value - low) / (high - low)])


def test_a_cell_of_nothing_is_as_the_page_and_the_fullest_is_the_strongest(summary: dict[str, Any]) -> None:
    maps = {
        chart.key: chart.figure["data"][0]
        for chart in draw(summary, WORDS).values()
        if chart.figure["data"][0]["type"] == "heatmap"
    }
    assert {key.partition("-")[0] for key in maps} == {"hours", "days", "confusion", "loadings"}
    for key, trace in maps.items():
        assert colour(trace, 0) == MIDDLE, key
        strongest = colour(trace, trace.get("zmax", max(cells(trace))))
        assert strongest != MIDDLE, key
    for key in ("days", "hours-0"):
        assert max(cells(maps[key])) == maps[key].get("zmax", max(cells(maps[key]))), key


def test_loadings_are_blue_where_they_pull_down_and_the_heavier_the_stronger(summary: dict[str, Any]) -> None:
    """The subtitle says that blue pulls down and orange up."""
    pca = summary["pca"]
    pca["columns"], pca["loadings"] = ["number_of_views_2m", "avg_price_7m", "cart_abandonments"], [[-0.9, 0.9, 0.1]]
    found = drawn(loadings_chart(summary, WORDS)).figure
    trace = found["data"][0]
    (down,), (up,), (little,) = trace["z"]
    assert (colour(trace, down), colour(trace, up)) == (LOW, HIGH)
    assert 0 < little < 0.5 * up
    assert found["layout"]["yaxis"]["autorange"] == "reversed"  # the table's order, from the top


def test_the_two_gaps_differ_in_colour_and_in_shape_and_the_worse_is_the_louder(summary: dict[str, Any]) -> None:
    gap = summary["quality"]["gaps"][0]
    summary["quality"]["gaps"] += [
        {**gap, "day": "2019-11-20", "kind": kind} for kind in ("no_purchases", "few_events")
    ]
    marks = {trace["name"]: trace for trace in drawn(days_chart(summary, WORDS)).figure["data"][1:]}
    few, without = marks["few_events"]["marker"], marks["no_purchases"]["marker"]
    assert few["color"] == HIGH != without["color"]
    assert few["symbol"] != without["symbol"]
    # 20 November has both, and is marked once.
    assert (len(marks["few_events"]["x"]), len(marks["no_purchases"]["x"])) == (2, 1)


def test_dark_flows_are_of_those_who_stayed(summary: dict[str, Any]) -> None:
    record = follow()
    link = drawn(movements_chart(record, WORDS, summary["segments"])).figure["data"][0]["link"]
    stayed = [flow["customers"] for flow in record["flows"] if flow["stayed"]]
    assert [n for n, shade in zip(link["value"], link["color"], strict=True) if shade == QUIET] == stayed
    assert set(link["color"]) == {QUIET, BAND}
    lion = summary["segments"][0]
    link = drawn(flows_chart(lion, summary["segments"], WORDS)).figure["data"][0]["link"]
    dark = [at for at, shade in enumerate(link["color"]) if shade == QUIET]
    assert [(link["customdata"][at], link["value"][at]) for at in dark] == [("Lion → Lion", 200)]


def test_a_segment_has_its_own_colour_in_every_picture(summary: dict[str, Any]) -> None:
    own = {WORDS.name(one["name"]): looks(summary["segments"])[one["segment"]].colour for one in summary["segments"]}
    found = draw(summary, WORDS, ["space", "biplot", "shares", "tree"])
    for key in ("space", "biplot"):
        assert {trace["name"]: trace["marker"]["color"] for trace in found[key].figure["data"]} == own, key
    shares = drawn(shares_chart(summary, WORDS)).figure
    named = [name.replace("<br>", " ") for name in shares["layout"]["yaxis"]["ticktext"]]
    assert dict(zip(named, shares["data"][1]["marker"]["color"], strict=True)) == own
    marks = drawn(tree_chart(summary, WORDS)).figure["data"][1]
    leaves = zip(marks["text"], marks["marker"]["color"], summary["tree"]["nodes"], strict=True)
    assert {text.partition("<br>")[0]: shade for text, shade, node in leaves if node["left"] is None} == own


def test_the_confusion_is_strongest_where_most_of_a_row_lies(summary: dict[str, Any]) -> None:
    tree = summary["tree"]
    tree["classes"], tree["confusion"] = [0, 1], [[0, 4], [30, 70]]
    trace = drawn(confusion_chart(summary, WORDS)).figure["data"][0]
    assert colour(trace, trace["z"][0][1]) == LOW
    assert trace["z"][0][1] > trace["z"][1][1] > trace["z"][1][0] > trace["z"][0][0] == 0


def test_the_two_curves_of_reliability_have_a_colour_each(summary: dict[str, Any]) -> None:
    curves = drawn(reliability_chart(summary, WORDS)).figure["data"]
    assert len({curve["line"]["color"] for curve in curves}) == len(curves) == 2
