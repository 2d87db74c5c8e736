"""What a fit prints: buyers' and visitors' segments, how much to believe in them, and who it is too early for."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from bestiary.files import read_json
from bestiary.logs import Log
from bestiary.segments.presets import FEWEST_VISITORS
from bestiary.show import Out

if TYPE_CHECKING:
    from bestiary.lake.runs import Run

FIGURES = ("customers", "share_of_customers", "value", "share_of_value")


def segments(log: Log, run: "Run", *, unchanged: bool = False) -> None:
    """Print the segments of a run, and where its report is."""
    card, out = read_json(run.path / "scorecard.json"), Out(log)
    notes, population = [warning["en"] for warning in card["warnings"]], card["population"]
    ranked = sorted(card["segments"], key=lambda segment: -segment["value"])
    currency = read_json(run.path.parents[1] / "store.json")["currency"]
    early = sum(number for name, number in population["too_early"].items() if name != "visitors")
    out.print(_buyers(ranked, early, currency, f"Customers as of {run.as_of}"))
    if card["visitors"]:
        out.print(_visitors(card["visitors"]["segments"]))
    for line in told(card):
        out.say(line, wrap=True)
    for note in notes:
        out.say(f"Note: {note}", wrap=True)
    if unchanged:
        out.say("Nothing new: the run was there already, and nothing was changed.")
    report = run.path / "report.html" if run.has("report") else None
    drawn = f"bestiary report --store {run.path.parents[1]} --as-of {run.as_of}"
    if report:
        out.say(f"Report: {report}")
    elif "report.html" in run.gone:
        out.say(f"The report was of the segments before and is gone; to draw it again: {drawn}")
    else:
        out.say(f"Its report: {drawn}")
    log.result(
        "segments",
        as_of=run.as_of,
        path=run.path,
        report=report,
        unchanged=unchanged,
        removed=run.gone,
        customers=population["customers"],
        segmented=population["segmented"],
        too_early=sum(population["too_early"].values()),
        candidate=_chosen(card)["name"],
        k=card["silhouette"]["chosen_k"],
        word=card["silhouette"]["word"],
        segments=[{"name": one["name"]["en"], **{figure: one[figure] for figure in FIGURES}} for one in ranked],
        notes=notes,
    )


def _chosen(card: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = next(one for one in card["candidates"] if one["chosen"])
    return found


def told(card: Mapping[str, Any]) -> list[str]:
    """Who was segmented, by what, how much to believe in it, and who it is too early for."""
    population, chosen, belief = card["population"], _chosen(card), card["silhouette"]
    lines = [
        f"{population['segmented']:,} of {population['customers']:,} customers: {population['rule']['en']}.",
        f"Segments by {chosen['title']['en']} ({chosen['name']}): {belief['word'] or 'fixed'}. "
        f"{_sentence(belief['rule']['en'])}",
    ]
    looking = card["visitors"]["segments"] if card["visitors"] else []
    if any(one["loose"] for one in (*card["segments"], *looking)):
        lines.append("Loose: when customers are drawn again, the segment comes back only in part.")
    early = sum(population["too_early"].values())
    if early:
        lines.append(f"Too early to say where {early:,} of all belong. {card['enough']['words']['en']}")
    if population["left_out"]:
        lines.append(
            f"{population['left_out']:,} who bought nothing are too few to be segmented: {FEWEST_VISITORS} are needed."
        )
    return lines


def _sentence(text: str) -> str:
    text = text if text[1:2] == " " else text[:1].upper() + text[1:]
    return text if text.endswith(".") else f"{text}."


def _buyers(ranked: Sequence[Mapping[str, Any]], early: int, currency: str, title: str) -> Table:
    """A row for each segment, and one for those of whom it is too early to say, so that columns add up."""
    table = Table("segment", box=None, pad_edge=False, title=title, title_justify="left")
    for name in ("customers", "of all", f"value, {currency}", "of value", "median days since", "median purchases"):
        table.add_column(name, justify="right")
    for one in ranked:
        medians = one["medians"]
        table.add_row(
            escape(one["name"]["en"]) + (" (loose)" if one["loose"] else ""),
            f"{one['customers']:,}",
            _percent(one["share_of_customers"]),
            f"{one['value']:,.0f}",
            _percent(one["share_of_value"]),
            _whole(medians["days_since_last_purchase"]),
            _whole(medians["number_of_purchases"]),
        )
    if early:
        customers, value = (_rest([one[share] for one in ranked]) for share in FIGURES[1::2])
        placed = sum(one["value"] for one in ranked)
        money = "-" if value is None or value >= 1 else f"{placed * value / (1 - value):,.0f}"
        table.add_row("(too early to say)", f"{early:,}", _percent(customers), money, _percent(value), "-", "-")
    return table


def _rest(shares: Sequence[float | None]) -> float | None:
    """What shares leave of the whole; None where one is not defined."""
    known = [share for share in shares if share is not None]
    return 1 - sum(known) if len(known) == len(shares) else None


def _visitors(found: Sequence[Mapping[str, Any]]) -> Table:
    table = Table("visitors", box=None, pad_edge=False)
    for name in ("customers", "of all", "median days since", "median visits"):
        table.add_column(name, justify="right")
    for one in found:
        days, visits = list(one["medians"].values())[:2]
        name = escape(one["name"]["en"]) + (" (loose)" if one["loose"] else "")
        table.add_row(name, f"{one['customers']:,}", _percent(one["share_of_customers"]), _whole(days), _whole(visits))
    return table


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _whole(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:,.0f}"
