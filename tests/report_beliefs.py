"""Made-up figures of what is believed and why: the choice of k, the comparison, its worth, what followed."""

from typing import Any


def text(english: str, french: str) -> dict[str, str]:
    return {"en": english, "fr": french}


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


def believed(k: int) -> dict[str, Any]:
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


def candidates(k: int) -> list[dict[str, Any]]:
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


def comparison() -> dict[str, Any]:
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


def enough() -> dict[str, Any]:
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


def followed(names: list[tuple[str, str]]) -> dict[str, Any]:
    """A movement between two runs of the same segments: most stayed, somebody went everywhere, one flow surprises."""
    k = len(names)
    last = {"segment": None, "population": None, "customers": 0}
    states = [
        {"kind": "segment", "segment": at, "population": "buyers", "name": text(*name), "customers": 60 + 10 * at}
        for at, name in enumerate(names)
    ]
    early = {**last, "kind": "too_early", "population": "buyers", "name": text("Too early to say", "Trop tôt")}
    counts = [[60 if one == other else 4 + one for other in range(k)] + [0, 7] for one in range(k)]
    return {
        "from": "2019-11-01",
        "to": "2019-12-01",
        "days": 30,
        "populations": {
            "buyers": {
                "way": "warm",
                "segments": [{"segment": at, "kind": "same", "previous": at, "note": None} for at in range(k)],
                "before": [{"segment": at, "fate": "kept", "into": [at], "note": None} for at in range(k)],
            }
        },
        "states": {
            "from": [*states, early, {**last, "kind": "new", "name": text("New", "Nouveaux")}],
            "to": [*states, early, {**last, "kind": "gone", "name": text("Gone", "Partis")}],
        },
        "counts": [*counts, [3] * k + [5, 0], [9] * k + [6, 0]],
        "flows": [
            {"from": one, "to": other, "stayed": one == other, "customers": counts[one][other], "expected": 5.0}
            | {"low": 1.0, "high": 9.0, "excess": counts[one][other] - 5, "surprise": counts[one][other] > 9}
            for one in range(k)
            for other in range(k)
        ],
    }
