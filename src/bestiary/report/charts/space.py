"""The picture of the buyers in three dimensions: recency, frequency and monetary value."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bestiary.customers.features import features
from bestiary.report.charts.base import Chart, chart, log_ticks, marker, plain, segment_name, typed
from bestiary.report.palette import GRID, SOFT, looks
from bestiary.report.words import Words, is_amount
from bestiary.segments.wording import MONEY

AXES = ("recency", "frequency", "monetary")
MANY = 10_000
"""Above so many points each is a square or a diamond of two triangles, which a graphics card turns with ease; a circle
has a hundred, and at two pixels looks the same."""
RELATED = 0.3
"""From this rank correlation on two columns are said to go together."""
Floats = NDArray[np.float64]


def space_chart(summary: Mapping[str, Any], words: Words) -> Chart:
    """Recency, frequency and monetary value of the sample, one point a customer, on axes of ln(1 + x).

    A negative value (refunds above purchases) stands at 0, as the model takes it; hovering tells the amount. With
    `points["who"]` hovering begins with the customer's id.
    """
    points, sources = summary["sample"]["points"], summary["sample"]["sources"]
    raw = np.column_stack([np.asarray(points[name], dtype=np.float64) for name in AXES])
    scaled = np.log1p(np.maximum(raw, 0))
    numbers, style = np.asarray(points["segment"]), looks(summary["segments"])
    hover = "<br>".join(_hover(sources[name], at, words) for at, name in enumerate(AXES))
    who = points.get("who")
    traces = []
    for segment in summary["segments"]:
        rows = np.flatnonzero(numbers == segment["segment"])
        look, name = style[segment["segment"]], segment_name(segment, words)
        trace: dict[str, Any] = {
            "type": "scatter3d",
            "mode": "markers",
            "name": name,
            **{at: typed(scaled[rows, i].astype(np.float32)) for i, at in enumerate("xyz")},
            "customdata": typed(raw[rows].astype(np.float32)),
            "marker": {**marker(look, 0.8), **_mark(look.symbol, len(numbers))},
            "hovertemplate": hover + f"<extra>{name}</extra>",
        }
        if who is not None:
            trace["text"] = [plain(who[row]) for row in rows]
            trace["hovertemplate"] = "%{text}<br>" + trace["hovertemplate"]
        traces.append(trace)
    layout = {
        "scene": scene(scaled, summary, words),
        "uirevision": "space",
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
    }
    size, total = words.number(summary["sample"]["size"]), words.number(summary["sample"]["of"])
    together = rank_correlation(raw[:, 1], raw[:, 2])
    values = {"drawn": size, "total": total, "rho": words.number(together, 2)}
    medians = np.median(raw, axis=0).tolist() if len(raw) else []
    told = [figure_line(sources[name], value, words) for name, value in zip(AXES, medians, strict=False)]
    says = _finding(together, len(raw), visits="sessions" in sources["frequency"])
    return chart("space", words, traces, layout, (540, 0), says, told, **values)


def rank_correlation(one: Floats, other: Floats) -> float | None:
    """Spearman's rank correlation with mean ranks for ties, -1 to 1; None where one of the two does not vary."""
    ranks = [_ranks(one), _ranks(other)]
    if len(one) < 2 or any(float(rank.std()) == 0 for rank in ranks):
        return None
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1])


def _ranks(values: Floats) -> Floats:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[place], dtype=np.float64)


def _finding(together: float | None, customers: int, *, visits: bool) -> str:
    """The key of the finding; frequency counts `visits` or purchases."""
    if together is None:
        return "plain" if customers else "nobody"
    found = "related" if together >= RELATED else "opposed" if together <= -RELATED else "apart"
    return f"{found}_visits" if visits else found


def scene(scaled: Floats, summary: Mapping[str, Any], words: Words) -> dict[str, Any]:
    """The axes around points (n, 3) of ln(1 + x), with plain values on their ticks."""
    found: dict[str, Any] = {
        "aspectmode": "cube",
        "camera": {"eye": {"x": 1.3, "y": 1.3, "z": 0.6}, "center": {"z": -0.2}},
    }
    for i, (at, name) in enumerate(zip("xyz", AXES, strict=True)):
        low, high = (float(scaled[:, i].min()), float(scaled[:, i].max())) if len(scaled) else (0.0, 0.0)
        ticks = log_ticks(low, high if high > low else low + 1, words)
        title = f"{words(f'terms.{name}')} ({_unit(summary['sample']['sources'][name], summary, words)})"
        found[f"{at}axis"] = {
            "title": {"text": title, "font": {"size": 12}},
            "gridcolor": GRID,
            "zerolinecolor": GRID,
            "linecolor": SOFT,
            "showbackground": False,
            "tickfont": {"size": 11},
            **ticks,
        }
    return found


def _mark(symbol: str, points: int) -> dict[str, Any]:
    """The marks' size in px, smaller in a crowd, and their symbol."""
    simple = "diamond" if "diamond" in symbol else "square"
    return {"size": 4 if points <= 5_000 else 2.5, "symbol": symbol if points <= MANY else simple}


def _hover(column: str, at: int, words: Words) -> str:
    """A line of the hover that Plotly fills in itself, so that no text is stored per customer."""
    shown = f"%{{customdata[{at}]:,.0f}}"
    if is_amount(column):
        amount = f"%{{customdata[{at}]:,.2f}}"
        shown = MONEY[words.language].format(amount=amount, currency=plain(words.currency))
    return f"{plain(words.column(column))}{words('format.colon')}{shown}"


def figure_line(column: str, value: float, words: Words) -> str:
    """A column with a figure in its unit."""
    shown = words.money(value) if is_amount(column) else words.number(value)
    return words("chart_terms.median", name=words.column(column), value=shown)


def _unit(column: str, summary: Mapping[str, Any], words: Words) -> str:
    if is_amount(column):
        return plain(words.currency)
    windows = summary["windows"]
    units = {feature.name: feature.unit for feature in features((windows[0], windows[1], windows[2]))}
    return plain(words.label("units", units.get(column, column)))
