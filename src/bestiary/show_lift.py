"""What `lift` prints: a row for each group, how they differ, and whether the campaign did anything."""

from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from bestiary.files import write_json
from bestiary.logs import Log
from bestiary.publish.lift import UNLIKELY
from bestiary.publish.lift_found import APART, FEW_BUYERS
from bestiary.show import Out

if TYPE_CHECKING:
    from bestiary.publish.audience_outcome import Outcome
    from bestiary.publish.lift import Interval
    from bestiary.publish.lift_found import Lift

LEGEND = (
    "Everyone counts in the group that they were drawn into, whether they were reached or not. Intervals are of 95 %; "
    "whether the campaign did anything is judged by the share of buyers alone."
)


def lift(log: Log, found: "Lift", currency: str, file: Path | None) -> None:
    """Print what a campaign did, and write it all to a file where one is named."""
    out = Out(log)
    out.say(sentence(found), wrap=True)
    out.print(_groups(found, currency))
    for line in _money(found, currency):
        out.say(line, wrap=True)
    out.say(LEGEND, wrap=True)
    if file is not None:
        write_json(file, found.record())
        out.say(f"Everything as JSON: {file}")
    for line in warnings(found):
        log.warning(line)
    log.result("lift", told=sentence(found), path=file, **found.record())


def sentence(found: "Lift") -> str:
    """Whether the campaign did anything, in one sentence."""
    if found.buyers is None:
        empty = "held back" if not found.holdout.people else "written to"
        return f"What the campaign {found.campaign} did cannot be told: nobody was {empty}."
    low, high = 100 * found.buyers.low, 100 * found.buyers.high
    shares = (
        f"of {found.target.people:,} written to {found.target.share:.1%} bought, of {found.holdout.people:,} held back "
        f"{found.holdout.share:.1%}"
    )
    apart = f"{100 * found.buyers.value:+.1f} points, {low:+.1f} to {high:+.1f}"
    return {
        "did": f"The campaign {found.campaign} did something: {shares} ({apart}).",
        "harm": f"The campaign {found.campaign} did harm: {shares} ({apart}).",
        "cannot be told": f"Whether the campaign {found.campaign} did anything cannot be told: {shares} ({apart}).",
    }[found.verdict]


def _groups(found: "Lift", currency: str) -> Table:
    window = found.window
    title = f"Purchases from {window.since} until {window.until}"
    table = Table("group", box=None, pad_edge=False, title=title, title_justify="left")
    for name in ("customers", "buyers", "of all", "purchases", f"revenue, {currency}", "a person", "a person before"):
        table.add_column(name, justify="right")
    for name, one in (("written to", found.target), ("held back", found.holdout)):
        table.add_row(name, *_row(one))
    return table


def _row(one: "Outcome") -> list[str]:
    if not one.people:
        return ["0", *["-"] * 6]
    mean = one.revenue.mean
    return [
        f"{one.people:,}",
        f"{one.buyers:,}",
        f"{one.share:.1%}",
        f"{one.purchases:,}",
        f"{mean * one.people:z,.0f}",
        f"{mean:z,.2f}",
        f"{one.before.mean:z,.2f}",
    ]


def _money(found: "Lift", currency: str) -> list[str]:
    if found.buyers is None or found.more_buyers is None or found.more_revenue is None:
        return []
    lines = [
        f"More buyers than without it: {_interval(found.more_buyers, '.0f')}.",
        f"More revenue: {_interval(found.more_revenue, ',.0f')} {currency}.",
    ]
    if found.profit is not None and found.margin is not None and found.contact_cost is not None:
        lines.append(
            f"Profit, at a margin of {found.margin:.0%} and {found.contact_cost:,.2f} {currency} a contact: "
            f"{_interval(found.profit, ',.0f')} {currency}."
        )
    return lines


def _interval(found: "Interval", form: str) -> str:
    return f"{found.value:+z{form}} ({found.low:+z{form}} to {found.high:+z{form}})"


def warnings(found: "Lift") -> list[str]:
    """What is to be doubted."""
    told, window = [], found.window
    if window.early:
        told.append(
            f"This looks ahead of time: purchases were to be counted until {window.due}, and are until {window.until}. "
            "Who looks again and again, and stops at a good day, finds effects where there are none: wait."
        )
    if window.waiting:
        told.append(f"{window.waiting:,} members came in too late to be counted.")
    if found.uneven < UNLIKELY:
        told.append(
            f"{found.target.people:,} and {found.holdout.people:,} customers are no draw of {found.share:.4g} "
            f"held back (p = {found.uneven:.2g}): something has sorted them, and the comparison cannot be trusted."
        )
    if abs(found.apart) > APART:
        told.append(
            f"The groups differed before the campaign: {found.target.before.mean:,.2f} and "
            f"{found.holdout.before.mean:,.2f} a person ({found.apart:+.1f} standard errors)."
        )
    gone = {group: found.forgotten[group] for group in found.forgotten}
    lost = (found.target.gone + gone["target"], found.holdout.gone + gone["holdout"])
    if any(lost):
        told.append(
            f"No longer in the store, and not counted: {lost[0]:,} of those written to, {lost[1]:,} of those held back."
        )
    if found.buyers is not None and min(found.target.buyers, found.holdout.buyers) < FEW_BUYERS:
        told.append(f"Fewer than {FEW_BUYERS} bought in a group: the intervals of money are rough.")
    return told
