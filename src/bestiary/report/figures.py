"""Figures as they travel to the browser: JSON in which each long array stands once, whatever figures share it."""

import json
from collections.abc import Mapping
from typing import Any

from markupsafe import Markup

from bestiary.report.charts import Chart

LONG = 60
"""Arrays from so many items on are shared: the same points in two languages are sent once."""


def packed(books: Mapping[str, Mapping[str, Chart]]) -> Markup:
    """The figures of each language as `{"arrays": [...], "books": {language: {key: figure}}}` for a script element.

    A long list, or a typed array of Plotly's, is replaced by `{"$array": its place in arrays}`.
    """
    arrays: list[Any] = []
    places: dict[str, int] = {}

    def shared(value: Any) -> dict[str, int]:
        text = json.dumps(value, ensure_ascii=False)
        if text not in places:
            places[text] = len(arrays)
            arrays.append(value)
        return {"$array": places[text]}

    def pack(value: Any) -> Any:
        if isinstance(value, Mapping):
            return shared(value) if "bdata" in value else {key: pack(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return shared(value) if len(value) >= LONG else [pack(one) for one in value]
        return value

    told = {language: {key: pack(chart.figure) for key, chart in charts.items()} for language, charts in books.items()}
    return as_script_json({"arrays": arrays, "books": told})


def as_script_json(value: object) -> Markup:
    """JSON that can stand in a `<script>` element: no character of it can end the element or begin a comment."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - made safe above
