"""Charts of the customer table's columns, and of the days with too few events."""

from collections.abc import Mapping
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from bestiary.report.charts.base import Chart, axis, chart, log_ticks, plain
from bestiary.report.distributions import ORDERED, log1p
from bestiary.report.palette import ACCENT, GRID, HIGH, LOW, SOFT
from bestiary.report.words import Words

WINDOW_LINES = ((SOFT, "dot"), (HIGH, "dash"), (ACCENT, "solid"))
GAP_COLOURS = {"no_purchases": LOW, "few_events": HIGH}
WEEKS = 53
"""Weeks in the calendar of gaps, the latest ones; the table has all."""


def column_chart(record: Mapping[str, Any], words: Words) -> Chart | None:
    """Histogram of a column, or of a family of windows laid over each other; None where no value is known."""
    drawn = {"numeric": _numeric, "text": _text, "time": _time}[record["kind"]](record, words)
    if drawn is None:
        return None
    traces, layout = drawn
    label = words.label("columns", record["key"])
    if len(record["columns"]) == 1:
        label = words.column(record["columns"][0]["name"])
    return chart(f"column-{record['key']}", words, traces, layout, (270, 0), label=label)


def _drawn(trace: Mapping[str, Any], x_axis: Any, words: Words) -> tuple[list[Any], dict[str, Any]]:
    return [trace], {"xaxis": x_axis, "yaxis": axis(words("terms.customers"), rangemode="tozero")}


def unit(record: Mapping[str, Any], words: Words) -> str:
    """The unit of a column in words; money's is the currency."""
    return plain(words.currency) if record["unit"] == "currency" else words.label("units", record["unit"])


def _numeric(record: Mapping[str, Any], words: Words) -> tuple[list[Any], dict[str, Any]] | None:
    edges = record["edges"]
    if not edges:
        return None
    logarithmic = record["scale"] == "log1p"
    shown = [log1p(edge) if logarithmic else edge for edge in edges]
    title = unit(record, words) + (f" ({words('terms.log_scale')})" if logarithmic else "")
    x_axis = axis(
        title, showgrid=False, zeroline=False, **(log_ticks(shown[0], shown[-1], words) if logarithmic else {})
    )
    bins = [_bin(low, high, record, words) for low, high in pairwise(edges)]
    if len(record["columns"]) > 1:
        traces = _steps(record, shown, bins, words)
        y_axis = axis(words("terms.customers"), rangemode="tozero")
        return traces, {"xaxis": x_axis, "yaxis": y_axis, "showlegend": True}
    trace = {
        "type": "bar",
        "x": [round((low + high) / 2, 6) for low, high in pairwise(shown)],
        "width": [round(0.94 * (high - low), 6) for low, high in pairwise(shown)],
        "y": record["counts"][0],
        "text": bins,
        "textposition": "none",
        "marker": {"color": ACCENT},
        "hovertemplate": "%{text}: %{y:,}<extra></extra>",
    }
    return _drawn(trace, x_axis, words)


def _steps(record: Mapping[str, Any], shown: list[float], bins: list[str], words: Words) -> list[dict[str, Any]]:
    """One stepped outline per window, on the same bins; the last count is drawn to the last edge."""
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": words("terms.months", n=column["window"]),
            "x": [round(edge, 6) for edge in shown],
            "y": [*counts, counts[-1]],
            "text": [*bins, bins[-1]],
            "line": {"shape": "hv", "width": 2, "color": colour, "dash": dash},
            "hovertemplate": "%{text}: %{y:,}<extra>%{fullData.name}</extra>",
        }
        for column, counts, (colour, dash) in zip(record["columns"], record["counts"], WINDOW_LINES, strict=True)
    ]


def _bin(low: float, high: float, record: Mapping[str, Any], words: Words) -> str:
    if record["unit"] == "currency":
        return f"{words.money(low)} – {words.money(high)}"
    if not record["integer"]:
        return f"{words.number(low, 2)} – {words.number(high, 2)}"
    first, last = int(low + 0.5), int(high - 0.5)
    return words.number(first) if first == last else f"{words.number(first)} – {words.number(last)}"


