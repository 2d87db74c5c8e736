"""Every figure: what stands in it is what the summary says, in both languages, and nothing from data is markup."""

import json
import math
from typing import Any, get_args

import numpy as np
import plotly.graph_objects as go
import pytest

from bestiary.config import Language
from bestiary.report.charts import Chart, draw
from bestiary.report.charts.flows import movements_chart
from bestiary.report.charts.shares import shares_chart
from bestiary.report.charts.space import rank_correlation, space_chart
from bestiary.report.figures import as_script_json
from bestiary.report.words import Words
from bestiary.segments.choice.silhouette import Kind
from report_beliefs import follow
from report_drawn import WORDS, numbers, summary_with_all
from report_habits import sample

LANGUAGES: tuple[Language, ...] = get_args(Language)
KEYS = {"shares", "space", "reliability", "silhouette", "cadence", "calibration", "scree", "loadings", "biplot", "tree"}
KEYS |= {"confusion", "roc", "days"}
HOSTILE = "</script>%{x}<b>{bold}</b>&amp;"


@pytest.fixture(name="summary")
def _summary() -> dict[str, Any]:
    return summary_with_all()


def everything(summary: dict[str, Any], language: Language) -> dict[str, Chart]:
    words = Words(language, "EUR")
    moved = movements_chart(follow(), words, summary["segments"])
    assert moved is not None
    return {**draw(summary, words), "movements": moved}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_chart_says_what_it_finds_and_shows(summary: dict[str, Any], language: Language) -> None:
    found = everything(summary, language)
    segments = [s["segment"] for s in (*summary["segments"], *summary["visitors"]["segments"])]
    wanted = {f"{kind}-{number}" for kind in ("profile", "hours", "flows") for number in segments}
    assert set(found) == KEYS | {"movements"} | wanted | {f"column-{record['key']}" for record in summary["columns"]}
    for key, chart in found.items():
        told = chart.title + chart.subtitle + chart.description + chart.note
        assert chart.key == key
        assert chart.title
        assert chart.subtitle
        assert chart.description.startswith(f"{chart.title}. {chart.subtitle}")
        assert chart.description.endswith(".")
        assert len(chart.description) > len(f"{chart.title}. {chart.subtitle}.")
        assert chart.height >= 150
        assert "{" not in told.replace(HOSTILE, "")
        assert "None" not in told
        assert "nan" not in told.split()


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_figure_is_one_of_plotly(summary: dict[str, Any], language: Language) -> None:
    """Figures are written as plain dictionaries; Plotly's own classes refuse a key or a value that is not theirs."""
    for chart in everything(summary, language).values():
        made = go.Figure(chart.figure)
        assert len(made.data) == len(chart.figure["data"]) > 0
    with pytest.raises(ValueError, match="marker"):
        go.Figure({"data": [{"type": "bar", "marker": {"colour": "red"}}]})


@pytest.mark.parametrize("kind", get_args(Kind))
def test_every_kind_of_silhouette_has_a_word(kind: str) -> None:
    assert all(Words(language, "EUR")(f"terms.{kind}") for language in LANGUAGES)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_axis_has_a_unit_or_names(summary: dict[str, Any], language: Language) -> None:
    for chart in everything(summary, language).values():
        layout = chart.figure["layout"]
        scene = layout.get("scene", {})
        for one in [*layout.items(), *scene.items()]:
            name, axis = one
            if name[1:].startswith("axis") and axis.get("visible", True):
                assert axis["title"].get("text") or axis.get("ticktext"), (chart.key, name)


