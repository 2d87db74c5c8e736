"""The biplot: customers on the first two principal components, with the columns that pull them as arrows."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bestiary.report.charts.base import Chart, axis, chart, marker, plain, segment_name
from bestiary.report.palette import INK, SOFT, looks
from bestiary.report.words import Words

CELLS = (60, 34)
"""Cells along and up the grid on which customers are counted; a mark stands in each that is not empty."""
LARGEST = 15.0
"""Width of the largest mark, in px; areas are in proportion to customers."""
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
    "arrowwidth": 1,
    "arrowcolor": SOFT,
}
Floats = NDArray[np.float64]
LABEL = {"showarrow": False, "font": {"size": 11, "color": INK}, "bgcolor": "var(--veil)", "borderpad": 1}
LABEL_GAP = 0.045
"""Least distance in height of two names in the biplot, as a part of the picture's height."""


def biplot_chart(summary: Mapping[str, Any], words: Words) -> Chart | None:
    """The sample on the first two components, counted on a grid, with the longest loadings as arrows.

    One mark stands for the customers of one segment in one cell, its area for how many they are: tens of thousands
    of points would make a page crawl, and what draws them fast needs rights that a safe page does not give. None
    where there are under two components or nobody was drawn.
    """
    pca, points = summary["pca"], summary["sample"]["points"]
    if len(pca["loadings"]) < 2 or len(points.get("pc1", ())) == 0:
        return None
    scores = np.column_stack([np.asarray(points[name], dtype=np.float64) for name in ("pc1", "pc2")])
    numbers = np.asarray(points["segment"])
    reach = _middle(np.abs(scores).max(axis=1), 0.0)[1] or 1.0
    arrows = arrows_of(pca, reach, words)
    frames = [frame(scores[:, i], [float(arrow["xy"[i]]) for arrow in arrows]) for i in (0, 1)]
    inside = np.all([(low <= scores[:, i]) & (scores[:, i] <= high) for i, (low, high) in enumerate(frames)], axis=0)
    binned = {s["segment"]: _binned(scores[inside & (numbers == s["segment"])], frames) for s in summary["segments"]}
    most = max((int(counts.max()) for _, counts in binned.values() if len(counts)), default=1)
    traces = [_marks(segment, *binned[segment["segment"]], most, summary, words) for segment in summary["segments"]]
    layout = {
        "xaxis": axis(component_axis(pca, 0, words), range=frames[0]),
        "yaxis": axis(component_axis(pca, 1, words), range=frames[1]),
        "annotations": arrows + labels(arrows, frames[1]),
    }
    says, values = apart(summary["segments"], scores, numbers, words)
    share = words.percent(sum(pca["explained_variance_ratio"][:2]))
    size = words.number(len(numbers))
    told = [words("chart_terms.arrow", name=arrow["name"]) for arrow in arrows[:3]]
    found = chart(
        "biplot",
        words,
        traces,
        layout,
        (500, 560),
        says,
        told,
        drawn=size,
        total=words.number(summary["sample"]["of"]),
        arrows=len(arrows),
        share=share,
        **values,
    )
    outside = len(numbers) - int(inside.sum())
    return replace(found, note=words("terms.outside", count=outside) if outside else "")


def apart(
    segments: Sequence[Mapping[str, Any]], scores: Floats, numbers: NDArray[Any], words: Words
) -> tuple[str, dict[str, str]]:
    """The two segments whose middles lie furthest from each other on the plane."""
    middles = {
        s["segment"]: np.median(scores[numbers == s["segment"]], axis=0) for s in segments if s["segment"] in numbers
    }
    if len(middles) < 2:
        return "one", {}
    pairs = [(one, other) for one in middles for other in middles if one < other]
    one, other = max(pairs, key=lambda pair: float(np.linalg.norm(middles[pair[0]] - middles[pair[1]])))
    names = {s["segment"]: words.name(s["name"]) for s in segments}
    return ("two" if len(middles) == 2 else "found"), {"one": names[one], "other": names[other]}


