"""Made-up figures of a run for the report's tests: scorecard, quality and model, by the artefacts' own schemas."""

from datetime import date, timedelta
from typing import Any

import numpy as np

from bestiary.customers.features import features
from bestiary.windows import Windows
from model_config import CONFIG
from report_beliefs import believed, candidates, comparison, enough, text

WINDOWS: Windows = (2, 5, 7)
FIRST_ID = 512_000_000
HOSTILE = "</script><script>alert('brand')</script><b>bold</b>"
PEOPLE: dict[str, tuple[int, float, float, float]] = {
    # persona: customers, days since the last purchase, purchases, spent
    "lion": (60, 6, 9, 2400),
    "bear": (110, 24, 5, 620),
    "fox": (80, 35, 2, 1100),
    "beaver": (140, 12, 4, 260),
    "turtle": (90, 130, 1.6, 700),
    "dormouse": (320, 140, 1.2, 60),
    "swallow": (200, 8, 1.1, 90),
}
LOOKING: dict[str, int] = {"magpie": 90, "cat": 210}
"""The visitors' animals and how many are placed in each; the other visitors came too seldom."""
NAMES = {
    "lion": ("Lion", "Lion"),
    "bear": ("Bear", "Ours"),
    "fox": ("Fox", "Renard"),
    "beaver": ("Beaver", "Castor"),
    "turtle": ("Turtle", "Tortue"),
    "dormouse": ("Dormouse", "Loir"),
    "swallow": ("Swallow", "Hirondelle"),
}
VISITING = {"magpie": "pie", "cat": "chat"}


def _segment(number: int, persona: str, total: int, worth: float) -> dict[str, Any]:
    n, days, bought, spent = PEOPLE[persona]
    english, french = NAMES[persona]
    return {
        "segment": number,
        "persona": persona,
        "name": text(english, french),
        "description": text(f"Who the {english} is, in a sentence.", f"Ce qu'est : {french}, en une phrase."),
        "actions": {
            "en": ["Thank them", "Ask for a review", "Show the new things"],
            "fr": ["Les remercier", "Demander un avis", "Montrer les nouveautés"],
        },
        "match": 0.93,
        "note": None,
        "customers": n,
        "share_of_customers": n / total,
        "value": n * spent,
        "share_of_value": n * spent / worth,
        "percentiles": {
            "recency": max(2, 95 - days / 1.6),
            "frequency": min(97, 18 + 9 * bought),
            "monetary": min(97, 10 + spent / 26),
            "basket": min(95, 15 + spent / bought / 6),
        },
        "medians": {
            "days_since_last_purchase": days,
            "number_of_purchases": round(bought),
            "total_purchase_value": spent,
            "basket": spent / bought,
            "tenure": days + 20,
        },
        "mean_confidence": 0.4 + 0.05 * number,
        "jaccard": 0.9 - 0.05 * number,
        "loose": 0.9 - 0.05 * number < 0.75,
    }


def _looking(first: int, visitors: int) -> dict[str, Any]:
    """The record of the visitors, whose segments are numbered from `first`."""
    segments = [
        {
            "segment": first + number,
            "persona": persona,
            "name": text(persona, VISITING[persona]),
            "description": text(f"Who the {persona} is.", f"Ce qu'est : {VISITING[persona]}."),
            "actions": {"en": ["Remind them of the cart"], "fr": ["Leur rappeler leur panier"]},
            "match": 0.9,
            "note": None,
            "customers": people,
            "share_of_customers": people / visitors,
            "percentiles": {"recency": 60.0, "sessions": 80.0 - number, "carts": 70.0, "price": 50.0},
            "medians": {
                "days_since_last_visit": 12.0,
                "number_of_sessions_7m": 4.0,
                "number_of_carts_7m": 1.0,
                "avg_price_viewed_7m": 181.5,
                "tenure": 40.0,
            },
            "mean_confidence": 0.5,
            "jaccard": 0.6 + 0.3 * number,
            "loose": number == 0,
        }
        for number, (persona, people) in enumerate(LOOKING.items())
    ]
    tree = _tree([{**one, "segment": number} for number, one in enumerate(segments)])
    return {
        "rule": text("visitors without a purchase", "visiteurs sans achat"),
        "customers": visitors,
        "silhouette": {**believed(len(segments)), "word": "constructed", "extremes": None},
        "segments": segments,
        "tree": tree,
    }


