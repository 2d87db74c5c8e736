"""Event files -> customer table, as a good user of PySpark writes it, on one machine: DataFrames, no Python functions.

    python benchmarks/peers/pyspark_job.py EVENTS... --as-of 2020-05-01 --out customers.parquet

Counts go by session first, which spares the many distinct counts that Spark would copy every row for. As many threads
as there are cores; half of the machine's memory for Java, and as many partitions as threads times four, since the
default of 200 is for a cluster. Rows are taken as sound: none is checked, and none may be a refund. All 24 columns are
those of `docs/columns.md`, ties included. The output is a folder of part files.
"""

import os
from datetime import date
from functools import reduce
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - its customary name
from request import DAYPARTS, WEEKDAYS, WINDOWS, parse


def session(spill: Path) -> SparkSession:
    """Spark on this machine's cores; what does not fit in memory goes to the folder `spill`."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    return (
        SparkSession.builder.master(f"local[{cores}]")
        .config("spark.driver.memory", f"{memory // 2**20}m")
        .config("spark.sql.shuffle.partitions", 4 * cores)
        .config("spark.local.dir", str(spill))
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )


def start(as_of: date, months: int) -> Column:
    """Where a window begins."""
    return F.add_months(F.lit(as_of), -months).cast("timestamp_ntz")


def sessions(events: DataFrame, as_of: date) -> DataFrame:
    """A row for each customer and session, with all that can be added up."""
    time, kind = F.col("event_time"), F.col("event_type")
    # Without a session, customer and hour make the visit.
    visit = F.coalesce("user_session", F.date_trunc("hour", time).cast("string")).alias("session")
    counts = []
    for months in WINDOWS:
        inside = time >= start(as_of, months)
        counts += [
            F.count_if(inside & (kind == "view")).alias(f"number_of_views_{months}m"),
            F.count_if(inside & (kind == "cart")).alias(f"number_of_carts_{months}m"),
            F.max(inside).cast("int").alias(f"number_of_sessions_{months}m"),
            F.count_if(inside & (kind == "purchase")).alias(f"count_products_{months}m"),
            F.sum(F.when(inside & (kind == "purchase"), F.col("price"))).alias(f"spent_{months}m"),
            F.count(F.when(inside & (kind == "purchase"), F.col("price"))).alias(f"priced_{months}m"),
        ]
    hour, day = F.hour(time), F.weekday(time)
    counts += [F.count_if(hour.between(first, last)).alias(name) for name, first, last in DAYPARTS]
    counts += [F.count_if(day == number).alias(name) for number, name in enumerate(WEEKDAYS)]
    last = F.max(F.when(kind == "purchase", time)).alias("last_purchase")
    return events.groupBy("user_id", visit).agg(*counts, last)


def most(names: list[str]) -> Column:
    """The name of the column that holds most; ties go to the earlier."""
    top = F.greatest(*names)
    first, *others = [F.when(F.col(name) == top, F.lit(name)) for name in names]
    return reduce(lambda found, other: F.coalesce(found, other), others, first)


def preferred(purchases: DataFrame, column: str, name: str) -> DataFrame:
    """The most purchased value of each customer; ties go to the latest purchase, then the first by code point."""
    counted = (
        purchases.dropna(subset=[column])
        .groupBy("user_id", column)
        .agg(F.count("*").alias("times"), F.max(F.unix_micros(F.col("event_time").cast("timestamp"))).alias("latest"))
    )
    order = F.struct(-F.col("times"), -F.col("latest"), F.col(column))
    return counted.groupBy("user_id").agg(F.min_by(column, order).alias(name))


def totals(by_session: DataFrame) -> DataFrame:
    """A row for each customer, with everything added up."""
    added = [name for name in by_session.columns if name not in ("user_id", "session", "last_purchase")]
    sums = [F.sum(name).alias(name) for name in added]
    return by_session.groupBy("user_id").agg(*sums, F.max("last_purchase").alias("last_purchase"))


def customers(events: DataFrame, as_of: date) -> DataFrame:
    """A row for each customer, not yet computed."""
    longest = WINDOWS[-1]
    dayparts = [name for name, _, _ in DAYPARTS]
    carts, bought = F.col(f"number_of_carts_{longest}m"), F.col(f"count_products_{longest}m")
    midnight = F.lit(as_of).cast("timestamp_ntz")
    derived = {f"avg_price_{months}m": F.col(f"spent_{months}m") / F.col(f"priced_{months}m") for months in WINDOWS} | {
        "total_purchase_value": F.coalesce(f"spent_{longest}m", F.lit(0.0)),
        "days_since_last_purchase": F.timestamp_diff("DAY", F.col("last_purchase"), midnight),
        "cart_abandonments": F.greatest(carts - bought, F.lit(0)),
        "most_active_time": most(dayparts),
        "most_active_day": most(list(WEEKDAYS)),
    }
    used = [*dayparts, *WEEKDAYS, *(f"{kind}_{months}m" for kind in ("spent", "priced") for months in WINDOWS)]
    purchases = events.where(F.col("event_type") == "purchase")
    return (
        totals(sessions(events, as_of))
        .withColumns(derived)
        .drop(*used)
        .join(preferred(purchases, "brand", "preferred_brand"), "user_id", "left")
        .join(preferred(purchases, "category_code", "preferred_category"), "user_id", "left")
    )


def main() -> None:
    """Do the job."""
    job = parse(__doc__)
    spark = session(job.out.with_suffix(".spill"))
    spark.sparkContext.setLogLevel("ERROR")
    events = spark.read.parquet(*job.events)
    midnight = F.lit(job.as_of).cast("timestamp_ntz")
    inside = events.where((F.col("event_time") < midnight) & (F.col("event_time") >= start(job.as_of, WINDOWS[-1])))
    customers(inside.dropDuplicates(), job.as_of).write.parquet(str(job.out), mode="overwrite")
    spark.stop()


if __name__ == "__main__":
    main()
