"""How people are taken out of a store's lake and runs, and who has come back to them with a backup."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from bestiary.config import Settings
from bestiary.files import read_json, whole_parquet
from bestiary.lake import erased
from bestiary.lake.engine import LocalEngine
from bestiary.lake.erase import Ids, People, erase
from bestiary.lake.held import TABLES, holds, leave
from bestiary.lake.objections import objections
from bestiary.lake.runs import EXTRAS, Run, all_runs
from bestiary.lake.store import Store
from bestiary.progress import Progress, step
from bestiary.publish.audience_rekey import member_tables
from bestiary.sql import connect, path_list, stable_functions, within


def out_of_lake(lake: Store, people: Ids, settings: Settings, progress: Progress) -> dict[str, Any]:
    """Take people out of visits and rejects; what went, and the source files that may still hold them."""
    if not people:
        return {"removed": {}, "may still be in": []}
    engine = LocalEngine(threads=settings.threads, memory_bytes=settings.engine_bytes)
    bounded = within(settings.memory_bytes, "the erasure")
    with lake.scratch() as scratch, bounded, step(progress, "erasure", len(lake.visits())):
        gone = erase(lake, People.of(people, scratch), engine, progress)
    counts = {"visits": gone.visits, "events": gone.events, "refused rows": gone.rejects}
    return {"removed": counts, "may still be in": list(gone.sources)}


def merged(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Two parts of a receipt as one: what was removed is told together."""
    return {**one, **other, "removed": {**one["removed"], **other["removed"]}}


def out_of_runs(lake: Store, people: Ids, settings: Settings, progress: Progress) -> dict[str, Any]:
    """Take people out of every run's tables, draw the reports that showed them anew; the rows that were removed."""
    gone, named = Counter[str](), set[str]()
    if people:
        with lake.scratch() as scratch, step(progress, "runs", len(all_runs(lake.path))):
            some = People.of(people, scratch)
            for run in all_runs(lake.path):
                if holds(run, some):
                    named.add(run.as_of.isoformat())
                    # Before the tables: after a kill nothing could tell any more that the pages show them.
                    for page in ("report.html", *(name for names in EXTRAS.values() for name in names)):
                        (run.path / page).unlink(missing_ok=True)
                    gone.update(leave(run, some, settings.engine_bytes))
                _drawn_anew(lake, run)
                progress.advance(1)
    return {"removed": dict(gone), "runs": sorted(named)}


def known(lake: Store, people: Collection[int | str]) -> int:
    """How many of some people anything is known of."""
    with lake.scratch() as scratch, connect(spill=scratch) as connection:
        connection.execute(
            f"CREATE TABLE people AS FROM read_parquet({path_list([People.of(dict.fromkeys(people), scratch).path])})"
        )
        connection.execute("CREATE TABLE found AS FROM people LIMIT 0")
        for table in tables_of_people(lake):
            rows = f"read_parquet({path_list([table])}, hive_partitioning = false)"
            connection.execute(
                f"INSERT INTO found FROM people SEMI JOIN {rows} AS held ON held.user_id = people.user_id"
            )
        listed = {str(one) for one in people} & set(objections(lake.path))
        found = connection.execute("SELECT DISTINCT cast(user_id AS VARCHAR) FROM found").fetchall()
        return len(listed | {one for (one,) in found})


def runs_with(lake: Store, people: Ids) -> set[str]:
    """The dates of the runs that hold any of some people."""
    if not people:
        return set()
    with lake.scratch() as scratch:
        some = People.of(people, scratch)
        return {run.as_of.isoformat() for run in all_runs(lake.path) if holds(run, some)}


def _drawn_anew(lake: Store, run: Run) -> None:
    """The report shows points of a sample of customers: where it went with them, it is drawn again without them.

    An edition to share is not: two of them would differ by just those people.
    """
    from bestiary.report.html import write_report

    there = (run.path / "run.json", run.path / "summary.json")
    if all(one.is_file() for one in there) and not (run.path / "report.html").exists():
        write_report(run.path, read_json(there[0]).get("language") or "en", lake.cadence())


def tables_of_people(lake: Store) -> list[Path]:
    """Every Parquet file of a store that has people by `user_id`: visits, refused rows, runs, audiences.

    ModelError where one of a run or an audience is damaged.
    """
    of_runs = [run.path / name for run in all_runs(lake.path) for name in TABLES]
    there = (one for one in of_runs if one.is_file())
    written = [whole_parquet(one) for one in (*there, *member_tables(lake.path))]
    return [*(part.path for part in lake.visits()), *lake.files("rejects"), *written]


def returned(lake: Store, settings: Settings) -> Ids:
    """Who is in the store although they were erased; each with the wall time of their erasure."""
    book = erased.read_book(lake.path)
    if book is None or not book.entries:
        return {}
    key = erased.key_of(lake.path, settings.privacy, book)
    until = erased.until(book, lake.fixed.time_zone)
    with connect(memory_bytes=settings.engine_bytes, threads=settings.threads or 0) as connection:
        stable_functions(connection)
        for side, pad in zip(("i", "o"), key.pads(), strict=True):
            connection.execute(f"SET VARIABLE {side} = ?::BLOB", [pad])
        connection.execute("CREATE TABLE marks (mark VARCHAR)")
        connection.executemany("INSERT INTO marks VALUES (?)", [[mark] for mark in until])
        people = (
            f"SELECT DISTINCT user_id FROM read_parquet({path_list(tables_of_people(lake))}, hive_partitioning = false)"
        )
        mark = "keyed_hash(getvariable('i'), getvariable('o'), user_id) AS mark"
        query = f"SELECT user_id, mark FROM (SELECT user_id, {mark} FROM ({people})) SEMI JOIN marks USING (mark)"
        rows = connection.execute(query).fetchall()
    return {user_id: until[mark] for user_id, mark in rows}
