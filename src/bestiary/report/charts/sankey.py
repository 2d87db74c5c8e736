"""What the drawings of who moved have in common: states on two sides, and the flows between them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bestiary.report.charts.base import plain
from bestiary.report.palette import BAND, INK, QUIET, SOFT, looks
from bestiary.report.words import Words

SMALL = 0.005
"""Where one segment is drawn, states that bring or take a smaller part of its customers are drawn as one."""
PAD, MARGIN = 18, 16
"""Room between two states, enough for their labels, and above and below them all, in px."""
HALO = ", ".join(["0 0 3px var(--page)"] * 6)
"""Paper around a name, so that the flows behind it do not strike it through; it is laid on thick, and it is CSS."""
LAYOUT = {"margin": {"l": 4, "r": 4, "t": MARGIN // 2, "b": MARGIN // 2}}
State = Mapping[str, Any]


@dataclass(frozen=True)
class Flow:
    """So many customers from a state on the left to one on the right, by their places there; `stayed` in the same."""

    source: int
    target: int
    customers: int
    stayed: bool = False


def sankey(
    before: Sequence[State], now: Sequence[State], flows: Sequence[Flow], colours: Mapping[str, str], words: Words
) -> dict[str, Any]:
    """The trace. A state has a `name` in all languages; `colours` are those of segments, by name in the language.

    Only states with a flow are drawn; their labels tell the customers.
    """
    sources = sorted({flow.source for flow in flows})
    ends = sorted({flow.target for flow in flows})
    names = [words.name(before[at]["name"]) for at in sources]
    names += [words.name(now[at]["name"]) for at in ends]
    sums = [sum(f.customers for f in flows if f.source == at) for at in sources]
    sums += [sum(f.customers for f in flows if f.target == at) for at in ends]
    left, right = sums[: len(sources)], sums[len(sources) :]
    pixels = height(len(left), len(right)) - MARGIN
    scale = min((pixels - PAD * (len(side) - 1)) / sum(side) for side in (left, right))
    target = {at: len(sources) + place for place, at in enumerate(ends)}
    shown = [plain(name, 24) for name in names]
    told = words("chart_terms.customers_count_hover")
    return {
        "type": "sankey",
        "arrangement": "fixed",
        "node": {
            "label": [f"{name} {words.compact(n)}" for name, n in zip(shown, sums, strict=True)],
            "color": [colours.get(name, SOFT) for name in names],
            "x": [0.001] * len(sources) + [0.999] * len(ends),
            "y": [*_heights(left, scale, pixels), *_heights(right, scale, pixels)],
            "pad": PAD,
            "thickness": 14,
            "line": {"width": 0},
            "customdata": shown,
            "hovertemplate": "%{customdata}" + words("format.colon") + told + "<extra></extra>",
        },
        "link": {
            "source": [sources.index(flow.source) for flow in flows],
            "target": [target[flow.target] for flow in flows],
            "value": [flow.customers for flow in flows],
            "color": [QUIET if flow.stayed else BAND for flow in flows],
            "customdata": [f"{shown[sources.index(f.source)]} → {shown[target[f.target]]}" for f in flows],
            "hovertemplate": "%{customdata}" + words("format.colon") + told + "<extra></extra>",
        },
        "textfont": {"size": 12, "color": INK, "shadow": HALO},
        "valueformat": ",",
    }


def _heights(sums: Sequence[int], scale: float, pixels: int) -> list[float]:
    """The middles of states that lie one below the other from the top, 0 to 1 of the drawing's height.

    `scale` is the height of one customer in px: the same on both sides.
    """
    heights, top = [], 0.0
    for n in sums:
        heights.append(round(min(0.999, max(0.001, (top + scale * n / 2) / pixels)), 4))
        top += scale * n + PAD
    return heights


def height(before: int, now: int) -> int:
    """Height in px of a drawing with so many states on its sides."""
    return 80 + 44 * max(before, now, 2)


def colours_of(segments: Sequence[Mapping[str, Any]], words: Words) -> dict[str, str]:
    """A segment's colour by its name: a segment of the run before that is called alike is drawn alike."""
    style = looks([one for one in segments if "value" in one]) | looks([one for one in segments if "value" not in one])
    return {words.name(segment["name"]): style[segment["segment"]].colour for segment in reversed(segments)}
