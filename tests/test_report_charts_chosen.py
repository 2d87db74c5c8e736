"""What the charts of the choice, of what is expected and of enough visits find, also in the odd cases."""

from typing import Any

import pytest

from bestiary.report.charts.choice import choice_chart, finding
from bestiary.report.charts.worth import calibration_chart, reliability_chart, settled
from report_drawn import FRENCH, WORDS, drawn, summary_with_all


@pytest.fixture(name="summary")
def _summary() -> dict[str, Any]:
    return summary_with_all()


def point(k: int, ari: float | None = None, sample: float | None = 0.6, low: float | None = 0.4) -> dict[str, Any]:
    high = None if low is None else low + 0.1
    return {"k": k, "silhouette": 0.6, "sample": sample, "null_low": low, "null_high": high, "ari": ari}


@pytest.mark.parametrize(
    ("curve", "clauses"),
    [
        ([point(2, 0.9), point(3, 0.8)], ["null_above", "stable_best"]),
        ([point(2, 0.8), point(3, 0.8)], ["null_above", "stable_best"]),
        ([point(2, 0.7, sample=0.45), point(3, 0.8)], ["null_inside", "stable_other"]),
        ([point(2, 0.7, sample=0.3), point(3)], ["null_below"]),
        ([point(2, None, sample=None, low=0.55), point(3, 0.8)], ["null_inside"]),
        ([point(2, 0.9, low=None), point(3, 0.8)], ["stable_best"]),
    ],
)
def test_the_choice_tells_what_speaks_for_it(curve: list[dict[str, Any]], clauses: list[str]) -> None:
    says, values = finding(curve, 2, WORDS)
    assert says == "found"
    assert values["what"] == ", and ".join(WORDS(f"chart_terms.{clause}") for clause in clauses)


def test_a_choice_without_figures() -> None:
    assert finding([point(2, None, low=None)], 2, WORDS) == ("chosen", {"k": 2})
    assert finding([point(2)], 7, WORDS) == ("chosen", {"k": 7})
    assert finding([point(2)], None, WORDS)[0] == "undecided"
    assert finding([point(2)], 1, WORDS)[0] == "one"


def test_the_choice_is_worded_in_both_languages(summary: dict[str, Any]) -> None:
    told = "7 segments: they lie further apart than in a shop without groups, and other numbers come back better"
    assert drawn(choice_chart(summary, WORDS)).title.startswith(told)
    assert drawn(choice_chart(summary, FRENCH)).title.startswith("7 segments\u202f: ils sont plus éloignés que dans")
    assert "k = 7 silhouette 0.62, Rand index 0.76" in drawn(choice_chart(summary, WORDS)).description


def test_each_figure_of_the_choice_is_drawn_under_its_name(summary: dict[str, Any]) -> None:
    found = summary["silhouette"]
    point = {"silhouette": 0.5, "low": 0.4, "high": 0.7, "sample": 0.55, "kind": "sampled"}
    found["curve"][1] |= point | {"null_low": 0.1, "null_mean": 0.2, "null_high": 0.4, "ari": 0.8, "jaccard": 0.6}
    figure = drawn(choice_chart(summary, WORDS)).figure
    drawn_as = {trace["name"]: trace for trace in figure["data"]}
    for term, value in (("all_customers", 0.5), ("sample_curve", 0.55), ("null_mean", 0.2), ("ari", 0.8)):
        assert drawn_as[WORDS(f"terms.{term}")]["y"][1] == value, term
    assert drawn_as[WORDS("terms.jaccard")]["y"][1] == 0.6
    error = drawn_as[WORDS("terms.all_customers")]["error_y"]
    assert (error["array"][1], error["arrayminus"][1]) == (pytest.approx(0.2), pytest.approx(0.1))
    band = drawn_as[WORDS("terms.null_band")]
    low, high = sorted(y for x, y in zip(band["x"], band["y"], strict=True) if x == found["curve"][1]["k"])
    assert (low, high) == (0.1, 0.4)
    # The level asked of a figure is a line of that figure's colour.
    asked = {shape["line"]["color"]: shape["y0"] for shape in figure["layout"]["shapes"] if shape["type"] == "line"}
    assert asked == {
        drawn_as[WORDS(f"terms.{name}")]["line"]["color"]: found["asked"][name] for name in ("ari", "jaccard")
    }


