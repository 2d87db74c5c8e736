"""What is wrong with the data, by type of error: the content of `quality.json`."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bestiary.contract import COLUMNS, COUNTS
from bestiary.errors import EventsError
from bestiary.lake.sources import read_sources, rows
from bestiary.lake.store import Store
from bestiary.lake.suspects import suspects
from bestiary.sql import path_list, render

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HERE = Path(__file__).parent
FORMAT_VERSION = 2
FEW = 5
"""A day with under this part of the usual number of events is a gap."""


def quality(connection: "DuckDBPyConnection", lake: Store, as_of: date, keys: int) -> dict[str, Any]:
    """Quality figures of everything committed.

    Counts, refusals, missing values and zero prices are of all that was read, before duplicates are removed;
    inconsistencies, outliers and gaps of the visits before `as_of`. A session of several customers needs a session;
    products are judged by what was bought. `days` are all until `as_of` from the one on which a thousandth of events
    have come (stray dates begin no calendar); `usual` is the median number of events of those until the last event,
    None without one; `gaps` are the days with under a fifth of it, or without a purchase. Memory: `keys` keys of
    sessions, 8 bytes each, beside the connection's bound.
    """
    parts = lake.visits()
    visits = path_list(part.path for part in parts)
    read = read_sources(connection, lake.files("sources"))
    connection.register("suspects", {"session_key": suspects(connection, parts, as_of, keys)})
    odd = rows(connection, render(HERE / "quality.sql", files=visits, as_of=as_of))[0]
    days = rows(connection, render(HERE / "days.sql", files=visits, as_of=as_of))
    return {
        "format_version": FORMAT_VERSION,
        "as_of": as_of.isoformat(),
        "counts": {name: sum(row[name] for row in read) for name in COUNTS},
        "sources": [{name: row[name] for name in ("name", "fingerprint", *COUNTS)} for row in read],
        "rejected_by_reason": _reasons(connection, lake.files("rejects")),
        "missing": {name: sum(row[f"missing_{name}"] for row in read) for name in COLUMNS},
        "out_of_range": {"zero_price": sum(row["zero_price"] for row in read)},
        "inconsistencies": {name: odd[name] for name in odd if "_with_" in name},
        "outliers": {name: odd[name] for name in ("sessions_over_500_events", "view_only_floods")},
        "gaps": list(_gaps(days)),
        "usual": days[0]["usual"] if days else None,
        "days": [{name: day[name] for name in ("day", "events", "purchases")} for day in days],
    }


def _gaps(days: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The days that are gaps, once for each kind."""
    for day in days:
        told = {"events": day["events"], "usual": day["usual"]}
        if day["events"] < day["usual"] / FEW:
            yield {"day": day["day"], "kind": "few_events", **told}
        if day["purchases"] == 0:
            yield {"day": day["day"], "kind": "no_purchases", **told}


def _reasons(connection: "DuckDBPyConnection", rejects: Sequence[Path]) -> dict[str, int]:
    if not rejects:
        return {}
    counted = f"SELECT reason, count(*) AS n FROM read_parquet({path_list(rejects)}) GROUP BY reason"
    return {row["reason"]: row["n"] for row in rows(connection, f"{counted} ORDER BY n DESC, reason")}


def time_span(connection: "DuckDBPyConnection", lake: Store) -> tuple[datetime, datetime]:
    """The last event's time, and the hour in which the 99.9th percentile of event times lies.

    Raises EventsError where the lake holds no event.
    """
    visits = lake.visits()
    if not visits:
        reasons = _reasons(connection, lake.files("rejects"))
        told = ", ".join(f"{reason} {count:,}" for reason, count in reasons.items())
        raise EventsError(
            f"{lake.path} holds no events: " + (f"all rows were refused ({told})." if told else "no row was read."),
            do=f"Look at the rows in {lake.path / 'rejects'}, and ingest other files."
            if told
            else "Ingest other files.",
        )
    row = rows(connection, render(HERE / "span.sql", files=path_list(part.path for part in visits)))[0]
    return row["last_time"], row["nearly_last"]


def events_in(connection: "DuckDBPyConnection", lake: Store) -> int:
    """How many events the visits of the lake were made of."""
    visits = lake.visits()
    if not visits:
        return 0
    table = f"read_parquet({path_list(part.path for part in visits)}, hive_partitioning = false)"
    counts = "views + carts + removals + purchases + refunds"
    return int(rows(connection, f"SELECT cast(coalesce(sum({counts}), 0) AS BIGINT) AS n FROM {table}")[0]["n"])
