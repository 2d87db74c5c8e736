"""The maps of a shared edition: a mark for at least k customers of a segment, where they are on average."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bestiary.report.charts.base import Chart, axis, chart, marker, segment_name
from bestiary.report.charts.biplot import arrows_of, component_axis, frame, labels
from bestiary.report.charts.space import AXES, figure_line, scene
from bestiary.report.palette import looks
from bestiary.report.words import Words

Cell = Mapping[str, Any]
Floats = NDArray[np.float64]
REACH = 0.99
"""Arrows go as far as this part of the customers do."""
CROWD, SMALLER = 100, 0.65
"""With more marks than this they are drawn smaller."""
SIZES = {"plane": (6.0, 18.0), "space": (4.0, 12.0)}
"""Widths of the smallest and of the largest mark, in px; areas are in proportion to customers, down to the smallest."""


def shared_biplot_chart(summary: Mapping[str, Any], words: Words) -> Chart | None:
    """The cells on the first two components, with the longest loadings as arrows; None where there are none."""
    pca, cells = summary["pca"], summary["sample"]["plane"]
    if len(pca["loadings"]) < 2 or not cells:
        return None
    at = _places(cells)
    reach = np.repeat(np.abs(at).max(axis=1), [cell["customers"] for cell in cells])
    arrows = arrows_of(pca, float(np.quantile(reach, REACH)) or 1.0, words)
    frames = [frame(at[:, i], [float(arrow["xy"[i]]) for arrow in arrows]) for i in (0, 1)]
    layout = {
        "xaxis": axis(component_axis(pca, 0, words), range=frames[0]),
        "yaxis": axis(component_axis(pca, 1, words), range=frames[1]),
        "annotations": arrows + labels(arrows, frames[1]),
    }
    traces = [{"type": "scatter", **_marks(one, cells, "plane", summary, words)} for one in summary["segments"]]
    values = {"share": words.percent(sum(pca["explained_variance_ratio"][:2])), "arrows": len(arrows)}
    told = [words("chart_terms.arrow", name=arrow["name"]) for arrow in arrows[:3]]
    return _drawn("biplot", traces, layout, (500, 560), cells, summary, words, told, **values)


def shared_space_chart(summary: Mapping[str, Any], words: Words) -> Chart | None:
    """The cells by recency, frequency and monetary value, on axes of ln(1 + x); None where there are none."""
    cells, sources = summary["sample"]["space"], summary["sample"]["sources"]
    if not cells:
        return None
    at = _places(cells)
    layout = {"scene": scene(at, summary, words), "uirevision": "space", "margin": {"l": 0, "r": 0, "t": 0, "b": 0}}
    traces = []
    for one in summary["segments"]:
        upward = [cell["at"][2] for cell in cells if cell["segment"] == one["segment"]]
        traces.append({"type": "scatter3d", **_marks(one, cells, "space", summary, words), "z": upward})
    weights = [cell["customers"] for cell in cells]
    middles = np.expm1(np.average(at, axis=0, weights=weights)).tolist()
    told = [figure_line(sources[name], value, words) for name, value in zip(AXES, middles, strict=True)]
    return _drawn("space", traces, layout, (540, 0), cells, summary, words, told)


def _drawn(
    key: str,
    traces: list[dict[str, Any]],
    layout: Mapping[str, Any],
    size: tuple[int, int],
    cells: Sequence[Cell],
    summary: Mapping[str, Any],
    words: Words,
    told: Sequence[str],
    **values: object,
) -> Chart:
    values |= {"k": words.number(summary["sharing"]["k"]), "marks": words.number(len(cells))}
    drawn = words.number(sum(cell["customers"] for cell in cells))
    return chart(key, words, traces, layout, size, "cells", told, "shows_cells", drawn=drawn, **values)


def _places(cells: Sequence[Cell]) -> Floats:
    """Where the cells are, (m, dimensions)."""
    return np.array([cell["at"] for cell in cells], dtype=np.float64)


def _marks(
    segment: Mapping[str, Any], cells: Sequence[Cell], kind: str, summary: Mapping[str, Any], words: Words
) -> dict[str, Any]:
    """The marks of one segment, which may have none: legends count on a trace for each."""
    own = [cell for cell in cells if cell["segment"] == segment["segment"]]
    most, (least, largest) = max(cell["customers"] for cell in cells), SIZES[kind]
    scale = SMALLER if len(cells) > CROWD else 1.0
    look, name = looks(summary["segments"])[segment["segment"]], segment_name(segment, words)
    return {
        "mode": "markers",
        "name": name,
        "x": [cell["at"][0] for cell in own],
        "y": [cell["at"][1] for cell in own],
        "customdata": [cell["customers"] for cell in own],
        "marker": {
            **marker(look, 0.75),
            "size": [round(scale * max(least, largest * math.sqrt(cell["customers"] / most)), 1) for cell in own],
        },
        "hovertemplate": words("chart_terms.customers_hover") + f"<extra>{name}</extra>",
    }
