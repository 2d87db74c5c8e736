"""Who moved since the run before, arranged for reading: the largest flows, and beside each what ageing alone does."""

from collections.abc import Mapping, Sequence
from typing import Any

MOST = 12
"""Flows that are listed; the others are in movements.parquet."""
Words = Mapping[str, str]


def movements(follow: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """What scorecard.json says of the run before, as `from`, `to`, `ways`, `kinds`, `flows`, `ends` and `notes`.

    `flows` are the changes of segment, those that surprise first and then the largest; `ends` count customers who are
    new, gone or too early to say; `ways` {population: how its segments came from those before} have the key `all` where
    it is the same for several; `kinds` {segment: what it is since} leave out those that are the same. None where
    there was no run before.
    """
    if not follow or "states" not in follow:
        return None
    states = follow["states"]
    populations = follow.get("populations", {})
    return {
        "from": follow["from"],
        "to": follow["to"],
        "days": follow["days"],
        "ways": _ways({kind: one["way"] for kind, one in populations.items()}),
        "kinds": {
            one["segment"]: one["kind"]
            for population in populations.values()
            for one in population["segments"]
            if one["kind"] != "same"
        },
        "notes": [one["note"] for found in populations.values() for one in found["before"] if one["note"]],
        "flows": _flows(follow, states)[:MOST],
        "stayed": _stayed(follow["flows"], states),
        "ends": _ends(follow["counts"], states),
    }


def _ways(ways: Mapping[str, str]) -> dict[str, str]:
    """The ways by population, or one for all that it is the same for."""
    same = len(ways) > 1 and len({*ways.values()}) == 1
    return {"all": next(iter(ways.values()))} if same else dict(ways)


def _flows(follow: Mapping[str, Any], states: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Flows between different segments with the names of both ends."""
    found = [
        {
            "from": states["from"][flow["from"]]["name"],
            "to": states["to"][flow["to"]]["name"],
            **{name: flow[name] for name in ("customers", "expected", "low", "high", "surprise")},
            "news": news(flow),
        }
        for flow in follow["flows"]
        if not flow["stayed"]
    ]
    return sorted(found, key=lambda flow: (not flow["surprise"], -flow["customers"]))


def news(flow: Mapping[str, Any]) -> str | None:
    """Whether `more` or `fewer` moved than by ageing alone; None where ageing explains it, or is not known."""
    if not flow["surprise"] or "news" in flow:
        return flow.get("news")
    return "more" if flow["customers"] > flow["expected"] else "fewer"


def _stayed(flows: Sequence[Mapping[str, Any]], states: Mapping[str, Sequence[Mapping[str, Any]]]) -> float | None:
    """The share of customers, in segments at both dates, who stayed in theirs; None where nobody was."""
    settled = [
        flow
        for flow in flows
        if (states["from"][flow["from"]]["kind"], states["to"][flow["to"]]["kind"]) == ("segment", "segment")
    ]
    total = sum(flow["customers"] for flow in settled)
    return sum(flow["customers"] for flow in settled if flow["stayed"]) / total if total else None


def _ends(counts: Sequence[Sequence[int]], states: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, int]:
    """How many customers are `new`, and `gone`; neither is in a segment at both dates."""
    rows = [number for number, one in enumerate(states["from"]) if one["kind"] == "new"]
    columns = [number for number, one in enumerate(states["to"]) if one["kind"] == "gone"]
    return {
        "new": sum(sum(counts[row]) for row in rows),
        "gone": sum(row[column] for row in counts for column in columns),
    }