@pytest.mark.parametrize("language", ["en", "fr"])
def test_names_from_data_are_neither_markup_nor_a_template(summary: dict[str, Any], language: Language) -> None:
    for segment in (*summary["segments"], *summary["visitors"]["segments"]):
        segment["name"] = {"en": HOSTILE, "fr": HOSTILE}
        for state in (*segment["flows"]["came"], *segment["flows"]["went"]):
            state["name"] = {"en": HOSTILE, "fr": HOSTILE}
    summary["sample"]["points"]["who"] = [HOSTILE] * len(summary["sample"]["points"]["segment"])
    for record in summary["columns"]:
        if record["kind"] == "text":
            record["values"][0]["value"] = HOSTILE
    for key, chart in everything(summary, language).items():
        text = json.dumps(chart.figure, ensure_ascii=False)
        assert "%{x}<" not in text, key
        assert "</script" not in text, key
        assert "{bold" not in text, key
        assert "</script" not in as_script_json(chart.figure)


def test_charts_do_not_change_the_summary(summary: dict[str, Any]) -> None:
    before = repr(summary)
    draw(summary, WORDS)
    assert repr(summary) == before


@pytest.mark.parametrize("language", ["en", "fr"])
def test_one_segment_and_nobody_are_drawn(summary: dict[str, Any], language: Language) -> None:
    words = Words(language, "EUR")
    summary["segments"], summary["visitors"], summary["tree"] = summary["segments"][:1], None, None
    summary["sample"]["points"] = sample(20, [summary["segments"][0]["segment"]])
    found = draw(summary, words)
    assert words("charts.shares.one") == found["shares"].title
    assert words("charts.biplot.one") == found["biplot"].title
    summary["segments"] = []
    summary["sample"]["points"] = sample(0, [0])
    empty = draw(summary, words)
    assert words("charts.shares.nobody") == empty["shares"].title
    assert words("charts.space.nobody") == empty["space"].title
    assert "biplot" not in empty
    for chart in (*found.values(), *empty.values()):
        assert chart.description.endswith(".")
        as_script_json(chart.figure)


def test_figures_that_are_not_in_the_summary_are_not_drawn(summary: dict[str, Any]) -> None:
    summary["cadence"] = None
    for segment in (*summary["segments"], *summary["visitors"]["segments"]):
        segment["profile"], segment["flows"], segment["hours"] = [], None, [[0] * 24] * 7
    summary["quality"]["days"] = []
    assert {key.partition("-")[0] for key in draw(summary, WORDS)} == (KEYS | {"column"}) - {"cadence", "days"}


def test_fifty_thousand_customers_stay_small(summary: dict[str, Any]) -> None:
    size = 50_000
    summary["sample"] |= {"size": size, "points": sample(size, [s["segment"] for s in summary["segments"]])}
    found = draw(summary, WORDS)
    assert len(as_script_json(found["space"].figure)) < 2_000_000
    assert sum(len(trace["x"]) for trace in found["biplot"].figure["data"]) < 5_000
    assert len(as_script_json(found["biplot"].figure)) < 500_000


def test_shares_are_percent_with_most_value_on_top(summary: dict[str, Any]) -> None:
    customers, value = shares_chart(summary, WORDS).figure["data"]
    top = summary["segments"][0]
    assert (customers["x"][-1], value["x"][-1]) == (6.0, pytest.approx(100 * top["share_of_value"], abs=1e-4))
    assert value["text"][-1] == "33.0%"
    assert (customers["name"], value["name"]) == (WORDS("terms.share_of_customers"), WORDS("terms.share_of_value"))
    chart = shares_chart(summary, WORDS)
    assert chart.figure["layout"]["yaxis"]["ticktext"][-1] == WORDS.name(top["name"])
    told = WORDS("chart_terms.shares", name=WORDS.name(top["name"]), customers="6.0%", value="33.0%")
    assert told in chart.description


def test_an_undefined_share_is_no_bar_and_a_dash(summary: dict[str, Any]) -> None:
    summary["segments"][0]["share_of_value"] = None
    value = shares_chart(summary, WORDS).figure["data"][1]
    assert (value["x"][-1], value["text"][-1]) == (None, "–")


