"""The distribution of a column over everyone, as it may be shared: bars of at least k, and quantiles of a crowd."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from bestiary.report.sharing.crowds import HALF, QUARTER, Crowd, only
from bestiary.report.sharing.ledger import Ledger

Record = Mapping[str, Any]
DISTRIBUTION = ("key", "unit", "kind", "integer", "scale", "step")
COLUMN = ("name", "window")


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
    quantiles = _quantiles(column, everyone - column["nulls"], record, told, crowd) if "edges" in record else {}
    inside = slice(known[0], known[-1] + 1)
    nulls = 0 if not column["nulls"] and ledger.held() == 0 else ledger.shown("nulls")
    shown = {**only(record, DISTRIBUTION), "known": everyone - nulls if nulls is not None else everyone}
    column = only(column, COLUMN) | {"nulls": nulls}
    if record["kind"] == "time":
        rows = {"starts": [record["starts"][at] for at in known], "counts": [told[at] for at in known]}
        return {**shown, **rows, "columns": [{**column, "min": None, "max": None}]}
    edges = record["edges"][inside.start : inside.stop + 1]
    return {**shown, "edges": edges, "counts": [told[inside]], "columns": [{**column, **quantiles}]}


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
    told = {**only(record, DISTRIBUTION), "columns": [{**only(column, COLUMN), "nulls": nulls}], "others": others}
    return {**told, "values": [only(row, ("value", "count")) for row in kept]}
