"""When the customers of each segment come, and what they buy: counted from the visits of the longest window."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bestiary.customers.measure import Batch, batched, copy_part
from bestiary.files import whole_parquet
from bestiary.sql import connect, path_list, quote, render, scan_path
from bestiary.windows import Windows, window_start

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Part = tuple[int, str, Path]
WEEK = (7, 24)
"""Days, Monday first, and hours."""
FEWEST = 10
"""What fewer customers have bought than this tells nothing of a segment, and is left out."""


@dataclass(frozen=True)
class Group:
    """The customers of one population who are placed in a segment, or in none (None)."""

    population: str
    segment: int | None
    customers: int


@dataclass(frozen=True)
class Bought:
    """`values` (v,) in the order of code points, and how many customers (v, g) of each group of buyers bought them.

    `expected` (v, g) is how many would if groups differed only in how many different values their customers bought.
    """

    values: tuple[str, ...]
    customers: Counts
    expected: Floats


@dataclass(frozen=True)
class Habits:
    """`groups` (g,) and their `visits` (g, 7, 24) by weekday, Monday first, and hour in the shop's time zone.

    `brands` and `categories` are what at least `FEWEST` customers of the groups that may buy bought in the window; the
    columns are `groups` (those of visitors are 0), each customer counts once for each value.
    """

    groups: tuple[Group, ...]
    visits: Counts
    brands: Bought
    categories: Bought

    def hours(self, segment: int) -> list[list[int]]:
        """The visits of a segment: 7 lists of 24, all 0 where nobody is placed in it."""
        rows = [number for number, group in enumerate(self.groups) if group.segment == segment]
        found: list[list[int]] = self.visits[rows].sum(axis=0, dtype=np.int64).tolist()
        return found


def measure_habits(
    parts: Iterable[Part],
    as_of: date,
    windows: Windows,
    segments: Path,
    folder: Path,
    threads: int,
    memory_bytes: int,
) -> Habits:
    """Count the visits and purchases in the longest window before `as_of` by the groups of `segments.parquet`.

    A visit is a customer's session in an hour, however many files it came in; the hours are those of the visits, the
    shop's own. A purchase counts also at an unknown price; an unknown brand or category counts nowhere. Visitors buy
    nothing by their rule.

    Parts (bucket, month, file) must be whole buckets, so that nobody is in two batches. Memory: the groups of all
    customers (11 bytes each) and one batch at a time, within `memory_bytes`; the rest spills to `folder`. Then the
    counts, 8 bytes for each group and value. EventsError where no part can hold an event of the window, ModelError
    where `segments` is missing or damaged.
    """
    with connect(threads=threads, memory_bytes=memory_bytes, spill=folder) as connection:
        groups = _people(connection, segments)
        written = []
        for batch in batched(parts, as_of, windows):
            written.append(folder / f"habits-{batch.number}.parquet")
            copy_part(connection, _query(batch, as_of, windows), written[-1])
        table = f"read_parquet({path_list(written)})"
        visits = _visits(connection, table, len(groups))
        brands, categories = (_bought(connection, table, kind, len(groups)) for kind in ("brand", "category_code"))
    for path in written:
        path.unlink()
    return Habits(groups, visits, brands, categories)


def _people(connection: "DuckDBPyConnection", segments: Path) -> tuple[Group, ...]:
    """Make the table `people`: of everyone the number of the group, and whether its purchases count; the groups."""
    labels = f"read_parquet({quote(scan_path(whole_parquet(segments)))})"
    rows = connection.execute(
        f"SELECT population, segment, count(*) FROM {labels} GROUP BY ALL ORDER BY population, segment NULLS LAST"
    ).fetchall()
    connection.execute("CREATE TABLE kinds (number SMALLINT, population VARCHAR, segment INTEGER)")
    if rows:
        connection.executemany("INSERT INTO kinds VALUES (?, ?, ?)", [(i, *row[:2]) for i, row in enumerate(rows)])
    connection.execute(
        "CREATE TABLE people AS SELECT user_id, number, labels.population <> 'visitors' AS buys "
        f"FROM {labels} AS labels JOIN kinds "
        "ON labels.population = kinds.population AND labels.segment IS NOT DISTINCT FROM kinds.segment"
    )
    return tuple(Group(*row) for row in rows)


def _query(batch: Batch, as_of: date, windows: Windows) -> str:
    return render(
        Path(__file__).with_suffix(".sql"),
        files=path_list(batch.files),
        start=max(window_start(as_of, windows[-1]), batch.first).isoformat(),
        as_of=as_of.isoformat(),
    )


def _visits(connection: "DuckDBPyConnection", table: str, groups: int) -> Counts:
    """The visits (groups, 7, 24) of each group."""
    found = connection.execute(
        f"SELECT number, slot, cast(sum(found) AS BIGINT) AS found FROM {table} WHERE kind = 'hours' GROUP BY ALL"
    ).fetchnumpy()
    counts = np.zeros((groups, WEEK[0] * WEEK[1]), dtype=np.int64)
    counts[found["number"].astype(np.int64), found["slot"].astype(np.int64)] = found["found"]
    return counts.reshape(-1, *WEEK)


def _bought(connection: "DuckDBPyConnection", table: str, kind: str, groups: int) -> Bought:
    some = f"FROM {table} WHERE kind = '{kind}'"
    slots = [slot for (slot,) in connection.execute(f"SELECT DISTINCT slot {some} ORDER BY slot").fetchall()]
    sizes = np.zeros((groups, len(slots)), dtype=np.int64)
    for number, slot, found in connection.execute(
        f"SELECT number, slot, sum(found) {some} AND value IS NULL GROUP BY number, slot"
    ).fetchall():
        sizes[number, slots.index(slot)] = found
    columns = [("number", number) for number in range(groups)] + [("slot", slot) for slot in slots]
    sums = [
        f"cast(coalesce(sum(found) FILTER (WHERE {name} = {at}), 0) AS BIGINT) AS {name}{at}" for name, at in columns
    ]
    rows = connection.execute(
        f"SELECT {', '.join(['value', *sums])} {some} AND value IS NOT NULL "
        f"GROUP BY value HAVING sum(found) >= {FEWEST} ORDER BY value"
    ).fetchnumpy()
    counts = np.zeros((len(rows["value"]), len(columns)), dtype=np.int64)
    for place, (name, at) in enumerate(columns):
        counts[:, place] = rows[f"{name}{at}"]
    values = tuple(str(value) for value in rows["value"])
    return Bought(values, counts[:, :groups], expected(counts[:, groups:], sizes))


def expected(customers: Counts, sizes: Counts) -> Floats:
    """The customers (v, g) of each group expected to have bought each value, by indirect standardisation.

    `customers` (v, s) bought the value in each stratum, `sizes` (g, s) are the customers of each group there; strata
    are customers who bought about as many different values. In each, a group has its part of those who bought it.
    """
    whole = sizes.sum(axis=0)
    parts = np.divide(sizes, whole, out=np.zeros(sizes.shape), where=whole > 0)
    likely: Floats = np.einsum("vs,gs->vg", customers.astype(np.float64), parts)
    return likely
