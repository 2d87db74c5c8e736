"""How faithfully the tree gives back the segments on customers it was not grown on.

Precision, recall and F1 = 2 TP / (2 TP + FP + FN) per segment; their macro mean over the segments where
they are defined, and their mean weighted by support over the same. A figure whose divisor is 0 is None. The
ROC curve of a segment (one against the rest) ranks customers by the training share of the segment in their
leaf; without both members and others in the held-out part there is no curve and no AUC. The fidelity's interval is
Wilson's (1927, "Probable inference, the law of succession, and statistical inference"), 95 %.
"""

from typing import Any

import numpy as np

from bestiary.segments.intervals import wilson_of
from bestiary.segments.transform import Floats, Ints

CURVE_POINTS = 200
FIGURES = ("precision", "recall", "f1")


def confusion(true: Ints, predicted: Ints, k: int) -> Ints:
    """Counts (k, k): row = true segment, column = what the tree says."""
    counts = np.bincount(true.astype(np.int64) * k + predicted, minlength=k * k)
    return counts.reshape(k, k).astype(np.int32)


def figures(true: Ints, shares: Floats, predicted: Ints) -> dict[str, Any]:
    """All figures of the held-out part: true and predicted segments (n,), shares (n, k) in their leaves."""
    k = shares.shape[1]
    matrix = confusion(true, predicted, k)
    per_class = [_of_class(matrix, segment) for segment in range(k)]
    accuracy = _ratio(int(np.trace(matrix)), len(true))
    return {
        "accuracy": accuracy,
        "fidelity": accuracy,
        "fidelity_interval": list(wilson_of(int(np.trace(matrix)), len(true))) if len(true) else None,
        "classes": list(range(k)),
        "confusion": matrix.tolist(),
        "per_class": per_class,
        "macro": {name: _mean(per_class, name, weighted=False) for name in FIGURES},
        "weighted": {name: _mean(per_class, name, weighted=True) for name in FIGURES},
        "roc": [_roc(true == segment, shares[:, segment], segment) for segment in range(k)],
    }


def _of_class(matrix: Ints, segment: int) -> dict[str, Any]:
    hits = int(matrix[segment, segment])
    said, support = int(matrix[:, segment].sum()), int(matrix[segment].sum())
    return {
        "segment": segment,
        "precision": _ratio(hits, said),
        "recall": _ratio(hits, support),
        "f1": _ratio(2 * hits, said + support),
        "support": support,
    }


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(per_class: list[dict[str, Any]], name: str, *, weighted: bool) -> float | None:
    known = [(one[name], one["support"] if weighted else 1) for one in per_class if one[name] is not None]
    total = sum(weight for _, weight in known)
    return sum(value * weight for value, weight in known) / total if total else None


def _roc(members: Any, scores: Floats, segment: int) -> dict[str, Any]:
    """One curve, thinned to at most `CURVE_POINTS`, and its AUC; members (n,) are true, scores (n,) rank."""
    if members.all() or not members.any():
        return {"segment": segment, "auc": None, "fpr": [], "tpr": []}
    bars, group = np.unique(-scores, return_inverse=True)
    hits = np.cumsum(np.bincount(group, weights=members, minlength=len(bars)))
    misses = np.cumsum(np.bincount(group, weights=~members, minlength=len(bars)))
    tpr = np.concatenate([[0.0], hits / hits[-1]])
    fpr = np.concatenate([[0.0], misses / misses[-1]])
    kept = np.unique(np.linspace(0, len(fpr) - 1, min(CURVE_POINTS, len(fpr))).round().astype(int))
    auc = float(((tpr[1:] + tpr[:-1]) * np.diff(fpr)).sum() / 2)
    return {"segment": segment, "auc": auc, "fpr": fpr[kept].tolist(), "tpr": tpr[kept].tolist()}
