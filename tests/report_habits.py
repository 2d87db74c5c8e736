"""Made-up figures of what customers do and where they moved: profiles, hours, flows, days, cadence, and a sample."""

from datetime import date, timedelta
from typing import Any

import numpy as np

from report_beliefs import text

ROLES = {
    "buyers": {
        "recency": "days_since_last_purchase",
        "frequency": "number_of_purchases_7m",
        "monetary": "total_purchase_value",
        "sessions": "number_of_sessions_7m",
        "carts": "number_of_carts_7m",
        "abandonment": "cart_abandonments",
    },
    "visitors": {
        "recency": "days_since_last_visit",
        "sessions": "number_of_sessions_7m",
        "carts": "number_of_carts_7m",
        "abandonment": "cart_abandonments",
    },
}
SHOP = {"recency": 40.0, "frequency": 2.0, "monetary": 180.0, "sessions": 6.0, "carts": 3.0, "abandonment": 0.0}
LATER, EARLIER = "2019-12-01", "2019-11-01"


def role(name: str, column: str, median: float | None, shop: float | None) -> dict[str, Any]:
    def spread(middle: float | None) -> dict[str, Any]:
        ends = {"q1": 0.5, "median": 1.0, "q3": 1.8}
        return {end: None if middle is None else middle * part for end, part in ends.items()}

    index = 100 * median / shop if median is not None and shop else None
    sure = {end: None if median is None else median * part for end, part in (("low", 0.95), ("high", 1.05))}
    return {"role": name, "column": column, **spread(median), **sure, "shop": spread(shop), "index": index}


def profile(population: str, at: int) -> list[dict[str, Any]]:
    """Better than the shop in the first segments, worse in the last ones."""
    return [
        role(name, column, SHOP[name] * (2.0 ** (at - 3) if name == "recency" else 2.0 ** (3 - at)), SHOP[name])
        for name, column in ROLES[population].items()
    ]


def hours(at: int = 0) -> list[list[int]]:
    """Visits that are most at Sunday, 20:00, and none at night."""
    week = [[0 if hour < 7 else 10 + hour + day + at for hour in range(24)] for day in range(7)]
    week[6][20] = 90
    return week


def brands() -> list[dict[str, Any]]:
    lifts = {"samsung": 2.4, "<b>brand</b>": 1.8, "apple": 1.5}
    return [
        {"value": name, "customers": 40, "share": 0.1 * lift, "rest": 0.1, "lift": lift}
        | {"low": lift - 0.3, "high": lift + 0.4}
        for name, lift in lifts.items()
    ]


def flows(segment: int, others: dict[int, dict[str, str]], name: dict[str, str]) -> dict[str, Any]:
    """Half of today's members were there; the others are of two segments, new, or one who was too early."""

    def end(kind: str, number: int | None, called: dict[str, str], customers: int) -> dict[str, Any]:
        return {"name": called, "kind": kind, "segment": number, "customers": customers}

    away = [end("segment", number, called, 40 + 10 * number) for number, called in list(others.items())[:2]]
    return {
        "from": EARLIER,
        "to": LATER,
        "came": [
            end("segment", segment, name, 200),
            *away,
            end("new", None, text("new", "nouveaux"), 60),
            end("too_early", None, text("too early to say", "trop tôt pour le dire"), 1),
        ],
        "went": [end("segment", segment, name, 200), *away, end("gone", None, text("gone", "partis"), 25)],
        "previous": segment,
    }


def days(first: str = "2019-05-01", as_of: str = LATER) -> list[dict[str, Any]]:
    start, n = date.fromisoformat(first), (date.fromisoformat(as_of) - date.fromisoformat(first)).days
    return [
        {"day": (start + timedelta(days=i)).isoformat(), "events": 800 + 40 * (i % 7) + i, "purchases": 9 + i % 5}
        for i in range(n)
    ]


def cadence(steps: int = 2) -> dict[str, Any]:
    kept = [0.97, 0.93, 0.86, 0.78]
    return {
        "dates": 5,
        "steps": steps,
        "days": 30.4 * steps,
        "open": steps == len(kept),
        "level": 0.9,
        "intervals": [
            {"steps": n, "days": 30.4 * n, "replays": 5 - n, "agreement": agreed, "rand": agreed - 0.1}
            | {"psi": [0.01, 0.02, 0.01], "loss": None, "kept": n <= steps}
            for n, agreed in enumerate(kept, 1)
        ],
        "sentence": text("A model lasts 61 days.", "Un modèle tient 61 jours."),
        "note": None,
    }


def sample(size: int, segments: list[int], seed: int = 1) -> dict[str, Any]:
    """Points of a sample of `size` customers, typed as they are read back."""
    random = np.random.default_rng(seed)
    place = random.integers(0, len(segments), size)
    points: dict[str, Any] = {"segment": np.asarray(segments, dtype=np.int16)[place]}
    points["recency"] = random.gamma(2.0, 8.0 * (1 + place)).astype(np.float32)
    points["frequency"] = (1 + random.poisson(8.0 / (1 + place))).astype(np.float32)
    points["monetary"] = random.lognormal(6 - 0.4 * place, 0.6).astype(np.float32)
    points["pc1"] = random.normal(4.0 - 1.3 * place, 1.2).astype(np.float32)
    points["pc2"] = random.normal(np.where(place % 2, 1.5, -1.0), 1.1).astype(np.float32)
    return points


def with_habits(summary: dict[str, Any], size: int = 1000) -> dict[str, Any]:
    """The summary with all that is made up here, by the shapes of the summary; `size` customers are in the sample."""
    looking = summary["visitors"]["segments"] if summary["visitors"] else []
    for population, segments in (("buyers", summary["segments"]), ("visitors", looking)):
        names = {one["segment"]: one["name"] for one in segments}
        for at, segment in enumerate(segments):
            number = segment["segment"]
            others = {other: name for other, name in names.items() if other != number}
            segment["profile"], segment["hours"] = profile(population, at), hours(at)
            segment["common_brands"] = segment["common_categories"] = []
            segment["brands"] = segment["categories"] = brands() if population == "buyers" else []
            segment["flows"] = flows(number, others, segment["name"])
            segment["change"] = {"before": 180, "now": segment["customers"]}
    summary["cadence"] = cadence()
    summary["finding"]["lapsed"] = 12
    summary["quality"]["days"], summary["quality"]["usual"] = days(), 1_000
    numbers = [segment["segment"] for segment in summary["segments"]]
    sources = summary["sample"]["sources"]
    summary["sample"] = {"size": size, "of": 50 * size, "seed": 0, "sources": sources}
    summary["sample"]["points"] = sample(size, numbers)
    return summary
