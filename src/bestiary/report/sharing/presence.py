"""How many different customers came by hour and by day: visits say nothing of that, since one person may make them all.

Counted when a report is shared, from the visits of the longest window, so that a fit takes no longer for it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from bestiary.customers.habits import Part
from bestiary.customers.measure import batched
from bestiary.files import whole_parquet
from bestiary.report.sharing.crowds import Crowd
from bestiary.report.sharing.ledger import Ledger
from bestiary.sql import connect, path_list, quote, render, scan_path
from bestiary.windows import Windows, window_start

Presence = Mapping[str, Any]
HOURS = 24 * 7


def measure_presence(
    parts: Iterable[Part], as_of: date, windows: Windows, segments: Path, threads: int, memory_bytes: int, spill: Path
) -> dict[str, Any]:
    """Of each segment the different customers in each hour of the week, 168 counts from Monday on; of all, by day.

    `hours` {segment: counts} and `days` {day: customers}, in the shop's time zone. Parts (bucket, month, file) must be
    whole buckets, so that nobody is in two batches. Memory: a batch of visits at a time, within `memory_bytes`.
    """
    hours: dict[int, list[int]] = {}
    days: Counter[str] = Counter()
    with connect(threads=threads, memory_bytes=memory_bytes, spill=spill) as connection:
        for batch in batched(parts, as_of, windows):
            query = render(
                Path(__file__).with_suffix(".sql"),
                files=path_list(batch.files),
                labels=quote(scan_path(whole_parquet(segments))),
                start=max(window_start(as_of, windows[-1]), batch.first).isoformat(),
                as_of=as_of.isoformat(),
            )
            for segment, slot, day, customers in connection.execute(query).fetchall():
                if day is not None:
                    days[day] += customers
                else:
                    hours.setdefault(segment, [0] * HOURS)[slot] += customers
    return {"hours": hours, "days": dict(sorted(days.items()))}


def shared_presence(
    presence: Presence | None, summary: Mapping[str, Any], ledger: Ledger, crowd: Crowd
) -> dict[str, Any] | None:
    """The counts with None for those of fewer than k, or that leave fewer than k over; None where none were made.

    A customer is in as many cells as they came in, so no sum of cells gives one back.
    """
    if presence is None:
        crowd.held.part("presence")
        return None
    looking = summary["visitors"]["segments"] if summary["visitors"] else []
    hours = {}
    for one in (*summary["segments"], *looking):
        people, counts = ledger.shown(("segment", one["segment"])), presence["hours"].get(one["segment"], [])
        told = [crowd.part(n, n, people) if n else None for n in counts]
        if any(n is not None for n in told):
            hours[one["segment"]] = told
    everyone = ledger.shown("customers")
    days = {day: crowd.part(n, n, everyone) for day, n in presence["days"].items()}
    known = [day for day, n in days.items() if n is not None]
    return {"hours": hours, "days": {day: n for day, n in days.items() if known and known[0] <= day <= known[-1]}}
