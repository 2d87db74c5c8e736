"""Event files -> customer table, as a good user of Polars writes it: lazy, on the streaming engine.

    python benchmarks/peers/polars_job.py EVENTS... --as-of 2020-05-01 --out customers.parquet

Rows are taken as sound: none is checked, and none may be a refund. All 24 columns are those of `docs/columns.md`, ties
included.
"""

from datetime import date
from functools import reduce

import polars as pl
from request import DAYPARTS, WEEKDAYS, WINDOWS, parse


def windowed(months: int, as_of: date) -> list[pl.Expr]:
    """The counts of one window, over a customer's events."""
    inside = pl.col("event_time") >= pl.lit(as_of).cast(pl.Datetime("us")).dt.offset_by(f"-{months}mo")
    kind = pl.col("event_type")
    return [
        (inside & (kind == "view")).sum().alias(f"number_of_views_{months}m"),
        (inside & (kind == "cart")).sum().alias(f"number_of_carts_{months}m"),
        pl.col("session").filter(inside).n_unique().alias(f"number_of_sessions_{months}m"),
        (inside & (kind == "purchase")).sum().alias(f"count_products_{months}m"),
        pl.col("price").filter(inside & (kind == "purchase")).mean().alias(f"avg_price_{months}m"),
    ]


def most_active(counts: dict[str, pl.Expr], name: str) -> tuple[list[pl.Expr], pl.Expr]:
    """A count for each value, and then the value with most; ties go to the earlier."""
    columns = [counted.sum().alias(value) for value, counted in counts.items()]
    top = pl.max_horizontal(*counts)
    cases = reduce(
        lambda otherwise, value: pl.when(pl.col(value) == top).then(pl.lit(value)).otherwise(otherwise),
        reversed(counts),
        pl.lit(None, pl.String),
    )
    return columns, cases.alias(name)


def preferred(purchases: pl.LazyFrame, column: str, name: str) -> pl.LazyFrame:
    """The most purchased value of each customer; ties go to the latest purchase, then the first by code point."""
    return (
        purchases.drop_nulls(column)
        .group_by("user_id", column)
        .agg(pl.len().alias("times"), pl.col("event_time").max().alias("latest"))
        .sort("times", "latest", column, descending=[True, True, False])
        .group_by("user_id", maintain_order=True)
        .agg(pl.col(column).first().alias(name))
    )


def customers(files: list[str], as_of: date) -> pl.LazyFrame:
    """The table, not yet computed."""
    midnight = pl.lit(as_of).cast(pl.Datetime("us"))
    time, kind = pl.col("event_time"), pl.col("event_type")
    scanned = pl.scan_parquet(files).filter(time < midnight, time >= midnight.dt.offset_by(f"-{WINDOWS[-1]}mo"))
    # Without a session, customer and hour make the visit.
    session = pl.coalesce("user_session", time.dt.truncate("1h").cast(pl.String)).alias("session")
    hour, day = time.dt.hour(), time.dt.weekday()
    dayparts, daypart = most_active(
        {name: hour.is_between(first, last) for name, first, last in DAYPARTS}, "most_active_time"
    )
    weekdays, weekday = most_active({name: day == number for number, name in enumerate(WEEKDAYS, 1)}, "most_active_day")
    activity = (
        scanned.unique()
        .with_columns(session)
        .group_by("user_id")
        .agg(
            *(column for months in WINDOWS for column in windowed(months, as_of)),
            time.filter(kind == "purchase").max().alias("last_purchase"),
            pl.col("price").filter(kind == "purchase").sum().alias("total_purchase_value"),
            *dayparts,
            *weekdays,
        )
    )
    # Purchases are few: reading the files once more for them is cheaper than keeping all distinct events.
    purchases = scanned.filter(kind == "purchase").unique()
    carts, bought = pl.col(f"number_of_carts_{WINDOWS[-1]}m"), pl.col(f"count_products_{WINDOWS[-1]}m")
    return (
        activity.join(preferred(purchases, "brand", "preferred_brand"), on="user_id", how="left")
        .join(preferred(purchases, "category_code", "preferred_category"), on="user_id", how="left")
        .with_columns(
            (midnight - pl.col("last_purchase")).dt.total_days().alias("days_since_last_purchase"),
            pl.when(carts > bought)
            .then(carts.cast(pl.Int64) - bought.cast(pl.Int64))
            .otherwise(0)
            .alias("cart_abandonments"),
            daypart,
            weekday,
        )
        .drop(*(name for name, _, _ in DAYPARTS), *WEEKDAYS)
    )


def main() -> None:
    """Do the job."""
    job = parse(__doc__)
    customers(job.events, job.as_of).sink_parquet(job.out, engine="streaming")


if __name__ == "__main__":
    main()
