"""Every customer as of a date: one task for each bucket of visits, then one table ordered by customer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.customers.features import Windows
from bestiary.errors import EventsError
from bestiary.files import replacing
from bestiary.sql import connect, path_list, quote, render

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DAYPARTS = (("night", 0, 4), ("morning", 5, 12), ("afternoon", 13, 17), ("evening", 18, 23))
"""Name, first and last hour; ties go to the earlier in this order."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Measure:
    """What every bucket of one run has in common; parts go to `folder`."""

    as_of: date
    windows: Windows
    folder: Path
    threads: int
    memory_bytes: int


@dataclass(frozen=True)
class Bucket:
    """The visits of one bucket of customers."""

    number: int
    files: tuple[Path, ...]


def window_start(as_of: date, months: int) -> date:
    """`as_of` less calendar months; where that day does not exist, the last day of its month."""
    year, month = divmod(as_of.year * 12 + as_of.month - 1 - months, 12)
    last = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, month + 1, min(as_of.day, last))


def bucketed(parts: Iterable[tuple[int, str, Path]], as_of: date, windows: Windows) -> list[Bucket]:
    """Parts of visits (bucket, month, file) that can hold events of the longest window, dealt to their buckets.

    Raises EventsError where there is none.
    """
    start = window_start(as_of, windows[-1])
    files: dict[int, list[Path]] = {}
    months = set()
    for bucket, month, path in parts:
        months.add(month)
        if f"{start:%Y-%m}" <= month <= f"{as_of:%Y-%m}":
            files.setdefault(bucket, []).append(path)
    if not files:
        raise EventsError(
            f"No events from {start} until {as_of}.",
            allowed=f"The lake holds {min(months)} to {max(months)}." if months else "The lake is empty.",
            do="Name another date (--as-of), or ingest other files.",
        )
    return [Bucket(number, tuple(files[number])) for number in sorted(files)]


def measure_bucket(bucket: Bucket, measure: Measure) -> Path:
    """Write the customers of one bucket as Parquet; a row for each with an event in the longest window.

    Holds one bucket's sessions at a time, within `measure.memory_bytes`; the rest spills beside the part.
    """
    part = measure.folder / f"customers-{bucket.number}.parquet"
    with connect(threads=measure.threads, memory_bytes=measure.memory_bytes, spill=measure.folder) as connection:
        query = customers_query(bucket.files, measure.as_of, measure.windows)
        connection.execute(f"COPY ({query}) TO {quote(str(part))} (FORMAT parquet)")
    return part


def customers_query(files: Sequence[Path], as_of: date, windows: Windows) -> str:
    """The kernel `customers.sql` over some parts of visits."""
    return render(
        Path(__file__).parent / "customers.sql",
        files=path_list(files),
        as_of=as_of.isoformat(),
        windows=windows,
        starts=[window_start(as_of, months).isoformat() for months in windows],
        dayparts=DAYPARTS,
        weekdays=WEEKDAYS,
    )


def merge(connection: "DuckDBPyConnection", parts: Sequence[Path], out: Path) -> None:
    """Write one Parquet file of all customers, ordered by user_id, wholly or not at all.

    `user_id` becomes int32 where every id fits, and stays int64 or string otherwise.
    """
    table = f"read_parquet({path_list(parts)})"
    kind, fits = connection.execute(
        f"SELECT any_value(typeof(user_id)), bool_and(try_cast(user_id AS INTEGER) IS NOT NULL) FROM {table}"
    ).fetchall()[0]
    columns = "* REPLACE (cast(user_id AS INTEGER) AS user_id)" if kind == "BIGINT" and fits else "*"
    with replacing(out) as temporary:
        connection.execute(
            f"COPY (SELECT {columns} FROM {table} ORDER BY user_id) TO {quote(str(temporary))} "
            "(FORMAT parquet, COMPRESSION zstd)"
        )
