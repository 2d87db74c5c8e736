"""Where the members of one segment came from since the run before, and where those of then went."""

from collections.abc import Mapping, Sequence
from typing import Any

Follow = Mapping[str, Any]
"""What scorecard.json says of the run before: see `segments.follow.between`."""


def flows(number: int, follow: Follow | None) -> dict[str, Any] | None:
    """`came`: today's members by their state in the run before; `went`: the earlier members by their state today.

    Each is {name, kind, segment, customers}, the largest first and nobody left out. Those of then are of the segment
    that this one continues, `previous`; where it continues none there are none. None where there was no run before.
    """
    if not follow or "states" not in follow:
        return None
    was, now, counts = follow["states"]["from"], follow["states"]["to"], follow["counts"]
    column, row = _place(now, number), _place(was, previous(number, follow))
    return {
        "from": follow["from"],
        "to": follow["to"],
        "previous": None if row is None else was[row]["segment"],
        "came": [] if column is None else _listed(was, [line[column] for line in counts]),
        "went": [] if row is None else _listed(now, counts[row]),
    }


def change(number: int, follow: Follow | None, before: Mapping[int, int], now: int) -> dict[str, int] | None:
    """How many customers were placed `before` in the segment that this one continues, and are `now` in this one.

    `before` are those of the run before, by its segments. None where there was no run before, or it continues none.
    """
    if not follow or "states" not in follow:
        return None
    earlier = previous(number, follow)
    return None if earlier is None else {"before": before.get(earlier, 0), "now": now}


def previous(number: int, follow: Follow) -> int | None:
    """The segment of the run before that this one continues."""
    found = [one for population in follow["populations"].values() for one in population["segments"]]
    return next((one["previous"] for one in found if one["segment"] == number), None)


def _place(states: Sequence[Mapping[str, Any]], number: int | None) -> int | None:
    """Where a segment is among the states."""
    places = [place for place, one in enumerate(states) if one["kind"] == "segment" and one["segment"] == number]
    return places[0] if places else None


def _listed(states: Sequence[Mapping[str, Any]], customers: Sequence[int]) -> list[dict[str, Any]]:
    told = [
        {"name": one["name"], "kind": one["kind"], "segment": one["segment"], "customers": int(n)}
        for one, n in zip(states, customers, strict=True)
        if n
    ]
    return sorted(told, key=lambda one: -one["customers"])
