"""The counts of a run that add up, as one ledger: everyone, the segments, the held-out customers, and who moved."""

from collections.abc import Mapping, Sequence
from typing import Any

from bestiary.report.sharing.ledger import Ledger

Record = Mapping[str, Any]


def population_lines(ledger: Ledger, summary: Record) -> None:
    """Everyone = buyers + visitors; each of these = its segments + too early, and = a tree's learned + held out.

    Keys: `customers`, `placed`, `early`, `buyers`, `visitors`, ("segment", number), ("early", population),
    ("train", population), ("test", population).
    """
    counted, early = summary["population"], summary["population"]["too_early"]
    looking = summary["visitors"]
    groups: dict[str, tuple[int, Sequence[Record], Record | None]] = {
        "buyers": (counted["segmented"], summary["segments"], summary["tree"])
    }
    if looking:
        groups["visitors"] = (looking["customers"], looking["segments"], looking["tree"])
    ledger.line("customers", counted["customers"], {name: people for name, (people, _, _) in groups.items()})
    segments: dict[Any, int] = {}
    waiting: dict[Any, int] = {}
    for name, (people, found, tree) in groups.items():
        own = {("segment", one["segment"]): one["customers"] for one in found}
        late = {("early", name): early_of(early, name)}
        ledger.line(name, people, {**own, **late})
        segments |= own
        waiting |= late
        if tree:
            parts = {("train", name): tree["train"], ("test", name): tree["test"]}
            whole = people if sum(parts.values()) == people else sum(parts.values())
            ledger.line(name if whole == people else ("tree", name), whole, parts)
    ledger.line("placed", counted["placed"], segments)
    ledger.line("early", counted["early"], waiting)


def early_of(early: Mapping[str, int], name: str) -> int:
    """How many of a population it is too early to say of, as the preset calls it."""
    return early.get(name, early.get("active_buyers", 0) if name == "buyers" else 0)


def confusion_lines(ledger: Ledger, tree: Record) -> None:
    """The held-out buyers by segment and by the tree: rows, columns, and those whom it puts right.

    Keys: ("confusion", i, j), ("support", i), ("predicted", j), `right`, `wrong`, ("test", "buyers").
    """
    table = tree["confusion"]
    at = range(len(table))
    for i in at:
        ledger.line(("support", i), sum(table[i]), {("confusion", i, j): table[i][j] for j in at})
        ledger.line(("predicted", i), sum(row[i] for row in table), {("confusion", j, i): table[j][i] for j in at})
    right, total = sum(table[i][i] for i in at), sum(map(sum, table))
    ledger.line("right", right, {("confusion", i, i): table[i][i] for i in at})
    test = ("test", "buyers") if total == tree["test"] else ("confusion", "all")
    ledger.line(test, total, {"right": right, "wrong": total - right})
    ledger.line(test, total, {("support", i): sum(table[i]) for i in at})


def flow_lines(ledger: Ledger, follow: Record) -> None:
    """Who moved: the states before (rows), the states after (columns), and the flows between.

    Keys: ("flow", i, j), ("from", i), ("to", j), `settled` and `stayed` (of those in a segment at both dates), `gone`.
    A state of today that is a segment is that segment's own count.
    """
    counts, states = follow["counts"], follow["states"]
    rows, columns = range(len(counts)), range(len(states["to"]))
    flow = {(i, j): int(counts[i][j]) for i in rows for j in columns}
    for i in rows:
        ledger.line(("from", i), sum(counts[i]), {("flow", i, j): flow[i, j] for j in columns})
    for j in columns:
        total = sum(flow[i, j] for i in rows)
        ledger.line(("to", j), total, {("flow", i, j): flow[i, j] for i in rows})
        own = ("segment", states["to"][j]["segment"])
        if states["to"][j]["kind"] == "segment" and ledger.cells.get(own) == total:
            ledger.line(own, total, {("to", j): total})
    both = [(i, j) for i, j in flow if states["from"][i]["kind"] == "segment" and states["to"][j]["kind"] == "segment"]
    stays = {(one["from"], one["to"]) for one in follow["flows"] if one["stayed"]}
    stayed = {("flow", i, j): flow[i, j] for i, j in both if (i, j) in stays}
    moved = {("flow", i, j): flow[i, j] for i, j in both if (i, j) not in stays}
    ledger.line("stayed", sum(stayed.values()), stayed)
    ledger.line("moved", sum(moved.values()), moved)
    ledger.line(
        "settled",
        sum(stayed.values()) + sum(moved.values()),
        {"stayed": sum(stayed.values()), "moved": sum(moved.values())},
    )
