"""What was measured of everyone, as it may be shared: columns, the choice of k, what it is worth, how long it lasts."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from bestiary.report.sharing.crowds import HALF, QUARTER, Crowd
from bestiary.report.sharing.ledger import Ledger

Record = Mapping[str, Any]


def shared_column(record: Record, everyone: int, anchors: list[int], crowd: Crowd) -> dict[str, Any] | None:
    """A column's distribution over `everyone`, in the longest of its windows; None where it may not be told.

    Shorter windows are left out: who did something in five months but not in two would be their difference. A bin of
    fewer than k is None; bins at either end that are held back are cut off, since an edge there is what one customer
    did. `anchors` are counts that are told elsewhere: nulls, and the customers of the first bin, that are fewer than k
    from one of these are held back, as who bought but at no known price would be told so; else they are added to them.
    """
    column = {**record["columns"][-1]}
    if record["kind"] == "text":
        return _text(record, column, everyone, anchors, crowd)
    counts = record["counts"][-1] if record["kind"] == "numeric" and record["counts"] else record["counts"]
    ledger = Ledger(crowd.k)
    ledger.line("everyone", everyone, {"nulls": column["nulls"], **dict(enumerate(counts))})
    ledger.hidden |= {key for key in ("nulls", 0) if is_near(ledger.cells.get(key, 0), anchors, crowd.k)}
    ledger.settle()
    anchors += [n for n in (ledger.shown("nulls"), ledger.shown(0)) if n is not None]
    told = [ledger.shown(at) for at in range(len(counts))]
    known = [at for at, n in enumerate(told) if n is not None]
    crowd.held.number(ledger.held())
    if not known:
        return None
    inside = slice(known[0], known[-1] + 1)
    nulls = 0 if not column["nulls"] and ledger.held() == 0 else ledger.shown("nulls")
    shown = {**record, "known": everyone - nulls if nulls is not None else everyone}
    if record["kind"] == "time":
        rows = {"starts": [record["starts"][at] for at in known], "counts": [told[at] for at in known]}
        return {**shown, **rows, "columns": [{**column, "nulls": nulls, "min": None, "max": None}]}
    edges = record["edges"][inside.start : inside.stop + 1]
    quantiles = _quantiles(column, everyone - column["nulls"], record, told, crowd)
    columns = [{**column, "nulls": nulls, **quantiles}]
    return {**shown, "edges": edges, "counts": [told[inside]], "columns": columns}


def _quantiles(column: Record, people: int, record: Record, told: Sequence[int | None], crowd: Crowd) -> dict[str, Any]:
    """The five numbers: quartiles of a crowd; an end only where one value's bin holds it, or a quartile is the same."""
    single = [record["integer"] and high - low == 1 for low, high in pairwise(record["edges"])]
    known = {name: crowd.of(column[name], people, QUARTER) for name in ("q1", "q3")}
    known["median"] = crowd.of(column["median"], people, HALF)
    for name, at in (("min", 0), ("max", -1)):
        common = (single[at] and told[at] is not None) or column[name] in (*known.values(), None)
        known[name] = crowd.of(column[name], crowd.k if common else 0)
    return known


def is_near(people: int, anchors: Sequence[int], k: int) -> bool:
    """Whether a count is so near to one that is told that their difference may be fewer than k people."""
    return any(0 < abs(people - one) < k for one in anchors)


def _text(
    record: Record, column: dict[str, Any], everyone: int, anchors: list[int], crowd: Crowd
) -> dict[str, Any] | None:
    """The values of at least k, the others together with those that have none; None where nothing is left."""

    def is_told(n: int) -> bool:
        return n >= crowd.k and not is_near(n, anchors, crowd.k)

    rows = sorted((row for row in record["values"] if is_told(row["count"])), key=lambda row: int(row["count"]))
    nulls = column["nulls"] if is_told(column["nulls"]) else 0
    anchors += [nulls] if nulls else []
    while rows and 0 < everyone - nulls - sum(row["count"] for row in rows) < crowd.k:
        rows.pop(0)
    kept = [row for row in record["values"] if row in rows]
    crowd.held.number(sum(row["count"] > 0 for row in record["values"]) - len(kept))
    if not kept:
        return None
    others = everyone - nulls - sum(row["count"] for row in kept)
    return {**record, "columns": [{**column, "nulls": nulls}], "values": kept, "others": others}


