"""A segment's own record, as it may be shared; one that is held back keeps its name and its animal."""

from collections.abc import Mapping
from typing import Any

from bestiary.report.sharing.crowds import HALF, QUARTER, Crowd
from bestiary.report.sharing.ledger import Ledger
from bestiary.report.sharing.moved import shared_change, shared_flows

WHO = ("segment", "persona", "name", "description", "actions")
WHOLE = ("match", "mean_confidence", "jaccard", "loose", "lift")
"""Means and indices of all of a segment."""
MONEY = ("value", "share_of_value")
QUARTILES = {"q1": QUARTER, "median": HALF, "q3": QUARTER}
ROLE = ("role", "column", "low", "high", "index")
EXPECTED = ("rank", "low", "middle", "high")
Record = Mapping[str, Any]


def shared_segment(
    segment: Record, whole: int | None, population: int, follow: Record | None, ledger: Ledger, crowd: Crowd
) -> dict[str, Any]:
    """The record of one segment. `whole` is its population where that is told, of `population` people.

    `withheld` says that it is too small, or would give away another that is.
    """
    people = ledger.shown(("segment", segment["segment"]))
    told = {name: segment[name] for name in WHO} | {"withheld": people is None, "customers": people, "placed": people}
    told |= {name: segment.get(name) if people is not None else None for name in WHOLE if name in segment}
    if told.get("lift"):
        told["lift"] = {name: told["lift"][name] for name in ("value", "low", "high")}
    told |= {"note": None, "flows": None, "change": None, "profile": [], "share_of_customers": None}
    told |= {"medians": {"days_since_last_purchase": None}, "hours": []}
    told |= {name: segment[name] if people is not None else None for name in MONEY if name in segment}
    if people is None:
        crowd.held.number(len(WHOLE) + len(MONEY))
        return {**told, "loose": False, "expects": dict.fromkeys(EXPECTED)}
    expects = {name: crowd.of(segment["expects"][name], people, 1 if name == "rank" else HALF) for name in EXPECTED}
    days = segment["medians"].get("days_since_last_purchase")
    return told | {
        "share_of_customers": None if whole is None else segment["share_of_customers"],
        "note": segment["note"] and crowd.text(segment["note"]),
        "expects": expects,
        "medians": {"days_since_last_purchase": crowd.of(days, people, HALF)},
        "profile": _profile(segment["profile"], people, population, crowd),
        "flows": shared_flows(segment, follow, ledger),
        "change": shared_change(segment, follow, ledger, crowd),
    }


def _profile(rows: Any, people: int, population: int, crowd: Crowd) -> list[dict[str, Any]]:
    """The roles' medians and quartiles; none of them where the median is what fewer than k are on a side of."""
    if crowd.of(rows or None, people, HALF) is None:
        return []
    return [
        {name: row[name] for name in ROLE}
        | {name: crowd.of(row[name], people, times) for name, times in QUARTILES.items()}
        | {"shop": {name: crowd.of(row["shop"][name], population, times) for name, times in QUARTILES.items()}}
        for row in rows
    ]
