"""Who moved, as it may be shared: flows of at least k customers, and of the others no more than that there are some."""

from collections.abc import Mapping
from typing import Any

from bestiary.report.movements import news
from bestiary.report.sharing.crowds import Crowd
from bestiary.report.sharing.ledger import Ledger

OTHERS = {"en": "Other flows, not told apart", "fr": "Autres flux, non détaillés"}
Record = Mapping[str, Any]


def shared_follow(follow: Record | None, ledger: Ledger, crowd: Crowd) -> dict[str, Any] | None:
    """What scorecard.json says of the run before, with 0 for a flow that is held back, and no customers of a state.

    What ageing alone would have moved is left out, since each of its numbers is a part of a segment, too; whether a
    flow is news is kept.
    """
    if not follow or "states" not in follow:
        return None
    counts = [[ledger.shown(("flow", i, j)) or 0 for j in range(len(row))] for i, row in enumerate(follow["counts"])]
    if not any(map(any, counts)):
        crowd.held.part("movements")
        return None
    flows = [
        {
            **{name: one[name] for name in ("from", "to", "stayed", "surprise")},
            "customers": counts[one["from"]][one["to"]],
        }
        | {"expected": None, "low": None, "high": None, "news": news(one)}
        for one in follow["flows"]
        if counts[one["from"]][one["to"]]
    ]
    states = {side: [_state(one) for one in found] for side, found in follow["states"].items()}
    populations = {
        kind: {
            "way": one["way"],
            "segments": [
                {name: segment[name] for name in ("segment", "kind", "previous")} for segment in one["segments"]
            ],
            "before": [{"note": old["note"] and crowd.text(old["note"])} for old in one["before"]],
        }
        for kind, one in follow["populations"].items()
    }
    dates = {name: follow[name] for name in ("from", "to", "days")}
    return {**dates, "populations": populations, "states": states, "counts": counts, "flows": flows, "k": ledger.k}


def _state(state: Record) -> dict[str, Any]:
    return {name: state[name] for name in ("kind", "segment", "population", "name")}


def shared_ends(ledger: Ledger, follow: Record | None) -> dict[str, int | float | None]:
    """How many are `new` and `gone`, and the share of those in segments at both dates who `stayed`."""
    found: dict[str, int | float | None] = {"new": None, "gone": None, "stayed": None}
    if not follow or "states" not in follow:
        return found
    for side, key, kind in (("from", "new", "new"), ("to", "gone", "gone")):
        places = [at for at, one in enumerate(follow["states"][side]) if one["kind"] == kind]
        found[key] = ledger.shown((side, places[0])) if len(places) == 1 else None
    stayed, settled = ledger.shown("stayed"), ledger.shown("settled")
    if stayed is not None and settled is not None:
        found["stayed"] = stayed / settled
    return found


def shared_flows(segment: Record, follow: Record | None, ledger: Ledger) -> dict[str, Any] | None:
    """A segment's own flows: those that are told, and the rest of each side together where its total is told."""
    flows = segment["flows"]
    if flows is None or follow is None:
        return None
    states = follow["states"]
    column = _place(states["to"], segment["segment"])
    row = _place(states["from"], flows["previous"])
    came = {at: ("flow", at, column) for at in range(len(states["from"]))} if column is not None else {}
    went = {at: ("flow", row, at) for at in range(len(states["to"]))} if row is not None else {}
    told = {
        "came": _listed(states["from"], came, ("to", column), ledger),
        "went": _listed(states["to"], went, ("from", row), ledger),
    }
    if not told["came"] and not told["went"]:
        return None
    return {**{name: flows[name] for name in ("from", "to", "previous")}, **told}


def _listed(states: Any, keys: Mapping[int, Any], total: Any, ledger: Ledger) -> list[dict[str, Any]]:
    """The flows that are told, the largest first, then the rest."""
    told = [(states[at], ledger.shown(key)) for at, key in keys.items()]
    found = [
        {"name": state["name"], "kind": state["kind"], "segment": state["segment"], "customers": n}
        for state, n in told
        if n
    ]
    found.sort(key=lambda one: -one["customers"])
    whole = ledger.shown(total)
    if whole is None:
        return []  # without it no part of it could be told as a share
    rest = whole - sum(one["customers"] for one in found)
    if rest >= ledger.k:
        found.append({"name": OTHERS, "kind": "others", "segment": None, "customers": rest})
    return found


def _place(states: Any, number: int | None) -> int | None:
    places = [at for at, one in enumerate(states) if one["kind"] == "segment" and one["segment"] == number]
    return places[0] if places and number is not None else None


def shared_change(segment: Record, follow: Record | None, ledger: Ledger, crowd: Crowd) -> dict[str, int] | None:
    """How many there were and are, where both are told and k or more apart."""
    change, flows = segment["change"], segment["flows"]
    if change is None or flows is None or follow is None:
        return None
    row = _place(follow["states"]["from"], flows["previous"])
    before = ledger.shown(("from", row)) if row is not None else None
    if before is None or (before != change["before"] and abs(before - change["before"]) < crowd.k):
        crowd.held.number()
        return None
    apart = min(abs(change["now"] - change["before"]), change["before"], change["now"])
    told: dict[str, int] | None = crowd.of({name: change[name] for name in ("before", "now")}, apart)
    return told
