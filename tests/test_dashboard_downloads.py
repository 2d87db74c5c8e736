"""A segment's customers as a file: by hand, without a server."""

import csv
from pathlib import Path

import polars as pl
import pytest

from bestiary.report.dashboard.downloads import write_customers
from report_run import FIRST_ID, PEOPLE, make_run

FORMULAE = ("=cmd|' /C calc'!A1", "+1", "-2+3", "@sum", "\t=1", "\r=1", "\n=1")
TEXTS = ("acme", "1+1", "a=b", "'quoted", " -1")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of 60 lions, 110 bears and 80 foxes, whose ids follow each other; the first 20 are too early to place."""
    folder = tmp_path_factory.mktemp("run")
    return make_run(folder, personas=("lion", "bear", "fox"), visitors=0, early=20, brands=(*FORMULAE, *TEXTS))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_file_holds_those_of_the_segment_and_nobody_else(run: Path, tmp_path: Path, kind: str) -> None:
    first = FIRST_ID
    for number, persona in enumerate(("lion", "bear", "fox")):
        people = PEOPLE[persona][0]
        write_customers(run, number, "csv" if kind == "csv" else "parquet", tmp_path / "out")
        found = (pl.read_csv if kind == "csv" else pl.read_parquet)(tmp_path / "out")
        skipped = 20 if number == 0 else 0
        assert found["user_id"].to_list() == list(range(first + skipped, first + people))
        assert set(found["segment"]) == {number}
        first += people


def test_a_text_that_a_spreadsheet_would_run_is_kept_a_text(run: Path, tmp_path: Path) -> None:
    """Every other text stays as it is, and so does every text in Parquet."""
    write_customers(run, 2, "csv", tmp_path / "out.csv")
    write_customers(run, 2, "parquet", tmp_path / "out.parquet")
    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        written = [row["preferred_brand"] for row in csv.DictReader(file)]
    brands = pl.read_parquet(tmp_path / "out.parquet")["preferred_brand"].to_list()
    assert set(brands) == {*FORMULAE, *TEXTS}
    assert written == ["'" + brand if brand in FORMULAE else brand for brand in brands]
