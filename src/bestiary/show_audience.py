"""What `audience`, `lift` and `events` print: plain sentences, and the same as results for the log."""

from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.lake.fixed import read_fixed
from bestiary.logs import Log
from bestiary.show import Out

if TYPE_CHECKING:
    from bestiary.audience import Audience
    from bestiary.publish.power_plan import Plan


def currency_of(store: Path) -> str:
    """The currency of a store."""
    return read_fixed(store).currency


def plan(log: Log, found: "Plan", currency: str) -> None:
    """Say who is in an audience, what its test can see and what the campaign must bring, before it is written."""
    out = Out(log)
    for line in (*_people(found), *_known(found, currency), *_seen(found, currency), *_pays(found, currency)):
        out.say(line, wrap=True)
    for line in _warnings(found):
        log.warning(line)
    log.result("plan", **found.record())


def written(log: Log, done: "Audience", store: Path, *, dry_run: bool) -> None:
    """Say what was written, and how to ask what came of it."""
    out, wave = Out(log), done.wave
    if wave is None:
        out.say("Nothing was written." if dry_run else "Nobody is in this audience: nothing was written.")
        log.result("audience", files=[], again=False)
        return
    if done.again:
        out.say("The store had this audience already; the files are written again.")
    for file in wave.files:
        out.say(f"{'To write to' if file.group == 'target' else 'Held back'}: {file.path} ({file.lines:,} customers)")
    if wave.share:
        out.say(f"What it did, {wave.days} days later: bestiary lift --store {store} --campaign {wave.campaign}")
    log.result(
        "audience", campaign=wave.campaign, files=[one.model_dump(mode="json") for one in wave.files], again=done.again
    )


def _people(found: "Plan") -> list[str]:
    target, holdout = found.members["target"], found.members["holdout"]
    lines = [
        f"Campaign {found.campaign}, customers as of {found.as_of}: {found.selected:,} selected; "
        f"{target:,} to write to, {holdout:,} held back (drawn one by one, {found.share:.4g} of all on average)."
    ]
    if found.joined:
        left = found.selected - target - holdout
        lines.append(
            f"{left:,} are in neither group: {found.joined.missing:,} are not in the file"
            + (
                f", {left - found.joined.missing:,} have nothing there to reach them by"
                if left > found.joined.missing
                else ""
            )
            + f". Values that could not be used: {found.joined.unusable:,}; rows without a proper id: "
            f"{found.joined.no_ids:,} of {found.joined.rows:,}."
        )
    return lines


def _known(found: "Plan", currency: str) -> list[str]:
    base = found.baseline
    spent = "" if base.value is None else f"; a buyer spends {base.value:,.2f} {currency} on average"
    told = {
        "given": "as was given",
        "the same selection before": f"so did the {base.people:,} customers of the same selection as of {base.since}",
        "these customers before": f"so did these {base.people:,} customers from {base.since} on",
        "nobody": "nobody is known who could tell",
    }[base.basis]
    return [f"Without a campaign {base.rate:.1%} buy within {found.days} days ({told}{spent})."]


def _seen(found: "Plan", currency: str) -> list[str]:
    holdout, base = found.members["holdout"], found.baseline.rate
    if not holdout:
        return ["Nobody is held back: nothing can be learned of what the campaign does."]
    if found.smallest is None:
        return [f"With {holdout:,} held back nothing can be seen, however much the campaign does."]
    money = "" if found.smallest_money is None else f", or {found.smallest_money:,.2f} {currency} a person in revenue"
    return [
        f"With {holdout:,} held back nothing below a rise from {base:.1%} to {base + found.smallest:.1%} can be seen"
        f"{money} (in 80 % of cases, at 5 %, both sides)."
    ]


def _pays(found: "Plan", currency: str) -> list[str]:
    even = found.break_even
    if even is None:
        return ["What it must bring to pay: --margin and --contact-cost tell (and --value, what a buyer spends)."]
    cost = (
        f"{even.contact_cost:,.2f} {currency} a contact against {even.margin:.0%} of the {even.value:,.2f} {currency} "
        "that a buyer spends"
    )
    if even.rise > 1 - found.baseline.rate:
        return [f"It cannot pay: {cost}."]
    if not even.rise:
        return [f"It pays with any rise: {cost}."]
    return [
        f"It pays from a rise of {100 * even.rise:.2f} points on, to {found.baseline.rate + even.rise:.1%}: {cost}, "
        f"so one more buyer for every {1 / even.rise:,.0f} written to."
    ]


def _warnings(found: "Plan") -> list[str]:
    told = []
    if found.baseline.basis == "these customers before":
        told.append(
            "No earlier run has this selection, so these customers' own past stands for what they would do; where the "
            "filter looks at their last purchase that misleads. --baseline gives the share itself."
        )
    if found.sees is False and found.members["holdout"]:
        better = (
            f"To hold back {found.better:.0%} would see it."
            if found.better
            else "No share up to 50% would see it: there are too few customers."
        )
        told.append(f"The campaign can pay and the test not see it. {better}")
    return told
