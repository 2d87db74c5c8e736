"""What is kept no longer than the shop wants: visits and runs by month, the text of refused rows by day."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import date, timedelta

from bestiary.config import Privacy
from bestiary.errors import StoreError
from bestiary.lake import delta
from bestiary.lake.runs import all_runs
from bestiary.lake.sources import read_sources
from bestiary.lake.store import Store
from bestiary.parts import Part, write_part
from bestiary.sql import connect, path_list
from bestiary.windows import window_start

NOBODY = "* REPLACE (NULL::VARCHAR AS raw, CASE WHEN FALSE THEN user_id END AS user_id, NULL::BIGINT AS session_key)"
"""The columns of a refused row that tells of nobody any more."""


@dataclass(frozen=True)
class Expired:
    """What went: events and the months they were of, the dates of runs, and refused rows that lost their text."""

    events: int = 0
    months: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()
    rejects: int = 0

    def __bool__(self) -> bool:
        return bool(self.events or self.runs or self.rejects)


def first_day(privacy: Privacy, today: date) -> date | None:
    """The first day that is kept: of the month that is `retention_months` before this day's. None: all are."""
    if privacy.retention_months is None:
        return None
    return window_start(today.replace(day=1), privacy.retention_months)


def retain(lake: Store, privacy: Privacy, today: date) -> Expired:
    """Remove what is older than the shop keeps it. Needs the lock.

    Visits go by whole months, and so do runs by their dates. Raises StoreError, with nothing changed, where nothing
    would be left.
    """
    events, months, runs = 0, tuple[str, ...](), tuple[str, ...]()
    first = first_day(privacy, today)
    if first is not None:
        events, months = _months(lake, first)
        old = [run for run in all_runs(lake.path) if run.as_of < first]
        for run in old:
            (run.path / "run.json").unlink(missing_ok=True)  # first: what is left is then no whole run
            shutil.rmtree(run.path)
        runs = tuple(run.as_of.isoformat() for run in old)
    return Expired(events, months, runs, _texts(lake, today - timedelta(days=privacy.rejects_days)))


def _months(lake: Store, first: date) -> tuple[int, tuple[str, ...]]:
    table = lake.path / "visits"
    files = delta.committed(table)
    old = [file for file in files if file.partition["month"] < f"{first:%Y-%m}"]
    if not old:
        return 0, ()
    if len(old) == len(files):
        last = max(file.partition["month"] for file in files)
        raise StoreError(
            f"Every visit in {lake.path} is older than privacy.retention_months allows: the last is of {last}, and "
            f"{first} is the first day that is kept.",
            do="Keep them longer, or remove the store: nothing would be left of it.",
        )
    with connect() as connection:
        files_of = path_list(table / file.path for file in old)
        query = f"SELECT sum(views + carts + removals + purchases + refunds) FROM read_parquet({files_of})"
        events = int(connection.execute(query).fetchall()[0][0])
    delta.cut(table, old, (), events)
    return events, tuple(sorted({file.partition["month"] for file in old}))


def _texts(lake: Store, before: date) -> int:
    """Leave of refused rows that were read before a day their file, line and reason."""
    table = lake.path / "rejects"
    old, new, rows = list[delta.Committed](), list[Part](), 0
    with connect(threads=1) as connection:
        sources = read_sources(connection, lake.files("sources"))
        expired = {row["fingerprint"] for row in sources if row["ingested"] and row["ingested"] < before}
        for file in delta.committed(table):
            if file.partition["fingerprint"] not in expired:
                continue
            held = f"read_parquet({path_list([table / file.path])}, hive_partitioning = false)"
            telling = "raw IS NOT NULL OR user_id IS NOT NULL OR session_key IS NOT NULL"
            texts = int(connection.execute(f"SELECT count(*) FROM {held} WHERE {telling}").fetchall()[0][0])
            if texts:
                rows += texts
                old.append(file)
                query = f"SELECT {NOBODY} FROM {held}"
                new.append(write_part(connection, query, table, tuple(file.partition.items())))
    if old:
        delta.cut(table, old, new)
    return rows