def _pca() -> dict[str, Any]:
    columns = [f.name for f in features(WINDOWS) if f.numeric]
    random = np.random.default_rng(5)
    basis = np.linalg.qr(random.normal(size=(len(columns), len(columns))))[0]
    variance = np.sort(random.gamma(1, 1, len(columns)))[::-1]
    return {
        "columns": columns,
        "constant_columns": [],
        "explained_variance": [float(v) for v in variance],
        "explained_variance_ratio": [float(v) for v in variance / variance.sum()],
        "loadings": basis.T.tolist(),
        "mean": [10.0] * len(columns),
        "scale": [25.0] * len(columns),
    }


def _tree(segments: list[dict[str, Any]]) -> dict[str, Any]:
    """A tree of a chain of questions: one leaf per segment."""
    k = len(segments)
    numbers = [s["segment"] for s in segments]
    columns = ["recency", "frequency", "monetary"]
    nodes: list[dict[str, Any]] = []
    for i in range(k - 1):
        nodes.append(
            {
                "id": 2 * i,
                "column": columns[i % 3],
                "threshold": 23.5 + 40 * i,
                "left": 2 * i + 1,
                "right": 2 * i + 2,
                "segment": numbers[i],
                "customers": 100 * (k - i),
                "purity": 0.5,
            }
        )
        nodes.append(
            {
                "id": 2 * i + 1,
                "column": None,
                "threshold": None,
                "left": None,
                "right": None,
                "segment": numbers[i],
                "customers": 100,
                "purity": 0.97,
            }
        )
    nodes.append(
        {
            "id": 2 * k - 2,
            "column": None,
            "threshold": None,
            "left": None,
            "right": None,
            "segment": numbers[-1],
            "customers": 100,
            "purity": 0.9,
        }
    )
    confusion = [[18 if i == j else (1 if abs(i - j) == 1 else 0) for j in range(k)] for i in range(k)]
    figures = {"precision": 0.9, "recall": 0.92, "f1": 0.91}
    return {
        "columns": columns,
        "max_depth": k - 1,
        "train": 80 * k,
        "test": 20 * k,
        "accuracy": 0.913,
        "fidelity": 0.913,
        "fidelity_interval": [0.871, 0.942],
        "leaves": k,
        "classes": numbers,
        "confusion": confusion,
        "per_class": [{"segment": n, **figures, "support": sum(confusion[i])} for i, n in enumerate(numbers)],
        "macro": figures,
        "weighted": figures,
        "roc": [
            {"segment": n, "auc": 0.95, "fpr": [0.0, 0.05, 0.3, 1.0], "tpr": [0.0, 0.8, 0.97, 1.0]} for n in numbers
        ],
        "rules": [
            {
                "segment": n,
                "text": text(
                    f"bought {n + 1} times or more, last time under 24 days ago",
                    f"a acheté {n + 1} fois ou plus, il y a moins de 24 jours",
                ),
                "customers": 100,
                "purity": 0.97,
            }
            for n in numbers
        ],
        "nodes": nodes,
    }


