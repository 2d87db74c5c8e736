"""The scorecard: every figure of the report about the segments, as one dictionary of plain values.

A figure that is not defined is None, never 0. Money is in the shop's currency. No customer id appears.
"""

import math
from typing import Any

import numpy as np

from bestiary.config import Settings
from bestiary.segments.assign import Moved
from bestiary.segments.believed import believed
from bestiary.segments.cards import cards
from bestiary.segments.cautions import cautions
from bestiary.segments.fidelity import figures
from bestiary.segments.follow.between import Between
from bestiary.segments.group import Group
from bestiary.segments.learn import Learned, Picture
from bestiary.segments.model import Model
from bestiary.segments.rules import rules
from bestiary.segments.transform import Ints

Record = dict[str, Any]
FORMAT_VERSION = 3


def scorecard(
    learned: Learned, model: Model, moved: Moved, follow: Between | None, days: int, settings: Settings
) -> Record:
    """The figures of a fit, in the layout of `scorecard.json`; `days` is how long the buyers' history is."""
    buyers, visitors = learned.buyers, learned.visitors
    worth = buyers.valued
    found = {
        "format_version": FORMAT_VERSION,
        "as_of": model.provenance.as_of,
        "preset": settings.preset,
        "population": {
            "rule": buyers.frame.recipe.rule,
            "customers": model.provenance.customers,
            "segmented": model.provenance.segmented,
            "placed": moved.placed,
            "too_early": {name: early for name, early in moved.too_early.items() if visitors or name != "visitors"},
            "left_out": 0 if visitors else moved.too_early.get("visitors", 0),  # too few to be segmented
        },
        "pca": _pca(learned.picture),
        "silhouette": believed(buyers, settings),
        "candidates": candidates(buyers),
        "worth": worth
        and {
            "from": worth.at.isoformat(),
            "until": worth.until.isoformat(),
            **worth.comparison.record(),
            "calibration": worth.expected and worth.expected.calibration.model_dump(mode="json"),
            "season": learned.season,
        },
        "segments": cards(
            buyers, 0, moved.sizes, moved.too_early[buyers.frame.recipe.population], learned.min_events, settings
        ),
        "visitors": visitors
        and {
            "rule": visitors.frame.recipe.rule,
            "customers": moved.placed["visitors"] + moved.too_early["visitors"],
            "silhouette": believed(visitors, settings),
            "segments": cards(
                visitors, buyers.chosen.k, moved.sizes, moved.too_early["visitors"], learned.min_events, settings
            ),
            "tree": _tree(visitors, settings),
        },
        "follow": follow and follow.record(),
        "enough": learned.enough and learned.enough.record(),
        "tree": _tree(buyers, settings),
        "warnings": cautions(learned, follow, days, settings),
    }
    return {key: plain(value) for key, value in found.items()}


def plain(value: Any) -> Any:
    """The same without numbers that are not finite: None instead."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def candidates(group: Group) -> list[Record]:
    """What was compared: each one's k, how believable, how well explained, what it is worth, and why it lost."""
    found = []
    for one in group.attempts:
        name, stable, explanation = one.candidate.name, one.stable, one.explanation
        found.append(
            {
                "name": name,
                "title": one.candidate.title,
                "k": one.k,
                "word": one.judgement.verdict.word if one.judgement else None,
                "ari": stable.ari if stable else None,
                "jaccard": stable.worst if stable else None,
                "smallest_share": float(one.sizes.min() / one.sizes.sum()),
                "fidelity": one.fidelity,
                "leaves": explanation.leaves if explanation else None,
                "worth": group.valued and group.valued.figures(name),
                "chosen": name == group.selection.chosen,
                "why": list(group.selection.lost.get(name, ())),
            }
        )
    return found


def _pca(picture: Picture) -> Record:
    found = picture.components
    return {
        "columns": list(picture.columns),
        "constant_columns": [name for name, constant in zip(picture.columns, found.constant, strict=True) if constant],
        "explained_variance": found.variance.tolist(),
        "explained_variance_ratio": found.ratio.tolist(),
        "loadings": found.loadings.tolist(),
        "mean": found.mean.tolist(),
        "scale": found.scale.tolist(),
    }


def _tree(group: Group, settings: Settings) -> Record | None:
    """The explaining tree and its figures; None for one segment."""
    explanation, chosen = group.chosen.explanation, group.chosen
    if explanation is None:
        return None
    tree, part = explanation.tree, explanation.part
    leaves = tree.walk(explanation.rows[part.test], explanation.columns)
    predicted: Ints = np.array([node.segment for node in tree.nodes], dtype=np.int32)[leaves]
    columns = tuple((one.name, one.source) for one in group.frame.columns(chosen.candidate))
    return {
        "columns": list(explanation.columns),
        "max_depth": group.frame.recipe.shape.depth,
        "leaves": explanation.leaves,
        "train": len(part.train),
        "test": len(part.test),
        **figures(chosen.placed.segment[part.test], tree.shares[leaves], predicted),
        "rules": rules(tree.nodes, columns, chosen.transform, settings.currency or "", explanation.rows),
        "nodes": [node.model_dump(mode="json") for node in tree.nodes],
    }
