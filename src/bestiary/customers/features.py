"""The dictionary of columns: what each one means, in one place.

The documentation page (`docs/columns.md`) and the report's glossary are generated from it, and `customers.sql`
is tested against it.
"""

from dataclasses import dataclass

from bestiary.windows import Windows


@dataclass(frozen=True)
class Feature:
    """One column of the customer table. `window` is in calendar months before `as_of`; 0 means none."""

    name: str
    dtype: str
    unit: str
    window: int
    formula: str
    null_rule: str
    source: str

    @property
    def numeric(self) -> bool:
        """Whether the column is a quantity (an id is not)."""
        return self.name != "user_id" and self.dtype in {"int32", "int64", "float64"}


def _windowed(months: int) -> tuple[Feature, ...]:
    def feature(name: str, dtype: str, unit: str, formula: str, null_rule: str, source: str) -> Feature:
        return Feature(f"{name}_{months}m", dtype, unit, months, formula, null_rule, source)

    return (
        feature("number_of_views", "int64", "events", "count of view events", "0 when there is none", "view"),
        feature("number_of_carts", "int64", "events", "count of cart events", "0 when there is none", "cart"),
        feature(
            "number_of_sessions",
            "int64",
            "sessions",
            "count of distinct sessions; an event without a session belongs to its customer and hour",
            "0 when there is none",
            "all events",
        ),
        feature(
            "count_products",
            "int64",
            "events",
            "count of purchase events",
            "0 when there is none",
            "purchase",
        ),
        feature(
            "avg_price",
            "float64",
            "currency",
            "mean price of the purchase events whose price is known",
            "null when nothing was bought at a known price",
            "purchase",
        ),
    )


def features(windows: Windows = (2, 5, 7)) -> tuple[Feature, ...]:
    """All columns of the customer table, in order: the 24 of the contract, then the further ones."""
    longest = windows[-1]

    def feature(name: str, dtype: str, unit: str, formula: str, null_rule: str, source: str) -> Feature:
        return Feature(name, dtype, unit, longest, formula, null_rule, source)

    never_bought = "null when nothing was bought"
    return (
        Feature(
            "user_id",
            "int32",
            "id",
            0,
            "the customer's id (int64 or string where int32 does not hold it)",
            "never null",
            "all events",
        ),
        *(column for months in windows for column in _windowed(months)),
        feature(
            "last_purchase",
            "datetime64[ns]",
            "shop's wall time",
            "time of the last purchase",
            never_bought,
            "purchase",
        ),
        feature(
            "days_since_last_purchase",
            "int32",
            "days",
            "whole days from the last purchase to as_of, rounded down",
            never_bought,
            "purchase",
        ),
        feature(
            "total_purchase_value",
            "float64",
            "currency",
            "sum of purchase prices less the sum of refunds, added as exact decimals",
            "0 when nothing was bought or paid back",
            "purchase, refund",
        ),
        feature(
            "cart_abandonments",
            "int64",
            "events",
            "max(0, carts - purchases)",
            "0 when there is none",
            "cart, purchase",
        ),
        feature(
            "preferred_brand",
            "string",
            "brand",
            "most purchased brand; ties go to the latest purchase, then the first by code point",
            never_bought + " or no brand is known",
            "purchase",
        ),
        feature(
            "preferred_category",
            "string",
            "category_code",
            "most purchased category_code, whole; ties as for the brand",
            never_bought + " or no category is known",
            "purchase",
        ),
        feature(
            "most_active_time",
            "string",
            "daypart",
            "daypart with most events: night 0-4, morning 5-12, "
            "afternoon 13-17, evening 18-23; ties go to the earlier in that order",
            "never null",
            "all events",
        ),
        feature(
            "most_active_day",
            "string",
            "weekday",
            "weekday with most events; ties go to the earlier, weeks beginning on Monday",
            "never null",
            "all events",
        ),
        feature(
            f"number_of_purchases_{longest}m",
            "int64",
            "sessions",
            "count of distinct sessions with a purchase",
            "0 when there is none",
            "purchase",
        ),
        feature(
            "first_seen",
            "datetime64[ns]",
            "shop's wall time",
            "time of the first event",
            "never null",
            "all events",
        ),
        feature(
            "last_seen",
            "datetime64[ns]",
            "shop's wall time",
            "time of the last event",
            "never null",
            "all events",
        ),
        feature(
            f"number_of_events_{longest}m",
            "int64",
            "events",
            "count of all events",
            "0 is impossible: a row has at least one event",
            "all events",
        ),
        feature(
            "lifecycle",
            "string",
            "state",
            "visitor, one_time or repeat: 0, 1 or more purchasing sessions",
            "never null",
            "purchase",
        ),
        feature(
            "days_since_last_visit",
            "int32",
            "days",
            "whole days from the last event to as_of, rounded down",
            "never null",
            "all events",
        ),
        feature(
            f"avg_price_viewed_{longest}m",
            "float64",
            "currency",
            "mean of the known prices looked at, a price once for each view",
            "null when nothing was looked at at a known price",
            "view",
        ),
    )


def markdown(windows: Windows = (2, 5, 7)) -> str:
    """The dictionary as a documentation page."""
    head = (
        "# The customer table, column by column\n\n"
        "Generated from `bestiary.customers.features` (a test keeps the two equal). Windows are\n"
        "`[as_of - m calendar months, as_of)`; the lengths 2, 5 and 7 are settings.\n\n"
        "| column | type | unit | window | formula | nulls | from |\n| --- | --- | --- | --- | --- | --- | --- |\n"
    )
    rows = [
        f"| {f.name} | {f.dtype} | {f.unit} | {f'{f.window} months' if f.window else 'none'} | {f.formula} "
        f"| {f.null_rule} | {f.source} |"
        for f in features(windows)
    ]
    return head + "\n".join(rows) + "\n"
