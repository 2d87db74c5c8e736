"""Made-up figures of a run for the report's tests: scorecard, quality and model, by the artefacts' own schemas."""

from typing import Any

import numpy as np

from bestiary.customers.features import Windows, features

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


def text(english: str, french: str) -> dict[str, str]:
    return {"en": english, "fr": french}


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
        "silhouette": {**_believed(len(segments)), "word": "constructed", "extremes": None},
        "segments": segments,
        "tree": tree,
    }


def _pca(segments: list[dict[str, Any]]) -> dict[str, Any]:
    columns = [f.name for f in features(WINDOWS) if f.numeric]
    random = np.random.default_rng(5)
    basis = np.linalg.qr(random.normal(size=(len(columns), len(columns))))[0]
    variance = np.sort(random.gamma(1, 1, len(columns)))[::-1]
    numbers = [s["segment"] for s in segments for _ in range(max(1, s["customers"] // 4))]
    scores = [[round(float(x), 4) for x in random.normal((n % 3, n / 2))] for n in numbers]
    return {
        "columns": columns,
        "constant_columns": [],
        "explained_variance": [float(v) for v in variance],
        "explained_variance_ratio": [float(v) for v in variance / variance.sum()],
        "loadings": basis.T.tolist(),
        "sample": {"size": len(scores), "scores": scores, "segment": numbers},
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


def _curve() -> list[dict[str, Any]]:
    curve = []
    for k in range(2, 12):
        value, sampled = 0.62 - 0.02 * abs(k - 7) - (0.05 if k == 2 else 0), k > 8
        curve.append(
            {
                "k": k,
                "silhouette": value,
                "kind": "sampled" if sampled else "exact",
                "low": value - 0.012 if sampled else None,
                "high": value + 0.012 if sampled else None,
                "sample": value + 0.004,
                "null_mean": 0.5,
                "null_low": 0.46,
                "null_high": 0.54,
                "ari": 0.97 - 0.03 * k,
                "jaccard": 0.93 - 0.04 * k,
                "smallest_share": 0.3 / k,
            }
        )
    return curve


def _believed(k: int) -> dict[str, Any]:
    return {
        "chosen_k": k,
        "word": "reproducible",
        "rule": text("The largest k that comes back.", "Le plus grand k qui se retrouve."),
        "p": 0.325,
        "gap": 0.0123,
        "extremes": {
            "decide": False,
            "with": {"word": "reproducible", "k": k},
            "without": {"word": "reproducible", "k": k},
            "text": text("Without the top 0.1 % it is the same.", "Sans les 0,1 % extrêmes, c'est pareil."),
        },
        "asked": {"ari": 0.75, "jaccard": 0.5, "loose": 0.75, "smallest_share": 0.02},
        "curve": _curve(),
    }


METRICS = ("gini", "r_squared", "top_10", "top_20", "average_precision")


def figure(value: float, half: float) -> dict[str, float]:
    return {"value": value, "low": value - half, "high": value + half}


def _metrics(value: float) -> dict[str, Any]:
    return {metric: figure(value - 0.05 * place, 0.02) for place, metric in enumerate(METRICS)}


def _candidates(k: int) -> list[dict[str, Any]]:
    def one(name: str, title: dict[str, str], value: float, **more: Any) -> dict[str, Any]:
        record = {"name": name, "title": title, "k": k, "word": None, "ari": 0.8, "jaccard": 0.7}
        record |= {"smallest_share": 0.06, "fidelity": 0.95, "leaves": 15, "worth": _metrics(value)}
        return record | {"chosen": False, "why": []} | more

    lost = [text("not stable: 0.50", "instable : 0,50"), text("worth less", "vaut moins")]
    return [
        one("rfm_log", text("logarithms of RFM", "logarithmes de RFM"), 0.72, chosen=True, word="reproducible"),
        one("behaviour_pca", text("all columns", "toutes les colonnes"), 0.7, word="constructed", why=lost),
        one("rfm_grid", text("eleven cells", "onze cases"), 0.69, k=11, why=[text("a baseline", "une référence")]),
    ]


def _worth() -> dict[str, Any]:
    scorers = [("rfm_log", "segments", 0.72), ("behaviour_pca", "segments", 0.7), ("rfm_grid", "segments", 0.69)]
    scorers += [("rfm_log", "segments_and_distances", 0.76), ("grid", "baseline", 0.69), ("frequency", "baseline", 0.5)]
    scorers += [("quintile_cells", "baseline", 0.66), ("monetary_deciles", "baseline", 0.74)]
    scorers += [("monetary", "baseline", 0.75), ("expected", "expected", 0.77), ("ceiling", "ceiling", 0.79)]
    apart = {("grid", "gini"): (0.03, 0.01), ("frequency", "gini"): (0.22, 0.05), ("grid", "r_squared"): (-0.03, 0.01)}
    return {
        "from": "2019-10-01",
        "until": "2019-12-01",
        "customers": 812,
        "share_who_bought": 0.2,
        "halves": 10,
        "scorers": [
            {"name": name, "kind": kind, "halves": 10, "metrics": _metrics(value), "of_ceiling": {}}
            for name, kind, value in scorers
        ],
        "differences": [
            {"name": "rfm_log", "kind": "segments", "baseline": baseline, "metric": metric}
            | figure(*apart.get((baseline, metric), (0.01, 0.04)))
            | {"too_small_to_say": (baseline, metric) not in apart}
            for baseline in ("grid", "frequency", "monetary")
            for metric in METRICS
        ],
        "lifts": {},
        "calibration": {
            "expected": [7.0, 12, 18, 26, 38, 55, 79, 116, 240, 1700],
            "actual": [0.0, 6, 16, 22, 44, 41, 163, 68, 224, 1710],
            "slope": 0.998,
        },
        "season": None,
    }


def _enough() -> dict[str, Any]:
    def points(shares: list[float]) -> list[dict[str, Any]]:
        return [
            {"n": n, "customers": people, "same": round(people * share), "share": share}
            | {"low": share - 0.03, "high": min(1.0, share + 0.02), "events": 3.0 * n}
            for n, share in enumerate(shares, 1)
            for people in [600 if n < 5 else 20]
        ]

    words = text("3 visits are enough.", "3 visites suffisent.")
    never = text("No number is known to be enough.", "On ne connaît aucun nombre suffisant.")
    return {
        "min_events": 9,
        "words": words,
        "deciding": {"against": "next", "level": 0.8, "points": points([0.6, 0.7, 0.85, 0.9, 0.95]), "visits": 3}
        | {"min_events": 9, "words": words},
        "whole": {"against": "all", "level": 0.8, "points": points([0.3, 0.4, 0.45, 0.5]), "visits": None}
        | {"min_events": None, "words": never},
    }


def follow() -> dict[str, Any]:
    """A movement between two runs of two segments each, with one new one."""
    states = [("segment", "lion", 0), ("segment", "fox", 1), ("too_early", "Too early to say", None)]
    names = {"lion": text("lion", "lion"), "fox": text("fox", "renard"), "Too early to say": text("early", "tôt")}

    def state(kind: str, name: str, number: int | None) -> dict[str, Any]:
        return {"kind": kind, "segment": number, "population": "buyers", "name": names[name], "customers": 0}

    def flow(one: int, other: int, customers: int, expected: float, **more: bool) -> dict[str, Any]:
        ends = {"from": one, "to": other, "stayed": one == other, "customers": customers, "expected": expected}
        spread = {"low": expected - 5, "high": expected + 5, "excess": customers - expected}
        return ends | spread | {"surprise": abs(customers - expected) > 5} | more

    last = {"segment": None, "population": None, "customers": 0}
    return {
        "from": "2019-11-01",
        "to": "2019-12-01",
        "days": 30,
        "populations": {
            "buyers": {
                "way": "warm",
                "segments": [
                    {"segment": 0, "kind": "same", "previous": 0, "note": None},
                    {"segment": 1, "kind": "split", "previous": None, "note": text("Split.", "Détaché.")},
                ],
                "before": [
                    {"segment": 0, "fate": "kept", "into": [0], "note": None},
                    {"segment": 1, "fate": "vanished", "into": [], "note": text("The owl has vanished", "Parti")},
                ],
            }
        },
        "states": {
            "from": [*(state(*one) for one in states), {"kind": "new", "name": text("New", "Nouveaux"), **last}],
            "to": [*(state(*one) for one in states), {"kind": "gone", "name": text("Gone", "Partis"), **last}],
        },
        "counts": [[80, 30, 0, 7], [12, 60, 0, 1], [3, 2, 5, 0], [4, 5, 6, 0]],
        "flows": [flow(0, 0, 80, 95), flow(0, 1, 30, 28), flow(1, 0, 12, 2), flow(1, 1, 60, 71)],
    }


def scorecard(personas: list[str], visitors: int) -> dict[str, Any]:
    total = sum(PEOPLE[p][0] for p in personas)
    worth = sum(PEOPLE[p][0] * PEOPLE[p][3] for p in personas)
    segments = [_segment(i, p, total, worth) for i, p in enumerate(personas)]
    return {
        "format_version": 2,
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
        },
        "pca": _pca(segments),
        "silhouette": _believed(len(personas)),
        "candidates": _candidates(len(personas)),
        "worth": _worth(),
        "segments": segments,
        "visitors": _looking(len(personas), visitors) if visitors else None,
        "enough": _enough(),
        "follow": None,
        "tree": _tree(segments) if len(segments) > 1 else None,
        "warnings": [],
    }


def quality() -> dict[str, Any]:
    return {
        "format_version": 1,
        "as_of": "2019-12-01",
        "counts": {"read": 20_000, "kept": 19_900, "duplicates": 40, "rejected": 60, "erased": 0},
        "sources": [
            {
                "name": "2019-Oct.csv",
                "fingerprint": "9f86d081884c7d65",
                "read": 12_000,
                "kept": 11_950,
                "duplicates": 20,
                "rejected": 30,
                "erased": 0,
            },
            {
                "name": "2019-Nov.csv.gz",
                "fingerprint": "2c26b46b68ffc68f",
                "read": 8_000,
                "kept": 7_950,
                "duplicates": 20,
                "rejected": 30,
                "erased": 0,
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
        "config": {
            "preset": "default",
            "windows": list(WINDOWS),
            "k": "auto",
            "k_min": 2,
            "k_max": 11,
            "candidate": None,
            "test_share": 0.2,
            "seed": 0,
        },
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
