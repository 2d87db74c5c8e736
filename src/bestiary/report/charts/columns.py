"""Charts of the customer table's columns: how each is distributed over the customers."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from bestiary.report.chance import stands_out
from bestiary.report.charts.base import Chart, axis, chart, log_ticks, named_axis, plain
from bestiary.report.distributions import ORDERED, log1p
from bestiary.report.palette import ACCENT, HIGH, SOFT
from bestiary.report.words import UNDEFINED, Words

WINDOW_LINES = ((SOFT, "dot"), (HIGH, "dash"), (ACCENT, "solid"))


def column_chart(record: Mapping[str, Any], words: Words) -> Chart | None:
    """Histogram of a column, or of a family of windows laid over each other; None where no value is known."""
    drawn = {"numeric": _numeric, "text": _text, "time": _time}[record["kind"]](record, words)
    if drawn is None:
        return None
    traces, layout = drawn
    label = words.label("columns", record["key"])
    if len(record["columns"]) == 1:
        label = words.column(record["columns"][0]["name"])
    tell = {"numeric": _middle, "text": _commonest, "time": _fullest}[record["kind"]]
    says, values, numbers = tell(record, words)
    return chart(f"column-{record['key']}", words, traces, layout, (270, 0), says, numbers, label=label, **values)


Told = tuple[str, dict[str, str], list[str]]


def _middle(record: Mapping[str, Any], words: Words) -> Told:
    """What half of the customers have at most and a quarter have at least, in the longest of the windows."""
    column = [one for one in record["columns"] if one["median"] is not None][-1]

    def shown(value: float) -> str:
        if record["unit"] == "currency":
            return words.money(value)
        return words.number(value, 0 if value == int(value) else 1 if record["integer"] else 2)

    known = [name for name in ("min", "q1", "median", "q3", "max") if column[name] is not None]
    figures = dict.fromkeys(("q1", "median", "q3"), UNDEFINED) | {name: shown(column[name]) for name in known}
    told = [words("chart_terms.median", name=words(f"columns_section.{name}"), value=figures[name]) for name in known]
    values = {**figures, "unit": unit(record, words), **_known(column, words)}
    if column["min"] == column["max"] is not None:
        return "constant", values, told
    if column["min"] == column["median"] == 0:
        return ("few" if column["q3"] else "most"), values, told
    if len(record["columns"]) > 1:
        return "longest", {**values, "months": words("terms.months", count=column["window"])}, told
    return "found", values, told


def _commonest(record: Mapping[str, Any], words: Words) -> Told:
    """The value that most of the customers with a known one have."""
    ranked = sorted((row for row in record["values"] if row["count"]), key=lambda row: -int(row["count"]))
    total = record["others"] + sum(row["count"] for row in ranked)
    shares = [words.percent(row["count"] / total) for row in ranked]
    names = [value_name(record["key"], row["value"], words) for row in ranked]
    told = [
        words("chart_terms.median", name=name, value=share) for name, share in zip(names[:3], shares[:3], strict=True)
    ]
    values = {"value": names[0], "share": shares[0], "unit": words("chart_terms.counts")}
    values |= _known(record["columns"][0], words)
    if len(ranked) == 1 and not record["others"]:
        return "only", values, told
    tied = len(ranked) > 1 and ranked[0]["count"] == ranked[1]["count"]
    return ("value_tied" if tied else "value"), values, told


def _fullest(record: Mapping[str, Any], words: Words) -> Told:
    """The day, or the week, that most of the known times are in, where it surely stands out."""
    total, most = record.get("known") or sum(record["counts"]), max(record["counts"])
    at = record["counts"].index(most)
    start, share = words.date(record["starts"][at]), words.percent(most / total)
    says = record["step"] if stands_out(record["counts"]) else f"{record['step']}_even"
    values = {"start": start, "share": share, "unit": words("chart_terms.counts")}
    values |= _known(record["columns"][0], words)
    told = [words("chart_terms.median", name=start, value=share)]
    return says, values, told


def _known(column: Mapping[str, Any], words: Words) -> dict[str, str]:
    """Of whom a share is told: customers without a value are left out, where there are any and they may be told."""
    if not column["nulls"]:
        return {"who": words("chart_terms.who_all"), "known": ""}
    known = words("chart_terms.known", n=words.number(column["nulls"]))
    return {"who": words("chart_terms.who_known"), "known": known}


def _drawn(trace: Mapping[str, Any], x_axis: Any, words: Words) -> tuple[list[Any], dict[str, Any]]:
    return [trace], {"xaxis": x_axis, "yaxis": axis(words("terms.customers"), rangemode="tozero", tickformat=",")}


def unit(record: Mapping[str, Any], words: Words) -> str:
    """The unit of a column in words; money's is the currency."""
    return plain(words.currency) if record["unit"] == "currency" else words.label("units", record["unit"])