def scorecard(personas: list[str], visitors: int) -> dict[str, Any]:
    total = sum(PEOPLE[p][0] for p in personas)
    worth = sum(PEOPLE[p][0] * PEOPLE[p][3] for p in personas)
    segments = [_segment(i, p, total, worth) for i, p in enumerate(personas)]
    return {
        "format_version": 3,
        "as_of": "2019-12-01",
        "preset": "default",
        "population": {
            "rule": text(
                "Every customer who bought in the last 7 months is placed.",
                "Chaque client qui a acheté dans les 7 derniers mois est placé.",
            ),
            "customers": total + visitors,
            "segmented": total,
            "too_early": {"visitors": visitors - sum(LOOKING.values())} if visitors else {},
            "left_out": 0,
        },
        "pca": _pca(),
        "silhouette": believed(len(personas)),
        "candidates": candidates(len(personas)),
        "worth": comparison(),
        "segments": segments,
        "visitors": _looking(len(personas), visitors) if visitors else None,
        "enough": enough(),
        "follow": None,
        "tree": _tree(segments) if len(segments) > 1 else None,
        "warnings": [],
    }


def quality() -> dict[str, Any]:
    return {
        "format_version": 2,
        "as_of": "2019-12-01",
        "counts": {"read": 20_000, "kept": 19_900, "duplicates": 40, "rejected": 60, "erased": 0, "excluded": 0},
        "sources": [
            {
                "name": "2019-Oct.csv",
                "fingerprint": "9f86d081884c7d65",
                "read": 12_000,
                "kept": 11_950,
                "duplicates": 20,
                "rejected": 30,
                "erased": 0,
                "excluded": 0,
            },
            {
                "name": "2019-Nov.csv.gz",
                "fingerprint": "2c26b46b68ffc68f",
                "read": 8_000,
                "kept": 7_950,
                "duplicates": 20,
                "rejected": 30,
                "erased": 0,
                "excluded": 0,
            },
        ],
        "rejected_by_reason": {
            "unparsable_line": 20,
            "time_in_the_future": 25,
            "missing_user_id": 5,
            "no <customer> named": 10,
        },
        "missing": {"brand": 2_900, "category_code": 6_400, "user_session": 3, "price": 0},
        "out_of_range": {"zero_price": 19},
        "inconsistencies": {
            "sessions_with_several_customers": 1,
            "products_with_several_brands": 2,
            "products_with_several_categories": 0,
        },
        "outliers": {"sessions_over_500_events": 2, "view_only_floods": 1},
        "gaps": [
            {"day": "2019-11-14", "kind": "no_purchases", "events": 900, "usual": 1_100},
            {"day": "2019-11-15", "kind": "few_events", "events": 12, "usual": 1_100},
        ],
        "usual": 1_100,
        "days": [
            {
                "day": (date(2019, 10, 1) + timedelta(days=number)).isoformat(),
                "events": {44: 900, 45: 12}.get(number, 1_100 + number % 7),
                "purchases": 0 if number == 44 else 20 + number % 3,
            }
            for number in range(61)
        ],
    }


def model(personas: list[str], visitors: int) -> dict[str, Any]:
    columns = {
        "recency": "days_since_last_purchase",
        "frequency": "number_of_purchases_7m",
        "monetary": "total_purchase_value",
    }

    def segmentation(population: str, first: int, names: list[str]) -> dict[str, Any]:
        return {
            "population": population,
            "candidate": "rfm_log",
            "columns": [{"name": name, "source": source} for name, source in columns.items()],
            "transform": {"kind": "log1p_standardise", "mean": [0, 0, 0], "scale": [1, 1, 1]},
            "segments": [{"segment": first + number, "persona": name} for number, name in enumerate(names)],
        }

    return {
        "format_version": 2,
        "config": CONFIG | {"windows": list(WINDOWS)},
        "fitted": {
            "buyers": segmentation("buyers", 0, personas),
            "visitors": segmentation("visitors", len(personas), list(LOOKING)) if visitors else None,
            "min_events": 9,
            "expected": None,
            "season": None,
        },
        "provenance": {
            "as_of": "2019-12-01",
            "customers": 1_400,
            "segmented": 1_000,
            "fingerprint": "ab" * 32,
            "versions": {"bestiary": "0.1.0", "duckdb": "2.0.0"},
        },
    }
