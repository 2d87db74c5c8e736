"""The figures' data: what stands in a chart is what the summary says, and nothing from data is markup."""

import math
import re
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from bestiary import report
from bestiary.config import Language, Settings
from bestiary.report.charts import Chart, columns, components, draw, fidelity, shares, space, tree
from bestiary.report.charts.base import log_ticks, plain
from bestiary.report.palette import ANIMALS, VISITORS, looks
from bestiary.report.summary import summarise
from bestiary.report.words import Words
from bestiary.segments.personas import personas
from report_run import HOSTILE, PEOPLE, make_run

WORDS = Words("en", "EUR")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    run = make_run(tmp_path_factory.mktemp("run"))
    return summarise(run, Settings(), currency="EUR", time_zone="UTC")


@pytest.fixture
def summary(made: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(made)


def drawn(found: Chart | None) -> Chart:
    assert found is not None
    return found


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_chart_has_a_title_a_text_alternative_and_a_size(summary: dict[str, Any], language: Language) -> None:
    found = draw(summary, Words(language, "EUR"))
    keys = {"shares", "space", "silhouette", "scree", "loadings", "biplot", "tree", "confusion", "roc", "gaps"}
    keys |= {"calibration", "reliability"}
    assert set(found) == keys | {f"column-{record['key']}" for record in summary["columns"]}
    for chart in found.values():
        assert chart.title
        assert chart.description.endswith(".")
        assert chart.height >= 200
        assert "{" not in chart.title + chart.description


def test_charts_do_not_change_the_summary(summary: dict[str, Any], made: dict[str, Any]) -> None:
    draw(summary, WORDS)
    assert summary == made


def test_shares_are_percent_with_most_value_on_top(summary: dict[str, Any]) -> None:
    customers, value = shares.shares_chart(summary, WORDS).figure["data"]
    top = summary["segments"][0]
    assert (customers["x"][-1], value["x"][-1]) == (6.0, pytest.approx(100 * top["share_of_value"], abs=1e-4))
    assert value["text"][-1] == "33.0%"


def test_an_undefined_share_is_no_bar_and_a_dash(summary: dict[str, Any]) -> None:
    summary["segments"][0]["share_of_value"] = None
    value = shares.shares_chart(summary, WORDS).figure["data"][1]
    assert (value["x"][-1], value["text"][-1]) == (None, "–")


def test_space_has_every_sampled_customer_once_by_segment(summary: dict[str, Any]) -> None:
    chart = space.space_chart(summary, WORDS)
    traces = chart.figure["data"]
    assert [t["name"] for t in traces] == ["Lion", "Fox", "Bear", "Turtle", "Beaver", "Dormouse", "Swallow"]
    assert [len(t["x"]) for t in traces] == [PEOPLE[t["name"].lower()][0] for t in traces]
    for trace in traces:
        for x, (recency, _, monetary) in zip(trace["x"], trace["customdata"], strict=True):
            days = int(recency.removeprefix("Days since the last purchase: "))
            assert x == pytest.approx(math.log(1 + days), abs=1e-4)
            assert monetary.startswith("Total spent, net of refunds: EUR ")
    titles = [chart.figure["layout"]["scene"][f"{at}axis"]["title"]["text"] for at in "xyz"]
    assert titles == ["Recency (days)", "Frequency (sessions)", "Value (EUR)"]
    assert "1,000" in chart.title


def test_ticks_of_a_log_axis_are_labelled_with_the_plain_value() -> None:
    ticks = log_ticks(0.0, math.log(1 + 40), WORDS)
    assert ticks["ticktext"] == ["0", "1", "3", "10", "30"]
    assert ticks["tickvals"][-1] == pytest.approx(math.log(31))
    negative = log_ticks(-math.log(2), math.log(1 + 3), WORDS)
    assert negative["ticktext"] == ["−1", "0", "1", "3"]
    assert len(log_ticks(0, math.log(1e9), WORDS)["tickvals"]) <= 9


def test_scree_adds_up(summary: dict[str, Any]) -> None:
    bars, line = drawn(components.scree_chart(summary, WORDS)).figure["data"]
    assert line["y"][-1] == pytest.approx(100, abs=1e-3)
    assert line["y"][1] == pytest.approx(bars["y"][0] + bars["y"][1], abs=1e-3)


def test_loadings_have_a_row_a_column_of_the_table(summary: dict[str, Any]) -> None:
    trace = drawn(components.loadings_chart(summary, WORDS)).figure["data"][0]
    assert len(trace["z"]) == len(summary["pca"]["columns"])
    assert trace["z"][3][1] == pytest.approx(summary["pca"]["loadings"][1][3], abs=1e-4)
    assert trace["zmin"] == -trace["zmax"]


def test_biplot_draws_the_longest_loadings(summary: dict[str, Any]) -> None:
    pca = summary["pca"]
    pca["columns"] = ["number_of_views_2m", "avg_price_7m", "cart_abandonments"]
    pca["loadings"] = [[0.9, 0.0, -0.3], [0.0, 0.5, 0.0]]
    pca["sample"] = {"size": 2, "scores": [[2.0, 0.0], [0.0, -1.0]], "segment": [0, 1]}
    layout = drawn(components.biplot_chart(summary, WORDS)).figure["layout"]
    arrows = [a for a in layout["annotations"] if a["showarrow"]]
    labels = {a["text"]: (a["x"], a["y"]) for a in layout["annotations"] if not a["showarrow"]}
    assert (arrows[0]["x"], arrows[0]["y"], arrows[0]["ax"]) == (1.6, 0.0, 0)
    assert labels["Abandoned carts"][0] == pytest.approx(-1.6 / 3, abs=1e-4)
    assert labels["Mean price paid, 7 months"][1] == pytest.approx(1.6 * 5 / 9, abs=1e-4)


def test_biplot_is_not_scaled_by_a_far_customer(summary: dict[str, Any]) -> None:
    pca = summary["pca"]
    pca["columns"], pca["loadings"] = ["number_of_views_2m"], [[1.0], [0.0]]
    scores = [[float(i % 2), 0.0] for i in range(1000)] + [[900.0, 0.0], [0.0, -900.0]]
    pca["sample"] = {"size": len(scores), "scores": scores, "segment": [0] * len(scores)}
    found = drawn(components.biplot_chart(summary, WORDS))
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
    assert components.biplot_chart(summary, WORDS) is None
    assert components.loadings_chart(summary, WORDS) is not None
    pca["loadings"], pca["explained_variance_ratio"] = [], []
    assert components.scree_chart(summary, WORDS) is None
    assert components.loadings_chart(summary, WORDS) is None


def test_confusion_shows_counts_and_shades_shares_of_a_row(summary: dict[str, Any]) -> None:
    tree = summary["tree"]
    tree["classes"], tree["confusion"] = [0, 1], [[3, 1], [0, 0]]
    trace = drawn(fidelity.confusion_chart(summary, WORDS)).figure["data"][0]
    assert trace["text"] == [["3", "1"], ["0", "0"]]
    assert trace["z"] == [[0.75, 0.25], [0.0, 0.0]]


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


def record(**values: Any) -> dict[str, Any]:
    columns = [{"name": "cart_abandonments", "window": 7, "nulls": 0}]
    base = {"key": "cart_abandonments", "kind": "numeric", "unit": "events", "columns": columns}
    return {**base, "integer": True, "scale": "linear", **values}


def test_a_histogram_has_its_bins_and_its_unit() -> None:
    chart = columns.column_chart(record(edges=[-0.5, 0.5, 2.5], counts=[[4, 6]]), WORDS)
    bars, layout = drawn(chart).figure["data"][0], drawn(chart).figure["layout"]
    assert (bars["x"], bars["y"], bars["text"]) == ([0, 1.5], [4, 6], ["0", "1 – 2"])
    assert layout["xaxis"]["title"]["text"] == "events"
    assert columns.column_chart(record(edges=[], counts=[]), WORDS) is None


def test_a_skewed_amount_is_drawn_on_a_log_axis_in_the_currency() -> None:
    one = [{"name": "total_purchase_value", "window": 7, "nulls": 0}]
    spent = record(key="total_purchase_value", unit="currency", columns=one, scale="log1p", integer=False)
    chart = drawn(columns.column_chart({**spent, "edges": [0.0, 9.0, 99.0], "counts": [[1, 2]]}, WORDS))
    assert chart.figure["layout"]["xaxis"]["title"]["text"] == "EUR (log scale)"
    assert chart.figure["data"][0]["x"][0] == pytest.approx(math.log(10) / 2, abs=1e-6)
    assert chart.figure["data"][0]["text"] == ["EUR 0.00 – EUR 9.00", "EUR 9.00 – EUR 99.00"]


def test_windows_are_laid_over_each_other(summary: dict[str, Any]) -> None:
    views = next(r for r in summary["columns"] if r["key"] == "number_of_views")
    traces = drawn(columns.column_chart(views, WORDS)).figure["data"]
    assert [t["name"] for t in traces] == ["2 months", "5 months", "7 months"]
    for trace, counts in zip(traces, views["counts"], strict=True):
        assert trace["y"] == [*counts, counts[-1]]
        assert len(trace["x"]) == len(views["edges"]) == len(trace["y"])


def test_brands_are_text_and_never_markup(summary: dict[str, Any]) -> None:
    brands = next(r for r in summary["columns"] if r["key"] == "preferred_brand")
    shown = drawn(columns.column_chart(brands, WORDS)).figure["layout"]["yaxis"]["ticktext"]
    assert shown[0] == "&lt;/script&gt;&lt;script&gt;aler…"
    assert all("<" not in name for name in shown)
    assert plain(HOSTILE, 200).count("<") == 0


def test_weekdays_are_in_the_page_language(summary: dict[str, Any]) -> None:
    days = next(r for r in summary["columns"] if r["key"] == "most_active_day")
    shown = drawn(columns.column_chart(days, Words("fr", "EUR"))).figure["layout"]["yaxis"]["ticktext"]
    assert shown == ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]


