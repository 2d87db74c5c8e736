"""Charts of the segments: shares, and the picture in three dimensions.

A chart is a pure function of the summary. Text that comes from data goes through `plain`, since Plotly reads a little
HTML in its texts.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from bestiary.customers.features import features
from bestiary.report.distributions import log1p
from bestiary.report.palette import GRID, INK, QUIET, SOFT, VEIL, looks
from bestiary.report.words import Words

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif"
TICKS = (0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10**4, 3 * 10**4, 10**5, 3 * 10**5, 10**6, 10**7, 10**8, 10**9)


@dataclass(frozen=True)
class Chart:
    """A figure with what stands around it: a title that says what is shown, a text alternative, a height and
    the least width at which it can be read, in px.
    """

    key: str
    title: str
    description: str
    height: int
    width: int
    figure: dict[str, Any] = field(repr=False)
    note: str = ""


def is_amount(column: str) -> bool:
    """Whether a column of the customer table is in the shop's currency."""
    return column.startswith(("total_purchase_value", "avg_price"))


def plain(text: object, limit: int = 40) -> str:
    """A text from data, shown as it is: cut at `limit` characters, and nothing in it is markup."""
    shown = str(text)
    return escape(shown if len(shown) <= limit else shown[: limit - 1] + "…", quote=False)


def chart(
    key: str, words: Words, traces: list[Any], layout: Mapping[str, Any], size: tuple[int, int], **values: object
) -> Chart:
    """Build and check a figure by Plotly, and word its title and its text alternative from `charts.<key>`."""
    import plotly.graph_objects as go

    name = key.partition("-")[0]
    base: dict[str, Any] = {
        "template": None,
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 56, "r": 12, "t": 12, "b": 48},
        "hoverlabel": {"font": {"family": FONT}, "align": "left"},
        "separators": words("format.point") + words("format.thousands"),
        "legend": {"x": 1, "xanchor": "right", "y": 1, "yanchor": "top", "font": {"size": 11}, "bgcolor": VEIL},
        "showlegend": False,
    }
    figure = go.Figure(data=traces, layout={**base, **layout}).to_plotly_json()
    figure["layout"].pop("template", None)
    description = words(f"charts.{name}.alt", **values)
    return Chart(key, words(f"charts.{name}.title", **values), description, *size, figure)


def axis(title: str, **more: Any) -> dict[str, Any]:
    """An axis in the page's colours whose title states the unit."""
    return {
        "title": {"text": title, "standoff": 8},
        "gridcolor": GRID,
        "linecolor": GRID,
        "zerolinecolor": GRID,
        "tickcolor": GRID,
        "automargin": True,
        **more,
    }


def log_ticks(low: float, high: float, words: Words) -> dict[str, Any]:
    """Ticks of an axis of `sign(x) ln(1 + |x|)`, labelled with x itself."""
    signed = sorted({sign * tick for tick in TICKS for sign in (1, -1)})
    shown = [tick for tick in signed if low <= log1p(tick) <= high]
    shown = shown[:: 1 + len(shown) // 8] if len(shown) > 8 else shown
    return {"tickvals": [log1p(t) for t in shown], "ticktext": [words.compact(t) for t in shown]}


def segment_name(segment: Mapping[str, Any], words: Words) -> str:
    """A segment's name in the page's language, as a chart shows it."""
    return plain(words.name(segment["name"]), 48)


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


def wrapped(name: str, width: int = 16) -> str:
    """A name over lines of about `width` characters, so that a narrow page keeps room for the bars."""
    lines: list[str] = [""]
    for word in name.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)


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
