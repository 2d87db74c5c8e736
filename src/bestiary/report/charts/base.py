"""What every chart is made of: the figure with its words, axes with units, and text from data that is no markup."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from bestiary.report.distributions import log1p
from bestiary.report.palette import GRID, INK, VEIL
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


def wrapped(name: str, width: int = 16) -> str:
    """A name over lines of about `width` characters, so that a narrow page keeps room for the bars."""
    lines: list[str] = [""]
    for word in name.split(" "):
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)
