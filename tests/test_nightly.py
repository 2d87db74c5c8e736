"""How events are dealt to files, and when these come, does not matter: days or months, in whatever order."""

import random
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

import daily
import shop
from bestiary import pipeline
from bestiary.config import Settings
from bestiary.lake.compact import MOST_PARTS
from bestiary.lake.doctor import Findings
from bestiary.lake.store import Store

DAYS = range(24)
"""From the 20th of September until the 13th of October."""


def customers(store: Path, as_of: date | None = None) -> list[tuple[Any, ...]]:
    """The customer table of a store."""
    run = pipeline.customers(store, as_of=as_of, settings=shop.SMALL)
    return shop.rows([run.path / "customers.parquet"], "*")


@pytest.fixture(scope="module")
def monthly(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[Any, ...]]:
    """The customers of two monthly files."""
    folder = tmp_path_factory.mktemp("monthly")
    assert len(shop.ingest(daily.write_monthly(folder / "events", DAYS), folder / "store")[0]) == 2
    return customers(folder / "store")


@pytest.fixture(scope="module")
def nightly(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that daily files came to one by one, in any order."""
    folder = tmp_path_factory.mktemp("nightly")
    files = daily.write_daily(folder / "events", DAYS)
    random.Random(1).shuffle(files)
    for path in files:
        assert len(shop.ingest(path, folder / "store")[0]) == 1
    return folder / "store"


def crowd(store: Path) -> int:
    """The most parts that a month's bucket has."""
    parts = [(part.month, part.bucket) for part in Store.open(store, Settings()).visits()]
    return max(parts.count(one) for one in parts)


def test_daily_files_in_one_call_give_what_monthly_files_give(tmp_path: Path, monthly: list[tuple[Any, ...]]) -> None:
    added, _ = shop.ingest(daily.write_daily(tmp_path / "events", DAYS), tmp_path / "store")
    assert len(added) == len(DAYS)
    assert crowd(tmp_path / "store") <= MOST_PARTS
    assert customers(tmp_path / "store") == monthly
    assert pipeline.doctor(tmp_path / "store") == Findings((), ())


def test_daily_files_that_come_late_give_the_same_and_parts_do_not_crowd(
    nightly: Path, monthly: list[tuple[Any, ...]]
) -> None:
    assert crowd(nightly) <= MOST_PARTS
    assert customers(nightly) == monthly
    assert sum(row[0] for row in shop.visits(nightly, "views + carts + removals + purchases")) == 40 * len(DAYS)
    assert pipeline.doctor(nightly) == Findings((), ())


@pytest.mark.parametrize("number", [12, 20])
def test_an_earlier_date_shows_what_would_have_been_seen_then(number: int, nightly: Path, tmp_path: Path) -> None:
    shop.ingest(daily.write_daily(tmp_path / "events", range(number)), tmp_path / "store")
    as_of = daily.FIRST + timedelta(days=number)
    assert customers(nightly, as_of) == customers(tmp_path / "store", as_of) == customers(tmp_path / "store")


def test_a_day_that_is_named_again_changes_nothing(nightly: Path, tmp_path: Path) -> None:
    before = shop.tree(nightly)
    added, arrivals = shop.ingest(daily.write_daily(tmp_path / "events", [3, 7]), nightly)
    assert not added
    assert len(arrivals.known) == 2
    assert shop.tree(nightly) == before
