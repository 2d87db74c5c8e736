"""Charts of the customer table's columns: their bins, their units, and what they say."""

import math
from typing import Any

import pytest

from bestiary.report.charts.base import log_ticks, plain
from bestiary.report.charts.columns import column_chart
from report_drawn import FRENCH, WORDS, drawn, summary_with_all
from report_run import HOSTILE


@pytest.fixture(name="summary")
def _summary() -> dict[str, Any]:
    return summary_with_all()


def test_ticks_of_a_log_axis_are_labelled_with_the_plain_value() -> None:
    ticks = log_ticks(0.0, math.log(1 + 40), WORDS)
    assert ticks["ticktext"] == ["0", "1", "3", "10", "30"]
    assert ticks["tickvals"][-1] == pytest.approx(math.log(31))
    negative = log_ticks(-math.log(2), math.log(1 + 3), WORDS)
    assert negative["ticktext"] == ["−1", "0", "1", "3"]
    assert len(log_ticks(0, math.log(1e9), WORDS)["tickvals"]) <= 9


FIVE = {"min": 0.0, "q1": 1.0, "median": 2.0, "q3": 3.0, "max": 9.0}


def record(**values: Any) -> dict[str, Any]:
    columns = [{"name": "cart_abandonments", "window": 7, "nulls": 0, **FIVE}]
    base = {"key": "cart_abandonments", "kind": "numeric", "unit": "events", "columns": columns}
    return {**base, "integer": True, "scale": "linear", **values}


def test_a_histogram_has_its_bins_and_its_unit() -> None:
    chart = column_chart(record(edges=[-0.5, 0.5, 2.5], counts=[[4, 6]]), WORDS)
    bars, layout = drawn(chart).figure["data"][0], drawn(chart).figure["layout"]
    assert (bars["x"], bars["y"], bars["text"]) == ([0, 1.5], [4, 6], ["0", "1 – 2"])
    assert layout["xaxis"]["title"]["text"] == "events"
    assert column_chart(record(edges=[], counts=[]), WORDS) is None


def test_a_skewed_amount_is_drawn_on_a_log_axis_in_the_currency() -> None:
    one = [{"name": "total_purchase_value", "window": 7, "nulls": 0, **FIVE}]
    spent = record(key="total_purchase_value", unit="currency", columns=one, scale="log1p", integer=False)
    chart = drawn(column_chart({**spent, "edges": [0.0, 9.0, 99.0], "counts": [[1, 2]]}, WORDS))
    assert chart.figure["layout"]["xaxis"]["title"]["text"] == "EUR (log scale)"
    assert chart.figure["data"][0]["x"][0] == pytest.approx(math.log(10) / 2, abs=1e-6)
    assert chart.figure["data"][0]["text"] == ["EUR 0.00 – EUR 9.00", "EUR 9.00 – EUR 99.00"]


def test_windows_are_laid_over_each_other(summary: dict[str, Any]) -> None:
    views = next(r for r in summary["columns"] if r["key"] == "number_of_views")
    traces = drawn(column_chart(views, WORDS)).figure["data"]
    assert [t["name"] for t in traces] == ["2 months", "5 months", "7 months"]
    for trace, counts in zip(traces, views["counts"], strict=True):
        assert trace["y"] == [*counts, counts[-1]]
        assert len(trace["x"]) == len(views["edges"]) == len(trace["y"])
        assert trace["line"]["shape"] == "hv"  # a bin's count goes on from its lower edge to the next
    assert [t["line"]["dash"] for t in traces] == ["dot", "dash", "solid"]  # the longest window, of which is told


def test_brands_are_text_and_never_markup(summary: dict[str, Any]) -> None:
    brands = next(r for r in summary["columns"] if r["key"] == "preferred_brand")
    shown = drawn(column_chart(brands, WORDS)).figure["layout"]["yaxis"]["ticktext"]
    assert shown[0] == "&lt;/script&gt;&lt;script&gt;aler…"
    assert all("<" not in name for name in shown)
    assert plain(HOSTILE, 200).count("<") == 0


def test_weekdays_are_in_the_page_language(summary: dict[str, Any]) -> None:
    days = next(r for r in summary["columns"] if r["key"] == "most_active_day")
    shown = drawn(column_chart(days, FRENCH)).figure["layout"]["yaxis"]["ticktext"]
    assert shown == ["lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"]
    assert drawn(column_chart(days, FRENCH)).figure["layout"]["yaxis"]["autorange"] == "reversed"  # from the top down


def test_a_quantity_tells_its_median_and_leaves_out_who_has_none() -> None:
    found = drawn(column_chart(record(edges=[-0.5, 9.5], counts=[[9]]), WORDS))
    assert found.title == "Abandoned carts: half of the customers have 2 or less, a quarter 3 or more"
    some = record(edges=[-0.5, 9.5], counts=[[9]])
    some["columns"][0]["nulls"] = 12
    found = drawn(column_chart(some, WORDS))
    assert "half of the customers with a known value have" in found.title
    assert found.subtitle.endswith("(events), leaving out 12 without a value")
    same = record(edges=[1.5, 2.5], counts=[[9]])
    same["columns"][0] |= dict.fromkeys(FIVE, 2.0)
    assert drawn(column_chart(same, WORDS)).title.endswith(": 2 for all of the customers")


@pytest.mark.parametrize(
    ("values", "others", "title"),
    [
        ([("acme", 3), ("best", 1)], 0, "“acme” is the commonest, with 75.0% of the customers"),
        ([("acme", 2), ("best", 2)], 0, "no value is commoner than “acme”, with 50.0% of the customers"),
        ([("acme", 2)], 0, "always “acme”"),
        ([("acme", 2)], 6, "“acme” is the commonest, with 25.0% of the customers"),
    ],
)
def test_a_text_tells_its_commonest_value(values: list[tuple[str, int]], others: int, title: str) -> None:
    columns = [{"name": "preferred_brand", "window": 7, "nulls": 0}]
    rows = [{"value": value, "count": n} for value, n in values]
    found = record(key="preferred_brand", kind="text", unit="brand", columns=columns, values=rows, others=others)
    assert drawn(column_chart(found, WORDS)).title == f"Favourite brand: {title}"
    assert column_chart({**found, "values": [], "others": 0}, WORDS) is None
    none = [{"value": "morning", "count": 0}]
    assert column_chart({**found, "values": none, "others": 0}, WORDS) is None


@pytest.mark.parametrize(
    ("counts", "title"),
    [
        ([10, 30], "more often on 2 May 2019 than on any other day, with 75.0% of the customers"),
        ([1, 3], "no day surely stands out; the fullest has 75.0% of the customers"),
        ([2, 2], "no day surely stands out; the fullest has 50.0% of the customers"),
    ],
)
def test_a_time_tells_its_fullest_day(counts: list[int], title: str) -> None:
    columns = [{"name": "first_seen", "window": 7, "nulls": 0}]
    starts = ["2019-05-01", "2019-05-02"]
    found = record(key="first_seen", kind="time", columns=columns, step="day", starts=starts, counts=counts)
    assert drawn(column_chart(found, WORDS)).title == f"First seen: {title}"
