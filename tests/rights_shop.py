"""A small shop whose people ask for their rights: two runs, dirty rows, and lines that name somebody in odd places."""

import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from bestiary import pipeline
from bestiary.config import Settings
from bestiary.sql import connect, path_list
from shop import SMALL, line, write_csv

FIRST, LAST = date(2020, 4, 1), date(2020, 5, 1)
KEY = "a key that only the tests of this shop know: 0123456789"
OTHER_KEY = "another key, which nobody was ever hashed with: 012345"


def settings(**privacy: object) -> Settings:
    """Quick settings with a table `[privacy]`."""
    return Settings.model_validate(SMALL.model_dump() | {"privacy": privacy})


def write_events(folder: Path) -> Path:
    """Events of seven months, 12,000 or so, and a file of rows that name the customer with most events in odd ways."""
    pipeline.simulate(folder, events=12_000, dirty=True)
    shutil.rmtree(folder / "_truth")
    somebody, session = busiest(folder)
    odd = [
        line(user_id=str(somebody), event_type="stare", user_session="odd-1"),  # refused, and readable
        f"2020-04-30 10:00:00 UTC,view,{somebody}",  # cut short, with the id where a product should be
        f"2020-04-30 10:00:00 UTC,view,1,2,3,4,5,6,7,{session}",  # too long, and it names a session alone
        line(user_id="nobody", user_session=session),  # whose session it is can be told, whose row not
        line(event_time="2020-04-30 11:00:00 UTC", user_id=str(somebody), user_session="odd-2"),
    ]
    write_csv(folder / "odd.csv.gz", odd)
    return folder


def busiest(folder: Path) -> tuple[int, str]:
    """The customer with most events, and one of their sessions."""
    counts: dict[str, int] = {}
    sessions: dict[str, str] = {}
    for row in rows(folder):
        if row.get("user_id", "").isdigit() and len(row["user_id"]) == 9 and row.get("user_session"):
            counts[row["user_id"]] = counts.get(row["user_id"], 0) + 1
            sessions.setdefault(row["user_id"], row["user_session"])
    found = max(counts, key=lambda one: (counts[one], one))
    return int(found), sessions[found]


def sessions_of(folder: Path, somebody: int) -> list[str]:
    """The sessions of a customer, as the events name them."""
    found = {row["user_session"] for row in rows(folder) if row.get("user_id") == str(somebody)}
    return sorted(one for one in found if one)


def rows(folder: Path) -> Iterator[dict[str, str]]:
    """The rows of the monthly files that are whole and have no quotes, as texts."""
    for path in sorted(folder.glob("20*.csv")):
        header, *lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        names = header.lstrip("\ufeff").split(",")
        fields = (one.split(",") for one in lines if '"' not in one)
        yield from (dict(zip(names, row, strict=True)) for row in fields if len(row) == len(names))


def mover(store: Path) -> int:
    """Somebody on the map of both runs who moved between them."""
    tables = [store / "runs" / str(day) / "sample.parquet" for day in (FIRST, LAST)]
    tables.append(store / "runs" / str(LAST) / "movements.parquet")
    both = " INTERSECT ".join(f"SELECT user_id FROM read_parquet({path_list([one])})" for one in tables)
    with connect(threads=1) as connection:
        return int(connection.execute(f"SELECT min(user_id) FROM ({both})").fetchall()[0][0])


def make_people(folder: Path) -> None:
    """Write `events` and a `store` of them with a run as of the first of April and one as of the first of May."""
    events = write_events(folder / "events")
    for as_of in (FIRST, LAST):
        pipeline.run([events], folder / "store", as_of=as_of, settings=SMALL)
