"""What the first visits of customers tell of them, beside what all do: how much is enough is judged by it."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path

from bestiary.customers.measure import batched, copy_part, merge
from bestiary.sql import connect, literals, path_list, render
from bestiary.windows import Windows, window_start

COUNTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 15, 16, 20, 21)
"""The numbers of first visits that are looked at: some, and with each the next one."""


def measure_first_visits(
    parts: Iterable[tuple[int, str, Path]],
    as_of: date,
    windows: Windows,
    out: Path,
    folder: Path,
    threads: int,
    memory_bytes: int,
    counts: Sequence[int] = COUNTS,
    left_out: Sequence[int | str] = (),
) -> Path:
    """Write what the first n visits of the customers of the parts' buckets tell, for each n of `counts`.

    A visit is a session, as in the customer table: in its longest window, in the order of first events, ties in that
    of session keys; one that goes over several hours is one visit, with all that it holds. A row for each customer
    and each n up to the customer's number of visits, ordered by user_id and n: `user_id`, `n` (int32), `visits`
    (int64, how many there are in all), and those columns of the customer table that a model may ask for, under their
    names and with their units and null rules, as of the same `as_of` but from the first n visits only.

    Parts (bucket, month, file) must be whole buckets. One batch at a time is held, within `memory_bytes`; the rest
    spills to `folder`; nobody of `left_out` is there. Raises EventsError where no part can hold an event of the window.
    """
    written = []
    with connect(threads=threads, memory_bytes=memory_bytes, spill=folder) as connection:
        for batch in batched(parts, as_of, windows, left_out):
            written.append(folder / f"first-visits-{batch.number}.parquet")
            query = render(
                Path(__file__).parent / "first_visits.sql",
                files=path_list(batch.files),
                left_out=literals(batch.left_out),
                start=max(window_start(as_of, windows[-1]), batch.first).isoformat(),
                as_of=as_of.isoformat(),
                windows=windows,
                counts=counts,
            )
            copy_part(connection, query, written[-1])
        merge(connection, written, out, order="user_id, n")
    return out
