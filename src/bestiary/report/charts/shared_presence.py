"""When customers come, as a shared edition tells it: how many different ones by hour and by day, where enough."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from bestiary.report.charts.base import Chart, axis, chart, named_axis
from bestiary.report.charts.days import WEEKS, colour_bar, months, weekdays
from bestiary.report.palette import ACCENT, LOW, MIDDLE
from bestiary.report.words import Words

Record = Mapping[str, Any]


def shared_hours_chart(segment: Record, summary: Record, words: Words) -> Chart | None:
    """Different customers of a segment in each hour of the week; None where none may be told."""
    sharing = summary["sharing"]
    counts = (sharing["presence"] or {"hours": {}})["hours"].get(segment["segment"])
    if not counts:
        return None
    days = weekdays(words)

    def told(at: int) -> str:
        hours = words("chart_terms.hours", start=at % 24, stop=at % 24 + 1)
        return f"{days[at // 24]}, {hours}"

    n, at = max((n, -at) for at, n in enumerate(counts) if n is not None)
    rows = [counts[24 * y : 24 * y + 24] for y in range(7)]
    texts = [
        [
            "" if n is None else f"{told(24 * y + x)}{words('format.colon')}{words('terms.customers_count', count=n)}"
            for x, n in enumerate(row)
        ]
        for y, row in enumerate(rows)
    ]
    layout = {
        "xaxis": axis(
            words("chart_terms.hour_axis"),
            tickvals=[0, 6, 12, 18, 23],
            showgrid=False,
            zeroline=False,
            range=[-0.5, 23.5],
        ),
        "yaxis": named_axis(range(7), days, range=[6.5, -0.5], tickfont={"size": 11}),
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
    }
    trace = _map(24, rows, texts, words, LOW, -0.26)
    values = {"name": words.name(segment["name"]), "hour": told(-at), "zone": summary["time_zone"]}
    values |= {"k": words.number(sharing["k"]), "n": words("terms.customers_count", count=n)}
    key = f"hours-{segment['segment']}"
    return chart(key, words, [trace], layout, (310, 0), "crowd", (), "shows_crowd", **values)


def shared_days_chart(summary: Record, words: Words) -> Chart | None:
    """Different customers on each of the latest days, a column a week; None where none may be told."""
    sharing = summary["sharing"]
    counts = (sharing["presence"] or {"days": {}})["days"]
    known = [date.fromisoformat(day) for day, n in counts.items() if n is not None]
    if not known:
        return None
    last = max(known)
    first = max(min(known), last - timedelta(weeks=WEEKS - 1))
    monday = first - timedelta(days=first.weekday())
    weeks = [monday + timedelta(weeks=at) for at in range((last - monday).days // 7 + 1)]
    rows = [[counts.get((week + timedelta(days=at)).isoformat()) for week in weeks] for at in range(7)]
    texts = [
        ["" if n is None else _day(week + timedelta(days=at), n, words) for week, n in zip(weeks, row, strict=True)]
        for at, row in enumerate(rows)
    ]
    layout = {
        "xaxis": named_axis(*months(weeks, words), tickangle=0),
        "yaxis": named_axis(range(7), weekdays(words), range=[6.5, -0.5], tickfont={"size": 11}),
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
    }
    trace = _map(len(weeks), rows, texts, words, ACCENT, -0.14)
    day = max(known, key=lambda one: (counts[one.isoformat()], one))
    most = words("terms.customers_count", count=counts[day.isoformat()])
    values = {"n": words.number(len(known)), "day": words.date(day.isoformat()), "most": most}
    values["k"] = words.number(sharing["k"])
    return chart("days", words, [trace], layout, (320, 0), "crowd", (), "shows_crowd", **values)


def _day(day: date, n: int, words: Words) -> str:
    return words.date(day.isoformat()) + words("format.colon") + words("terms.customers_count", count=n)


def _map(columns: int, rows: Any, texts: Any, words: Words, colour: str, under: float) -> dict[str, Any]:
    """A week's rows as a heat map, empty where a count is held back."""
    return {
        "type": "heatmap",
        "x": list(range(columns)),
        "y": list(range(7)),
        "z": rows,
        "zmin": 0,
        "colorscale": [[0, MIDDLE], [1, colour]],
        "colorbar": {**colour_bar(words("terms.customers")), "y": under},
        "xgap": 1,
        "ygap": 1,
        "text": texts,
        "hovertemplate": "%{text}<extra></extra>",
        "hoverongaps": False,
    }
