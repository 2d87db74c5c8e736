"""The chart of the choice of k: silhouettes, what a structureless shop would show, and stability, on one axis of k."""

from collections.abc import Mapping, Sequence
from typing import Any

from bestiary.report.charts.base import Chart, axis, chart
from bestiary.report.palette import ACCENT, BAND, HIGH, INK, SOFT
from bestiary.report.words import Words

APART = 0.002
"""A sample's curve that is nearer than this to that of all customers everywhere is not drawn beside it."""
UPPER, LOWER = [0.42, 1], [0, 0.31]
Points = Sequence[Mapping[str, Any]]


def choice_chart(summary: Mapping[str, Any], words: Words) -> Chart | None:
    """Above, mean silhouette by k with the band of the null; below, stability by k; the chosen k marked on both.

    None where no k has a silhouette. The lower part is empty where nothing was drawn again.
    """
    found = summary["silhouette"]
    curve = [point for point in found["curve"] if point["silhouette"] is not None]
    if not curve:
        return None
    chosen = found["chosen_k"]
    traces = [*_null(curve, words), *_own_sample(curve, words), _silhouettes(curve, chosen, words)]
    traces += _stability(curve, words)
    last = [point["k"] for point in curve]
    layout = {
        "showlegend": True,
        "legend": {"x": 0, "y": 1.02, "yanchor": "bottom", "orientation": "h", "font": {"size": 11}},
        "xaxis": axis(words("terms.k_axis"), dtick=1, anchor="y2", range=[last[0] - 0.5, last[-1] + 0.5]),
        "yaxis": axis(words("terms.silhouette"), domain=UPPER),
        "yaxis2": axis(words("terms.stability"), domain=LOWER, range=[-0.03, 1.06], dtick=0.25, tickformat=".2f"),
        "shapes": [*_mark(chosen, min(0.4, 0.06 * len(last))), *_asked(found.get("asked"))],
        "margin": {"l": 56, "r": 12, "t": 64, "b": 48},
    }
    says, values = finding(curve, chosen, words)
    return chart("silhouette", words, traces, layout, (480, 0), says, _numbers(curve, words), **values)


def finding(curve: Points, chosen: int | None, words: Words) -> tuple[str, dict[str, Any]]:
    """What speaks for the chosen k: where it lies beside the null, and whether another k comes back better."""
    if chosen is None:
        return "undecided", {}
    if chosen == 1:
        return "one", {}
    told = [point for point in curve if point["k"] == chosen]
    clauses = [clause for point in told for clause in (_beside_null(point), _comes_back(point, curve)) if clause]
    if not clauses:
        return "chosen", {"k": chosen}
    what = words("chart_terms.and").join(words(f"chart_terms.{clause}") for clause in clauses)
    return "found", {"k": chosen, "what": what}


def _beside_null(point: Mapping[str, Any]) -> str | None:
    """Above, in or below the band in which 95 % of shops without groups lie; None where none was drawn."""
    if point["null_low"] is None:
        return None
    value = point["silhouette"] if point["sample"] is None else point["sample"]
    return "null_above" if value > point["null_high"] else "null_below" if value < point["null_low"] else "null_inside"


def _comes_back(point: Mapping[str, Any], curve: Points) -> str | None:
    """Whether another k has a larger adjusted Rand index; None where there is nothing to compare."""
    known = [one["ari"] for one in curve if one["ari"] is not None]
    if point["ari"] is None or len(known) < 2:
        return None
    return "stable_best" if point["ari"] >= max(known) else "stable_other"


def _numbers(curve: Points, words: Words) -> list[str]:
    return [
        words("chart_terms.silhouette", k=point["k"], silhouette=words.number(point["silhouette"], 2))
        + ("" if point["ari"] is None else words("chart_terms.rand", ari=words.number(point["ari"], 2)))
        for point in curve
    ]


def _null(curve: Points, words: Words) -> list[dict[str, Any]]:
    """The band in which 95 % of the draws of the null lie, and their mean; nothing where none was drawn."""
    known = [point for point in curve if point["null_low"] is not None]
    if not known:
        return []
    ks = [point["k"] for point in known]
    edge = [point["null_low"] for point in known] + [point["null_high"] for point in reversed(known)]
    band = {
        "type": "scatter",
        "mode": "lines",
        "name": words("terms.null_band"),
        "x": ks + ks[::-1],
        "y": [round(value, 5) for value in edge],
        "fill": "toself",
        "fillcolor": BAND,
        "line": {"width": 0},
        "hoverinfo": "skip",
    }
    mean = {
        "type": "scatter",
        "mode": "lines",
        "name": words("terms.null_mean"),
        "x": ks,
        "y": [round(point["null_mean"], 5) for point in known],
        "line": {"color": SOFT, "width": 1.5, "dash": "dot"},
        "hovertemplate": "k = %{x}: %{y:.3f}<extra>" + words("terms.null_mean") + "</extra>",
    }
    return [band, mean]