@pytest.mark.parametrize(
    ("actual", "says"),
    [
        ([1.0, 1.0, 100.0], "expected: 0, less: 2; all in all EUR 34.00 a buyer came, and EUR 37.33 was expected"),
        ([9.0, 9.0, 94.0], "expected: 2, less: 1; all in all EUR 37.33 a buyer came, and EUR 37.33 was expected"),
    ],
)
def test_calibration_tells_of_all_tenths(summary: dict[str, Any], actual: list[float], says: str) -> None:
    calibration = summary["comparison"]["worth"]["calibration"]
    calibration["expected"], calibration["actual"] = [5.0, 7.0, 100.0], actual
    title = drawn(calibration_chart(summary, WORDS)).title
    assert title == f"Tenths that brought more than was {says}"


def test_calibration_is_read_on_an_axis_whose_ticks_are_amounts(summary: dict[str, Any]) -> None:
    calibration = summary["comparison"]["worth"]["calibration"]
    found = drawn(calibration_chart(summary, WORDS))
    axis = found.figure["layout"]["yaxis"]
    ticks = dict(zip(axis["ticktext"], axis["tickvals"], strict=True))
    for trace, name in zip(found.figure["data"], ("expected", "actual"), strict=True):
        assert trace["text"] == [WORDS.money(value) for value in calibration[name]]
        # Between the ticks of 100 and of 300 stand those from 100 to 300.
        between = [amount for amount, y in zip(calibration[name], trace["y"], strict=True) if inside(y, ticks)]
        assert between == [amount for amount in calibration[name] if 100 < amount < 300]
    one = WORDS("chart_terms.tenth", n=10, expected=WORDS.money(1700), actual=WORDS.money(1710))
    assert one in found.description


def inside(y: float, ticks: dict[str, float]) -> bool:
    return ticks["100"] < y < ticks["300"]


def curve(shares: list[float], visits: int | None, people: int = 600, against: str = "next") -> dict[str, Any]:
    points = [{"n": n, "share": share, "customers": people} for n, share in enumerate(shares, 1)]
    return {"against": against, "level": 0.8, "points": points, "visits": visits}


def test_visits_that_are_enough_and_that_are_not() -> None:
    assert settled(curve([0.6, 0.85], 2), WORDS) == ("settled_next", {"visit": "2", "share": "85.0%"})
    assert settled(curve([0.3, 0.6], None, against="all"), WORDS) == ("unsettled_all", {"share": "60.0%"})
    # A share above the level may still not be sure, and few customers tell nothing.
    assert settled(curve([0.6, 0.85], None), WORDS) == ("unknown", {})
    assert settled(curve([0.6], None, people=20), WORDS) == ("unknown", {})
    assert settled(curve([], None), WORDS) == ("unknown", {})


def test_reliability_states_its_level(summary: dict[str, Any]) -> None:
    found = drawn(reliability_chart(summary, WORDS))
    assert found.title == "From visit 3 on customers can be placed: 85.0% keep their segment at the next visit"
    assert found.subtitle.endswith("the level asked, 80%")
    assert "after one visit more, visit 1: 60.0%" in found.description


def test_the_interval_of_reliability_is_that_of_its_point(summary: dict[str, Any]) -> None:
    summary["enough"]["deciding"]["points"][0] |= {"share": 0.6, "low": 0.5, "high": 0.9}
    curve = drawn(reliability_chart(summary, WORDS)).figure["data"][0]
    error = curve["error_y"]
    assert (curve["y"][0], error["array"][0], error["arrayminus"][0]) == (60, pytest.approx(30), pytest.approx(10))
