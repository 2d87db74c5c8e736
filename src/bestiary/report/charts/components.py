"""Charts of the principal components: scree, loadings and biplot."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from bestiary.report.charts.base import Chart, axis, chart, plain, segment_name
from bestiary.report.palette import ACCENT, HIGH, INK, LOW, MIDDLE, SOFT, looks
from bestiary.report.words import Words

COMPONENTS = 6
"""Components in the picture of the loadings; the scree shows all."""
ARROWS = 8
"""Columns with the longest arrows are drawn in the biplot; the picture of the loadings has all."""
ARROW = {
    "ax": 0,
    "ay": 0,
    "text": "",
    "xref": "x",
    "yref": "y",
    "axref": "x",
    "ayref": "y",
    "showarrow": True,
    "arrowhead": 2,
    "arrowwidth": 1.4,
    "arrowcolor": INK,
}
LABEL = {"showarrow": False, "font": {"size": 11, "color": INK}, "bgcolor": "var(--veil)", "borderpad": 1}
LABEL_GAP = 0.045
"""Least distance in height of two names in the biplot, as a part of the picture's height."""


def scree_chart(summary: Mapping[str, Any], words: Words) -> Chart | None:
    """Share of the variance per component and cumulated, in percent; None where nothing varies."""
    ratios = [100 * ratio for ratio in summary["pca"]["explained_variance_ratio"]]
    if not ratios:
        return None
    numbers = list(range(1, len(ratios) + 1))
    traces = [
        {
            "type": "bar",
            "name": words("terms.component_share"),
            "x": numbers,
            "y": [round(ratio, 4) for ratio in ratios],
            "marker": {"color": ACCENT},
            "hovertemplate": "%{x}: %{y:.1f} %<extra></extra>",
        },
        {
            "type": "scatter",
            "mode": "lines+markers",
            "name": words("terms.cumulated"),
            "x": numbers,
            "y": [round(total, 4) for total in accumulate(ratios)],
            "line": {"color": SOFT, "width": 2},
            "marker": {"size": 6, "color": SOFT},
            "hovertemplate": "1–%{x}: %{y:.1f} %<extra></extra>",
        },
    ]
    layout = {
        "showlegend": True,
        "legend": {"x": 1, "xanchor": "right", "y": 0.5, "yanchor": "middle", "font": {"size": 11}},
        "xaxis": axis(words("terms.component_axis"), dtick=1 if len(ratios) <= 12 else 5),
        "yaxis": axis(words("terms.variance_axis"), range=[0, 104]),
    }
    first = words.percent(sum(ratios[:2]) / 100)
    return chart("scree", words, traces, layout, (320, 0), first=first)


def loadings_chart(summary: Mapping[str, Any], words: Words) -> Chart | None:
    """Loadings of the first components: blue pulls down, orange up; None where nothing varies."""
    pca = summary["pca"]
    rows = pca["loadings"][:COMPONENTS]
    if not rows:
        return None
    most = max(abs(value) for row in rows for value in row) or 1.0
    varying = [i for i, name in enumerate(pca["columns"]) if name not in pca["constant_columns"]]
    shown = [[round(row[i], 4) for row in rows] for i in varying]
    names = [plain(words.column(pca["columns"][i])) for i in varying]
    trace = {
        "type": "heatmap",
        "x": [words("terms.component", number=i + 1) for i in range(len(rows))],
        "y": list(range(len(shown))),
        "z": shown,
        "zmin": -most,
        "zmax": most,
        "colorscale": [[0, LOW], [0.5, MIDDLE], [1, HIGH]],
        "xgap": 2,
        "ygap": 2,
        "text": [[words.number(value, 2) for value in row] for row in shown],
        "texttemplate": "%{text}",
        "textfont": {"size": 10},
        "showscale": False,
        "hovertemplate": "%{customdata}, %{x}: %{text}<extra></extra>",
        "customdata": [[name] * len(rows) for name in names],
    }
    layout = {
        "xaxis": axis("", side="top", showgrid=False, zeroline=False),
        "yaxis": axis(
            "",
            tickvals=list(range(len(names))),
            ticktext=names,
            autorange="reversed",
            showgrid=False,
            zeroline=False,
            tickfont={"size": 11},
        ),
        "margin": {"l": 8, "r": 8, "t": 36, "b": 8},
    }
    return chart("loadings", words, [trace], layout, (60 + 24 * len(names), 460), n=len(rows))