def _binned(scores: Floats, frames: Sequence[tuple[float, float]]) -> tuple[Floats, NDArray[np.int64]]:
    """Where the customers of each cell are on average, (m, 2), and how many they are, (m,)."""
    if not len(scores):
        return np.empty((0, 2)), np.empty(0, dtype=np.int64)
    cells = [
        np.minimum((CELLS[i] * (scores[:, i] - low) / (high - low)).astype(np.int64), CELLS[i] - 1)
        for i, (low, high) in enumerate(frames)
    ]
    _, place, counts = np.unique(cells[0] * CELLS[1] + cells[1], return_inverse=True, return_counts=True)
    sums = np.column_stack([np.bincount(place, weights=scores[:, i]) for i in (0, 1)])
    return sums / counts[:, None], counts.astype(np.int64)


def _marks(
    segment: Mapping[str, Any],
    middles: Floats,
    counts: NDArray[np.int64],
    most: int,
    summary: Mapping[str, Any],
    words: Words,
) -> dict[str, Any]:
    look, name = looks(summary["segments"])[segment["segment"]], segment_name(segment, words)
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [round(float(x), 3) for x in middles[:, 0]],
        "y": [round(float(y), 3) for y in middles[:, 1]],
        "customdata": counts.tolist(),
        "marker": {
            "size": [round(max(3.0, LARGEST * math.sqrt(n / max(most, 9))), 1) for n in counts.tolist()],
            **marker(look, 0.65),
        },
        "hovertemplate": words("chart_terms.customers_hover") + f"<extra>{name}</extra>",
    }


def _middle(values: Floats, low: float = 0.005, high: float = 0.995) -> tuple[float, float]:
    """The values at two places of the order, so that a few far customers do not set the scale."""
    ordered = np.sort(values)
    last = len(ordered) - 1
    return float(ordered[math.floor(low * last)]), float(ordered[math.ceil(high * last)])


def frame(values: Floats, heads: Sequence[float]) -> tuple[float, float]:
    """An axis that shows the middle 99% of the customers and all heads of arrows, with room for names."""
    low, high = _middle(values)
    low, high = min(low, *heads), max(high, *heads)
    room = 0.12 * (high - low or 1.0)
    return round(low - room, 4), round(high + room, 4)


def component_axis(pca: Mapping[str, Any], number: int, words: Words) -> str:
    """The title of a component's axis."""
    share = words.percent(pca["explained_variance_ratio"][number])
    return words("terms.component_with_share", number=number + 1, share=share)


def arrows_of(pca: Mapping[str, Any], reach: float, words: Words) -> list[dict[str, Any]]:
    """The longest loadings as arrows from the middle; `name` says whose."""
    pairs = zip(pca["columns"], pca["loadings"][0], pca["loadings"][1], strict=True)
    longest = sorted(pairs, key=lambda p: (-(p[1] ** 2 + p[2] ** 2), p[0]))[:ARROWS]
    most = max((x**2 + y**2) ** 0.5 for _, x, y in longest) or 1.0
    scale = 0.8 * reach / most
    return [
        {**ARROW, "x": round(scale * x, 4), "y": round(scale * y, 4), "name": plain(words.column(name))}
        for name, x, y in longest
    ]


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Ascending heights, moved up and down as little as keeps them `gap` apart and within `low` and `high`."""
    groups: list[list[float]] = []
    for number, height in enumerate(wanted):
        groups.append([height - number * gap])
        while len(groups) > 1 and fmean(groups[-2]) > fmean(groups[-1]):
            last = groups.pop()
            groups[-1] += last
    top = high - gap * (len(wanted) - 1)
    level = [max(low, min(fmean(group), top)) for group in groups for _ in group]
    return [height + number * gap for number, height in enumerate(level)]


def labels(arrows: Sequence[Mapping[str, Any]], frame: tuple[float, float]) -> list[dict[str, Any]]:
    """A name at the head of each arrow; names on one side keep a distance in height, and all stay in the frame."""
    placed: list[dict[str, Any]] = []
    low, high = frame
    gap = LABEL_GAP * (high - low)
    for anchor, shift in (("right", -4), ("left", 4)):
        side = sorted((a for a in arrows if (a["x"] >= 0) == (anchor == "left")), key=lambda a: (a["y"], a["name"]))
        heights = spread([arrow["y"] for arrow in side], gap, low + gap, high - gap)
        for arrow, height in zip(side, heights, strict=True):
            place = {"x": arrow["x"], "y": round(height, 4), "xanchor": anchor, "xshift": shift}
            placed.append({**LABEL, **place, "text": arrow["name"]})
    return placed
