"""The calendar of the days by their events, with gaps marked: a column a week, a row a weekday."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from bestiary.report.charts.base import Chart, chart, named_axis, plain
from bestiary.report.distributions import ORDERED
from bestiary.report.palette import ACCENT, HIGH, INK, MIDDLE
from bestiary.report.words import Words

GAP_COLOURS = {"no_purchases": INK, "few_events": HIGH}
WEEKS = 53
"""Weeks in the calendar, the latest ones."""
Days = Sequence[Mapping[str, Any]]


def days_chart(summary: Mapping[str, Any], words: Words) -> Chart | None:
    """Events of each day of the latest 53 weeks, those with a gap marked; None where no day is known."""
    quality = summary["quality"]
    known: Days = quality.get("days") or []
    if not known:
        return None
    gaps = _gaps(quality["gaps"])
    last = date.fromisoformat(known[-1]["day"])
    monday = last - timedelta(days=last.weekday(), weeks=WEEKS - 1)
    shown = [day for day in known if day["day"] >= monday.isoformat()]
    start = date.fromisoformat(shown[0]["day"])
    start -= timedelta(days=start.weekday())
    weeks = [start + timedelta(weeks=i) for i in range((last - start).days // 7 + 1)]
    by_day = {day["day"]: day for day in shown}
    rows = [[(week + timedelta(days=weekday)).isoformat() for week in weeks] for weekday in range(7)]
    trace = {
        "type": "heatmap",
        "x": list(range(len(weeks))),
        "y": list(range(7)),
        "z": [[by_day[day]["events"] if day in by_day else None for day in row] for row in rows],
        "zmin": 0,
        "zmax": max(1, *(day["events"] for day in shown)),
        "colorscale": [[0, MIDDLE], [1, ACCENT]],
        "colorbar": colour_bar(words("chart_terms.events_a_day")),
        "xgap": 2,
        "ygap": 2,
        "text": [[_told(by_day[day], gaps.get(day), words) if day in by_day else "" for day in row] for row in rows],
        "hovertemplate": "%{text}<extra></extra>",
        "hoverongaps": False,
    }
    layout = {
        "xaxis": named_axis(*months(weeks, words), tickangle=0),
        "yaxis": named_axis(range(7), weekdays(words), autorange="reversed", tickfont={"size": 11}),
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
    }
    says, values = finding(known, gaps, words)
    numbers = _numbers(known, quality, words)
    found = chart("days", words, [trace, *_marks(gaps, by_day, start)], layout, (320, 0), says, numbers, **values)
    left = len(known) - len(shown)
    return replace(found, note=words("chart_terms.days_left", n=words.number(left))) if left else found


def finding(known: Days, gaps: Mapping[str, set[str]], words: Words) -> tuple[str, dict[str, str]]:
    """On how many of the days there is a gap, and which was the last."""
    found = sorted(day["day"] for day in known if day["day"] in gaps)
    values = {"total": words.number(len(known)), "n": words.number(len(found)), "usual": ""}
    if not found:
        return "none", values
    return "found", {**values, "last": words.date(found[-1])}


def weekdays(words: Words) -> list[str]:
    """The names of the weekdays, Monday first."""
    return [words.label("values.most_active_day", name) for name in ORDERED["most_active_day"]]


def colour_bar(title: str) -> dict[str, Any]:
    """The scale of a heat map, lying under it so that a narrow page keeps its width."""
    return {
        "orientation": "h",
        "thickness": 8,
        "len": 0.6,
        "x": 0,
        "xanchor": "left",
        "y": -0.14,
        "yanchor": "top",
        "nticks": 4,
        "tickformat": ",",
        "outlinewidth": 0,
        "tickfont": {"size": 10},
        "title": {"text": title, "side": "top", "font": {"size": 11}},
    }


def _gaps(records: Days) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for gap in records:
        found.setdefault(gap["day"], set()).add(gap["kind"])
    return found


def _kind(kinds: set[str]) -> str:
    """The gap that marks a day with several: few events are the worse."""
    return "few_events" if "few_events" in kinds else "no_purchases"


def _marks(gaps: Mapping[str, set[str]], by_day: Mapping[str, Any], start: date) -> list[dict[str, Any]]:
    """A mark on each day with a gap, told apart by colour and shape."""
    marks = []
    for kind, symbol in (("no_purchases", "circle"), ("few_events", "diamond")):
        days = [date.fromisoformat(day) for day in sorted(gaps) if day in by_day and _kind(gaps[day]) == kind]
        marks.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": kind,
                "x": [(day - start).days // 7 for day in days],
                "y": [day.weekday() for day in days],
                "marker": {
                    "color": GAP_COLOURS[kind],
                    "symbol": symbol,
                    "size": 9,
                    "opacity": 1,
                    "line": {"color": MIDDLE, "width": 1.5},
                },
                "hoverinfo": "skip",
            }
        )
    return marks


def months(weeks: Sequence[date], words: Words) -> tuple[list[int], list[str]]:
    """Where months begin, and their names, at most five of them."""
    names = [words.month((week + timedelta(days=6)).isoformat()) for week in weeks]
    first = [i for i, name in enumerate(names) if i == 0 or name != names[i - 1]]
    first = first[:: 1 + (len(first) - 1) // 5]
    return first, [names[i] for i in first]


def _told(day: Mapping[str, Any], kinds: set[str] | None, words: Words) -> str:
    what = [words("chart_terms.day", events=words.number(day["events"]), purchases=words.number(day["purchases"]))]
    what += [plain(words.label("gaps", kind)) for kind in sorted(kinds or ())]
    return words.date(day["day"]) + words("format.colon") + ", ".join(what)


def _numbers(known: Days, quality: Mapping[str, Any], words: Words) -> list[str]:
    most = max(known, key=lambda day: int(day["events"]))
    told = [words("chart_terms.most_events", day=words.date(most["day"]), n=words.number(most["events"]))]
    return [words("chart_terms.usual_day", n=words.number(quality["usual"])), *told]
