"""The figures of a segment's card in words and units, and reasons as one sentence."""

from collections.abc import Mapping, Sequence
from typing import Any

from bestiary.report.charts import is_amount
from bestiary.report.words import Words

AMOUNTS = ("total_purchase_value", "basket")


def medians(segment: Mapping[str, Any], words: Words) -> list[tuple[str, str]]:
    """Label and figure of each median of a segment, in the order of the scorecard.

    A visitors' segment has columns of the customer table, a buyers' one has names of its own. A figure that is not
    defined is a dash.
    """
    found = []
    for name, value in segment["medians"].items():
        amount = name in AMOUNTS or is_amount(name)
        label = words.label("card_medians", name)
        found.append(
            (words.column(name) if label == name else label, words.money(value) if amount else words.number(value))
        )
    return found


def reasons(texts: Sequence[Mapping[str, str]], words: Words) -> str:
    """Several short texts as one sentence; empty for none."""
    joined = words("format.semicolon").join(words.of(text).rstrip(".") for text in texts)
    return f"{joined[:1].upper()}{joined[1:]}." if joined else ""
