"""What every chart is made of: the figure with its words, axes with units, and text from data that is no markup."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bestiary.report.distributions import log1p
from bestiary.report.palette import GRID, INK, VEIL, Look
from bestiary.report.words import Words
from bestiary.segments.wording import SIGNS

FONT = "-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', sans-serif"
TICKS = (0, 1, 3, 10, 30, 100, 300, 1000, 3000, 10**4, 3 * 10**4, 10**5, 3 * 10**5, 10**6, 10**7, 10**8, 10**9)

STRONG = 0.6
"""From this part on a cell is coloured so strongly that its text is dark in both themes."""
DARK = "#000000"


@dataclass(frozen=True)
class Chart:
    """A figure with what stands around it, in words that are plain text.

    `title` is the finding as a sentence without its stop, `subtitle` what is shown and in which units, `description`
    a text alternative with the numbers that matter, `note` what should be known of this drawing. `height` and the
    least `width` at which the figure can be read are in px.
    """

    key: str
    title: str
    subtitle: str
    description: str
    height: int
    width: int
    figure: dict[str, Any] = field(repr=False)
    note: str = ""


def plain(text: object, limit: int = 40) -> str:
    """A text from data, shown as it is: cut at `limit` characters, and nothing in it is markup or a template."""
    shown = str(text)
    if shown.isalnum() and len(shown) <= limit:  # as most of 50,000 ids are
        return shown
    shown = escape(shown if len(shown) <= limit else shown[: limit - 1] + "…", quote=False)
    return shown.replace("{", "&#123;")


def chart(
    key: str,
    words: Words,
    traces: list[Any],
    layout: Mapping[str, Any],
    size: tuple[int, int],
    says: str,
    numbers: Sequence[str] = (),
    shows: str = "shows",
    **values: object,
) -> Chart:
    """A Plotly figure, worded from the table `charts.<key up to its first dash>`.

    `says` is the key of the finding there and `shows` that of the subtitle; both may use `values`. The description
    is the finding, the subtitle and the `numbers`.
    """
    name = key.partition("-")[0]
    base: dict[str, Any] = {
        "font": {"family": FONT, "size": 13, "color": INK},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 56, "r": 12, "t": 12, "b": 48},
        "hoverlabel": {"font": {"family": FONT}, "align": "left"},
        "separators": "".join(reversed(SIGNS[words.language])),
        "legend": {"x": 1, "xanchor": "right", "y": 1, "yanchor": "top", "font": {"size": 11}, "bgcolor": VEIL},
        "showlegend": False,
    }
    figure = {"data": traces, "layout": {**base, **layout}}
    title, subtitle = words(f"charts.{name}.{says}", **values), words(f"charts.{name}.{shows}", **values)
    told = [title, subtitle, words("format.semicolon").join(numbers)]
    return Chart(key, title, subtitle, " ".join(f"{text}." for text in told if text), *size, figure)


def typed(array: NDArray[np.float32]) -> dict[str, str]:
    """An array as Plotly's typed array: base64, a third of what its numbers take as text."""
    shape = {"shape": ", ".join(map(str, array.shape))} if array.ndim > 1 else {}
    return {"dtype": "f4", "bdata": base64.b64encode(array.astype("<f4").tobytes()).decode("ascii"), **shape}


def axis(title: str, **more: Any) -> dict[str, Any]:
    """An axis in the page's colours whose title states the unit."""
    return {
        "title": {"text": title, "standoff": 8, "font": {"size": 12}},
        "gridcolor": GRID,
        "linecolor": GRID,
        "zerolinecolor": GRID,
        "tickcolor": GRID,
        "automargin": True,
        **more,
    }


def marker(look: Look, opacity: float) -> dict[str, Any]:
    """A segment's mark; an open one is all edge, which is drawn so strongly that it is seen as the others are."""
    hollow = look.symbol.endswith("-open")
    edge = {"width": 2 if hollow else 0, "color": look.colour}
    return {"color": look.colour, "symbol": look.symbol, "opacity": 1 if hollow else opacity, "line": edge}


def log_ticks(low: float, high: float, words: Words) -> dict[str, Any]:
    """Ticks of an axis of `sign(x) ln(1 + |x|)`, labelled with x itself."""
    signed = sorted({sign * tick for tick in TICKS for sign in (1, -1)})
    shown = [tick for tick in signed if low <= log1p(tick) <= high]
    shown = shown[:: 1 + len(shown) // 8] if len(shown) > 8 else shown
    return {"tickvals": [log1p(t) for t in shown], "ticktext": [words.compact(t) for t in shown]}


def named_axis(places: Sequence[float], names: Sequence[str], **more: Any) -> dict[str, Any]:
    """An axis of names, which needs neither a unit nor lines."""
    return axis("", tickvals=list(places), ticktext=list(names), showgrid=False, zeroline=False, **more)


def shade(part: float) -> float:
    """How strongly a cell is coloured, 0 to 1, for a part from 0 to 1: what lies between is left out.

    Between the two ends no colour of a text can be read on a coloured cell in both themes.
    """
    return part if part < STRONG else 0.8 + 0.2 * (part - STRONG) / (1 - STRONG)


def cell_texts(parts: Sequence[Sequence[float]], texts: Sequence[Sequence[str]], size: int = 11) -> dict[str, Any]:
    """Texts on the cells of a heat map at 0, 1, 2, ..., each in a colour that can be read on the `shade` of its part.

    A heat map's own texts have one colour for all cells.
    """
    cells = [(x, y) for y, row in enumerate(texts) for x in range(len(row))]
    return {
        "type": "scatter",
        "mode": "text",
        "x": [x for x, _ in cells],
        "y": [y for _, y in cells],
        "text": [texts[y][x] for x, y in cells],
        "textfont": {"size": size, "color": [INK if parts[y][x] < STRONG else DARK for x, y in cells]},
        "hoverinfo": "skip",
    }


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
