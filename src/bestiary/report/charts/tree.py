"""The decision tree as a drawing: the root on the left, a question a node, the segments on the right."""

import math
from collections.abc import Mapping
from typing import Any

from bestiary.report.charts.base import Chart, chart, plain, wrapped
from bestiary.report.palette import GRID, INK, looks
from bestiary.report.words import Words, is_amount

LEVEL = 150
"""Least width of a level of the tree, in px: a question over lines of 18 characters."""

NBSP = "\u00a0"

Places = dict[int, tuple[float, float]]


def tree_chart(summary: Mapping[str, Any], words: Words) -> Chart | None:
    """The fitted tree: questions with their threshold, leaves with segment, customers and purity; None without one."""
    tree = summary["tree"]
    if tree is None or not tree["nodes"]:
        return None
    nodes = {node["id"]: node for node in tree["nodes"]}
    places = place(nodes, tree["nodes"][0]["id"])
    depth = max(x for x, _ in places.values())
    leaves = sum(1 for node in nodes.values() if node["left"] is None)
    traces = [_branches(nodes, places), _marks(summary, nodes, places, words)]
    layout = {
        "xaxis": {"visible": False, "range": [-0.25, depth + 1.3], "fixedrange": True},
        "yaxis": {"visible": False, "range": [leaves - 0.4, -0.6], "fixedrange": True},
        "margin": {"l": 4, "r": 4, "t": 4, "b": 4},
        "annotations": [_caption(summary, node, places, words) for node in nodes.values()]
        + [
            _answer(nodes, node, side, places, words)
            for node in nodes.values()
            for side in ("left", "right")
            if node["left"] is not None
        ],
    }
    root = tree["nodes"][0]
    says = ("measured" if tree["fidelity"] is not None else "found") if root["left"] is not None else "leaf"
    column = "" if root["left"] is None else asks_about(root, summary, words)
    fidelity = words.percent(tree["fidelity"])
    names = {s["segment"]: words.name(s["name"]) for s in summary["segments"]}
    numbers = [
        words(
            "chart_terms.leaf",
            name=names[n["segment"]],
            customers=words("terms.customers_count", count=n["customers"]),
            purity=words.percent(n["purity"]),
        )
        if n["customers"] is not None
        else names[n["segment"]]
        for n in nodes.values()
        if n["left"] is None
    ]
    size = (40 + 52 * leaves, round(LEVEL * (depth + 1.2)))
    values: dict[str, Any] = {"column": column, "fidelity": fidelity, "depth": depth, "leaves": leaves}
    return chart("tree", words, traces, layout, size, says, numbers, **values)


def place(nodes: Mapping[int, Mapping[str, Any]], root: int) -> Places:
    """Where each node stands: x is its depth, y its leaf's number from the top or the middle of its children."""
    places: Places = {}

    def walk(number: int, depth: int, top: int) -> int:
        node = nodes[number]
        if node["left"] is None:
            places[number] = (depth, top)
            return top + 1
        below = walk(node["right"], depth + 1, walk(node["left"], depth + 1, top))
        places[number] = (depth, (places[node["left"]][1] + places[node["right"]][1]) / 2)
        return below

    walk(root, 0, 0)
    return places


def question(node: Mapping[str, Any], summary: Mapping[str, Any], words: Words) -> str:
    """A node's question. Amounts carry the currency; whole quantities have whole thresholds: `<= 23.5` is `<= 23`.

    The tree's columns are the roles recency, frequency and monetary value: of raw columns, or of their scores.
    """
    column, threshold = str(node["column"]), float(node["threshold"])
    source = str(summary["sample"]["sources"].get(column, column))
    amount = is_amount(source) and not summary["scored"]
    shown = words.money(threshold, limit=True) if amount else words.number(math.floor(threshold))
    asked = f"{plain(asks_about(node, summary, words))} ≤\u00a0{shown.replace(' ', NBSP)}"
    return wrapped(words("format.question", text=asked), 18)


def asks_about(node: Mapping[str, Any], summary: Mapping[str, Any], words: Words) -> str:
    """The quantity that a node asks about, in words."""
    column = str(node["column"])
    if summary["scored"]:
        return words("terms.score", name=words.label("terms", column))
    return words.column(str(summary["sample"]["sources"].get(column, column)))


def _branches(nodes: Mapping[int, Mapping[str, Any]], places: Places) -> dict[str, Any]:
    x: list[float | None] = []
    y: list[float | None] = []
    for number, node in nodes.items():
        for child in (node["left"], node["right"]):
            if child is not None:
                (x0, y0), (x1, y1) = places[number], places[child]
                x += [x0, x0, x1, None]
                y += [y0, y1, y1, None]
    line = {"color": GRID, "width": 2}
    return {"type": "scatter", "mode": "lines", "x": x, "y": y, "line": line, "hoverinfo": "skip"}


def _marks(
    summary: Mapping[str, Any], nodes: Mapping[int, Mapping[str, Any]], places: Places, words: Words
) -> dict[str, Any]:
    style, names = looks(summary["segments"]), {s["segment"]: words.name(s["name"]) for s in summary["segments"]}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": [places[number][0] for number in nodes],
        "y": [places[number][1] for number in nodes],
        "marker": {
            "opacity": 1,
            "size": [13 if node["left"] is None else 8 for node in nodes.values()],
            "color": [style[n["segment"]].colour if n["left"] is None else INK for n in nodes.values()],
            "symbol": [style[n["segment"]].symbol if n["left"] is None else "circle" for n in nodes.values()],
            "line": {"width": [2 if "open" in style[n["segment"]].symbol else 0 for n in nodes.values()]},
        },
        "text": [
            plain(names[n["segment"]]) + "".join(f"<br>{line}" for line in _counted(n, words)) for n in nodes.values()
        ],
        "hovertemplate": "%{text}<extra></extra>",
    }


def _counted(node: Mapping[str, Any], words: Words) -> list[str]:
    """How many customers a node has, and its purity: nothing where a shared edition does not tell."""
    if node["customers"] is None:
        return []
    told = [words("terms.customers_count", count=node["customers"])]
    return told if node["purity"] is None else [*told, f"{words('terms.purity')} {words.percent(node['purity'])}"]


def _caption(summary: Mapping[str, Any], node: Mapping[str, Any], places: Places, words: Words) -> dict[str, Any]:
    x, y = places[node["id"]]
    if node["left"] is None:
        names = {s["segment"]: words.name(s["name"]) for s in summary["segments"]}
        text = f"<b>{plain(names[node['segment']], 30)}</b>"
        if node["customers"] is not None:
            count = words("terms.customers_count", count=node["customers"])
            text += f"<br>{count}, {words.percent(node['purity'], 0)}"
        return _note(x, y, text, xanchor="left", xshift=12, align="left")
    return _note(x, y, question(node, summary, words), xanchor="left", xshift=8, align="left", bgcolor="var(--page)")


def _answer(
    nodes: Mapping[int, Mapping[str, Any]], node: Mapping[str, Any], side: str, places: Places, words: Words
) -> dict[str, Any]:
    """`yes` on the way to the left child, `no` to the right one, just before the child."""
    x, y = places[node[side]]
    word = words("terms.yes" if side == "left" else "terms.no")
    return _note(x, y, word, xanchor="right", xshift=-12, yshift=8, font={"size": 10, "color": "var(--soft)"})


def _note(x: float, y: float, text: str, **more: Any) -> dict[str, Any]:
    font = {"size": 12, "color": INK}
    return {"x": x, "y": y, "text": text, "showarrow": False, "font": font, "borderpad": 2, **more}
