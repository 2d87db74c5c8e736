"""Charts of how faithfully the tree repeats the segments: confusion matrix and ROC curves."""

from collections.abc import Mapping, Sequence
from typing import Any

from bestiary.report.charts.base import Chart, axis, chart, plain, segment_name
from bestiary.report.palette import GRID, LOW, MIDDLE, VEIL, looks
from bestiary.report.words import Words


def confusion_chart(summary: Mapping[str, Any], words: Words) -> Chart | None:
    """Held-out customers by their segment (rows) and the tree's (columns): counts; shade is the share of a row."""
    tree = summary["tree"]
    if tree is None:
        return None
    names = _class_names(summary, words)
    shares = [[n / sum(row) if sum(row) else 0.0 for n in row] for row in tree["confusion"]]
    trace = {
        "type": "heatmap",
        "z": [[round(share, 4) for share in row] for row in shares],
        "zmin": 0,
        "zmax": 1,
        "colorscale": [[0, MIDDLE], [1, LOW]],
        "showscale": False,
        "xgap": 2,
        "ygap": 2,
        "text": [[words.number(n) for n in row] for row in tree["confusion"]],
        "texttemplate": "%{text}",
        "hovertemplate": words("terms.confusion_hover") + "<extra></extra>",
    }
    places = list(range(len(names)))
    layout = {
        "xaxis": axis(
            words("terms.predicted"), tickvals=places, ticktext=names, showgrid=False, zeroline=False, tickangle=-35
        ),
        "yaxis": axis(
            words("terms.actual"), tickvals=places, ticktext=names, autorange="reversed", showgrid=False, zeroline=False
        ),
    }
    return chart(
        "confusion",
        words,
        [trace],
        layout,
        (170 + 38 * len(names), 120 + 30 * len(names)),
        n=words.number(tree["test"]),
    )


def _class_names(summary: Mapping[str, Any], words: Words) -> list[str]:
    by_number = {segment["segment"]: segment for segment in summary["segments"]}
    return [plain(words.name(by_number[number]["name"]), 22) for number in summary["tree"]["classes"]]


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
    return chart("roc", words, traces, layout, (400, 0), n=len(curves))


def _diagonal(words: Words) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "name": words("terms.chance"),
        "x": [0, 1],
        "y": [0, 1],
        "line": {"color": GRID, "width": 1.5, "dash": "dot"},
        "hoverinfo": "name",
    }


def auc_of(summary: Mapping[str, Any]) -> dict[int, float | None]:
    """Area under the curve per segment number; None where it is not defined."""
    rows: Sequence[Mapping[str, Any]] = [] if summary["tree"] is None else summary["tree"]["roc"]
    return {row["segment"]: row["auc"] for row in rows}