def test_gaps_stand_on_their_day(summary: dict[str, Any]) -> None:
    trace = drawn(columns.gaps_chart(summary, WORDS)).figure["data"][0]
    cells = {trace["text"][row][week]: z for row, line in enumerate(trace["z"]) for week, z in enumerate(line)}
    assert cells["14 November 2019: no purchases"] == 1
    assert cells["15 November 2019: few events"] == 2
    assert cells["16 November 2019: usual"] == 0
    assert sorted(z for z in cells.values() if z) == [1, 2]
    assert trace["z"][6][-1] is None or trace["text"][6][-1].startswith("1 December") is False
    summary["quality"]["gaps"] = []
    assert columns.gaps_chart(summary, WORDS) is None


def test_colours_follow_the_persona_and_never_repeat() -> None:
    def segment(number: int, persona: str | None) -> dict[str, Any]:
        return {"segment": number, "persona": persona}

    first = looks([segment(0, "lion"), segment(1, "owl"), segment(2, None)])
    second = looks([segment(0, "owl"), segment(1, None), segment(2, "lion")])
    assert first[0] == second[2]
    assert first[1] == second[0]
    assert first[2].animal is None
    twins = looks([segment(0, "lion"), segment(1, "lion")])
    assert twins[0].colour != twins[1].colour
    assert twins[1].animal == "lion"
    twelve = looks([segment(i, persona) for i, persona in enumerate([*ANIMALS, "lion", None, "unheard-of"])])
    assert len({look.colour for look in twelve.values()}) == 12
    assert twelve[11].animal is None
    visitors = looks([segment(i, persona) for i, persona in enumerate([*VISITORS, "cat", None])])
    assert len({look.colour for look in visitors.values()}) == 9
    assert [look.animal for look in visitors.values()] == [*VISITORS, "cat", None]


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_animal_has_a_mark_and_a_name_in_the_report(language: Language) -> None:
    template = (Path(report.__file__).parent / "templates" / "animals.html.j2").read_text(encoding="utf-8")
    marks = re.findall(r'<symbol id="animal-(\w+)" viewBox="0 0 128 128"[^>]*>', template)
    assert sorted(marks) == sorted([*ANIMALS, *VISITORS, "paw"])
    for population, animals in (("buyers", ANIMALS), ("visitors", VISITORS)):
        assert sorted(animals) == sorted(key for key, one in personas().items() if one.population == population)
    for key, animal in personas().items():
        assert Words(language, "EUR").label("names", key) == getattr(animal.name, language)


def test_every_colour_has_a_value_for_light_and_for_dark() -> None:
    css = (Path(report.__file__).parent / "templates" / "style.css").read_text(encoding="utf-8")
    light, dark = css.split("@media screen and (prefers-color-scheme: dark)")
    segments = [{"segment": i, "persona": p} for i, p in enumerate([*ANIMALS, *VISITORS, None, None, None, None])]
    for look in looks(segments).values():
        name = look.colour.removeprefix("var(").removesuffix(")")
        assert f"{name}: #" in light
        assert f"{name}: #" in dark
