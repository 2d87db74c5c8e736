"""The chart of what part of the customers and of the revenue each segment is."""

from collections.abc import Mapping, Sequence
from typing import Any

from bestiary.report.charts.base import Chart, axis, chart, named_axis, segment_name, wrapped
from bestiary.report.palette import QUIET, looks
from bestiary.report.words import Words


def shares_chart(summary: Mapping[str, Any], words: Words) -> Chart:
    """Each segment's share of customers beside its share of revenue, in percent, largest value on top.

    Segments that a shared edition holds back are left out.
    """
    told = [s for s in summary["segments"] if not s.get("withheld")]
    ranked = list(reversed(told))
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
    least = min((100 * (s[part] or 0) for s in ranked for part, _ in parts), default=0)
    layout = {
        "barmode": "group",
        "bargap": 0.35,
        "xaxis": axis(words("terms.percent_axis"), range=[1.3 * min(least, 0), 1.3 * max(most, 1)]),
        "yaxis": named_axis(range(len(ranked)), [wrapped(segment_name(s, words)) for s in ranked]),
    }
    says, values = finding(told, words)
    numbers = [
        words(
            "chart_terms.shares",
            name=words.name(s["name"]),
            customers=words.percent(s["share_of_customers"]),
            value=words.percent(s["share_of_value"]),
        )
        for s in told
    ]
    return chart("shares", words, traces, layout, (110 + 56 * len(ranked), 0), says, numbers, **values)


def finding(segments: Sequence[Mapping[str, Any]], words: Words) -> tuple[str, dict[str, str]]:
    """The segment that brings most beyond its share of customers, where there is one."""
    if len(segments) < 2:
        return ("one" if segments else "nobody"), {}
    valued = [s for s in segments if s["share_of_value"] is not None]
    largest = max(segments, key=lambda s: s["share_of_customers"] or 0)
    top = max(valued, key=lambda s: s["share_of_value"] - (s["share_of_customers"] or 0), default=largest)
    customers, value = words.percent(top["share_of_customers"]), words.percent(top["share_of_value"])
    says = "found" if valued else "unvalued"
    if valued and customers == value:
        says = "even"
    return says, {"name": words.name(top["name"]), "customers": customers, "value": value}