def _numeric(record: Mapping[str, Any], words: Words) -> tuple[list[Any], dict[str, Any]] | None:
    edges = record["edges"]
    if not edges:
        return None
    logarithmic = record["scale"] == "log1p"
    shown = [log1p(edge) if logarithmic else edge for edge in edges]
    title = unit(record, words) + (f" ({words('terms.log_scale')})" if logarithmic else "")
    x_axis = axis(
        title, showgrid=False, zeroline=False, **(log_ticks(shown[0], shown[-1], words) if logarithmic else {})
    )
    bins = [_bin(low, high, record, words) for low, high in pairwise(edges)]
    if len(record["columns"]) > 1:
        traces = _steps(record, shown, bins, words)
        y_axis = axis(words("terms.customers"), rangemode="tozero", tickformat=",")
        return traces, {"xaxis": x_axis, "yaxis": y_axis, "showlegend": True}
    trace = {
        "type": "bar",
        "x": [round((low + high) / 2, 6) for low, high in pairwise(shown)],
        "width": [round(0.94 * (high - low), 6) for low, high in pairwise(shown)],
        "y": record["counts"][0],
        "text": bins,
        "textposition": "none",
        "marker": {"color": ACCENT},
        "hovertemplate": "%{text}: %{y:,}<extra></extra>",
    }
    return _drawn(trace, x_axis, words)


def _steps(record: Mapping[str, Any], shown: list[float], bins: list[str], words: Words) -> list[dict[str, Any]]:
    """One stepped outline per window, on the same bins; the last count is drawn to the last edge."""
    return [
        {
            "type": "scatter",
            "mode": "lines",
            "name": words("terms.months", count=column["window"]),
            "x": [round(edge, 6) for edge in shown],
            "y": [*counts, counts[-1]],
            "text": [*bins, bins[-1]],
            "line": {"shape": "hv", "width": 2, "color": colour, "dash": dash},
            "hovertemplate": "%{text}: %{y:,}<extra>%{fullData.name}</extra>",
        }
        for column, counts, (colour, dash) in zip(record["columns"], record["counts"], WINDOW_LINES, strict=True)
    ]


def _bin(low: float, high: float, record: Mapping[str, Any], words: Words) -> str:
    if record["unit"] == "currency":
        return f"{words.money(low)} – {words.money(high)}"
    if not record["integer"]:
        return f"{words.number(low, 2)} – {words.number(high, 2)}"
    first, last = int(low + 0.5), int(high - 0.5)
    return words.number(first) if first == last else f"{words.number(first)} – {words.number(last)}"


def _text(record: Mapping[str, Any], words: Words) -> tuple[list[Any], dict[str, Any]] | None:
    rows = [(value_name(record["key"], row["value"], words), row["count"]) for row in record["values"]]
    if record["others"]:
        rows.append((words("terms.others"), record["others"]))
    if not any(count for _, count in rows):
        return None
    names, counts = [plain(name, 22) for name, _ in rows], [count for _, count in rows]
    places = list(range(len(rows)))
    trace = {
        "type": "bar",
        "orientation": "h",
        "x": counts,
        "y": places,
        "marker": {"color": ACCENT},
        "hovertext": [f"{name}: {words.number(count)}" for name, count in zip(names, counts, strict=True)],
        "hoverinfo": "text",
    }
    y_axis = named_axis(places, names, autorange="reversed", tickfont={"size": 11})
    return [trace], {"xaxis": axis(words("terms.customers"), tickformat=","), "yaxis": y_axis}


def value_name(column: str, value: str, words: Words) -> str:
    """A value of a text column in words: weekdays, dayparts and states are translated, brands are as they are."""
    return words.label(f"values.{column}", value) if column in ORDERED else value


def _time(record: Mapping[str, Any], words: Words) -> tuple[list[Any], dict[str, Any]] | None:
    if not record["starts"]:
        return None
    trace = {
        "type": "bar",
        "x": record["starts"],
        "y": record["counts"],
        "marker": {"color": ACCENT},
        "hovertext": [
            f"{words.date(day)}: {words.number(n)}" for day, n in zip(record["starts"], record["counts"], strict=True)
        ],
        "hoverinfo": "text",
    }
    ticks = _ticks(record["starts"], record["step"], words)
    x_axis = axis(words(f"terms.by_{record['step']}"), type="date", tickangle=0, showgrid=False, **ticks)
    return _drawn(trace, x_axis, words)


def _ticks(starts: Sequence[str], step: str, words: Words) -> dict[str, Any]:
    """Three ticks at most, spread over the months or the days that are there, in the page's language."""
    told = words.month if step == "week" else words.short_date
    named = {told(day): day for day in reversed(starts)}  # a month stands at its first week
    shown = list(reversed(named))[:: 1 + (len(named) - 1) // 3]
    return {"tickvals": [named[name] for name in shown], "ticktext": shown}
