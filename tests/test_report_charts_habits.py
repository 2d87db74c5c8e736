"""Charts of what customers do: hours of the week, days of the year."""

from typing import Any

import numpy as np
import pytest

from bestiary.report.chance import LEVEL, stands_out
from bestiary.report.charts.days import WEEKS, days_chart
from bestiary.report.charts.hours import hours_chart
from report_drawn import FRENCH, WORDS, drawn, summary_with_all
from report_habits import days, hours


@pytest.fixture(name="summary")
def _summary() -> dict[str, Any]:
    return summary_with_all()


def test_hours_are_shares_of_the_visits_and_the_fullest_is_named() -> None:
    week = hours()
    week[6][20] = 150
    found = drawn(hours_chart(week, "Europe/Paris", WORDS, "Lion", 3, 210))
    cells = found.figure["data"][0]
    assert found.key == "hours-3"
    assert sum(map(sum, cells["z"])) == pytest.approx(100, abs=0.01)
    assert cells["z"][0][:7] == [0] * 7
    assert found.title.startswith("Lion: busiest on Sunday from 20:00 to 21:00, with 4.4%")
    assert "Europe/Paris" in found.subtitle
    french = drawn(hours_chart(week, "Europe/Paris", FRENCH, "Lion", 3, 210))
    assert french.key == "hours-3"
    assert french.title.startswith("Lion\u202f: le plus de visites le dimanche de 20\u00a0h")
    assert french.figure["layout"]["yaxis"]["ticktext"][0] == "lundi"


def test_an_hour_s_share_is_of_the_whole_week_and_a_day_s_of_its_hours() -> None:
    """Of 8 visits one is on Monday at 9:00 and 7 on Sunday, 5 of them at 20:00; Monday is on top."""
    week = [[0] * 24 for _ in range(7)]
    week[0][9], week[6][20], week[6][21] = 1, 5, 2
    found = drawn(hours_chart(week, "UTC", WORDS, "Lion", 0, 210))
    cells, axis = found.figure["data"][0], found.figure["layout"]["yaxis"]
    assert (axis["ticktext"][0], axis["autorange"], cells["y"]) == ("Monday", "reversed", list(range(7)))
    assert cells["text"][0][9].endswith(": 12.50%")
    assert cells["text"][6][20].startswith("Sunday, ")
    assert cells["text"][6][20].endswith(": 62.50%")
    for day, share in (("Monday", "12.5%"), ("Tuesday", "0.0%"), ("Sunday", "87.5%")):
        assert WORDS("chart_terms.median", name=day, value=share) in found.description


def test_hours_with_several_fullest_and_with_nobody() -> None:
    week = [[0] * 24 for _ in range(7)]
    assert hours_chart(week, "UTC", WORDS, "Lion", 0, 210) is None
    week[0][9] = week[6][23] = 5
    found = drawn(hours_chart(week, "UTC", WORDS, "Lion", 0, 210))
    assert found.title == "Lion: no hour of the week surely stands out; the busiest has 50.0% of the visits"


@pytest.mark.parametrize(
    ("most", "seen", "says"),
    [
        (90, 210, "busiest on Tuesday from 14:00 to 15:00, with"),
        (90, 13, "busiest from 14:00 to 15:00, all days together, with"),  # of two days one may be a Tuesday more
        (90, 6, "busiest from 14:00 to 15:00, all days together, with"),
        (45, 210, "no hour of the week surely stands out; the busiest has 1.1% of the visits"),
    ],
)
def test_a_busiest_hour_is_told_where_it_is_no_chance(most: int, seen: int, says: str) -> None:
    week = [[25] * 24 for _ in range(7)]
    week[1][14], week[4][9] = most, 30
    assert drawn(hours_chart(week, "UTC", WORDS, "Lion", 0, seen)).title.startswith(f"Lion: {says}")