def shared_choice(found: Record, segmented: int | None, crowd: Crowd) -> dict[str, Any]:
    """The choice of k: indices of everyone, and of the smallest segment's share what is of enough people."""
    extremes = found["extremes"]
    top = None if segmented is None else segmented // 1000  # the sentence is about these customers
    told = {name: found[name] for name in ("chosen_k", "word", "rule", "p", "gap")}
    curve = [{**point, "smallest_share": crowd.share(point["smallest_share"], segmented)} for point in found["curve"]]
    return {**told, "asked": found.get("asked"), "curve": curve, "extremes": crowd.of(extremes, top)}


def shared_comparison(found: Record, summary: Record, segmented: int | None, crowd: Crowd) -> dict[str, Any]:
    """The candidates and what they are worth."""
    test = summary["tree"] and summary["tree"]["test"]
    candidates = [
        {
            **{name: one[name] for name in ("name", "title", "k", "word", "ari", "jaccard", "leaves", "chosen")},
            "smallest_share": crowd.share(one["smallest_share"], segmented),
            "fidelity": crowd.share(one["fidelity"], test),
            "why": crowd.texts(one["why"]),
        }
        for one in found["candidates"]
    ]
    told = {"candidates": candidates, "chosen": found["chosen"], "overruled": found["overruled"]}
    return {**told, "worth": _worth(found["worth"], crowd)}


def _worth(worth: Record | None, crowd: Crowd) -> dict[str, Any] | None:
    """What the ways to segment are worth, measured on half of the customers; None where they are too few."""
    if worth is None:
        return None
    if worth["customers"] < HALF * crowd.k:
        crowd.held.part("worth")
        return None
    people = worth["customers"]
    parts = {"top_10": 10 * HALF, "top_20": 5 * HALF}
    unknown = {"value": None, "low": None, "high": None}
    scorers = [
        {
            "kind": group["kind"],
            "rows": [
                {
                    **{name: row[name] for name in ("name", "title", "chosen")},
                    "metrics": {
                        name: crowd.of(one, people, parts.get(name, HALF)) or unknown
                        for name, one in row["metrics"].items()
                    },
                }
                for row in group["rows"]
            ],
        }
        for group in worth["scorers"]
    ]
    told = {name: worth[name] for name in ("from", "until", "customers", "season", "differences")}
    calibration = worth["calibration"]
    tenths = len(calibration["expected"]) if calibration else 1
    calibrated = crowd.of(calibration, people, tenths)
    if calibration and not calibrated:
        crowd.held.part("expected")
    return {**told, "base": crowd.share(worth["base"], people), "calibration": calibrated, "scorers": scorers}


def shared_enough(enough: Record | None, crowd: Crowd) -> dict[str, Any] | None:
    """After how many visits a segment is settled: the points of k customers, of whom k kept it and k did not."""
    if enough is None:
        return None
    curves = {name: _kept(enough[name], crowd) for name in ("deciding", "whole")}
    return {"min_events": enough["min_events"], "words": curves["deciding"]["words"], **curves}


def _kept(curve: Record, crowd: Crowd) -> dict[str, Any]:
    points = [
        {
            **{name: point[name] for name in ("n", "customers", "share", "low", "high")},
            "events": crowd.of(point["events"], point["customers"], HALF),
        }
        for point in crowd.nested(curve["points"])
        if crowd.share(point["share"], point["customers"]) is not None
    ]
    whole = len(points) == len(curve["points"]) and all(point["customers"] >= 10 * crowd.k for point in points)
    told = {name: curve[name] for name in ("against", "level", "visits", "min_events")}
    if not any(point["n"] == told["visits"] for point in points):
        told["visits"] = None
    return {**told, "points": points, "words": curve["words"] if whole else None}


def shared_cadence(cadence: Record | None, people: int | None, crowd: Crowd) -> dict[str, Any] | None:
    """How long a model lasts, without the intervals at which nearly all of the people agree, or nearly none."""
    if cadence is None:
        return None
    kept = [one for one in cadence["intervals"] if crowd.share(one["agreement"], people) is not None]
    if len(kept) < len(cadence["intervals"]):
        crowd.held.part("cadence")
        return None
    note = cadence["note"] and crowd.text(cadence["note"])
    return {**cadence, "note": note}
