"""A summary with small groups in every part of it, and the shared page that is made of it, decoded."""

import functools
import html
import json
import re
from copy import deepcopy
from datetime import date, timedelta
from typing import Any

from bestiary.config import LANGUAGES
from bestiary.report.html import render
from bestiary.report.sharing.edition import shared
from report_drawn import numbers, summary_with_all
from report_run import NAMES, followed, text

K = 10
FEW_BRAND, FEW_WARNING = "only-three-bought-this", "7 customers were refunded more than was paid."


def summary() -> dict[str, Any]:
    """Sums that close, a segment of 6, a brand of 3, a leaf of 4, moves of a few, and secrets."""
    found = summary_with_all()
    sizes = [60, 110, 6, 140, 90, 320, 200]
    for one, people in zip(found["segments"], sizes, strict=True):
        one |= {"customers": people, "placed": people, "share_of_customers": people / 1000}
    buyers = found["segments"]
    buyers[0]["common_brands"] = [{"value": FEW_BRAND, "customers": 3, "share": 0.05}]
    buyers[0]["common_brands"] += [{"value": "samsung", "customers": 30, "share": 0.5}]
    looking = found["visitors"]
    found["population"] |= {"customers": 1400, "segmented": 1000, "placed": 926 + 300, "early": 174}
    found["population"]["too_early"] = {"buyers": 74, "visitors": 100}
    for tree in (found["tree"], looking["tree"]):
        leaf = next(one for one in tree["nodes"] if one["left"] is None)
        leaf["customers"] = 4
    table = [[10 * n for n in row] for row in found["tree"]["confusion"]]
    table[0][1] = 3
    found["tree"] |= {"confusion": table, "test": sum(map(sum, table))}
    found["follow"] = followed([NAMES[one["persona"]] for one in buyers])
    for one in buyers:
        at = one["segment"]
        states, counts = found["follow"]["states"], found["follow"]["counts"]
        came = [{"customers": row[at], **_state(states["from"][i])} for i, row in enumerate(counts)]
        went = [{"customers": n, **_state(states["to"][j])} for j, n in enumerate(counts[at])]
        one["flows"] = {"from": "2019-11-01", "to": "2019-12-01", "previous": at, "came": came, "went": went}
        one["change"] = {"before": sum(counts[at]), "now": one["placed"]}
    found["warnings"] = [{"en": FEW_WARNING, "fr": "7 clients."}, {"en": "Useful cuts.", "fr": "Des découpes."}]
    found["cadence"] |= {"as_of": "2019-12-01", "sentence": text("It lasts.", "Il dure."), "note": None}
    found["enough"]["deciding"]["points"][-1]["customers"] = 7
    return found


def _state(state: dict[str, Any]) -> dict[str, Any]:
    return {name: state[name] for name in ("name", "kind", "segment")}


def presence() -> dict[str, Any]:
    """Customers by hour and by day: a few at night, nearly all at eight on Mondays; a day of 3."""
    found = summary()
    everyone = [*found["segments"], *found["visitors"]["segments"]]
    hours = {one["segment"]: [hour % 24 for hour in range(168)] for one in everyone}
    for one in everyone:
        hours[one["segment"]][8] = one["customers"] - 2
    days = {(date(2019, 10, 1) + timedelta(days=at)).isoformat(): 3 if at == 20 else 30 + at for at in range(61)}
    return {"hours": hours, "days": days}


@functools.cache
def edition(k: int = K) -> dict[str, Any]:
    """The shared summary; whoever asks leaves it as it is."""
    return shared(summary(), k, presence())


def page(found: dict[str, Any] | None = None) -> str:
    return render(found or edition(), "en")


def figures(source: str) -> dict[str, dict[str, Any]]:
    """The figures of a page by language and key, with their shared arrays in place and typed arrays as numbers."""
    held = re.search(r'<script type="application/json" id="figures">(.*?)</script>', source, re.DOTALL)
    assert held is not None
    packed = json.loads(held[1])
    assert set(packed["books"]) == set(LANGUAGES)

    def whole(value: Any) -> Any:
        if isinstance(value, list):
            return [whole(one) for one in value]
        if isinstance(value, dict):
            if "$array" in value:
                return whole(packed["arrays"][value["$array"]])
            if "bdata" in value:
                return numbers(value).tolist()
            return {key: whole(one) for key, one in value.items()}
        return value

    return {language: whole(book) for language, book in packed["books"].items()}


def strings(value: Any) -> list[str]:
    """Every text in a figure, however deep."""
    if isinstance(value, str):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for part in parts for text in strings(part)]


def words(source: str) -> str:
    """What a page says in all languages, its text and its text alternatives, without scripts, styles and drawings."""
    bare = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", deepcopy(source), flags=re.DOTALL)
    told = " ".join(re.findall(r'(?:aria-label|data-title|title|alt)="([^"]*)"', bare))
    return html.unescape(f"{re.sub(r'<[^>]*>', ' ', bare)} {told}")


def counted(text: str) -> list[int]:
    """Every number of people that a text names, in either language."""
    nouns = r"(?:customers?|buyers?|visitors?|people|clients?|acheteurs?|visiteurs?|personnes?)"
    found = re.findall(rf"(?<![\w.,…])(\d[\d,\u202f]*)\s(?:of them |autres |other )?{nouns}\b", text)
    return [int(re.sub(r"\D", "", one)) for one in found]
