"""Charts of who moved, and of how long a model lasts: customers add up on both sides, odd cases are told."""

from typing import Any

import numpy as np
import pytest

from bestiary.report.charts.cadence import cadence_chart
from bestiary.report.charts.flows import flows_chart, movements_chart
from report_beliefs import follow, text
from report_drawn import WORDS, drawn, summary_with_all
from report_habits import cadence


@pytest.fixture(name="summary")
def _summary() -> dict[str, Any]:
    return summary_with_all()


def test_flows_of_a_segment_add_up_on_both_sides(summary: dict[str, Any]) -> None:
    lion = summary["segments"][0]
    trace = drawn(flows_chart(lion, summary["segments"], WORDS)).figure["data"][0]
    labels, link = trace["node"]["label"], trace["link"]
    assert labels[:5] == ["Lion 335", "Fox 60", "Bear 50", "New 60", "Small flows 1"]
    assert labels[5:] == ["Lion 371", "Fox 60", "Bear 50", "Gone 25"]
    flows = list(zip(link["source"], link["target"], link["value"], strict=True))
    assert (0, 5, 200) in flows
    assert sum(n for _, target, n in flows if target == 5) == 371
    assert sum(n for source, _, n in flows if source == 0) == 335
    assert trace["node"]["color"][0] == trace["node"]["color"][5] == "var(--animal-lion)"


@pytest.mark.parametrize(
    ("customers", "previous", "title"),
    [
        ([200, 60, 50, 60, 1], 0, "Lion: 54% were already there on 1 November 2019; no group of the others is larger"),
        (
            [9_970, 30, 0, 0, 0],
            0,
            "Lion: >\u202f99% were already there on 1 November 2019; the largest group of the ot",
        ),
        (
            [3, 9_997, 0, 0, 0],
            0,
            "Lion: <\u202f1% were already there on 1 November 2019; the largest group of the other",
        ),
        (
            [200, 61, 50, 60, 1],
            0,
            "Lion: 54% were already there on 1 November 2019; the largest group of the others is “Fox”",
        ),
        ([0, 61, 50, 60, 1], 0, "Lion: nobody was there on 1 November 2019; the largest group of today is “Fox”"),
        ([200, 61, 61, 60, 1], None, "Lion: nobody was there on 1 November 2019; the largest group of today is “Lion”"),
        ([0, 61, 61, 60, 1], None, "Lion: nobody was there on 1 November 2019; no group of today is larger than “Fox”"),
        ([200, 0, 0, 0, 0], 0, "Lion: everyone was already there on 1 November 2019"),
        ([0, 0, 0, 0, 0], 0, "Lion: nobody is left of those of 1 November 2019"),
    ],
)
def test_flows_say_where_members_come_from(
    summary: dict[str, Any], customers: list[int], previous: int | None, title: str
) -> None:
    lion = summary["segments"][0]
    for state, n in zip(lion["flows"]["came"], customers, strict=True):
        state["customers"] = n
    lion["flows"]["previous"] = previous
    assert drawn(flows_chart(lion, summary["segments"], WORDS)).title.startswith(title)


def test_no_flows_without_a_run_before_or_anybody(summary: dict[str, Any]) -> None:
    lion = summary["segments"][0]
    for state in (*lion["flows"]["came"], *lion["flows"]["went"]):
        state["customers"] = 0
    assert flows_chart(lion, summary["segments"], WORDS) is None
    lion["flows"] = None
    assert flows_chart(lion, summary["segments"], WORDS) is None


def test_movements_add_up_and_name_the_largest(summary: dict[str, Any]) -> None:
    found = drawn(movements_chart(follow(), WORDS, summary["segments"]))
    link = found.figure["data"][0]["link"]
    assert sum(link["value"]) == sum(map(sum, follow()["counts"])) == 215
    move = "the largest move between segments, of 30 customers, is from Lion to Fox"
    assert found.title == f"77% stayed in their segment; {move}"
    assert link["color"].count("var(--quiet)") == 2
    counts, labels = np.array(follow()["counts"]), found.figure["data"][0]["node"]["label"]
    sums = [*counts.sum(axis=1).tolist(), *counts.sum(axis=0).tolist()]
    assert sorted(int(label.split()[-1]) for label in labels) == sorted(n for n in sums if n)


def test_movements_without_flows_take_a_like_name_as_the_same() -> None:
    record = {name: value for name, value in follow().items() if name != "flows"}
    assert drawn(movements_chart(record, WORDS)).title == drawn(movements_chart(follow(), WORDS)).title


@pytest.mark.parametrize(
    ("counts", "title"),
    [
        (
            [[80, 12, 0, 7], [12, 60, 0, 1], [3, 2, 5, 0], [4, 5, 6, 0]],
            "85% stayed in their segment; no move between segments is larger",
        ),
        ([[80, 0, 0, 7], [0, 60, 0, 1], [3, 2, 5, 0], [4, 5, 6, 0]], "All who were in a segment at both dates stayed"),
        ([[0, 0, 0, 7], [0, 0, 0, 1], [3, 2, 5, 0], [4, 5, 6, 0]], "Nobody was in a segment at both dates"),
    ],
)
def test_movements_of_few_kinds(counts: list[list[int]], title: str) -> None:
    record = {**follow(), "counts": counts}
    assert drawn(movements_chart(record, WORDS)).title.startswith(title)
    assert movements_chart({**record, "counts": [[0] * 4] * 4}, WORDS) is None


def test_hostile_names_of_states_are_no_markup() -> None:
    record = follow()
    record["states"]["from"][0]["name"] = text("<b>%{x}</b>", "<b>%{x}</b>")
    label = drawn(movements_chart(record, WORDS)).figure["data"][0]["node"]["label"][0]
    assert label.startswith("&lt;b&gt;%&#123;x}&lt;/b&gt;")


def test_cadence_is_agreement_by_age_with_the_level_and_the_interval(summary: dict[str, Any]) -> None:
    found = drawn(cadence_chart(summary, WORDS))
    line, layout = found.figure["data"][0], found.figure["layout"]
    assert (line["x"], line["y"]) == ([30.4, 60.8, 91.2, 121.6], [97, 93, 86, 78])
    assert line["marker"]["symbol"] == ["circle", "circle", "circle-open", "circle-open"]
    assert [(shape["type"], shape["x1"]) for shape in layout["shapes"]] == [("rect", 60.8), ("line", 1)]
    assert (layout["shapes"][0]["x0"], layout["shapes"][1]["y0"]) == (0, 90)
    shown = zip(("97.0%", "93.0%", "86.0%", "78.0%"), (4, 3, 2, 1), strict=True)
    assert line["text"] == [f"{share} ({WORDS('chart_terms.replays', n=n)})" for share, n in shown]
    assert found.title.startswith("A model lasts 61 days: it then still puts 93%")


def test_cadence_that_is_open_never_kept_or_too_short(summary: dict[str, Any]) -> None:
    summary["cadence"] = cadence(4)
    assert drawn(cadence_chart(summary, WORDS)).title.startswith("A model lasts at least 122 days")
    summary["cadence"] = {**cadence(0), "level": None}
    never = drawn(cadence_chart(summary, WORDS))
    assert never.title.startswith("A model does not last until the next date: 30 days on it puts 97%")
    assert never.figure["layout"].get("shapes", []) == []
    summary["cadence"] = {**cadence(), "intervals": [], "steps": None, "days": None}
    assert cadence_chart(summary, WORDS) is None
