"""Who moved: into and out of one segment, and between all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from bestiary.report.charts.base import Chart, chart
from bestiary.report.charts.sankey import LAYOUT, SMALL, Flow, State, colours_of, height, sankey
from bestiary.report.words import Words

Segments = Sequence[Mapping[str, Any]]


def flows_chart(segment: Mapping[str, Any], segments: Segments, words: Words) -> Chart | None:
    """Where today's members of a segment were in the run before, and where those are now who were in it then.

    `segments` are all of today's, for their colours. None where there is no run before, or nobody on either side.
    """
    found = segment.get("flows")
    if not found or not any(one["customers"] for one in (*found["came"], *found["went"])):
        return None
    own = {"kind": "segment", "segment": segment["segment"], "name": segment["name"]}
    least = SMALL * sum(one["customers"] for one in (*found["came"], *found["went"]))
    came = _gathered(found["came"], found["previous"], least, words)
    went = _gathered([one for one in found["went"] if not _is(one, segment["segment"])], None, least, words)
    before, now = list(came), [own, *went]
    flows = [Flow(at, 0, one["customers"], _is(one, found["previous"])) for at, one in enumerate(came)]
    if went:
        home = next((at for at, one in enumerate(came) if _is(one, found["previous"])), None)
        if home is None:
            # Nobody stayed: what the segment was has no flow to today's, but flows to elsewhere.
            home = len(before)
            before.append({**own, "segment": found["previous"]})
        flows += [Flow(home, at, one["customers"]) for at, one in enumerate(went, 1)]
    drawn = [flow for flow in flows if flow.customers]
    trace = sankey(before, now, drawn, colours_of(segments, words), words)
    says, values = origin(found, words)
    size = (height(len({f.source for f in drawn}), len({f.target for f in drawn})), 0)
    names = [(words.name(one["name"]), one["customers"]) for one in (*came, *went) if one["customers"]]
    values = {**values, "name": words.name(segment["name"]), "start": words.date(found["from"])}
    key, told = f"flows-{segment['segment']}", _told(names, words)
    return chart(key, words, [trace], LAYOUT, size, says, told, **values, stop=words.date(found["to"]))


def _gathered(states: Sequence[State], own: int | None, least: float, words: Words) -> list[State]:
    """The states that have somebody, those of fewer than `least` customers as one; `own` is never small."""
    kept = [one for one in states if one["customers"] and (one["customers"] >= least or _is(one, own))]
    small = sum(one["customers"] for one in states) - sum(one["customers"] for one in kept)
    name = {words.language: words("chart_terms.small_flows")}
    return [*kept, {"kind": "small", "segment": None, "name": name, "customers": small}] if small else kept


def origin(found: Mapping[str, Any], words: Words) -> tuple[str, dict[str, str]]:
    """What part of today's members were in the segment before, and where most of the others come from."""
    total = sum(one["customers"] for one in found["came"])
    if not total:
        return "nobody", {}
    stayed = sum(one["customers"] for one in found["came"] if _is(one, found["previous"]))
    others = [one for one in found["came"] if one["customers"] and not _is(one, found["previous"])]
    if not others:
        return "all", {}
    most = max(others, key=lambda one: int(one["customers"]))
    tied = sum(one["customers"] == most["customers"] for one in others) > 1
    says = ("tied" if tied else "found") if stayed else ("new_tied" if tied else "new")
    return says, {"share": words.percent(stayed / total, 0), "source": words.name(most["name"])}


def movements_chart(record: Mapping[str, Any], words: Words, segments: Segments = ()) -> Chart | None:
    """All moves between two runs: states at the one on the left, at the other on the right.

    `record` has `from`, `to`, `states` ({"from": [...], "to": [...]}) and `counts` (a row a state before, a column a
    state after), and may have `flows` that say which of them `stayed`; without, a segment that is called alike is the
    same. `segments` are today's, for their colours. None where nobody is counted.
    """
    before, now, counts = record["states"]["from"], record["states"]["to"], record["counts"]
    total = sum(map(sum, counts))
    if not total:
        return None
    stays = _stays(record)
    flows = [
        Flow(row, column, n, (row, column) in stays)
        for row, line in enumerate(counts)
        for column, n in enumerate(line)
        if n
    ]
    trace = sankey(before, now, flows, colours_of(segments, words), words)
    settled = [f for f in flows if {before[f.source]["kind"], now[f.target]["kind"]} == {"segment"}]
    moves = sorted((f for f in settled if not f.stayed), key=lambda f: (-f.customers, f.source))
    ends = [(words.name(before[f.source]["name"]), words.name(now[f.target]["name"])) for f in moves[:3]]
    told = _told([(f"{a} → {b}", f.customers) for (a, b), f in zip(ends, moves, strict=False)], words)
    values = {"start": words.date(record["from"]), "stop": words.date(record["to"]), "total": words.number(total)}
    says = "nobody"
    if settled:
        stayed = sum(f.customers for f in settled if f.stayed) / sum(f.customers for f in settled)
        values["share"] = words.percent(stayed, 0)
        says = "still"
    if moves:
        most = words("terms.customers_count", count=moves[0].customers)
        values |= {"source": ends[0][0], "target": ends[0][1], "n": most}
        says = "tied" if len(moves) > 1 and moves[0].customers == moves[1].customers else "found"
    shows, note = "shows", ""
    if "k" in record:  # of a shared edition, where flows that are not drawn may be moves, too
        values["k"] = words.number(record["k"])
        says, shows, note = "some", "shows_some", words("sharing.flows", k=values["k"])
    size = (height(len({f.source for f in flows}), len({f.target for f in flows})), 0)
    return replace(chart("movements", words, [trace], LAYOUT, size, says, told, shows, **values), note=note)


def _stays(record: Mapping[str, Any]) -> set[tuple[int, int]]:
    """Places of the flows whose customers are in the same segment at both dates."""
    if "flows" in record:
        return {(flow["from"], flow["to"]) for flow in record["flows"] if flow["stayed"]}
    states = record["states"]
    return {
        (row, column)
        for row, one in enumerate(states["from"])
        for column, other in enumerate(states["to"])
        if one["kind"] == other["kind"] == "segment"
        and (one["population"], one["name"]) == (other["population"], other["name"])
    }


def _is(state: Mapping[str, Any], segment: int | None) -> bool:
    return segment is not None and state["kind"] == "segment" and state["segment"] == segment


def _told(names: Sequence[tuple[str, int]], words: Words) -> list[str]:
    return [words("chart_terms.median", name=name, value=words.number(n)) for name, n in names]