def _text(record: Mapping[str, Any], words: Words) -> tuple[list[Any], dict[str, Any]] | None:
    rows = [(value_name(record["key"], row["value"], words), row["count"]) for row in record["values"]]
    if record["others"]:
        rows.append((words("terms.others"), record["others"]))
    if not rows:
        return None
    names, counts = [plain(name, 22) for name, _ in rows], [count for _, count in rows]
    places = list(range(len(rows)))
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": counts,
        "y": places,
        "marker": {"color": ACCENT},
        "hovertext": [f"{name}: {words.number(count)}" for name, count in zip(names, counts, strict=True)],
        "hoverinfo": "text",
    }
    y_axis = axis(
        "", tickvals=places, ticktext=names, autorange="reversed", tickfont={"size": 11}, showgrid=False, zeroline=False
    )
    return [trace], {"xaxis": axis(words("terms.customers")), "yaxis": y_axis}


def value_name(column: str, value: str, words: Words) -> str:
    """A value of a text column in words: weekdays, dayparts and states are translated, brands are as they are."""
    return words.label(f"values.{column}", value) if column in ORDERED else value


def _time(record: Mapping[str, Any], words: Words) -> tuple[list[Any], dict[str, Any]] | None:
    if not record["starts"]:
        return None
    trace = {
        "type": "bar",
        "x": record["starts"],
        "y": record["counts"],
        "marker": {"color": ACCENT},
        "hovertext": [
            f"{words.date(day)}: {words.number(n)}" for day, n in zip(record["starts"], record["counts"], strict=True)
        ],
        "hoverinfo": "text",
    }
    shown = "%Y-%m" if record["step"] == "week" else "%Y-%m-%d"
    x_axis = axis(words(f"terms.by_{record['step']}"), type="date", tickformat=shown, nticks=4, tickangle=0)
    return _drawn(trace, {**x_axis, "showgrid": False}, words)


def gaps_chart(summary: Mapping[str, Any], words: Words) -> Chart | None:
    """A calendar of the last weeks, a column a week, days with a gap in colour; None where there is no gap."""
    gaps: dict[str, set[str]] = {}
    for gap in summary["quality"]["gaps"]:
        gaps.setdefault(gap["day"], set()).add(gap["kind"])
    if not gaps:
        return None
    end = date.fromisoformat(summary["as_of"]) - timedelta(days=1)
    longest = end - timedelta(days=30 * summary["windows"][-1])
    first = max(min(date.fromisoformat(min(gaps)), longest), end - timedelta(weeks=WEEKS - 1))
    start = first - timedelta(days=first.weekday())
    weeks = [start + timedelta(weeks=i) for i in range(max(1, (end - start).days // 7 + 1))]
    days = [[week + timedelta(days=weekday) for week in weeks] for weekday in range(7)]
    trace = {
        "type": "heatmap",
        "x": list(range(len(weeks))),
        "y": list(range(7)),
        "z": [[_level(gaps.get(day.isoformat())) if day <= end else None for day in row] for row in days],
        "zmin": 0,
        "zmax": 2,
        "colorscale": [[0, GRID], [0.5, GAP_COLOURS["no_purchases"]], [1, GAP_COLOURS["few_events"]]],
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "text": [[_day(day, gaps.get(day.isoformat()), words) for day in row] for row in days],
        "hovertemplate": "%{text}<extra></extra>",
    }
    places = list(range(0, len(weeks), max(1, len(weeks) // 3)))
    names = [words.label("values.most_active_day", name) for name in ORDERED["most_active_day"]]
    layout = {
        "xaxis": axis(
            "",
            tickvals=places,
            ticktext=[weeks[at].isoformat()[:7] for at in places],
            showgrid=False,
            zeroline=False,
            tickangle=0,
        ),
        "yaxis": axis(
            "", tickvals=list(range(7)), ticktext=names, autorange="reversed", showgrid=False, zeroline=False
        ),
    }
    return chart("gaps", words, [trace], layout, (280, 0), n=len(gaps), first=words.date(start.isoformat()))


def _level(kinds: set[str] | None) -> int:
    """0 for a usual day, 1 for one without purchases, 2 for one with few events (which is the worse)."""
    if kinds is None:
        return 0
    return 2 if "few_events" in kinds else 1


def _day(day: date, kinds: set[str] | None, words: Words) -> str:
    what = ", ".join(plain(words.label("gaps", kind)) for kind in sorted(kinds)) if kinds else words("terms.usual")
    return f"{words.date(day.isoformat())}: {what}"
