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
SAYS = {"less": "surely worth less", "more": "surely worth more", "": "too close to say"}
"""What a difference comes to, losses first."""
LEGEND = (
    "Gini: how well customers are ranked by what they then brought in; 1 is the ranking of hindsight, 0 is chance. "
    "R squared: the share of the differences between customers' revenue (its logarithm) that is foretold. Top 10 %, "
    "top 20 %: the share of revenue that those ranked first brought. PR-AUC: how well it is foretold who buys again; "
    "chance gives {base:.3f} here. Lift: what a segment's customers brought on average, over what everyone did."
)


def evaluation(log: Log, found: "Evaluation", out: Path | None) -> None:
    """Print an evaluation, and say where it was written."""
    printed = Out(log)
    if not printed.is_terminal:
        printed.width = WIDTH
    compared, told = found.comparison, sentence(found)
    printed.say(told, wrap=True)
    printed.print(_scorers(found))
    printed.say(
        f"{compared.customers:,} customers, {compared.base:.1%} of whom bought again; each scorer learned on one half "
        f"and was measured on the other, {compared.halves} times; intervals of 95 %.",
        wrap=True,
    )
    printed.say(LEGEND.format(base=compared.base), wrap=True)
    printed.print(_differences(found))
    printed.print(_lifts(found))
    if out:
        printed.say(f"Evaluation: {out}")
    log.result("evaluate", path=out, told=told, **found.record())


def sentence(found: "Evaluation") -> str:
    """Whether the chosen segments alone are worth more or less than what they have to beat, a sentence for each."""
    alone = f"The segment alone ({found.chosen}, k = {found.k[found.chosen]})"
    first, *others = AGAINST
    return " ".join(
        [
            f"{alone} beside {BASELINES[first]} is {_sure(found, first)}.",
            *(f"Beside {BASELINES[one]} it is {_sure(found, one)}." for one in others),
        ]
    )


def _sure(found: "Evaluation", baseline: str) -> str:
    by: dict[str, list[str]] = {says: [] for says in SAYS}
    for metric, name in METRICS.items():
        one = found.comparison.difference(found.chosen, baseline, metric)
        by["" if one.too_small else _words(one)].append(name)
    told = [(SAYS[says], names) for says, names in by.items() if names]
    if len(told) == 1:
        return f"{told[0][0]} by every figure"
    parts = [f"{words} by {_listed(names)}" for words, names in told]
    return f"{', '.join(parts[:-1])}, and {parts[-1]}"


def _listed(names: list[str]) -> str:
    return f"{', '.join(names[:-1])} and {names[-1]}" if names[1:] else names[0]


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
    table.add_column("lift: revenue per customer over everyone's", justify="right")
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
