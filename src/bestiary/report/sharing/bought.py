"""What segments buy, as it may be shared: a brand or a category by at least k of a segment, and by no sum of fewer."""

from collections.abc import Mapping, Sequence
from typing import Any

from bestiary.report.sharing.crowds import Crowd

COMMON = ("value", "customers", "share")
LEANING = (*COMMON, "rest", "lift", "low", "high")
KINDS = ("brands", "categories")
Record = Mapping[str, Any]
Cells = dict[tuple[str, int], int]


def shared_purchases(segments: Sequence[Record], everyone: int | None, crowd: Crowd) -> dict[int, dict[str, Any]]:
    """By segment that is told, its `brands`, `categories`, `common_brands` and `common_categories`.

    `everyone` is how many buyers there are, None where that is not told: then a segment is not set beside the others.
    A value is listed where k of the segment bought it and k did not, where as many of the others did each, and where
    those that are in no list who bought it are nobody, or k again.
    """
    found: dict[int, dict[str, Any]] = {one["segment"]: {} for one in segments}
    for kind in KINDS:
        told = _told(segments, kind, everyone, crowd.k)
        for one in segments:
            number = one["segment"]
            leaning = [row for row in one[kind] if (row["value"], number) in told and everyone is not None]
            common = [row for row in one[f"common_{kind}"] if (row["value"], number) in told]
            crowd.held.number(len(one[kind]) + len(one[f"common_{kind}"]) - len(leaning) - len(common))
            found[number] |= {
                kind: [{name: row[name] for name in LEANING} for row in leaning],
                f"common_{kind}": [{name: row[name] for name in COMMON} for row in common],
            }
    return found


def _told(segments: Sequence[Record], kind: str, everyone: int | None, k: int) -> set[tuple[str, int]]:
    """The values and segments that may be listed."""
    sizes = {one["segment"]: one["customers"] for one in segments}
    own: Cells = {}
    totals: dict[str, int] = {}
    for one in segments:
        for row in (*one[kind], *one[f"common_{kind}"]):
            own[row["value"], one["segment"]] = row["customers"]
        for row in one[kind] if everyone is not None else ():
            totals[row["value"]] = row["customers"] + round(row["rest"] * max(everyone - one["customers"], 1))
    told = {
        (value, number)
        for (value, number), n in own.items()
        if min(n, sizes[number] - n) >= k and _fits_others(n, sizes[number], totals.get(value), everyone, k)
    }
    return _without_rests(told, own, totals, k)


def _fits_others(n: int, size: int, total: int | None, everyone: int | None, k: int) -> bool:
    """Whether of the other buyers, too, k bought it and k did not, where the page tells how many did."""
    if total is None or everyone is None:
        return True
    return min(total - n, everyone - size - (total - n)) >= k


def _without_rests(told: set[tuple[str, int]], own: Cells, totals: Mapping[str, int], k: int) -> set[tuple[str, int]]:
    """Take from the lists, the smallest first, until what a total leaves beside them is nobody or at least k."""
    for value, total in totals.items():
        listed = sorted((own[one], one) for one in told if one[0] == value)
        while listed and 0 < total - sum(n for n, _ in listed) < k:
            told = told - {listed.pop(0)[1]}
    return told
