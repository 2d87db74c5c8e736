"""The benchmarks say what is true: tables are compared before times are told, and all processes are measured."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

import equal
import shop
from bestiary import pipeline
from bestiary.customers.features import Feature
from bestiary.sql import connect, quote
from measure import ChildError, measure
from peaks import peak

BENCHMARKS = Path(equal.__file__).parent
AS_OF = date(2019, 12, 1)
TYPES = {
    "event_time": "TIMESTAMP",
    "product_id": "INTEGER",
    "category_id": "BIGINT",
    "price": "DOUBLE",
    "user_id": "INTEGER",
}
TIED = (
    {"event_time": "2019-10-03 09:00:00", "brand": "x", "category_code": "x.a"},
    {"event_time": "2019-11-01 03:00:00", "brand": "y", "category_code": "y.a"},
)
"""Customer 1 bought twice: one each of brand, category, daypart and weekday."""


@dataclass(frozen=True)
class Rival:
    """Event files, the customers that we find in them, and those that the DuckDB script finds."""

    events: list[Path]
    ours: Path
    theirs: Path

    def verdict(self, theirs: Path) -> equal.Verdict:
        return equal.compare(self.ours, theirs, self.events, AS_OF, memory="1GB")

    def changed(self, columns: str) -> str:
        """The query of their table with some of its columns replaced."""
        return f"SELECT {columns} FROM read_parquet({quote(str(self.theirs))})"


def peer(name: str, events: list[Path], out: Path) -> Path:
    facts = ["--as-of", AS_OF.isoformat(), "--out", str(out)]
    subprocess.run([sys.executable, BENCHMARKS / "peers" / f"{name}_job.py", *map(str, events), *facts], check=True)
    return out


def copy(query: str, out: Path) -> Path:
    with connect() as connection:
        connection.execute(f"COPY ({query}) TO {quote(str(out))} (FORMAT parquet)")
    return out


@pytest.fixture(scope="module")
def rival(tmp_path_factory: pytest.TempPathFactory) -> Rival:
    """Two months with exact duplicates and events without a session, and the purchases of the customer who is tied."""
    folder = tmp_path_factory.mktemp("rival")
    (folder / "events").mkdir()
    for file in pipeline.simulate(folder / "simulated", events=4000, months=2, format="parquet"):
        alone = "CASE WHEN product_id % 7 > 0 THEN user_session END AS user_session"
        copy(
            f"WITH events AS (SELECT * REPLACE ({alone}) FROM read_parquet({quote(str(file))})) "
            "FROM events UNION ALL FROM events WHERE product_id % 5 = 0",
            folder / "events" / file.name,
        )
    tied = [shop.event(event_type="purchase", user_id="1", **purchase) for purchase in TIED]
    shop.write_parquet(folder / "events" / "tied.parquet", tied, TYPES)
    events = sorted((folder / "events").iterdir())
    pipeline.ingest(events, folder / "store")
    run = pipeline.customers(folder / "store", as_of=AS_OF)
    return Rival(events, run.path / "customers.parquet", peer("duckdb", events, folder / "duckdb.parquet"))


def test_the_duckdb_script_finds_what_we_find(rival: Rival) -> None:
    verdict = rival.verdict(rival.theirs)
    assert not verdict.differences
    assert verdict.customers > 100


def test_the_polars_script_finds_what_we_find_ties_included(rival: Rival, tmp_path: Path) -> None:
    verdict = rival.verdict(peer("polars", rival.events, tmp_path / "polars.parquet"))
    assert not verdict.differences
    assert not any(verdict.ties.values())


WRONG = {
    "datetime64[ns]": ["{} + INTERVAL 1 SECOND"],
    "string": ["'nonsense'"],
    "float64": ["{} * (1 + 1e-8)", "'NaN'::DOUBLE", "'Infinity'::DOUBLE", "NULL"],
}
"""What may be wrong with a value; by default it is one more."""


@pytest.mark.parametrize(
    ("column", "wrong"),
    [(column, wrong) for column in equal.CONTRACT[1:] for wrong in WRONG.get(column.dtype, ["{} + 1"])],
    ids=lambda given: str(getattr(given, "name", given)),
)
def test_one_wrong_value_of_any_column_is_found(column: Feature, wrong: str, rival: Rival, tmp_path: Path) -> None:
    value = wrong.format(column.name)
    changed = rival.changed(f"* REPLACE (CASE user_id WHEN 1 THEN {value} ELSE {column.name} END AS {column.name})")
    (difference,) = rival.verdict(copy(changed, tmp_path / "changed.parquet")).differences
    assert difference.startswith(f"{column.name}: 1 customers differ")


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("{all} WHERE user_id != 1", "they lack 1 customers"),
        ("{all} UNION ALL {all} WHERE user_id = 1", "rows for"),
        ("SELECT * EXCLUDE (avg_price_5m) {all}", "they lack the columns avg_price_5m"),
        ("{all} UNION ALL SELECT * REPLACE (2 AS user_id) {all} WHERE user_id = 1", "have 1 that we do not know"),
    ],
)
def test_rows_and_columns_are_counted(change: str, found: str, rival: Rival, tmp_path: Path) -> None:
    changed = copy(change.format(all=f"FROM read_parquet({quote(str(rival.theirs))})"), tmp_path / "changed.parquet")
    (difference,) = rival.verdict(changed).differences
    assert found in difference


@pytest.mark.parametrize(
    ("column", "values"),
    [
        ("preferred_brand", ["x", "y"]),
        ("preferred_category", ["x.a", "y.a"]),
        ("most_active_time", ["morning", "night"]),
        ("most_active_day", ["friday", "thursday"]),
    ],
)
def test_a_tie_may_be_decided_otherwise(column: str, values: list[str], rival: Rival, tmp_path: Path) -> None:
    ties = 0
    for value in values:
        query = f"SELECT * REPLACE (CASE user_id WHEN 1 THEN '{value}' ELSE {column} END AS {column})"
        verdict = rival.verdict(
            copy(f"{query} FROM read_parquet({quote(str(rival.ours))})", tmp_path / f"{value}.parquet")
        )
        assert not verdict.differences
        ties += verdict.ties[column]
    assert ties == 1


def test_tables_of_ours_must_be_identical(rival: Rival, tmp_path: Path) -> None:
    changed = rival.changed("* REPLACE (cart_abandonments + (user_id = 1)::INT AS cart_abandonments)")
    other = copy(changed, tmp_path / "other.parquet")
    assert not equal.identical(rival.theirs, rival.theirs).differences
    assert equal.identical(rival.theirs, other).differences == ["1 rows differ", "1 rows differ"]


def program(script: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True, check=False)


def test_compare_prints_a_table_when_all_are_equal(rival: Rival, tmp_path: Path) -> None:
    facts = ["--take", str(rival.events[0].parent), "--peers", "polars", "duckdb", "--folder", str(tmp_path)]
    told = program(BENCHMARKS / "compare.py", *facts)
    assert told.returncode == 0, told.stderr
    assert told.stdout.count("equal for ") == 2
    assert not list(tmp_path.iterdir())


def test_compare_tells_no_time_when_a_script_does_less(rival: Rival, tmp_path: Path) -> None:
    shutil.copytree(BENCHMARKS, tmp_path / "benchmarks")
    query = tmp_path / "benchmarks" / "peers" / "duckdb_job.sql"
    query.write_text(query.read_text().replace("SELECT DISTINCT", "SELECT"))
    facts = ["--take", str(rival.events[0].parent), "--peers", "duckdb", "--folder", str(tmp_path)]
    told = program(tmp_path / "benchmarks" / "compare.py", *facts)
    assert told.returncode == 1
    assert not told.stdout
    assert "number_of_views_7m" in told.stderr


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("seven", ["--months", "2"]),
        ("lookup", ["--months", "1", "--lookups", "5"]),
        ("nightly", ["--months", "1", "--nights", "1"]),
        ("placed", ["--months", "1", "--rows", "1000"]),
        ("kill", ["--months", "1", "--kills", "2", "--jobs", "ingest"]),
    ],
)
def test_a_small_run_of_each_benchmark_ends_with_a_table(name: str, arguments: list[str], tmp_path: Path) -> None:
    told = program(BENCHMARKS / f"{name}.py", "--events", "3000", "--folder", str(tmp_path), *arguments)
    assert told.returncode == 0, told.stderr
    assert told.stdout.splitlines()[-1].startswith("| ")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="the server's time is read from /proc")
def test_the_service_is_loaded_and_every_request_answered(tmp_path: Path) -> None:
    if not shutil.which("wrk"):
        message = "wrk is not installed: the service WAS NOT LOADED"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    short = ("--seconds", "1", "--requests", "100", "--months", "1", "--events", "3000", "--folder", str(tmp_path))
    told = program(BENCHMARKS / "serve.py", *short)
    assert told.returncode == 0, told.stderr
    rows = [
        line.strip("| ").split(" | ") for line in told.stdout.splitlines() if "features |" in line or "events" in line
    ]
    assert [(row[0], row[1]) for row in rows] == [
        ("one customer, features", "1"),
        ("one customer, features", "8"),
        ("one customer, 20 events", "8"),
        ("10,000 customers, features", "2"),
        ("1,000 customers, 20 events each", "2"),
    ]
    assert all(float(figure.replace(",", "")) > 0 for row in rows for figure in row[2:])
    assert not list(tmp_path.iterdir())


def test_publishing_is_measured_beside_what_loads_the_same_rows(tmp_path: Path) -> None:
    from warehouses import postgres

    with postgres() as server:
        small = ("--events", "6000", "--months", "2", "--customers", "3000", "--folder", str(tmp_path))
        told = program(BENCHMARKS / "publish.py", "--to", server.uri, *small)
        assert server.rows("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'bestiary%'") == [(0,)]
    assert told.returncode == 0, told.stderr
    rows = [line.strip("| ").split(" | ") for line in told.stdout.splitlines() if "| 3," in line]
    assert [row[0].partition(",")[0] for row in rows] == [
        "bestiary publish", "the same run once more", "psycopg", "psycopg", "made anew",
    ]  # fmt: skip
    assert not list(tmp_path.iterdir())


HOLD = "import time; held = bytearray(150_000_000); time.sleep(1)"


@pytest.mark.skipif(sys.platform != "linux", reason="processes are watched in /proc")
def test_memory_of_all_processes_at_once_is_counted() -> None:
    both = f"import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', {HOLD!r}]); {HOLD}; child.wait()"
    assert 300_000_000 < peak([sys.executable, "-c", both]) < 400_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="processes are watched in /proc")
def test_a_process_that_outlives_its_parent_is_counted() -> None:
    busy = "import time\nuntil = time.process_time() + 1\nwhile time.process_time() < until: pass"
    cost = measure(
        [sys.executable, "-c", f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {busy!r}])"]
    )
    assert cost.cpu > 0.8


@pytest.mark.skipif(sys.platform != "linux", reason="processes are watched in /proc")
@pytest.mark.parametrize(
    ("limit", "said"), [({"ceiling": 100e6}, "killed above 0.1 GB"), ({"timeout": 0.5}, "killed after 0 s")]
)
def test_a_process_beyond_its_limits_is_killed_and_reported(limit: dict[str, float], said: str) -> None:
    with pytest.raises(ChildError) as caught:
        measure([sys.executable, "-c", f"{HOLD}; time.sleep(600)"], **limit)
    assert caught.value.cost.stopped == said
    assert caught.value.cost.peak > 0
