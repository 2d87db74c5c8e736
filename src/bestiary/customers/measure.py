"""Every customer as of a date: one task for each batch of buckets, then one table ordered by customer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.errors import EventsError
from bestiary.files import replacing
from bestiary.sql import connect, literals, path_list, quote, render
from bestiary.windows import Windows, window_start

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DAYPARTS = (("night", 0, 4), ("morning", 5, 12), ("afternoon", 13, 17), ("evening", 18, 23))
"""Name, first and last hour; ties go to the earlier in this order."""

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

BATCH_BYTES = 32_000_000
"""Buckets are measured together up to this size of their parts (about a million visits): a connection and a plan cost
as much as some 50,000 visits."""


@dataclass(frozen=True)
class Measure:
    """What every batch of one run has in common; parts go to `folder`."""

    as_of: date
    windows: Windows
    folder: Path
    threads: int
    memory_bytes: int


@dataclass(frozen=True)
class Batch:
    """Parts of visits with all that some buckets of customers did from the day `first` on, and nothing before it.

    Nobody of `left_out` is measured.
    """

    number: int
    files: tuple[Path, ...]
    first: date
    left_out: tuple[int | str, ...] = ()


def batched(
    parts: Iterable[tuple[int, str, Path]], as_of: date, windows: Windows, left_out: Sequence[int | str] = ()
) -> list[Batch]:
    """Parts of visits (bucket, month, file) that can hold events of the longest window, whole buckets together.

    `left_out` are customers who are not to be measured, because they object.

    Raises EventsError where there is none.
    """
    start = window_start(as_of, windows[-1])
    buckets: dict[int, list[Path]] = {}
    months = set()
    for bucket, month, path in parts:
        months.add(month)
        if f"{start:%Y-%m}" <= month <= f"{as_of:%Y-%m}":
            buckets.setdefault(bucket, []).append(path)
    if not buckets:
        raise EventsError(
            f"No events from {start} until {as_of}.",
            allowed=f"The lake holds {min(months)} to {max(months)}." if months else "The lake is empty.",
            do="Name another date (--as-of), or ingest other files.",
        )
    first = max(start, date.fromisoformat(f"{min(months)}-01"))
    return [Batch(number, files, first, tuple(left_out)) for number, files in enumerate(_together(buckets))]


def _together(buckets: Mapping[int, Sequence[Path]]) -> Iterator[tuple[Path, ...]]:
    """The files of neighbouring buckets while they stay within BATCH_BYTES, and of at least one bucket."""
    files: list[Path] = []
    size = 0
    for number in sorted(buckets):
        more = sum(path.stat().st_size for path in buckets[number])
        if files and size + more > BATCH_BYTES:
            yield tuple(files)
            files, size = [], 0
        files += buckets[number]
        size += more
    yield tuple(files)


def measure_batch(batch: Batch, measure: Measure) -> Path:
    """Write the customers of some buckets as Parquet; a row for each with an event in the longest window.

    Holds one batch's sessions at a time, within `measure.memory_bytes`; the rest spills beside the part.
    """
    part = measure.folder / f"customers-{batch.number}.parquet"
    with connect(threads=measure.threads, memory_bytes=measure.memory_bytes, spill=measure.folder) as connection:
        copy_part(connection, customers_query(batch, measure.as_of, measure.windows), part)
    return part


def copy_part(connection: "DuckDBPyConnection", query: str, part: Path) -> None:
    """Write what a query gives as a Parquet file that is read back once and at once: the quickest to write."""
    connection.execute(
        f"COPY ({query}) TO {quote(str(part))} "
        "(FORMAT parquet, PARQUET_VERSION v2, DICTIONARY_SIZE_LIMIT 100, WRITE_BLOOM_FILTER FALSE)"
    )


def customers_query(batch: Batch, as_of: date, windows: Windows) -> str:
    """The kernel `customers.sql` over a batch. Windows that begin before its first day are one and the same."""
    return render(
        Path(__file__).parent / "customers.sql",
        files=path_list(batch.files),
        left_out=literals(batch.left_out),
        as_of=as_of.isoformat(),
        windows=windows,
        starts=[max(window_start(as_of, months), batch.first).isoformat() for months in windows],
        dayparts=DAYPARTS,
        weekdays=WEEKDAYS,
    )


def merge(connection: "DuckDBPyConnection", parts: Sequence[Path], out: Path, order: str = "user_id") -> None:
    """Write one Parquet file of all customers, ordered by user_id (or what `order` says), wholly or not at all.

    `user_id` becomes int32 where every id fits, and stays int64 or string otherwise. The order lets one customer's row
    be found without reading the others.
    """
    table = f"read_parquet({path_list(parts)})"
    kind, least, most = connection.execute(
        f"SELECT any_value(typeof(user_id)), min(user_id), max(user_id) FROM {table}"
    ).fetchall()[0]
    fits = kind == "BIGINT" and least >= -(2**31) and most < 2**31
    columns = "* REPLACE (cast(user_id AS INTEGER) AS user_id)" if fits else "*"
    with replacing(out) as temporary:
        connection.execute(
            f"COPY (SELECT {columns} FROM {table} ORDER BY {order}) TO {quote(str(temporary))} "
            "(FORMAT parquet, COMPRESSION zstd, WRITE_BLOOM_FILTER FALSE)"
        )
