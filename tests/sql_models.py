"""Models of every kind, made by hand so that thousands of customers lie exactly between two segments, or on an edge."""

from typing import Any

import numpy as np

from bestiary.segments.candidates.rfm_grid import CELLS
from bestiary.segments.model import Model, parse
from bestiary.segments.transform import ln1p
from model_config import CONFIG

RFM: list[dict[str, Any]] = [
    {"name": "recency", "source": "days_since_last_purchase"},
    {"name": "frequency", "source": "number_of_purchases_7m"},
    {"name": "monetary", "source": "total_purchase_value"},
]
ACTIVE: list[dict[str, Any]] = [RFM[0], {"name": "frequency", "source": "number_of_sessions_7m"}, RFM[2]]
LOOKS: list[dict[str, Any]] = [
    {"name": "recency", "source": "days_since_last_visit"},
    {"name": "sessions", "source": "number_of_sessions_7m"},
    {"name": "carts", "source": "number_of_carts_7m"},
    {"name": "price", "source": "avg_price_viewed_7m", "nullable": True},
]
WIDE: list[dict[str, Any]] = [
    *({"name": one["source"], "source": one["source"]} for one in RFM),
    {"name": "avg_price_7m", "source": "avg_price_7m", "nullable": True},
    {"name": "cart_abandonments", "source": "cart_abandonments", "nullable": True},
    {"name": "number_of_views_2m", "source": "number_of_views_2m"},
]
ANIMALS = ("lion", "bear", None, "squirrel", "fox", "beaver", "owl", "turtle", None, "o'possum \\ \n", "ours", "été")
MIDDLES = (19.99, 7.5, 120.0)
"""Days since the last purchase, or visit, that lie exactly half-way between two centres."""


def middle(place: int) -> float:
    """The logarithm of one of them: a multiple of 2^-30, to and from which small dyadic numbers add exactly."""
    return float(ln1p(np.array(MIDDLES[place])))


def segmentation(
    population: str,
    columns: list[dict[str, Any]],
    transform: dict[str, Any],
    partition: dict[str, Any],
    k: int,
    *,
    first: int = 0,
) -> dict[str, Any]:
    """One population's part of a model."""
    segments = [
        {
            "segment": first + i,
            "persona": ANIMALS[(first + i) % len(ANIMALS)],
            "name": {"en": "x", "fr": "y"},
            "match": None,
            "customers": 1,
        }
        for i in range(k)
    ]
    return {
        "population": population,
        "candidate": "made_up",
        "columns": columns,
        "transform": transform,
        "partition": partition,
        "learned_on": 5,
        "segments": segments,
        "tree": None,
    }


def made(
    buyers: dict[str, Any], visitors: dict[str, Any] | None = None, *, preset: str = "default", min_events: int = 3
) -> Model:
    """A model of these parts."""
    return parse(
        {
            "format_version": 2,
            "config": CONFIG | {"preset": preset},
            "fitted": {
                "buyers": buyers,
                "visitors": visitors,
                "min_events": min_events,
                "expected": None,
                "season": None,
            },
            "provenance": {
                "as_of": "2020-05-01",
                "customers": 10,
                "segmented": 5,
                "fingerprint": "f",
                "versions": {"numpy": "2"},
            },
        }
    )


def log1p(mean: list[float], scale: list[float]) -> dict[str, Any]:
    return {"kind": "log1p_standardise", "mean": mean, "scale": scale}


def centroids(points: list[list[float]]) -> dict[str, Any]:
    return {"kind": "centroids", "centroids": points}


def visitors(first: int) -> dict[str, Any]:
    """Three segments of visitors, two of them with the same middle of their days; carts were all alike."""
    days = (middle(2) - 3.5) / 0.5
    points = [[days + 0.125, 0.3, 0.0, -0.7], [days - 0.125, 0.3, 0.0, -0.7], [-2.1, 1.7, 0.0, 1.3]]
    space = log1p([3.5, 0.8312345678901234, 0.0, 2.718281828459045], [0.5, 1.1, 0.0, 0.7071067811865476])
    return segmentation("visitors", LOOKS, space, centroids(points), 3, first=first)


def logs() -> Model:
    """KMeans on logarithms: pairs of centres about two of the middles, one centre twice, and one turned round."""
    one, two = ((middle(place) - 2.25) / 0.25 for place in (0, 1))
    points = [
        [one - 0.5, 0.1, 0.7],
        [two + 0.25, 1.3, -0.2],
        [one + 0.5, 0.1, 0.7],
        [-1.7, -0.9, -1.1],
        [two - 0.25, 1.3, -0.2],
        [-1.7, -0.9, -1.1],
        [0.3, 1.1, 2.7],
        [2.7, 1.1, 0.3],
    ]
    return made(segmentation("buyers", RFM, log1p([2.25] * 3, [0.25] * 3), centroids(points), 8), visitors(8))


