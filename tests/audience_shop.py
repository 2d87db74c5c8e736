"""Audiences of the dashboard's store, and readers of what was written."""

import csv
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb

from bestiary.audience import Audience, audience
from bestiary.publish.audience_asked import Asked, Group, Joined
from bestiary.publish.audience_kept import MEMBERS, Wave
from dashboard_shop import SMALL

TENTH = Fraction(1, 10)
QUARTER = Fraction(1, 4)


def made(store: Path, out: Path, campaign: str = "c", **asked: Any) -> Audience:
    """An audience written, of all customers where nothing else is asked."""
    return audience(store, Asked(**{"campaign": campaign, "out": out, "share": QUARTER, **asked}), settings=SMALL)


def wave_of(store: Path, out: Path, campaign: str = "c", **asked: Any) -> Wave:
    """Its wave."""
    wave = made(store, out, campaign, **asked).wave
    assert wave is not None
    return wave


def lines(path: Path) -> list[dict[str, str]]:
    """The records of a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def held(out: Path) -> Path:
    """The file of those held back, beside another."""
    return out.with_name(f"{out.stem}.holdout{out.suffix}")


def ids(path: Path) -> list[str]:
    """The ids in a file, in its order."""
    return [line["user_id"] for line in lines(path)]


def members(store: Path, wave: Wave) -> list[tuple[Any, Group, int]]:
    """What the store remembers of a wave."""
    return duckdb.execute(f"FROM '{wave.folder(store) / MEMBERS}'").fetchall()


def table(store: Path, as_of: str, query: str = "SELECT *") -> list[tuple[Any, ...]]:
    """A query over both tables of a run, joined."""
    run = store / "runs" / as_of
    return duckdb.execute(
        f"{query} FROM '{run}/customers.parquet' JOIN '{run}/segments.parquet' USING (user_id) ORDER BY user_id"
    ).fetchall()


def everyone(store: Path) -> list[int]:
    """All customers of the run as of the first of May."""
    return [user for (user,) in table(store, "2020-05-01", "SELECT user_id")]


def write_csv(path: Path, header: str, rows: list[str]) -> Joined:
    """A shop's own file."""
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return Joined(path)
