"""The few sessions that may be odd, found without holding them all: several customers, or over 500 events.

A session belongs to one customer, as a rule, and so to one bucket. It can only be odd when it is so within its bucket
or has visits in several. So each bucket is summed up by itself, which is quick because it is small, and of all others
only the keys are kept, 8 bytes a session; those that come twice are in several buckets.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from bestiary.lake.store import VisitPart
from bestiary.sql import path_list, render

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from numpy.typing import NDArray

HERE = Path(__file__).parent
AT_ONCE = 50_000_000
"""Keys held at a time at most, 400 MB. Beyond it the visits are read once more for each slice of the keys."""


def suspects(
    connection: DuckDBPyConnection, visits: Sequence[VisitPart], as_of: date, at_once: int = AT_ONCE
) -> NDArray[np.int64]:
    """The keys of all odd sessions before `as_of`, and perhaps of a few others; growing. `visits` come by bucket."""
    if not visits:
        return np.empty(0, dtype=np.int64)
    files = path_list(part.path for part in visits)
    rows = connection.execute(f"SELECT cast(sum(num_rows) AS BIGINT) FROM parquet_file_metadata({files})").fetchall()
    slices = 1 << (int(rows[0][0]) // at_once).bit_length()
    buckets = [[part.path for part in parts] for _, parts in groupby(visits, key=lambda part: part.bucket)]
    found = [
        _of_slice(_summed_up(connection, buckets, as_of, slices - 1, number), int(rows[0][0]))
        for number in range(slices)
    ]
    return np.unique(np.concatenate(found))


def _summed_up(
    connection: DuckDBPyConnection, buckets: Sequence[Sequence[Path]], as_of: date, mask: int, number: int
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.bool_]]]:
    """Keys (s,) and whether they are odd (s,) of one slice, bucket by bucket."""
    for files in buckets:
        query = render(HERE / "sessions.sql", files=path_list(files), as_of=as_of, mask=mask, slice=number)
        fetched = connection.execute(query).fetchnumpy()
        yield np.asarray(fetched["session_key"]), np.asarray(fetched["odd"], dtype=np.bool_)


def _of_slice(buckets: Iterator[tuple[NDArray[np.int64], NDArray[np.bool_]]], visits: int) -> NDArray[np.int64]:
    # Not touched, and so not in memory, beyond the keys that come.
    keys, count = np.empty(visits, dtype=np.int64), 0
    odd = []
    for key, is_odd in buckets:
        keys[count : count + len(key)] = key
        count += len(key)
        odd.append(key[is_odd])
    keys = keys[:count]
    keys.sort()
    return np.concatenate([keys[1:][keys[1:] == keys[:-1]], *odd])
