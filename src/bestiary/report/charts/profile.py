"""A segment beside all customers of its population: each role's median and quartiles, as over- and under-index."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bestiary.report.charts.base import Chart, axis, chart, named_axis, plain, wrapped
from bestiary.report.palette import INK, SOFT, looks
from bestiary.report.words import Words

ALIKE = 1.1
"""A median within this many times that of all is called alike."""
FURTHEST = 6.0
"""Doublings and halvings up to which the axis goes; what lies beyond stands at its end, with its number."""
Rows = Sequence[Mapping[str, Any]]


def profile_chart(
    segment: Mapping[str, Any], among: Sequence[Mapping[str, Any]], words: Words, whose: str = "buyers"
) -> Chart | None:
    """Each role's median as an index, 100 being that of all of the population, on an axis of doublings.

    The whisker goes from the segment's lower to its upper quartile, over the median of all. `among` are the segments
    that share the colours, `whose` the population (`buyers` or `visitors`). None where there is no profile. A role
    without an index is left out, and the note says so.
    """
    rows: Rows = segment.get("profile") or []
    if not rows:
        return None
    shown = [row for row in rows if row["index"] is not None]
    scaled = [(_place(_index(row, "q1")), _place(row["index"]), _place(_index(row, "q3"))) for row in shown]
    reach = min(FURTHEST, max([1.0, *(abs(at) for places in scaled for at in places if abs(at) < math.inf)])) + 0.4
    reach = round(reach, 4)
    ends = [[max(-reach, min(reach, at)) for at in places] for places in scaled]
    colour = looks(among)[segment["segment"]].colour
    trace = {
        "type": "bar",
        "orientation": "h",
        "y": list(range(len(shown))),
        "x": [round(middle, 4) for _, middle, _ in ends],
        "marker": {"color": colour},
        "width": 0.5,
        "error_x": {
            "type": "data",
            "symmetric": False,
            "array": [round(max(0.0, high - middle), 4) for _, middle, high in ends],
            "arrayminus": [round(max(0.0, middle - low), 4) for low, middle, _ in ends],
            "color": INK,
            "thickness": 1.2,
            "width": 4,
        },
        "text": [_told(row, whose, words) for row in shown],
        "textposition": "none",
        "hovertemplate": "%{text}<extra></extra>",
    }
    step = (int(reach) + 1) // 2  # five ticks at most
    ticks = [at for at in range(-int(reach), int(reach) + 1) if at % step == 0]
    labels = [f"{wrapped(plain(_role(row, words)), 18)}<br><b>{words.number(row['index'])}</b>" for row in shown]
    layout = {
        "xaxis": axis(
            words(f"chart_terms.index_axis_{whose}"),
            range=[-reach, reach],
            tickvals=ticks,
            ticktext=[words.number(100 * 2.0**at, min(2, max(0, -2 - at))) for at in ticks],
            tickangle=0,
            zerolinecolor=SOFT,
            zerolinewidth=2,
        ),
        "yaxis": named_axis(range(len(shown)), labels, autorange="reversed", tickfont={"size": 11}),
        "margin": {"l": 8, "r": 12, "t": 8, "b": 48},
    }
    says, values = finding(shown, whose, words)
    numbers = [words("chart_terms.indexed", name=_role(row, words), index=words.number(row["index"])) for row in shown]
    found = chart(
        f"profile-{segment['segment']}",
        words,
        [trace],
        layout,
        (90 + 58 * max(1, len(shown)), 0),
        says,
        numbers,
        name=words.name(segment["name"]),
        times=2**step,
        **values,
    )
    missing = [_role(row, words) for row in rows if row["index"] is None]
    left = words("chart_terms.left_out", names=words("format.semicolon").join(missing))
    return replace(found, note=left) if missing else found


def finding(shown: Rows, whose: str, words: Words) -> tuple[str, dict[str, str]]:
    """The two roles whose median lies furthest from that of all, and surely so, in words that say the direction."""
    values = {"whose": words(f"whose.{whose}"), "what": ""}
    if not shown:
        return "undefined", values
    far = [row for row in shown if abs(_place(row["index"])) >= math.log2(ALIKE) and _is_sure(row)]
    far.sort(key=lambda row: -abs(_place(row["index"])))
    if not far:
        return "alike", values
    clauses = [words(f"chart_terms.{'more' if row['index'] > 100 else 'less'}_{_clause(row)}") for row in far[:2]]
    told = clauses[0] if len(clauses) == 1 else words("chart_terms.both", one=clauses[0], other=clauses[1])
    return "found", {**values, "what": told}


def _is_sure(row: Mapping[str, Any]) -> bool:
    """Whether the interval of the segment's median leaves that of all out."""
    low, high = row["low"], row["high"]
    return low is not None and high is not None and not low <= row["shop"]["median"] <= high


def _clause(row: Mapping[str, Any]) -> str:
    """The role, of visitors with what their recency is of."""
    return "visit" if row["column"] == "days_since_last_visit" else str(row["role"])


def _index(row: Mapping[str, Any], quartile: str) -> float:
    told = row["median"] if row[quartile] is None else row[quartile]  # a quartile of few people is not shared
    return 100 * float(told) / float(row["shop"]["median"])


def _place(index: float) -> float:
    """Doublings from 100; nothing at all is infinitely far below."""
    return math.log2(index / 100) if index > 0 else -math.inf


def _role(row: Mapping[str, Any], words: Words) -> str:
    return words.column(row["column"])


def _told(row: Mapping[str, Any], whose: str, words: Words) -> str:
    """A role's figures in its own unit, and what a high or low index means."""

    def figures(of: Mapping[str, Any]) -> dict[str, str]:
        return {name: words.figure(row["column"], of[name]) for name in ("q1", "median", "q3")}

    own = words("chart_terms.quartiles", **figures(row))
    shop = words("chart_terms.quartiles", **figures(row["shop"]))
    lines = [plain(_role(row, words)), own, f"{words(f'chart_terms.all_{whose}')}{words('format.colon')}{shop}"]
    lines.append(words("chart_terms.indexed", name=words("chart_terms.index"), index=words.number(row["index"])))
    if row["role"] == "recency":
        lines.append(words("chart_terms.fewer_is_recent"))
    return "<br>".join(lines)
