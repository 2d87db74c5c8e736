"""Charts of the principal components: scree and loadings."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from typing import Any

from bestiary.report.charts.base import Chart, axis, cell_texts, chart, named_axis, plain, shade
from bestiary.report.palette import ACCENT, HIGH, LOW, MIDDLE, SOFT
from bestiary.report.words import Words

COMPONENTS = 6
"""Components in the picture of the loadings; the scree shows all."""
ALIKE = 0.9
"""A loading of at least this part of the largest weighs as much: from one sample to the next they change places."""


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
    told = [
        words("chart_terms.cumulated", n=n, share=words.percent(total / 100))
        for n, total in enumerate(accumulate(ratios[:COMPONENTS]), 1)
    ]
    return chart("scree", words, traces, layout, (320, 0), "one" if len(ratios) == 1 else "found", told, first=first)


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
    parts = [[abs(value) / most for value in row] for row in shown]
    texts = [[words.number(value, 2) for value in row] for row in shown]
    trace = {
        "type": "heatmap",
        "x": list(range(len(rows))),
        "y": list(range(len(shown))),
        "z": [[round(shade(abs(v) / most) * (1 if v > 0 else -1), 4) for v in row] for row in shown],
        "zmin": -1,
        "zmax": 1,
        "colorscale": [[0, LOW], [0.5, MIDDLE], [1, HIGH]],
        "xgap": 2,
        "ygap": 2,
        "text": texts,
        "showscale": False,
        "hovertemplate": "%{y}, %{x}: %{text}<extra></extra>",
    }
    components = [words("terms.component", number=i + 1) for i in range(len(rows))]
    layout = {
        "xaxis": named_axis(range(len(rows)), components, side="top"),
        "yaxis": named_axis(range(len(names)), names, autorange="reversed", tickfont={"size": 11}),
        "margin": {"l": 8, "r": 8, "t": 36, "b": 8},
    }
    columns = [words.column(pca["columns"][i]) for i in varying]
    says, values, numbers = strongest(columns, [row[0] for row in shown], words)
    size = (60 + 24 * len(names), 460)
    return chart(
        "loadings", words, [trace, cell_texts(parts, texts, 10)], layout, size, says, numbers, **values, count=len(rows)
    )


def strongest(columns: Sequence[str], first: Sequence[float], words: Words) -> tuple[str, dict[str, str], list[str]]:
    """The column that weighs most in the first component, and the three heaviest in words; `tied` where another does
    nearly as much.
    """
    ranked = sorted(zip(columns, first, strict=True), key=lambda pair: (-abs(pair[1]), pair[0]))
    told = [words("chart_terms.median", name=name, value=words.number(value, 2)) for name, value in ranked[:3]]
    tied = len(ranked) > 1 and abs(ranked[1][1]) >= ALIKE * abs(ranked[0][1])
    return ("tied" if tied else "found"), {"column": ranked[0][0]}, told