def components() -> Model:
    """KMeans on components of six columns, of which two may be null and one was constant.

    One centre is there twice; the loadings of one component, and one centre, are those of another turned round.
    """
    loadings = [
        [0.5, -0.3, 0.6123456789012345, 0.4, 0.1, 0.9],
        [0.1, 0.4, 0.6123456789012345, -0.3, 0.5, -0.45],
        [0.33, 0.21, -0.1, 0.0, 0.8, 0.1],
    ]
    space = {
        "kind": "log1p_components",
        "log1p": log1p([2.1] * 6, [0.9] * 5 + [0.0]),
        "loadings": loadings,
    }
    points = [[1.1, -0.2, 0.3], [-0.8, 0.6, -0.1], [-0.2, 1.1, 0.3], [-0.8, 0.6, -0.1], [0.1, -1.2, 0.5]]
    return made(segmentation("buyers", WIDE, space, centroids(points), 5))


def scores() -> Model:
    """KMeans on quartile scores: centres that mirror one another on the lattice of the scores, two of them turned."""
    space: dict[str, Any] = {
        "kind": "quartile_scores",
        "quartiles": [[10.0, 30.0, 90.0], [1.0, 2.0, 4.0], [19.99, 55.5, 250.1]],
    }
    space["reversed"] = [False, True, False]
    points = [
        [1.5, 1.5, 2.5],
        [3.5, 1.5, 2.5],
        [2.5, 1.5, 2.5],
        [2.5, 4.5, 2.5],
        [2.8, 2.7, 2.1],
        [2.1, 2.7, 2.8],
        [2.5, 2.5, 1.5],
    ]
    return made(segmentation("active_buyers", ACTIVE, space, centroids(points), 7), preset="amazing", min_events=0)


def mixture() -> Model:
    """Gaussians on logarithms: two that mirror one another, one twice, one that leans, and one turned round."""
    one = (middle(0) - 2.5) / 0.5
    lone = [[1.5, 0.0, 0.0], [0.0, 0.9, 0.0], [0.0, 0.0, 1.1]]
    ball = [[1.3, 0.0, 0.0], [0.0, 1.3, 0.0], [0.0, 0.0, 1.3]]
    lean = [[0.8, -0.31, 0.123456789], [0.0, 1.2, 0.45], [0.0, 0.0, 0.71]]
    means = [
        [one + 0.5, 0.2, 0.3],
        [0.4, 1.1, 1.2],
        [-1.5, -0.5, -0.25],
        [one - 0.5, 0.2, 0.3],
        [-1.5, -0.5, -0.25],
        [0.3, 0.7, 1.1],
        [1.1, 0.7, 0.3],
    ]
    parts = {
        "kind": "mixture",
        "weights": [0.125, 0.125, 0.125, 0.125, 0.125, 0.1875, 0.1875],
        "means": means,
        "factors": [lone, lean, lean, lone, lean, ball, ball],
    }
    return made(segmentation("buyers", RFM, log1p([2.5] * 3, [0.5] * 3), parts, 7), visitors(7))


def tree() -> Model:
    """A tree on raw columns, one of which may be null, with thresholds that customers have."""
    leaf = {"column": None, "threshold": None, "left": None, "right": None}

    def asks(column: str, threshold: float, left: int) -> dict[str, Any]:
        return {"column": column, "threshold": threshold, "left": left, "right": left + 1}

    rest = [
        (asks("days_since_last_purchase", 30.0, 1), 0),
        (asks("total_purchase_value", 55.5, 3), 0),
        (asks("avg_price_7m", 19.99, 5), 1),
        (asks("total_purchase_value", -0.5, 7), 2),
        (leaf, 1),
        (asks("number_of_purchases_7m", 2.5, 9), 3),
        (leaf, 3),
        (leaf, 2),
        (leaf, 0),
        (leaf, 4),
        (asks("cart_abandonments", 0.0, 11), 2),
        (leaf, 3),
        (leaf, 2),
    ]
    nodes = [
        {"id": i, "segment": segment, "customers": 1, "purity": 1.0, **one} for i, (one, segment) in enumerate(rest)
    ]
    partition = {
        "kind": "leaves",
        "tree": {"columns": [one["name"] for one in WIDE], "nodes": nodes},
        "shares": [[float(i == segment) for i in range(5)] for _, segment in rest],
    }
    return made(
        segmentation("buyers", WIDE, {"kind": "unchanged", "width": 6}, partition, 5), visitors(5), min_events=1
    )


def grid() -> Model:
    """Eleven named cells by quintiles, two of which fall on one number."""
    partition = {
        "kind": "cells",
        "edges": [[7.5, 19.99, 30.0, 90.0], [1.0, 1.0, 2.0, 4.0], [-0.5, 19.99, 55.5, 250.1]],
        "cells": [list(row) for row in CELLS],
    }
    return made(segmentation("buyers", RFM, {"kind": "unchanged", "width": 3}, partition, 11), visitors(11))


def alone() -> Model:
    """One segment of buyers; visitors are not segmented."""
    space = log1p([3.0, 1.0, 0.0], [1.0, 0.5, 0.0])
    return made(segmentation("buyers", RFM, space, centroids([[0.1, 0.2, 0.3]]), 1))


KINDS = {
    "logs": logs,
    "components": components,
    "scores": scores,
    "mixture": mixture,
    "tree": tree,
    "grid": grid,
    "alone": alone,
}
