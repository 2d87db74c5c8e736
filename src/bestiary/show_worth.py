"""What `bestiary evaluate` prints: every scorer with its figures, what is sure of the chosen one, and its segments."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.table import Table

from bestiary.logs import Log
from bestiary.show import Out

if TYPE_CHECKING:
    from bestiary.evaluation import Evaluation
    from bestiary.segments.worth.findings import Difference, Figure, Measured

WIDTH = 160
METRICS = {
    "gini": "Gini",
    "r_squared": "R squared",
    "top_10": "top 10 %",
    "top_20": "top 20 %",
    "average_precision": "PR-AUC",
}
BASELINES = {
    "grid": "named RFM cells",
    "quintile_cells": "RFM quintiles, 125 cells",
    "frequency": "frequency alone",
    "monetary_deciles": "monetary deciles",
    "monetary": "monetary value alone",
    "expected": "expected value",
    "ceiling": "ceiling, all columns",
}
AGAINST = ("grid", "frequency", "monetary_deciles")


def evaluation(log: Log, found: "Evaluation", out: Path | None) -> None:
    """Print an evaluation, and say where it was written."""
    printed = Out(log)
    if not printed.is_terminal:
        printed.width = WIDTH
    compared = found.comparison
    printed.print(_scorers(found))
    printed.say(
        f"{compared.customers:,} customers, {compared.base:.1%} of whom bought again; each scorer learned on one half "
        f"and was measured on the other, {compared.halves} times; intervals of 95 %.",
        wrap=True,
    )
    printed.print(_differences(found))
    printed.print(_lifts(found))
    if out:
        printed.say(f"Evaluation: {out}")
    log.result("evaluate", path=out, **found.record())


def _scorers(found: "Evaluation") -> Table:
    title = f"Worth, learned as of {found.at}, measured until {found.until}"
    table = Table(box=None, pad_edge=False, title=title, title_justify="left")
    table.add_column("ranked by", no_wrap=True)
    for name in METRICS.values():
        table.add_column(name, justify="right")
    for one in found.comparison.scorers:
        table.add_row(_name(one, found), *(_figure(one.metrics[metric]) for metric in METRICS))
    return table


def _name(one: "Measured", found: "Evaluation") -> str:
    if one.kind not in ("segments", "segments_and_distances"):
        return BASELINES[one.name]
    chosen = " (chosen)" if one.name == found.chosen else ""
    about = f", k = {found.k[one.name]}{chosen}" if one.kind == "segments" else ", with distances"
    return one.name + about


def _differences(found: "Evaluation") -> Table:
    table = Table(f"{found.chosen} against", "", box=None, pad_edge=False)
    table.add_column("difference", justify="right")
    table.add_column("")
    for baseline in AGAINST:
        for metric, name in METRICS.items():
            one = found.comparison.difference(found.chosen, baseline, metric)
            first = BASELINES[baseline] if name == "Gini" else ""
            table.add_row(first, name, _figure(one.figure, signed=True), _words(one))
    return table


def _words(one: "Difference") -> str:
    """What an interval allows to be said."""
    if one.too_small:
        return "too small a sample to say"
    return "more" if (one.figure.value or 0.0) > 0 else "less"


def _lifts(found: "Evaluation") -> Table:
    table = Table("segment", box=None, pad_edge=False)
    table.add_column("revenue per customer over everyone's", justify="right")
    for one in found.lifts:
        lift = "no such segment then" if one.lift is None else _figure(one.lift)
        table.add_row(escape(one.name["en"]), lift)
    return table


def _figure(figure: "Figure", *, signed: bool = False) -> str:
    """`0.677 (0.65 to 0.70)`, or a dash where it is not defined."""
    if figure.value is None:
        return "-"
    sign = "+" if signed else ""
    if figure.low is None or figure.high is None:
        return f"{figure.value:{sign}.3f}"
    return f"{figure.value:{sign}.3f} ({figure.low:{sign}.2f} to {figure.high:{sign}.2f})"