@pytest.mark.parametrize(
    ("shares", "title"),
    [
        ([(0.1, 0.5), (0.9, 0.5)], "Lion: 10.0% of the buyers bring 50.0% of the revenue"),
        ([(0.5, 0.5), (0.5, 0.5)], "No segment brings much more of the revenue than its share of the buyers"),
        ([(0.4, None), (0.6, None)], "The largest segment is Fox, with 60.0% of the buyers; shares of revenue are not"),
        ([(1.0, 1.0)], "All buyers who are placed are in one segment"),
    ],
)
def test_shares_find_who_brings_most(
    summary: dict[str, Any], shares: list[tuple[float, float | None]], title: str
) -> None:
    summary["segments"] = summary["segments"][: len(shares)]
    for segment, (customers, value) in zip(summary["segments"], shares, strict=True):
        segment["share_of_customers"], segment["share_of_value"] = customers, value
    assert shares_chart(summary, WORDS).title.startswith(title)


def test_space_has_every_sampled_customer_once_by_segment(summary: dict[str, Any]) -> None:
    chart, points = space_chart(summary, WORDS), summary["sample"]["points"]
    for trace, segment in zip(chart.figure["data"], summary["segments"], strict=True):
        rows = points["segment"] == segment["segment"]
        assert numbers(trace["x"]) == pytest.approx(np.log1p(points["recency"][rows]), abs=1e-5)
        assert numbers(trace["customdata"])[:, 2] == pytest.approx(points["monetary"][rows])
        assert "text" not in trace
    hover = chart.figure["data"][0]["hovertemplate"].split("<br>")
    assert hover[0] == "Days since the last purchase: %{customdata[0]:,.0f}"
    assert hover[2].startswith("Total spent, net of refunds: EUR %{customdata[2]:,.2f}<extra>")
    titles = [chart.figure["layout"]["scene"][f"{at}axis"]["title"]["text"] for at in "xyz"]
    assert titles == ["Recency (days)", "Frequency (sessions)", "Value (EUR)"]
    assert "buyers, 1,000 of 50,000" in chart.subtitle


def test_space_says_who_only_where_it_is_known(summary: dict[str, Any]) -> None:
    points = summary["sample"]["points"]
    points["who"] = [f"id-{place}" for place in range(len(points["segment"]))]
    for trace, segment in zip(space_chart(summary, WORDS).figure["data"], summary["segments"], strict=True):
        rows = np.flatnonzero(points["segment"] == segment["segment"])
        assert list(trace["text"]) == [f"id-{row}" for row in rows]
        assert trace["hovertemplate"].startswith("%{text}<br>Days")


def test_a_refund_stands_at_nothing_and_is_told(summary: dict[str, Any]) -> None:
    points = summary["sample"]["points"]
    points["monetary"][points["segment"] == summary["segments"][0]["segment"]] = -5.0
    trace = space_chart(summary, WORDS).figure["data"][0]
    assert set(numbers(trace["z"]).tolist()) == {0.0}
    assert set(numbers(trace["customdata"])[:, 2].tolist()) == {-5.0}


def test_frequency_and_value_go_together_or_not(summary: dict[str, Any]) -> None:
    one = np.array([1.0, 2.0, 2.0, 3.0])
    assert rank_correlation(one, one**3) == pytest.approx(1)
    assert rank_correlation(one, np.array([5.0, 5.0, 5.0, 5.0])) is None
    # Ranks 1, 2.5, 2.5, 4 and 4, 1, 2, 3 by hand.
    assert rank_correlation(one, np.array([9.0, 1.0, 2.0, 3.0])) == pytest.approx(-1.5 / math.sqrt(4.5 * 5))
    points = summary["sample"]["points"]
    for monetary, says in (
        (points["frequency"], "related"),
        (-points["frequency"], "opposed"),
        (np.arange(1000) % 2, "apart"),
        (np.ones(1000), "plain"),
    ):
        points["monetary"] = monetary.astype(np.float32)
        assert space_chart(summary, WORDS).title == WORDS(f"charts.space.{says}")
