"""Charts of how faithfully the tree repeats the segments: confusion matrix and ROC curves."""

from collections.abc import Mapping, Sequence
from typing import Any

from bestiary.report.chance import stands_out
from bestiary.report.charts.base import Chart, axis, cell_texts, chart, named_axis, plain, segment_name, shade
from bestiary.report.palette import LOW, MIDDLE, SOFT, VEIL, looks
from bestiary.report.words import Words


def confusion_chart(summary: Mapping[str, Any], words: Words) -> Chart | None:
    """Held-out customers by their segment (rows) and the tree's (columns): counts; shade is the share of a row.

    None of a count is one that a shared edition holds back; where all are, there is no chart.
    """
    tree = summary["tree"]
    if tree is None or not any(n for row in tree["confusion"] for n in row):
        return None
    names = [plain(name, 22) for name in _full_names(summary, words)]
    texts = [[words.number(n) for n in row] for row in tree["confusion"]]
    supports = tree.get("supports") or [sum(row) for row in tree["confusion"]]
    shares = [_parts(row, support) for row, support in zip(tree["confusion"], supports, strict=True)]
    trace = {
        "type": "heatmap",
        "z": [[round(shade(share), 4) for share in row] for row in shares],
        "zmin": 0,
        "zmax": 1,
        "colorscale": [[0, MIDDLE], [1, LOW]],
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "text": texts,
        "hovertemplate": words("terms.confusion_hover") + "<extra></extra>",
    }
    short = len(names) <= 4 and max(map(len, names)) <= 8
    layout = {
        "xaxis": {
            **named_axis(range(len(names)), names, tickangle=0 if short else -35),
            "title": {"text": words("terms.predicted"), "font": {"size": 12}, "standoff": 16},
        },
        "yaxis": {
            **named_axis(range(len(names)), names, autorange="reversed"),
            "title": {"text": words("terms.actual"), "font": {"size": 12}, "standoff": 12},
        },
    }
    says, values, numbers = mistakes(tree["confusion"], _full_names(summary, words), words)
    if "sharing" in summary:
        values |= {"k": words.number(summary["sharing"]["k"]), "n": words.number(tree["test"])}
    size = (170 + 38 * len(names), 120 + 30 * len(names))
    return chart("confusion", words, [trace, cell_texts(shares, texts, 12)], layout, size, says, numbers, **values)


def _parts(row: Sequence[int | None], support: int | None) -> list[float]:
    """Which part of a segment's held-out customers each cell is; 0 for what is not told."""
    return [n / support if n and support else 0.0 for n in row]


def mistakes(
    confusion: Sequence[Sequence[Any]], names: Sequence[str], words: Words
) -> tuple[str, dict[str, str], list[str]]:
    """How many the tree puts right, what it surely mistakes most often, and its three commonest mistakes in words."""
    if any(n is None for row in confusion for n in row):
        return "some", {}, []
    total = sum(map(sum, confusion))
    right = sum(row[i] for i, row in enumerate(confusion))
    values = {"n": words.number(total), "share": words.percent(right / total if total else None)}
    found = [(n, i, j) for i, row in enumerate(confusion) for j, n in enumerate(row) if i != j and n]
    ranked = sorted(found, key=lambda one: (-one[0], one[1], one[2]))
    told = [
        words("chart_terms.mistake", actual=names[i], predicted=names[j], n=words.number(n)) for n, i, j in ranked[:3]
    ]
    if not ranked:
        return ("perfect" if total else "nobody"), values, told
    if not stands_out([n for i, row in enumerate(confusion) for j, n in enumerate(row) if i != j]):
        return "unsure", values, told
    _, i, j = ranked[0]
    return "found", {**values, "actual": names[i], "predicted": names[j]}, told


def _full_names(summary: Mapping[str, Any], words: Words) -> list[str]:
    by_number = {segment["segment"]: segment for segment in summary["segments"]}
    return [words.name(by_number[number]["name"]) for number in summary["tree"]["classes"]]


def roc_chart(summary: Mapping[str, Any], words: Words) -> Chart | None:
    """One-against-rest ROC curves with their areas; None where no segment has one."""
    if summary["tree"] is None:
        return None
    curves = [curve for curve in summary["tree"]["roc"] if curve["auc"] is not None]
    if not curves:
        return None
    style, by_number = looks(summary["segments"]), {s["segment"]: s for s in summary["segments"]}
    traces: list[dict[str, Any]] = [_diagonal(words)]
    dashes = ("solid", "dash", "dot", "dashdot")
    for place, curve in enumerate(curves):
        name = segment_name(by_number[curve["segment"]], words)
        traces.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": f"{name} ({words.number(curve['auc'], 3)})",
                "x": [round(x, 5) for x in curve["fpr"]],
                "y": [round(y, 5) for y in curve["tpr"]],
                "line": {"color": style[curve["segment"]].colour, "width": 2.2, "dash": dashes[place % len(dashes)]},
                "hovertemplate": "%{x:.3f}, %{y:.3f}<extra>" + name + "</extra>",
            }
        )
    layout = {
        "showlegend": True,
        "legend": {"x": 1, "xanchor": "right", "y": 0.02, "yanchor": "bottom", "font": {"size": 11}, "bgcolor": VEIL},
        "xaxis": axis(words("terms.fpr"), range=[-0.02, 1.02]),
        "yaxis": axis(words("terms.tpr"), range=[-0.02, 1.03]),
    }
    says, values = surest([(words.name(by_number[c["segment"]]["name"]), c["auc"]) for c in curves], words)
    numbers = [
        words("chart_terms.area", name=words.name(by_number[c["segment"]]["name"]), auc=words.number(c["auc"], 3))
        for c in curves
    ]
    return chart("roc", words, traces, layout, (400, 0), says, numbers, **values)


def surest(areas: Sequence[tuple[str, float]], words: Words) -> tuple[str, dict[str, str]]:
    """The segment of the smallest area; areas count as equal when they read the same."""
    shown = [words.number(area, 3) for _, area in areas]
    name, area = min(areas, key=lambda one: one[1])
    least = words.number(area, 3)
    values = {"name": name, "auc": least, "n": str(len(areas))}
    if len(areas) == 1:
        return "one", values
    if len(set(shown)) == 1:
        return "alike", values
    return ("tied" if shown.count(least) > 1 else "found"), values


def _diagonal(words: Words) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": words("terms.chance"),
        "x": [0, 1],
        "y": [0, 1],
        "line": {"color": SOFT, "width": 1.5, "dash": "dash"},
        "hoverinfo": "name",
    }


def auc_of(summary: Mapping[str, Any]) -> dict[int, float | None]:
    """Area under the curve per segment number; None where it is not defined."""
    rows: Sequence[Mapping[str, Any]] = [] if summary["tree"] is None else summary["tree"]["roc"]
    return {row["segment"]: row["auc"] for row in rows}
