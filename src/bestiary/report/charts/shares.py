"""The chart of what part of the customers and of the revenue each segment is."""

from collections.abc import Mapping
from typing import Any

from bestiary.report.charts.base import Chart, axis, chart, segment_name, wrapped
from bestiary.report.palette import QUIET, looks
from bestiary.report.words import Words


def shares_chart(summary: Mapping[str, Any], words: Words) -> Chart:
    """Each segment's share of customers beside its share of revenue, in percent, largest value on top."""
    ranked = list(reversed(summary["segments"]))
    names = [segment_name(s, words) for s in ranked]
    style = looks(summary["segments"])
    parts = (("share_of_customers", QUIET), ("share_of_value", [style[s["segment"]].colour for s in ranked]))
    traces = [
        {
            "type": "bar",
            "orientation": "h",
            "name": words(f"terms.{part}"),
            "y": list(range(len(ranked))),
            "x": [None if s[part] is None else round(100 * s[part], 4) for s in ranked],
            "text": [words.percent(s[part]) for s in ranked],
            "textposition": "outside",
            "cliponaxis": False,
            "marker": {"color": colour},
            "hovertemplate": "%{y}: %{text}<extra>" + words(f"terms.{part}") + "</extra>",
        }
        for part, colour in parts
    ]
    most = max((100 * (s[part] or 0) for s in ranked for part, _ in parts), default=0)
    layout = {
        "barmode": "group",
        "bargap": 0.35,
        "xaxis": axis(words("terms.percent_axis"), range=[0, 1.3 * max(most, 1)]),
        "yaxis": axis(
            "", tickvals=list(range(len(ranked))), ticktext=[wrapped(n) for n in names], showgrid=False, zeroline=False
        ),
    }
    return chart("shares", words, traces, layout, (110 + 56 * len(ranked), 0), n=len(ranked))
