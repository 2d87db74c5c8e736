"""What the segments are worth, arranged for reading: who was measured, and how the chosen one compares."""

from collections.abc import Mapping, Sequence
from typing import Any

METRICS = ("gini", "r_squared", "top_10", "top_20", "average_precision")
BESIDE = ("grid", "frequency")
"""The baselines that the chosen segmentation is compared with in words."""
TOLD = ("gini", "r_squared", "average_precision")
KINDS = ("segments", "segments_and_distances", "baseline", "expected", "ceiling")


def comparison(card: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """The candidates, `overruled` (whether a person chose), and `worth` (None where history is too short).

    Of `worth`, `scorers` are by kind, in the order of KINDS, and `differences` are those of the
    chosen candidate's hard labels to each of BESIDE in TOLD, each told as better, worse or unknown.
    """
    candidates = card["candidates"]
    chosen = next((one["name"] for one in candidates if one["chosen"]), None)
    worth = card["worth"]
    return {
        "candidates": candidates,
        "chosen": chosen,
        "overruled": config.get("candidate") is not None,
        "worth": None
        if worth is None
        else {
            "from": worth["from"],
            "until": worth["until"],
            "customers": worth["customers"],
            "base": worth["share_who_bought"],
            "season": worth["season"],
            "calibration": worth["calibration"],
            "scorers": _scorers(worth["scorers"], candidates),
            "differences": _differences(worth["differences"], chosen),
        },
    }


def _scorers(scorers: Sequence[Mapping[str, Any]], candidates: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Scorers by kind; `title` is the candidate's, None for one that the page has words for."""
    titles = {one["name"]: one["title"] for one in candidates}
    chosen = {one["name"] for one in candidates if one["chosen"]}
    found = []
    for kind in KINDS:
        rows = [
            {**one, "title": titles.get(one["name"]), "chosen": kind == "segments" and one["name"] in chosen}
            for one in scorers
            if one["kind"] == kind
        ]
        if rows:
            found.append({"kind": kind, "rows": rows})
    return found


def _differences(differences: Sequence[Mapping[str, Any]], chosen: str | None) -> list[dict[str, Any]]:
    """By baseline, the chosen candidate's differences; a grid is not compared with itself."""
    asked = {
        (one["baseline"], one["metric"]): one
        for one in differences
        if (one["name"], one["kind"]) == (chosen, "segments")
    }
    found = []
    for baseline in BESIDE:
        if baseline == "grid" and chosen == "rfm_grid":
            continue
        told = [
            {**asked[baseline, metric], "says": says(asked[baseline, metric])}
            for metric in TOLD
            if (baseline, metric) in asked
        ]
        if told:
            found.append({"baseline": baseline, "figures": told})
    return found


def says(difference: Mapping[str, Any]) -> str:
    """`better` or `worse` where the interval lies on one side of 0, else `unknown`."""
    if difference["too_small_to_say"] or difference["value"] is None:
        return "unknown"
    return "better" if difference["value"] > 0 else "worse"