def biplot_chart(summary: Mapping[str, Any], words: Words) -> Chart | None:
    """A sample of customers on the first two components, with the longest loadings as arrows; None under two."""
    pca = summary["pca"]
    if len(pca["loadings"]) < 2 or not pca["sample"]["scores"]:
        return None
    scores, numbers, style = pca["sample"]["scores"], pca["sample"]["segment"], looks(summary["segments"])
    traces: list[dict[str, Any]] = []
    for segment in summary["segments"]:
        rows = [score for score, number in zip(scores, numbers, strict=True) if number == segment["segment"]]
        look = style[segment["segment"]]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": segment_name(segment, words),
                "x": [round(row[0], 3) for row in rows],
                "y": [round(row[1], 3) for row in rows],
                "marker": {"size": 5, "color": look.colour, "symbol": look.symbol, "opacity": 0.6},
                "hoverinfo": "name",
            }
        )
    reach = _middle([max(abs(x), abs(y)) for x, y, *_ in scores], 0.0)[1] or 1.0
    arrows = _arrows(pca, reach, words)
    frames = [_frame([score[i] for score in scores], [float(arrow["xy"[i]]) for arrow in arrows]) for i in (0, 1)]
    inside = sum(all(low <= score[i] <= high for i, (low, high) in enumerate(frames)) for score in scores)
    layout = {
        "xaxis": axis(_component_axis(pca, 0, words), range=frames[0]),
        "yaxis": axis(_component_axis(pca, 1, words), range=frames[1]),
        "annotations": arrows + _labels(arrows, frames[1][1] - frames[1][0]),
    }
    size, shown = words.number(pca["sample"]["size"]), min(ARROWS, len(arrows))
    found = chart("biplot", words, traces, layout, (480, 560), drawn=size, arrows=shown)
    outside = len(scores) - inside
    return replace(found, note=words("terms.outside", n=words.number(outside)) if outside else "")


def _middle(values: Sequence[float], low: float = 0.005, high: float = 0.995) -> tuple[float, float]:
    """The values at two places of the order, so that a few far customers do not set the scale."""
    ordered = sorted(values)
    last = len(ordered) - 1
    return ordered[math.floor(low * last)], ordered[math.ceil(high * last)]


def _frame(values: Sequence[float], heads: Sequence[float]) -> tuple[float, float]:
    """An axis that shows the middle 99% of the customers and all heads of arrows, with room for names."""
    low, high = _middle(values)
    low, high = min(low, *heads), max(high, *heads)
    room = 0.12 * (high - low or 1.0)
    return round(low - room, 4), round(high + room, 4)


def _component_axis(pca: Mapping[str, Any], number: int, words: Words) -> str:
    share = words.percent(pca["explained_variance_ratio"][number])
    return words("terms.component_with_share", number=number + 1, share=share)


def _arrows(pca: Mapping[str, Any], reach: float, words: Words) -> list[dict[str, Any]]:
    """The longest loadings as arrows from the middle; `name` says whose."""
    pairs = zip(pca["columns"], pca["loadings"][0], pca["loadings"][1], strict=True)
    longest = sorted(pairs, key=lambda p: (-(p[1] ** 2 + p[2] ** 2), p[0]))[:ARROWS]
    most = max((x**2 + y**2) ** 0.5 for _, x, y in longest) or 1.0
    scale = 0.8 * reach / most
    return [
        {**ARROW, "x": round(scale * x, 4), "y": round(scale * y, 4), "name": plain(words.column(name), 34)}
        for name, x, y in longest
    ]


def _labels(arrows: Sequence[Mapping[str, Any]], height: float) -> list[dict[str, Any]]:
    """A name at the head of each arrow; names on one side keep a distance in height."""
    placed: list[dict[str, Any]] = []
    for anchor, shift in (("right", -4), ("left", 4)):
        lowest = -math.inf
        side = [arrow for arrow in arrows if (arrow["x"] >= 0) == (anchor == "left")]
        for arrow in sorted(side, key=lambda a: (a["y"], a["name"])):
            lowest = max(arrow["y"], lowest + LABEL_GAP * height)
            place = {"x": arrow["x"], "y": round(lowest, 4), "xanchor": anchor, "xshift": shift}
            placed.append({**LABEL, **place, "text": arrow["name"]})
    return placed
