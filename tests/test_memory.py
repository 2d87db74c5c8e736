"""The memory of a whole process is bounded: more events take more time, and not more memory."""

from pathlib import Path

import pytest

from bestiary import pipeline
from bestiary.sql import connect, quote
from peaks import peak
from subject import product

EVENTS = 1_500_000
CEILING = 450_000_000
"""In bytes. Seen were 350 to 380 MB, and 505 or more where a file of so many events was one piece."""


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The events of one month."""
    (file,) = pipeline.simulate(tmp_path_factory.mktemp("month"), events=EVENTS, months=1, format="csv.gz")
    return file


@pytest.mark.parametrize("format_", ["csv.gz", "parquet"])
def test_a_month_of_many_events_stays_within_its_memory(month: Path, format_: str, tmp_path: Path) -> None:
    file, config = month, tmp_path / "config.toml"
    config.write_text("threads = 2\n")
    if format_ == "parquet":
        file = tmp_path / "month.parquet"
        with connect(threads=2, memory_bytes=500_000_000, spill=tmp_path) as connection:
            events = f"read_csv({quote(str(month))}, types = {{'event_time': 'VARCHAR'}})"
            times = "cast(left(event_time, 19) AS TIMESTAMP) AS event_time"
            connection.execute(f"COPY (SELECT * REPLACE ({times}) FROM {events}) TO {quote(str(file))}")
    bound = ["--memory", "500MB", "--config", str(config)]
    assert peak([*product("ingest", file, store=tmp_path / "store"), *bound]) < CEILING
    assert peak([*product("customers", store=tmp_path / "store"), *bound]) < CEILING
