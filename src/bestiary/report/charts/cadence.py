"""The chart of how long a model lasts: how far an old one agrees with a fresh one, by its age."""

from collections.abc import Mapping
from typing import Any

from bestiary.report.charts.base import Chart, axis, chart
from bestiary.report.palette import ACCENT, SOFT
from bestiary.report.words import Words


def cadence_chart(summary: Mapping[str, Any], words: Words) -> Chart | None:
    """Agreement of an old model with a fresh one by its age in days, in percent of the customers.

    The age up to which the levels are kept is shaded, and the level that was asked is a line where it is known
    (`level`, a share). None where nothing was replayed.
    """
    found = summary.get("cadence")
    if not found or not found["intervals"]:
        return None
    intervals, level = found["intervals"], found.get("level")
    days = [round(one["days"], 1) for one in intervals]
    trace = {
        "type": "scatter",
        "mode": "lines+markers",
        "x": days,
        "y": [round(100 * one["agreement"], 2) for one in intervals],
        "line": {"color": ACCENT, "width": 2},
        "marker": {
            "color": ACCENT,
            "size": 9,
            "symbol": ["circle" if one["kept"] else "circle-open" for one in intervals],
            "line": {"width": [0 if one["kept"] else 2 for one in intervals]},
        },
        "text": [
            f"{words.percent(one['agreement'])} ({words('chart_terms.replays', n=words.number(one['replays']))})"
            for one in intervals
        ],
        "hovertemplate": words("chart_terms.cadence_hover") + "<extra></extra>",
    }
    shapes: list[dict[str, Any]] = []
    if found["days"]:
        ends = {"xref": "x", "x0": 0, "x1": found["days"], "yref": "paper", "y0": 0, "y1": 1}
        shapes.append({"type": "rect", **ends, "fillcolor": ACCENT, "opacity": 0.13, "line": {"width": 0}})
        shapes[0]["layer"] = "below"
    if level is not None:
        ends = {"xref": "paper", "x0": 0, "x1": 1, "yref": "y", "y0": 100 * level, "y1": 100 * level}
        shapes.append({"type": "line", **ends, "line": {"color": SOFT, "width": 1.5, "dash": "dot"}})
    low = min([*(100 * one["agreement"] for one in intervals), *([] if level is None else [100 * level])])
    layout = {
        "xaxis": axis(words("chart_terms.age_axis"), range=[0, 1.06 * max(1.0, *days)]),
        "yaxis": axis(words("chart_terms.agreement_axis"), range=[max(0, 10 * ((low - 3) // 10)), 101]),
        "shapes": shapes,
    }
    says, values = lasts(found, words)
    asked = words("chart_terms.level", level=words.percent(level, 0)) if level is not None else ""
    numbers = [
        words("chart_terms.median", name=_days(one, words), value=words.percent(one["agreement"])) for one in intervals
    ]
    return chart("cadence", words, [trace], layout, (320, 0), says, numbers, **values, level=asked)


def lasts(found: Mapping[str, Any], words: Words) -> tuple[str, dict[str, str]]:
    """Up to which age a model keeps the levels; `open` where it still does at the end of the history."""
    told = found["intervals"][max((found["steps"] or 0) - 1, 0)]
    values = {"days": _days(told, words), "share": words.percent(told["agreement"], 0)}
    return ("open" if found["open"] else "found") if found["steps"] else "never", values


def _days(interval: Mapping[str, Any], words: Words) -> str:
    return words("terms.days", count=round(interval["days"]))
