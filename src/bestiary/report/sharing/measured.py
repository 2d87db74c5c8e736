"""What was measured of everyone, as it may be shared: the choice of k, what it is worth, how long it lasts."""

from collections.abc import Mapping
from typing import Any

from bestiary.report.sharing.crowds import HALF, Crowd, only

Record = Mapping[str, Any]
CURVE = ("k", "silhouette", "kind", "low", "high", "sample", "null_mean", "null_low", "null_high", "ari", "jaccard")
INTERVAL = ("value", "low", "high")
AGED = ("days", "replays", "agreement", "loss", "kept")


def shared_choice(found: Record, segmented: int | None, crowd: Crowd) -> dict[str, Any]:
    """The choice of k: indices of everyone, and of the smallest segment's share what is of enough people."""
    extremes = found["extremes"]
    top = None if segmented is None else segmented // 1000  # the sentence is about these customers
    told = {name: found[name] for name in ("chosen_k", "word", "rule", "p", "gap")}
    curve = [
        {**only(point, CURVE), "smallest_share": crowd.share(point["smallest_share"], segmented)}
        for point in found["curve"]
    ]
    asked = found.get("asked") and only(found["asked"], ("ari", "jaccard"))
    told_extremes = crowd.of(extremes and only(extremes, ("text",)), top)
    return {**told, "asked": asked, "curve": curve, "extremes": told_extremes}


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
                        name: crowd.of(only(one, INTERVAL), people, parts.get(name, HALF)) or unknown
                        for name, one in row["metrics"].items()
                    },
                }
                for row in group["rows"]
            ],
        }
        for group in worth["scorers"]
    ]
    told = only(worth, ("from", "until", "customers", "season"))
    differences = [
        {"baseline": one["baseline"], "figures": [only(row, ("metric", "says", *INTERVAL)) for row in one["figures"]]}
        for one in worth["differences"]
    ]
    calibration = worth["calibration"] and only(worth["calibration"], ("expected", "actual", "slope"))
    tenths = len(calibration["expected"]) if calibration else 1
    calibrated = crowd.of(calibration, people, tenths)
    if calibration and not calibrated:
        crowd.held.part("expected")
    told["differences"] = differences
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
    kept = [only(one, AGED) for one in cadence["intervals"] if crowd.share(one["agreement"], people) is not None]
    if len(kept) < len(cadence["intervals"]):
        crowd.held.part("cadence")
        return None
    note = cadence["note"] and crowd.text(cadence["note"])
    told = only(cadence, ("as_of", "steps", "days", "open", "level", "sentence"))
    return {**told, "intervals": kept, "note": note}
