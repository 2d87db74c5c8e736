"""Event files -> customer table, as a good user of pandas writes it: vectorised, no apply.

    python benchmarks/peers/pandas_job.py EVENTS... --as-of 2020-05-01 --out customers.parquet

Everything is held in memory. Rows are taken as sound: none is checked, and none may be
a refund. All 24 columns are those of `docs/columns.md`, ties included.
"""

from datetime import date

import pandas as pd
from request import DAYPARTS, WEEKDAYS, WINDOWS, parse


def read(files: list[str], as_of: date) -> pd.DataFrame:
    """The distinct events of the longest window, with the visit that each belongs to."""
    midnight = pd.Timestamp(as_of)
    start = midnight - pd.DateOffset(months=WINDOWS[-1])
    parts = (pd.read_parquet(file) for file in files)
    events = pd.concat([part[(part["event_time"] < midnight) & (part["event_time"] >= start)] for part in parts])
    events = events.drop_duplicates(ignore_index=True).drop(columns=["product_id", "category_id"])
    # Without a session, customer and hour make the visit.
    alone = events["user_session"].isna()
    events.loc[alone, "user_session"] = events.loc[alone, "event_time"].dt.strftime("%Y-%m-%d %H")
    return events.astype({"event_type": "category", "user_session": "category"})


def windowed(events: pd.DataFrame, months: int, as_of: date) -> dict[str, pd.Series]:
    """The columns of one window."""
    inside = events[events["event_time"] >= pd.Timestamp(as_of) - pd.DateOffset(months=months)]
    kinds = inside.groupby(["user_id", "event_type"]).size().unstack(fill_value=0)
    sessions = inside[["user_id", "user_session"]].drop_duplicates().groupby("user_id").size()
    bought = inside[inside["event_type"] == "purchase"]
    return {
        f"number_of_views_{months}m": kinds.get("view"),
        f"number_of_carts_{months}m": kinds.get("cart"),
        f"number_of_sessions_{months}m": sessions,
        f"count_products_{months}m": kinds.get("purchase"),
        f"avg_price_{months}m": bought.groupby("user_id")["price"].mean(),
    }


def most_active(events: pd.DataFrame, labels: pd.Series, order: list[str]) -> pd.Series:
    """The label with most events for each customer; ties go to the earlier in `order`."""
    counts = events.groupby(["user_id", labels]).size().unstack(fill_value=0)
    return counts.reindex(columns=order, fill_value=0).idxmax(axis=1)


def preferred(purchases: pd.DataFrame, column: str) -> pd.Series:
    """The most purchased value of each customer; ties go to the latest purchase, then the first by code point."""
    grouped = purchases.dropna(subset=[column]).groupby(["user_id", column])["event_time"]
    ranked = grouped.agg(times="size", latest="max").reset_index()
    ranked = ranked.sort_values(["times", "latest", column], ascending=[False, False, True])
    return ranked.drop_duplicates("user_id").set_index("user_id")[column]


def customers(events: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """A row for each customer."""
    purchases = events[events["event_type"] == "purchase"]
    spent = purchases.groupby("user_id")
    edges = [-1, *(last for _, _, last in DAYPARTS)]
    names = [name for name, _, _ in DAYPARTS]
    dayparts = pd.cut(events["event_time"].dt.hour, edges, labels=names).astype(str)
    weekdays = events["event_time"].dt.day_of_week.map(dict(enumerate(WEEKDAYS)))
    columns = {name: column for months in WINDOWS for name, column in windowed(events, months, as_of).items()}
    columns |= {
        "last_purchase": spent["event_time"].max(),
        "total_purchase_value": spent["price"].sum(),
        "preferred_brand": preferred(purchases, "brand"),
        "preferred_category": preferred(purchases, "category_code"),
        "most_active_time": most_active(events, dayparts, names),
        "most_active_day": most_active(events, weekdays, list(WEEKDAYS)),
    }
    table = pd.DataFrame(columns)
    counts = [name for name in table if name.startswith(("number_of", "count"))]
    table[counts] = table[counts].fillna(0).astype("int64")
    table["total_purchase_value"] = table["total_purchase_value"].fillna(0)
    table["days_since_last_purchase"] = (pd.Timestamp(as_of) - table["last_purchase"]).dt.days.astype("Int32")
    carts, bought = table[f"number_of_carts_{WINDOWS[-1]}m"], table[f"count_products_{WINDOWS[-1]}m"]
    table["cart_abandonments"] = (carts - bought).clip(lower=0)
    return table.rename_axis("user_id").reset_index()


def main() -> None:
    """Do the job."""
    job = parse(__doc__)
    customers(read(job.events, job.as_of), job.as_of).to_parquet(job.out, index=False)


if __name__ == "__main__":
    main()
