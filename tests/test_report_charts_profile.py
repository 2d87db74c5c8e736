"""Charts of a segment beside the shop: indices, whiskers, what is told and what is cut."""

from typing import Any

import pytest

from bestiary.report.charts.profile import profile_chart
from report_drawn import FRENCH, WORDS, drawn, summary_with_all
from report_habits import role


@pytest.fixture(name="summary")
def _summary() -> dict[str, Any]:
    return summary_with_all()


def profiled(summary: dict[str, Any], *roles: dict[str, Any]) -> dict[str, Any]:
    summary["segments"][0]["profile"] = list(roles)
    return summary["segments"][0]  # type: ignore[no-any-return]


def titled(segment: dict[str, Any], summary: dict[str, Any]) -> str:
    return drawn(profile_chart(segment, summary["segments"], WORDS)).title


RECENCY = role("recency", "days_since_last_purchase", 10, 40)
SPENT = role("monetary", "total_purchase_value", 400, 100)


def test_a_profile_is_an_index_on_doublings(summary: dict[str, Any]) -> None:
    segment = profiled(summary, RECENCY, SPENT)
    found = drawn(profile_chart(segment, summary["segments"], WORDS))
    bars = found.figure["data"][0]
    assert bars["x"] == [-2, 2]
    # Quartiles at half and at 1.8 of the median.
    assert bars["error_x"]["arrayminus"] == [1, 1]
    assert bars["error_x"]["array"] == [pytest.approx(0.848, abs=1e-3)] * 2
    assert found.title == "Lion: they bought more recently and spend more than the median customer"
    assert bars["text"][0].endswith("index 25<br>fewer days are more recent")
    assert "EUR 400.00 (half between EUR 200.00 and EUR 720.00)" in bars["text"][1]
    ticks = found.figure["layout"]["xaxis"]
    told = {at: float(text) for at, text in zip(ticks["tickvals"], ticks["ticktext"], strict=True)}
    assert told == {at: 100 * 2.0**at for at in (-2, 0, 2)}, "five ticks at most"


def test_the_two_that_lie_furthest_are_told_the_furthest_first(summary: dict[str, Any]) -> None:
    segment = profiled(summary, role("carts", "c", 1.5, 1), RECENCY, role("monetary", "m", 800, 100))
    both = WORDS("chart_terms.both", one=WORDS("chart_terms.more_monetary"), other=WORDS("chart_terms.less_recency"))
    assert WORDS("charts.profile.found", name="Lion", what=both) == titled(segment, summary)


@pytest.mark.parametrize(("carts", "alike"), [(1.09, True), (1.12, False), (1 / 1.09, True), (1 / 1.12, False)])
def test_within_a_tenth_of_the_median_customer_is_alike(summary: dict[str, Any], carts: float, alike: bool) -> None:
    told = titled(profiled(summary, role("carts", "c", carts, 1)), summary)
    assert (told == WORDS("charts.profile.alike", name="Lion", whose=WORDS("whose.buyers"))) == alike


def test_what_may_be_chance_is_no_finding(summary: dict[str, Any]) -> None:
    """A median twice that of all, whose interval holds that of all: the bar is drawn, and nothing is said of it."""
    alike = WORDS("charts.profile.alike", name="Lion", whose=WORDS("whose.buyers"))
    for low, high, sure in ((0, 3, False), (1, 3, False), (1.5, 3, True), (None, None, False)):
        segment = profiled(summary, role("carts", "c", 2, 1) | {"low": low, "high": high})
        assert (titled(segment, summary) != alike) == sure
        assert drawn(profile_chart(segment, summary["segments"], WORDS)).figure["data"][0]["x"] == [1]


def test_visitors_come_and_buyers_buy(summary: dict[str, Any]) -> None:
    come = profiled(summary, role("recency", "days_since_last_visit", 10, 40))
    assert WORDS("chart_terms.less_visit") in titled(come, summary)
    assert WORDS("chart_terms.less_recency") in titled(profiled(summary, RECENCY), summary)


@pytest.mark.parametrize(("doublings", "cut"), [(5, False), (9, True), (-9, True)])
def test_what_is_beyond_six_doublings_stands_at_the_end_of_the_axis_with_its_number(
    summary: dict[str, Any], doublings: int, cut: bool
) -> None:
    """So that one figure of a shop does not press all others onto the line."""
    far = role("carts", "c", 2.0**doublings, 1)
    found = drawn(profile_chart(profiled(summary, far, SPENT), summary["segments"], WORDS)).figure
    low, high = found["layout"]["xaxis"]["range"]
    assert high == -low < 7
    at, near = found["data"][0]["x"]
    assert (at, near) == ((high if doublings > 0 else low) if cut else doublings, 2)
    assert found["layout"]["yaxis"]["ticktext"][0] == f"c<br><b>{WORDS.number(100 * 2.0**doublings)}</b>"


def test_what_has_no_index_is_left_out_and_said(summary: dict[str, Any]) -> None:
    carts = role("carts", "number_of_carts_7m", 3, 0)
    unknown = role("abandonment", "cart_abandonments", None, 2)
    found = drawn(profile_chart(profiled(summary, SPENT, carts, unknown), summary["segments"], WORDS))
    assert len(found.figure["data"][0]["x"]) == 1
    assert found.note.endswith("known: Additions to the cart, 7 months; Abandoned carts.")
    nothing = drawn(profile_chart(profiled(summary, carts), summary["segments"], WORDS))
    assert nothing.title.startswith("Lion: nothing can be compared")
    assert profile_chart(profiled(summary), summary["segments"], WORDS) is None


def test_a_median_of_nothing_stands_at_the_end_of_the_axis(summary: dict[str, Any]) -> None:
    found = drawn(profile_chart(profiled(summary, role("carts", "c", 0, 4), SPENT), summary["segments"], WORDS))
    low, high = found.figure["layout"]["xaxis"]["range"]
    assert found.figure["data"][0]["x"][0] == low == -high
    assert found.figure["layout"]["yaxis"]["ticktext"][0] == "c<br><b>0</b>"
    assert "put less in the cart" in found.title


def test_a_segment_like_the_shop_says_so(summary: dict[str, Any]) -> None:
    segment = profiled(summary, role("carts", "c", 1.05, 1), role("sessions", "s", 1, 1))
    assert drawn(profile_chart(segment, summary["segments"], WORDS)).title.startswith(
        "Lion: in none of this do they surely differ"
    )
    french = drawn(profile_chart(profiled(summary, RECENCY), summary["segments"], FRENCH))
    assert french.title == "Lion\u202f: ils ont acheté plus récemment que le client médian"
