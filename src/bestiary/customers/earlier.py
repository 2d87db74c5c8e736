"""Customers as of an earlier midnight, each with what it did next: what a segmentation is worth is measured on these.

Nothing at or after that midnight touches a column of the customer table, and nothing before it the outcome.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from math import ceil
from pathlib import Path

from bestiary.customers.features import features
from bestiary.customers.measure import Batch, batched, copy_part, customers_query, merge
from bestiary.sql import connect, path_list, render
from bestiary.windows import Windows, window_start

Part = tuple[int, str, Path]
"""Bucket, month (`2020-04`) and file of some visits."""

ENOUGH_BUYERS = 50_000
"""Half of so many tell a share to within 0.6 points (95 %: 1.96 * sqrt(0.25 / 25,000))."""


def sampled(buckets: int, buyers: int, enough: int = ENOUGH_BUYERS) -> tuple[int, ...]:
    """The numbers of the first buckets that hold about `enough` of all `buyers`, and at least one bucket.

    A bucket is a stable function of the customer's id and of nothing that the customer does, so whole buckets are a
    random sample of customers, the same one on every run. All of them where there are no more buyers than that.
    """
    wanted = ceil(buckets * enough / buyers) if buyers else buckets
    return tuple(range(min(buckets, max(1, wanted))))


def horizon(first: date, until: date, windows: Windows) -> date | None:
    """The earlier midnight from which outcomes are looked at: `until` less a whole number of calendar months.

    The outcome window is as long as the shortest window of the columns where that can be, and no longer than what is
    known before it: history begins on the day `first`. None where not even one month and one before it fit.
    """
    for months in range(windows[0], 0, -1):
        at = window_start(until, months)
        if window_start(at, months) >= first:
            return at
    return None


def measure_earlier(
    parts: Iterable[Part],
    at: date,
    until: date,
    windows: Windows,
    out: Path,
    folder: Path,
    threads: int,
    memory_bytes: int,
    left_out: Sequence[int | str] = (),
) -> Path:
    """Write the customers of the parts' buckets as of `at` with their outcome in [at, until), ordered by user_id.

    All columns of the customer table as of `at`, then `outcome_value` (double, currency: prices paid in the window
    less refunds there, added as exact decimals; 0 when nothing was bought or paid back; a refund of an earlier
    purchase makes it negative) and `outcome_bought` (boolean: a purchase in the window, also at an unknown price).
    Nulls are those of the customer table. Only customers seen before `at`, in its longest window, are there,
    and nobody of `left_out`.

    Parts must be whole buckets. One batch at a time is held, within `memory_bytes`; the rest spills to `folder`.
    Raises EventsError where no part can hold an event before `at`.
    """
    listed = [part for part in parts if part[1] <= f"{until:%Y-%m}"]
    written = []
    with connect(threads=threads, memory_bytes=memory_bytes, spill=folder) as connection:
        for batch in batched(listed, at, windows, left_out):
            written.append(folder / f"earlier-{batch.number}.parquet")
            connection.execute(f"CREATE OR REPLACE TEMP VIEW earlier AS {customers_query(batch, at, windows)}")
            files = _since(at, batch, listed)
            copy_part(connection, _outcome_query(files, at, until, windows), written[-1])
        merge(connection, written, out)
    return out


def _since(at: date, batch: Batch, parts: Sequence[Part]) -> list[Path]:
    """The parts of a batch's buckets that can hold something at or after a midnight."""
    own = set(batch.files)
    buckets = {bucket for bucket, _, path in parts if path in own}
    found = [path for bucket, month, path in parts if bucket in buckets and month >= f"{at:%Y-%m}"]
    # Where there is none, those of before are read instead: nothing in them is of the window either.
    return found or list(batch.files)


def _outcome_query(files: Sequence[Path], at: date, until: date, windows: Windows) -> str:
    """The kernel `outcome.sql` over some parts of visits, beside the view `earlier`."""
    return render(
        Path(__file__).parent / "outcome.sql",
        columns=[feature.name for feature in features(windows)],
        files=path_list(files),
        first=at.isoformat(),
        last=until.isoformat(),
    )