def test_a_busiest_part_of_the_day_is_told_where_no_hour_is() -> None:
    week = [[20] * 12 + [30] * 6 + [20] * 6 for _ in range(7)]
    told = drawn(hours_chart(week, "UTC", WORDS, "Lion", 0, 210)).title
    assert told.startswith("Lion: busiest from 12:00 to 18:00, all days together, with 33.3% of the visits; no hour of")


def test_an_even_week_seldom_has_a_busiest_hour() -> None:
    random = np.random.default_rng(0)
    drawn_weeks = random.poisson(40, (400, 168)).tolist()
    assert sum(stands_out(week) for week in drawn_weeks) <= 400 * LEVEL
    assert not stands_out([7])
    assert not stands_out([])


def test_days_stand_in_their_week_and_gaps_on_their_day(summary: dict[str, Any]) -> None:
    found = drawn(days_chart(summary, WORDS))
    cells, no_purchases, few = found.figure["data"]
    shown = {
        text.partition(":")[0]: n
        for row, line in zip(cells["text"], cells["z"], strict=True)
        for text, n in zip(row, line, strict=True)
        if text
    }
    assert len(shown) == 214
    assert shown["1 May 2019"] == 800 + 80 * 0
    # 14 and 15 November are the Thursday and the Friday of the 29th week from the one of 29 April.
    assert ((no_purchases["x"], no_purchases["y"]), (few["x"], few["y"])) == (([28], [3]), ([28], [4]))
    assert cells["text"][4][28].endswith("few events")
    assert found.title == "Days with a gap: 2 of 214, the last on 15 November 2019"
    assert found.note == ""


def test_a_day_tells_its_events_and_purchases_and_the_calendar_its_fullest_and_its_usual_day(
    summary: dict[str, Any],
) -> None:
    """Its rows are weekdays from Monday down; a month's name stands over the week in which it begins."""
    summary["quality"]["days"][0] |= {"events": 9_999, "purchases": 42}
    found = drawn(days_chart(summary, WORDS))
    cells, layout = found.figure["data"][0], found.figure["layout"]
    assert (layout["yaxis"]["ticktext"][0], layout["yaxis"]["autorange"]) == ("Monday", "reversed")
    told = WORDS("chart_terms.day", events="9,999", purchases="42")
    assert cells["text"][2][0] == f"1 May 2019: {told}"  # a Wednesday
    assert cells["zmax"] == 9_999
    months = dict(zip(layout["xaxis"]["ticktext"], layout["xaxis"]["tickvals"], strict=True))
    assert months["May 2019"] == 0
    assert months["Jul 2019"] == 9  # the week of 1 July, the ninth after that of 29 April
    assert WORDS("chart_terms.most_events", day="1 May 2019", n="9,999") in found.description
    assert WORDS("chart_terms.usual_day", n="1,000") in found.description


def test_only_the_latest_weeks_are_drawn_and_all_are_counted(summary: dict[str, Any]) -> None:
    summary["quality"]["days"] = days("2017-12-01")
    summary["quality"]["gaps"] += [{"day": "2017-12-25", "kind": "few_events", "events": 1, "usual": 900}]
    found = drawn(days_chart(summary, WORDS))
    assert len(found.figure["data"][0]["z"][0]) == WEEKS == 53  # a year
    assert found.title.startswith("Days with a gap: 3 of 730")
    assert len(found.figure["data"][2]["x"]) == 1
    left = 730 - sum(n is not None for row in found.figure["data"][0]["z"] for n in row)
    assert found.note.startswith(f"Earlier days that are not drawn: {left}")


def test_one_gap_none_and_no_days(summary: dict[str, Any]) -> None:
    summary["quality"]["gaps"] = summary["quality"]["gaps"][:1]
    assert drawn(days_chart(summary, WORDS)).title == "Days with a gap: 1 of 214, the last on 14 November 2019"
    summary["quality"]["gaps"] = []
    assert drawn(days_chart(summary, WORDS)).title.startswith("Days with a gap: 0 of 214")
    summary["quality"]["days"] = []
    assert days_chart(summary, WORDS) is None
