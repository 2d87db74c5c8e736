"""The shared edition of a summary: each part by its own rule, and nothing that no rule has judged."""

from collections.abc import Mapping
from typing import Any

from bestiary.errors import PopulationError
from bestiary.report.sharing.bought import shared_purchases
from bestiary.report.sharing.cells import shared_cells
from bestiary.report.sharing.columns import shared_column
from bestiary.report.sharing.crowds import Crowd, Held
from bestiary.report.sharing.explained import shared_tree
from bestiary.report.sharing.ledger import Ledger
from bestiary.report.sharing.measured import shared_cadence, shared_choice, shared_comparison, shared_enough
from bestiary.report.sharing.moved import shared_ends, shared_follow
from bestiary.report.sharing.people import confusion_lines, early_of, flow_lines, population_lines
from bestiary.report.sharing.presence import shared_presence
from bestiary.report.sharing.segment import shared_segment

Record = Mapping[str, Any]
COMPONENTS = ("columns", "constant_columns", "explained_variance", "explained_variance_ratio", "loadings")
NOTHING: Mapping[str, Any] = {"brands": [], "categories": [], "common_brands": [], "common_categories": []}
AS_IT_IS = ("as_of", "preset", "windows", "currency", "time_zone", "scored")


def shared(summary: Record, k: int, presence: Record | None = None) -> dict[str, Any]:
    """A summary in which no number is about fewer than `k` people; it changes nothing in the one it is given.

    It has the keys of a summary (see `report.summary`) that the shared page shows, None where a figure is held back,
    and `sharing`: `k`, how many `numbers` and which `parts` are held back, `ends` of the movements and the `presence`
    of customers by hour and day (see `presence`). Raises PopulationError where there are fewer than k customers.
    """
    everyone = summary["population"]["customers"]
    if everyone < k:
        raise PopulationError(
            f"The run has fewer than {k} customers: everything in a shared report would be about too few.",
            allowed=f"At least {k}, the setting privacy.smallest_group.",
            do="Share nothing of this run.",
        )
    crowd, ledger = Crowd(k, Held()), _ledger(summary, k)
    crowd.held.number(ledger.held())
    buyers, people = ledger.shown("buyers"), ledger.shown("customers")
    follow = summary["follow"] if summary["follow"] and "states" in summary["follow"] else None
    segments = _segments(summary["segments"], buyers, summary["population"]["segmented"], follow, ledger, crowd)
    numbers = [one["segment"] for one in segments]
    told = [one["segment"] for one in segments if not one["withheld"]]
    withheld = [one for one in segments if one["withheld"]]
    purchases = shared_purchases([one for one in summary["segments"] if one["segment"] in told], buyers, crowd)
    visitors = _visitors(summary, follow, ledger, crowd)
    anchors = [n for key in ("customers", "buyers", "visitors", "placed", "early") if (n := ledger.shown(key))]
    columns = [shared_column(one, people, anchors, crowd) for one in summary["columns"]] if people is not None else []
    found = {
        **{name: summary[name] for name in AS_IT_IS},
        "population": _population(summary["population"], ledger),
        "finding": _finding(summary, told, ledger, crowd),
        "segments": [{**one, **purchases.get(one["segment"], NOTHING)} for one in segments],
        "visitors": visitors,
        "sample": _sample(summary["sample"], told, k),
        "silhouette": shared_choice(summary["silhouette"], buyers, crowd),
        "comparison": shared_comparison(summary["comparison"], summary, buyers, crowd),
        "enough": shared_enough(summary["enough"], crowd),
        "follow": shared_follow(follow, ledger, crowd),
        "pca": {name: summary["pca"][name] for name in COMPONENTS},
        "tree": shared_tree(summary["tree"], "buyers", {n: n for n in numbers}, ledger, crowd),
        "warnings": crowd.texts(summary["warnings"]),
        "quality": {},
        "columns": [one for one in columns if one is not None],
        "cadence": shared_cadence(summary.get("cadence"), ledger.shown("placed"), crowd),
    }
    for part in ("quality", "sources", "points"):
        crowd.held.part(part)
    if withheld or (visitors and any(one["withheld"] for one in visitors["segments"])):
        crowd.held.part("segments")
    if len(found["columns"]) < len(summary["columns"]):
        crowd.held.part("columns")
    came = shared_presence(presence, summary, ledger, crowd)
    return {
        **found,
        "sharing": {
            "k": k,
            "numbers": crowd.held.numbers,
            "parts": crowd.held.parts,
            "ends": shared_ends(ledger, follow),
            "presence": came,
            "version": summary["provenance"]["versions"]["bestiary"],
        },
    }


