"""What the report says of each segment: the animal, how many, what they are worth, how they look, how sure it is."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from bestiary.config import Settings
from bestiary.segments import kmeans
from bestiary.segments.group import Group
from bestiary.segments.identity import AXES
from bestiary.segments.personas import personas
from bestiary.segments.transform import Floats

Record = dict[str, Any]


def cards(
    group: Group, first: int, sizes: Mapping[int, int], early: int, min_events: int, settings: Settings
) -> list[Record]:
    """One record a segment, of those of its customers who have `min_events` events or more.

    `sizes` are the numbers of these by the segments' numbers, which begin at `first`; the other figures come from the
    frame, which of many visitors is a sample. Shares are of the whole population, also of the `early` customers who
    have too few events to be in any segment. A figure that is not defined is None.
    """
    frame, k = group.frame, group.chosen.k
    enough = frame.events >= min_events
    labels, values = np.where(enough, group.chosen.placed.segment, -1), frame.values
    profiles = kmeans.segment_means(group.percentiles[enough], group.chosen.placed.segment[enough], k)
    total, everyone = float(values.sum()), early + sum(sizes.get(first + number, 0) for number in range(k))
    found = []
    for number in range(k):
        members, customers = labels == number, sizes.get(first + number, 0)
        buyers = frame.recipe.animals == "buyers"
        worth = _worth(values[members], total) | _lift(group, number) if buyers else {}
        found.append(
            {"segment": first + number}
            | _names(group, number)
            | {"customers": customers, "share_of_customers": customers / everyone if everyone else None}
            | worth
            | {
                "percentiles": dict(zip(AXES[frame.recipe.animals], _plain(profiles[number]), strict=True)),
                "medians": _medians(group, members),
                "mean_confidence": _mean(group.chosen.placed.confidence[members]),
            }
            | _believed(group, number, settings)
        )
    return found


def _names(group: Group, number: int) -> Record:
    one = group.identities[number]
    animal = personas()[one.persona] if one.persona else None
    return {
        "persona": one.persona,
        "name": one.name,
        "description": animal.description.model_dump(mode="json") if animal else _PLAIN,
        "actions": animal.actions.model_dump(mode="json") if animal else _PLAIN_ACTIONS,
        "match": one.match,
        "note": one.note,
    }


_PLAIN = {
    "en": "A segment that looks like none of the animals; its figures say what it is.",
    "fr": "Un segment qui ne ressemble à aucun des animaux ; ses chiffres disent ce qu'il est.",
}
_PLAIN_ACTIONS = {
    "en": [
        "Look at what they buy and when they come, beside everyone else, before writing to them.",
        "Try one offer on half of them, chosen at random, and measure the difference.",
        "Give the segment a name of your own once it has come back in the next run.",
    ],
    "fr": [
        "Regarder ce qu'ils achètent et quand ils viennent, à côté de tous les autres, avant de leur écrire.",
        "Essayer une offre sur la moitié d'entre eux, tirée au hasard, et mesurer l'écart.",
        "Donner au segment un nom à vous quand il sera revenu à la prochaine exécution.",
    ],
}


def _worth(values: Floats, total: float) -> Record:
    """Value net of refunds; its share is None where the shop's total is not above 0."""
    value = float(values.sum())
    return {"value": value, "share_of_value": value / total if total > 0 else None}


def _lift(group: Group, number: int) -> Record:
    """Revenue of the window that followed over everyone's, 1 for the same; None where it could not be measured."""
    lift = group.lifts[number] if group.lifts else None
    return {"lift": lift and lift.record()}


def _medians(group: Group, members: Any) -> Record:
    """Medians in real units, by the recipe's columns; of buyers the number of purchases and the basket too."""
    frame = group.frame
    if frame.recipe.animals == "visitors":
        return {source: _median(frame.rows[members, i]) for i, (_, source) in enumerate(frame.recipe.columns)} | {
            "tenure": _median(frame.tenure[members])
        }
    recency, _, monetary = frame.rows[members].T
    purchases = frame.purchases[members]
    return {
        "days_since_last_purchase": _median(recency),
        "number_of_purchases": _median(purchases),
        "total_purchase_value": _median(monetary),
        "basket": _median(np.maximum(monetary, 0.0) / purchases),
        "tenure": _median(frame.tenure[members]),
    }


def _believed(group: Group, number: int, settings: Settings) -> Record:
    """How steady the segment is between samples; "loose" where it comes back only in part."""
    stable = group.chosen.stable
    if stable is None or number >= len(stable.jaccard):
        return {"jaccard": None, "loose": None}
    jaccard = stable.jaccard[number]
    return {"jaccard": jaccard, "loose": jaccard < settings.choice.loose}


def _plain(values: Floats) -> list[float | None]:
    return [None if np.isnan(value) else float(value) for value in values]


def _median(values: Floats) -> float | None:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if len(known) else None


def _mean(confidence: Floats) -> float | None:
    known = confidence[~np.isnan(confidence)]
    return float(known.mean()) if len(known) else None
