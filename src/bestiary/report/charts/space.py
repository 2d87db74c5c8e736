"""The picture of the buyers in three dimensions: recency, frequency and monetary value."""

from collections.abc import Mapping
from typing import Any

from bestiary.customers.features import features
from bestiary.report.charts.base import Chart, chart, is_amount, log_ticks, plain, segment_name
from bestiary.report.distributions import log1p
from bestiary.report.palette import GRID, SOFT, looks
from bestiary.report.words import Words


def space_chart(summary: Mapping[str, Any], words: Words) -> Chart:
    """Recency, frequency and monetary value of the sample, one point a customer, on axes of ln(1 + x).

    A negative value (refunds above purchases) stands at 0, as the model takes it; hovering tells the amount.
    """
    points, sources, style = summary["sample"]["points"], summary["sample"]["sources"], looks(summary["segments"])
    axes = ("recency", "frequency", "monetary")
    titles = [f"{words(f'terms.{name}')} ({_unit(sources[name], summary, words)})" for name in axes]
    hover = "<br>".join(f"%{{customdata[{i}]}}" for i in range(3))
    traces = []
    for segment in summary["segments"]:
        rows = [i for i, number in enumerate(points["segment"]) if number == segment["segment"]]
        look, name = style[segment["segment"]], segment_name(segment, words)
        traces.append(
            {
                "type": "scatter3d",
                "mode": "markers",
                "name": name,
                **{
                    at: [round(log1p(max(0.0, points[n][i])), 4) for i in rows]
                    for at, n in zip("xyz", axes, strict=True)
                },
                "customdata": [[_figure(sources[n], points[n][i], words) for n in axes] for i in rows],
                "marker": {"size": 4, "color": look.colour, "symbol": look.symbol, "opacity": 0.8},
                "hovertemplate": hover + f"<extra>{name}</extra>",
            }
        )
    scene: dict[str, Any] = {
        "aspectmode": "cube",
        "camera": {"eye": {"x": 1.4, "y": 1.4, "z": 0.65}, "center": {"z": -0.2}},
    }
    for at, name, title in zip("xyz", axes, titles, strict=True):
        scaled = [log1p(max(0.0, value)) for value in points[name]] or [0.0]
        ticks = log_ticks(min(scaled), max(scaled) if len(scaled) > 1 else scaled[0] + 1, words)
        scene[f"{at}axis"] = {
            "title": {"text": title, "font": {"size": 12}},
            "gridcolor": GRID,
            "zerolinecolor": GRID,
            "linecolor": SOFT,
            "showbackground": False,
            "tickfont": {"size": 10},
            **ticks,
        }
    layout = {"scene": scene, "uirevision": "space", "margin": {"l": 0, "r": 0, "t": 0, "b": 0}}
    size, total = words.number(summary["sample"]["size"]), words.number(summary["sample"]["of"])
    return chart("space", words, traces, layout, (540, 0), drawn=size, total=total)


def _figure(column: str, value: float, words: Words) -> str:
    shown = words.money(value) if is_amount(column) else words.number(value)
    return f"{plain(words.column(column))}: {shown}"


def _unit(column: str, summary: Mapping[str, Any], words: Words) -> str:
    if is_amount(column):
        return plain(words.currency)
    windows = summary["windows"]
    units = {feature.name: feature.unit for feature in features((windows[0], windows[1], windows[2]))}
    return plain(words.label("units", units.get(column, column)))