def _ledger(summary: Record, k: int) -> Ledger:
    ledger = Ledger(k)
    population_lines(ledger, summary)
    if summary["tree"]:
        confusion_lines(ledger, summary["tree"])
    if summary["follow"] and "states" in summary["follow"]:
        flow_lines(ledger, summary["follow"])
    ledger.settle()
    return ledger


def _segments(
    records: Any, whole: int | None, population: int, follow: Record | None, ledger: Ledger, crowd: Crowd
) -> list[dict[str, Any]]:
    """The segments; those that are held back come last, since their place among the others tells what they bring."""
    found = [shared_segment(one, whole, population, follow, ledger, crowd) for one in records]
    return sorted(found, key=lambda one: (one["withheld"], one["segment"] if one["withheld"] else 0))


def _visitors(summary: Record, follow: Record | None, ledger: Ledger, crowd: Crowd) -> dict[str, Any] | None:
    looking = summary["visitors"]
    if not looking:
        return None
    whole, numbers = ledger.shown("visitors"), [one["segment"] for one in looking["segments"]]
    segments = _segments(looking["segments"], whole, looking["customers"], follow, ledger, crowd)
    return {
        "rule": looking["rule"],
        "customers": whole,
        "silhouette": shared_choice(looking["silhouette"], whole, crowd),
        "segments": [{**one, **NOTHING} for one in segments],
        "tree": shared_tree(looking["tree"], "visitors", {n - min(numbers): n for n in numbers}, ledger, crowd),
    }


def _population(told: Record, ledger: Ledger) -> dict[str, Any]:
    """The counts of everyone; nobody is told as 0 where nobody is hidden by it."""
    early = told["too_early"]
    return {
        "rule": told["rule"],
        "customers": ledger.shown("customers"),
        "segmented": ledger.shown("buyers"),
        "placed": ledger.shown("placed"),
        "early": ledger.shown("early"),
        "too_early": {name: ledger.shown(("early", name)) for name in ("buyers", "visitors") if early_of(early, name)},
        "left_out": None,
    }


def _finding(summary: Record, told: list[int], ledger: Ledger, crowd: Crowd) -> dict[str, Any]:
    """The segments worth a sentence, where they are told."""
    found = summary["finding"]
    named = {name: found[name] if found[name] in told else None for name in ("top", "quiet")}
    shares = {one["segment"]: one["share_of_customers"] for one in summary["segments"]}
    if ledger.shown("buyers") is None or (named["top"] is not None and shares[named["top"]] is None):
        named = {"top": None, "quiet": None}
    quiet = ledger.shown(("segment", named["quiet"])) if named["quiet"] is not None else None
    if quiet is None or quiet < 2 * crowd.k:
        named["quiet"] = None
    top = ledger.shown(("segment", named["top"])) if named["top"] is not None else None
    return {**named, "lapsed": crowd.part(found["lapsed"], found["lapsed"] or None, top)}


def _sample(sample: Record, told: list[int], k: int) -> dict[str, Any]:
    """The sample as cells; the customers themselves stay behind."""
    kept = {name: sample[name] for name in ("size", "of", "seed", "sources")}
    return {**kept, **shared_cells(sample["points"], told, k), "points": {}}