def _own_sample(curve: Points, words: Words) -> list[dict[str, Any]]:
    """The silhouettes of the sample that the null is compared with, where they are not those of all customers."""
    known = [point for point in curve if point["sample"] is not None]
    if all(abs(point["sample"] - point["silhouette"]) < APART for point in known):
        return []
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": words("terms.sample_curve"),
            "x": [point["k"] for point in known],
            "y": [round(point["sample"], 5) for point in known],
            "line": {"color": ACCENT, "width": 1.5, "dash": "dash"},
            "hovertemplate": "k = %{x}: %{y:.3f}<extra>" + words("terms.sample_curve") + "</extra>",
        }
    ]


def _silhouettes(curve: Points, chosen: int | None, words: Words) -> dict[str, Any]:
    def reach(point: Mapping[str, Any], end: str) -> float:
        return 0.0 if point[end] is None else abs(float(point[end]) - float(point["silhouette"]))

    return {
        "type": "scatter",
        "mode": "lines+markers",
        "name": words("terms.all_customers"),
        "x": [point["k"] for point in curve],
        "y": [point["silhouette"] for point in curve],
        "error_y": {
            "type": "data",
            "symmetric": False,
            "array": [reach(point, "high") for point in curve],
            "arrayminus": [reach(point, "low") for point in curve],
            "color": SOFT,
        },
        "line": {"color": ACCENT, "width": 2},
        "marker": {
            "size": [15 if point["k"] == chosen else 8 for point in curve],
            "color": ACCENT,
            "opacity": 1,
            "line": {"width": [0 if point["kind"] == "exact" else 2 for point in curve]},
            "symbol": ["circle" if point["kind"] == "exact" else "circle-open" for point in curve],
        },
        "text": [words(f"terms.{point['kind']}") for point in curve],
        "hovertemplate": "k = %{x}: %{y:.3f} (%{text})<extra></extra>",
    }


def _stability(curve: Points, words: Words) -> list[dict[str, Any]]:
    """Mean adjusted Rand index and the worst segment's Jaccard index, on the lower axis."""
    looks = {"ari": (INK, "circle", "solid"), "jaccard": (HIGH, "diamond", "dash")}
    found = []
    for name, (colour, symbol, dash) in looks.items():
        known = [point for point in curve if point[name] is not None]
        if known:
            found.append(
                {
                    "type": "scatter",
                    "mode": "lines+markers",
                    "name": words(f"terms.{name}"),
                    "x": [point["k"] for point in known],
                    "y": [round(point[name], 5) for point in known],
                    "yaxis": "y2",
                    "line": {"color": colour, "width": 1.8, "dash": dash},
                    "marker": {"color": colour, "size": 7, "symbol": symbol},
                    "hovertemplate": "k = %{x}: %{y:.2f}<extra>" + words(f"terms.{name}") + "</extra>",
                }
            )
    return found


def _mark(chosen: int | None, half: float) -> list[dict[str, Any]]:
    """A column behind the chosen k, over both parts, `half` a step wide on each side."""
    if chosen is None:
        return []
    place = {"xref": "x", "x0": chosen - half, "x1": chosen + half, "yref": "paper", "y0": 0, "y1": 1}
    return [{"type": "rect", **place, "fillcolor": ACCENT, "opacity": 0.13, "line": {"width": 0}, "layer": "below"}]


def _asked(rules: Mapping[str, float] | None) -> list[dict[str, Any]]:
    """The least ARI and the least Jaccard that are asked for, where they are known."""
    found = []
    for name, colour in (("ari", INK), ("jaccard", HIGH)):
        if rules:
            ends = {"xref": "paper", "x0": 0, "x1": 1, "yref": "y2", "y0": rules[name], "y1": rules[name]}
            found.append({"type": "line", **ends, "line": {"color": colour, "width": 1, "dash": "dot"}})
    return found
