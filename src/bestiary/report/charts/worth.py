"""Charts of what is expected and of how many visits are enough."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bestiary.report.charts.base import Chart, axis, chart, log_ticks, plain
from bestiary.report.distributions import log1p
from bestiary.report.palette import ACCENT, HIGH, SOFT
from bestiary.report.words import Words

TERMS = {"expected": "terms.expected", "actual": "terms.actual_revenue"}
FEW = 30
"""Points of fewer customers decide nothing and are drawn hollow."""


def calibration_chart(summary: Mapping[str, Any], words: Words) -> Chart | None:
    """Mean expected and actual revenue by tenth of the customers, on an axis of ln(1 + x); None where not learned."""
    worth = summary["comparison"]["worth"]
    calibration = worth and worth["calibration"]
    if not calibration:
        return None
    tenths = list(range(1, len(calibration["expected"]) + 1))
    traces = []
    for name, colour, symbol, mode in (
        ("expected", SOFT, "circle-open", "lines+markers"),
        ("actual", ACCENT, "diamond", "markers"),
    ):
        traces.append(
            {
                "type": "scatter",
                "mode": mode,
                "name": words(TERMS[name]),
                "x": tenths,
                "y": [round(log1p(value), 4) for value in calibration[name]],
                "text": [words.money(value) for value in calibration[name]],
                "line": {"color": colour, "width": 2},
                "marker": {"color": colour, "size": 9, "symbol": symbol},
                "hovertemplate": "%{x}: %{text}<extra>" + words(TERMS[name]) + "</extra>",
            }
        )
    scaled = [log1p(value) for name in ("expected", "actual") for value in calibration[name]]
    layout = {
        "showlegend": True,
        "legend": {"x": 0.02, "y": 0.98, "yanchor": "top", "font": {"size": 11}},
        "xaxis": axis(words("terms.tenth_axis"), dtick=1),
        "yaxis": axis(
            words("terms.mean_revenue_axis", currency=plain(words.currency)),
            **log_ticks(min(0.0, *scaled), max(scaled), words),
        ),
    }
    numbers = [
        words("chart_terms.tenth", n=n, expected=words.money(expected), actual=words.money(actual))
        for n, expected, actual in zip(tenths, calibration["expected"], calibration["actual"], strict=True)
    ]
    return chart("calibration", words, traces, layout, (340, 0), "found", numbers, **_calibrated(calibration, words))


def _calibrated(calibration: Mapping[str, Any], words: Words) -> dict[str, str]:
    """In how many of the tenths more came than was expected, in how many less; and what both are a buyer, of all."""
    tenths = list(zip(calibration["expected"], calibration["actual"], strict=True))
    expected, actual = (sum(one[side] for one in tenths) / len(tenths) for side in (0, 1))
    return {
        "more": str(sum(came > wanted for wanted, came in tenths)),
        "less": str(sum(came < wanted for wanted, came in tenths)),
        "expected": words.money(expected),
        "actual": words.money(actual),
        "currency": words.currency,
    }


def reliability_chart(summary: Mapping[str, Any], words: Words) -> Chart | None:
    """The share of customers who keep their segment, by the number of visits seen, in percent, with the level.

    One curve against the next visit and one against all visits, as far as they were measured; None where nothing was.
    """
    enough = summary["enough"]
    if enough is None:
        return None
    curves = {one["against"]: one for one in (enough["whole"], enough["deciding"]) if one["points"]}
    if not curves:
        return None
    traces = [_curve(against, one, words) for against, one in sorted(curves.items(), reverse=True)]
    deciding = enough["deciding"]
    level = {
        "xref": "paper",
        "x0": 0,
        "x1": 1,
        "yref": "y",
        "y0": 100 * deciding["level"],
        "y1": 100 * deciding["level"],
    }
    shapes: list[dict[str, Any]] = [{"type": "line", **level, "line": {"color": SOFT, "width": 1.5, "dash": "dot"}}]
    if deciding["visits"] is not None:
        at = {"xref": "x", "x0": deciding["visits"] - 0.4, "x1": deciding["visits"] + 0.4}
        shape = {"type": "rect", **at, "yref": "paper", "y0": 0, "y1": 1, "fillcolor": ACCENT, "opacity": 0.13}
        shapes.append({**shape, "line": {"width": 0}, "layer": "below"})
    layout = {
        "showlegend": True,
        "legend": {"x": 0, "y": 1.02, "yanchor": "bottom", "orientation": "h", "font": {"size": 11}},
        "xaxis": axis(words("terms.visits_axis"), rangemode="tozero"),
        "yaxis": axis(words("terms.kept_axis"), range=[0, 104]),
        "shapes": shapes,
        "margin": {"l": 56, "r": 12, "t": 56, "b": 48},
    }
    says, values = settled(deciding, words)
    numbers = [
        words(
            "chart_terms.kept", against=words(f"terms.against_{against}"), n=end["n"], share=words.percent(end["share"])
        )
        for against, one in curves.items()
        for end in (one["points"][0], one["points"][-1])
    ]
    level_asked = words.percent(deciding["level"], 0)
    found = chart("reliability", words, traces, layout, (360, 0), says, numbers, level=level_asked, **values)
    return found if deciding["visits"] is None else replace(found, note=words("chart_terms.shaded_visits"))


def settled(deciding: Mapping[str, Any], words: Words) -> tuple[str, dict[str, str]]:
    """From which visit on customers keep their segment, or how many do at best where no visit is known to be enough."""
    against, visits = deciding["against"], deciding["visits"]
    if visits is not None:
        share = next((point["share"] for point in deciding["points"] if point["n"] == visits), None)
        return f"settled_{against}", {"visit": words.number(visits), "share": words.percent(share)}
    shares = [point["share"] for point in deciding["points"] if point["customers"] >= FEW]
    if not shares or max(shares) >= deciding["level"]:
        return "unknown", {}
    return f"unsettled_{against}", {"share": words.percent(max(shares))}


def _curve(against: str, one: Mapping[str, Any], words: Words) -> dict[str, Any]:
    points, colour = one["points"], ACCENT if against == "next" else HIGH
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": words(f"terms.against_{against}"),
        "x": [point["n"] for point in points],
        "y": [round(100 * point["share"], 3) for point in points],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [round(100 * (point["high"] - point["share"]), 3) for point in points],
            "arrayminus": [round(100 * (point["share"] - point["low"]), 3) for point in points],
            "color": colour,
            "thickness": 1,
            "width": 2,
        },
        "line": {"color": colour, "width": 2},
        "marker": {
            "color": colour,
            "size": 7,
            "symbol": ["circle" if point["customers"] >= FEW else "circle-open" for point in points],
            "line": {"width": [0 if point["customers"] >= FEW else 2 for point in points]},
        },
        "text": [
            f"{words.percent(point['share'])} ({words('terms.customers_count', count=point['customers'])})"
            for point in points
        ],
        "hovertemplate": "%{x}: %{text}<extra></extra>",
    }
