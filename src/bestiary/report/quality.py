"""The figures of quality.json by type of error, and whether they close."""

from collections.abc import Mapping
from typing import Any

from bestiary.contract import COUNTS

REASONS: Mapping[str, tuple[str, ...]] = {
    "wrong_type": (
        "unparsable_line", "wrong_number_of_columns", "blank_line", "not_utf8", "bad_event_time",
        "unknown_event_type", "bad_product_id", "bad_category_id", "bad_user_id", "bad_price",
    ),
    "missing_required": ("missing_event_time", "missing_event_type", "missing_product_id", "missing_user_id"),
    "out_of_range": (
        "time_in_the_future", "time_before_1990", "negative_price", "infinite_price", "price_too_large",
    ),
}  # fmt: skip
"""Types of error and the reasons for which rows are rejected; a reason that a mapping file gives is `other`."""


NEVER_NULL = frozenset(reason.removeprefix("missing_") for reason in REASONS["missing_required"])
"""Columns without which a row is rejected: a missing value is counted there, not among those kept."""


def closes(counts: Mapping[str, int]) -> bool:
    """Whether `read = kept + duplicates + rejected + erased + excluded`."""
    return counts["read"] == sum(counts[part] for part in COUNTS[1:])


def reason_type(reason: str) -> str:
    """The type of error that a reason for rejecting a row is of."""
    return next((kind for kind, reasons in REASONS.items() if reason in reasons), "other")


def assess(quality: Mapping[str, Any]) -> dict[str, Any]:
    """quality.json with `closes`, and `types`: a record {kind, unit, found, share} per type of error.

    `share` is of the rows read, for what is counted in rows; None for the rest and where nothing was read.
    """
    read, rejected = quality["counts"]["read"], quality["rejected_by_reason"]
    by_type = dict.fromkeys((*REASONS, "other"), 0)
    for reason, n in rejected.items():
        by_type[reason_type(reason)] += n
    rows = [
        ("missing", "values", sum(n for name, n in quality["missing"].items() if name not in NEVER_NULL)),
        ("duplicates", "rows", quality["counts"]["duplicates"]),
        *((kind, "rows", n) for kind, n in by_type.items() if n or kind != "other"),
        ("zero_price", "rows", quality["out_of_range"]["zero_price"]),
        *((kind, kind.partition("_")[0], n) for kind, n in quality["inconsistencies"].items()),
        *((kind, "sessions", n) for kind, n in quality["outliers"].items()),
        ("gaps", "days", len({gap["day"] for gap in quality["gaps"]})),
    ]
    types = [
        {"kind": kind, "unit": unit, "found": n, "share": n / read if read and unit == "rows" else None}
        for kind, unit, n in rows
    ]
    return {**quality, "closes": closes(quality["counts"]), "types": types}
