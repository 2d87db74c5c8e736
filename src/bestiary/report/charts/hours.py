"""When customers come: a week of hours, by the share of the visits."""

from collections.abc import Sequence

from bestiary.report.chance import stands_out
from bestiary.report.charts.base import Chart, axis, chart, named_axis
from bestiary.report.charts.days import colour_bar, weekdays
from bestiary.report.palette import LOW, MIDDLE
from bestiary.report.words import Words

Counts = Sequence[Sequence[int]]
WIDTHS = (1, 6)
"""Hours of the parts of a day, of which the first kind is told that has a busiest one."""


def hours_chart(hours: Counts, time_zone: str, words: Words, name: str, segment: int, seen: int) -> Chart | None:
    """Share of the visits in each hour of the week, in percent; None where nobody came.

    `hours` are 7 lists (Monday first) of 24 counts, in the shop's time zone, `seen` in so many days; `name` and number
    are the segment's.
    """
    total = sum(map(sum, hours))
    if not total:
        return None
    days = weekdays(words)
    texts = [
        [
            f"{days[y]}, {words('chart_terms.hours', start=x, stop=x + 1)}"
            f"{words('format.colon')}{words.percent(n / total, 2)}"
            for x, n in enumerate(row)
        ]
        for y, row in enumerate(hours)
    ]
    trace = {
        "type": "heatmap",
        "x": list(range(24)),
        "y": list(range(7)),
        "z": [[round(100 * n / total, 4) for n in row] for row in hours],
        "zmin": 0,
        "colorscale": [[0, MIDDLE], [1, LOW]],
        "colorbar": {**colour_bar(words("chart_terms.percent_of_visits")), "y": -0.26},
        "xgap": 1,
        "ygap": 1,
        "text": texts,
        "hovertemplate": "%{text}<extra></extra>",
    }
    hour = words("chart_terms.hour_axis")
    layout = {
        "xaxis": axis(hour, tickvals=[0, 6, 12, 18, 23], showgrid=False, zeroline=False, range=[-0.5, 23.5]),
        "yaxis": named_axis(range(7), days, autorange="reversed", tickfont={"size": 11}),
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
    }
    says, values = busiest(hours, seen, words)
    by_day = [
        words("chart_terms.median", name=d, value=words.percent(sum(r) / total))
        for d, r in zip(days, hours, strict=True)
    ]
    values = {**values, "name": name, "n": words.number(total), "zone": time_zone}
    return chart(f"hours-{segment}", words, [trace], layout, (310, 0), says, by_day, **values)


def busiest(hours: Counts, seen: int, words: Words) -> tuple[str, dict[str, str]]:
    """The hour of the week with most visits, and its share, where it surely stands out; else that of the day.

    Of the days that were `seen`, one more may be of one weekday than of another, which alone brings it so much more.
    """
    total, most = sum(map(sum, hours)), max(map(max, hours))
    y, x = next((y, x) for y, row in enumerate(hours) for x, n in enumerate(row) if n == most)
    weeks = seen // 7
    if weeks and stands_out([n for row in hours for n in row], (weeks + 1) / weeks):
        values = {"day": weekdays(words)[y], "hours": words("chart_terms.hours", start=x, stop=x + 1)}
        return "found", {**values, "share": words.percent(most / total)}
    for width in WIDTHS:
        parts = [sum(sum(row[start : start + width]) for row in hours) for start in range(0, 24, width)]
        if stands_out(parts):
            start = width * parts.index(max(parts))
            told = words("chart_terms.hours", start=start, stop=start + width)
            return "daily", {"hours": told, "share": words.percent(max(parts) / total)}
    return "even", {"share": words.percent(most / total)}
