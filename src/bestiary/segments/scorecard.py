"""The scorecard: every figure of the report about the segments, as one dictionary of plain values.

A figure that is not defined is None, never 0. Money is in the shop's currency. No customer id appears.
"""

from typing import Any

import numpy as np

from bestiary.config import Settings
from bestiary.segments.cautions import cautions
from bestiary.segments.fidelity import figures
from bestiary.segments.identity import AXES
from bestiary.segments.learn import Explanation, Learned, Picture
from bestiary.segments.model import Model
from bestiary.segments.personas import personas
from bestiary.segments.rules import rules
from bestiary.segments.silhouette import EXACT, SAMPLED
from bestiary.segments.transform import MONETARY, RECENCY, Floats, Ints

Record = dict[str, Any]


def scorecard(learned: Learned, model: Model, settings: Settings) -> Record:
    """The figures of a fit, in the layout of `scorecard.json`."""
    return {
        "format_version": 1,
        "as_of": model.provenance.as_of,
        "preset": settings.preset,
        "population": {
            "rule": learned.recipe.rule,
            "customers": model.provenance.customers,
            "segmented": model.provenance.segmented,
        },
        "pca": _pca(learned.picture),
        "silhouette": _silhouette(learned, settings),
        "segments": segment_cards(learned),
        "tree": _tree(learned.explanation, learned, settings) if learned.explanation else None,
        "warnings": cautions(learned, settings),
    }


def _pca(picture: Picture) -> Record:
    found = picture.components
    return {
        "columns": list(picture.columns),
        "constant_columns": [name for name, constant in zip(picture.columns, found.constant, strict=True) if constant],
        "explained_variance": found.variance.tolist(),
        "explained_variance_ratio": found.ratio.tolist(),
        "loadings": found.loadings.tolist(),
        "sample": {
            "size": len(picture.labels),
            "scores": picture.scores.tolist(),
            "segment": picture.labels.tolist(),
        },
    }


def _silhouette(learned: Learned, settings: Settings) -> Record:
    curve = learned.clusters.curve
    return {
        "chosen_k": len(learned.clusters.centroids) if curve else None,
        "rule": _rule(learned.recipe.k_floor, settings.k),
        "curve": [
            {
                "k": one.k,
                "silhouette": one.value,
                "kind": one.kind,
                "low": one.low,
                "high": one.high,
                "inertia": learned.clusters.inertia[one.k],
            }
            for one in curve
        ],
    }


def _rule(floor: int, k: int | str) -> dict[str, str]:
    if k != "auto":
        return {"en": f"k = {k}, as configured", "fr": f"k = {k}, comme demandé"}
    least = (f" with k ≥ {floor}", f" avec k ≥ {floor}") if floor > 2 else ("", "")
    measured = (
        f"exact up to {EXACT:,} distinct points, beyond it {SAMPLED:,} customers are sampled",
        f"exacte jusqu'à {EXACT} points distincts, au-delà sur un échantillon de {SAMPLED} clients",
    )
    return {
        "en": f"largest silhouette{least[0]}, the smaller k on a tie ({measured[0]})",
        "fr": f"plus grande silhouette{least[1]}, le plus petit k en cas d'égalité ({measured[1]})",
    }


def segment_cards(learned: Learned) -> list[Record]:
    """One record a segment: the animal, how many, what they are worth, how they look."""
    labels, values = learned.clusters.labels, learned.values
    total = float(values.sum())
    return [
        _names(learned, segment)
        | _worth(values[members], len(labels), total)
        | {
            "percentiles": dict(zip(AXES, learned.profiles[segment].tolist(), strict=True)),
            "medians": _medians(learned, members),
            "mean_confidence": _mean(learned.clusters.confidence[members]),
        }
        for segment in range(len(learned.identities))
        for members in [labels == segment]
    ]


def _names(learned: Learned, segment: int) -> Record:
    one = learned.identities[segment]
    animal = personas()[one.persona] if one.persona else None
    return {
        "segment": segment,
        "persona": one.persona,
        "name": one.name,
        "description": animal.description.model_dump(mode="json") if animal else _PLAIN,
        "actions": animal.actions.model_dump(mode="json") if animal else {"en": [], "fr": []},
        "match": one.match,
        "note": one.note,
    }


_PLAIN = {
    "en": "A segment that looks like none of the animals; its figures say what it is.",
    "fr": "Un segment qui ne ressemble à aucun des animaux ; ses chiffres disent ce qu'il est.",
}


def _worth(values: Floats, customers: int, total: float) -> Record:
    """Size and value net of refunds; the share of value is None where the shop's total is not above 0."""
    value = float(values.sum())
    return {
        "customers": len(values),
        "share_of_customers": len(values) / customers,
        "value": value,
        "share_of_value": value / total if total > 0 else None,
    }


def _medians(learned: Learned, members: Any) -> Record:
    features, purchases, values = (
        learned.features[members],
        learned.purchases[members],
        learned.values[members],
    )
    return {
        "days_since_last_purchase": float(np.median(features[:, RECENCY])),
        "number_of_purchases": float(np.median(purchases)),
        "total_purchase_value": float(np.median(values)),
        "basket": float(np.median(features[:, MONETARY] / purchases)),
    }


def _mean(confidence: Floats) -> float | None:
    return None if np.isnan(confidence).any() else float(confidence.mean())


def _tree(explanation: Explanation, learned: Learned, settings: Settings) -> Record:
    tree, part = explanation.tree, explanation.part
    columns = learned.recipe.columns
    leaves = tree.walk(explanation.rows[part.test], tuple(role for role, _ in columns))
    predicted: Ints = np.array([node.segment for node in tree.nodes], dtype=np.int32)[leaves]
    return {
        "columns": [role for role, _ in columns],
        "max_depth": learned.recipe.shape.depth,
        "train": len(part.train),
        "test": len(part.test),
        **figures(learned.clusters.labels[part.test], tree.shares[leaves], predicted),
        "rules": rules(tree.nodes, columns, learned.transform, settings.currency or ""),
        "nodes": [node.model_dump(mode="json") for node in tree.nodes],
    }
