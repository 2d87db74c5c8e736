"""The commands `bestiary sql score` and `bestiary onnx` as a person runs them on a run's store."""

import json
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from command import PROGRAM, bestiary, done, failed, quick
from engines import missing

SCORE = ("sql", "score")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store with one run, which no test changes."""
    folder = tmp_path_factory.mktemp("shop")
    done("simulate", folder / "events", "--events", "12000", "--months", "2", "--seed", "3")
    done("run", folder / "events", "--store", folder / "store", "--config", quick(folder))
    return folder / "store"


@pytest.fixture(scope="module")
def run(store: Path) -> Path:
    (only,) = (store / "runs").iterdir()
    return only


def rows(run: Path, query: str) -> list[tuple[object, ...]]:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW customers AS FROM '{run / 'customers.parquet'}'")
        return connection.execute(query).fetchall()


def test_what_is_printed_places_the_runs_customers(store: Path, run: Path) -> None:
    select = done(*SCORE, "--store", store, "--dialect", "duckdb")
    assert select.startswith("-- bestiary ")
    assert f"as of {run.name}" in select.splitlines()[0]
    stored = f"SELECT user_id, population, segment, persona FROM '{run / 'segments.parquet'}'"
    placed = f"SELECT user_id, population, segment, persona FROM ({select}) WHERE population IS NOT NULL"
    both = rows(run, f"SELECT count(*) FROM ({stored} INTERSECT ALL {placed})")
    assert both == rows(run, f"SELECT count(*) FROM ({placed})") == rows(run, f"SELECT count(*) FROM ({stored})")
    assert rows(run, f"SELECT count(DISTINCT segment) > 3, count(persona) > 0 FROM ({placed})") == [(True, True)]


def test_a_model_file_a_date_a_table_and_a_file_to_write(store: Path, run: Path, tmp_path: Path) -> None:
    out = tmp_path / "there" / "score.sql"
    told = done(*SCORE, "--model", run / "model.json", "--dialect", "postgres", "--table", "crm.people", "--out", out)
    assert told == f"Sql: {out}\n"
    assert "FROM crm.people" in out.read_text()
    dated = done(*SCORE, "--store", store, "--as-of", run.name, "--dialect", "postgres", "--table", "crm.people")
    assert dated == out.read_text()
    assert done(*SCORE, "--store", store, "--dialect", "postgres", "--table", "crm.people", "--quiet") == dated


def test_onnx_writes_the_graph(store: Path, run: Path, tmp_path: Path) -> None:
    try:
        import onnx
    except ImportError:
        missing("onnx")
    files = tmp_path / "a.onnx", tmp_path / "b.onnx"
    assert done("onnx", "--store", store, "--out", files[0]) == f"Onnx: {files[0]}\n"
    done("onnx", "--model", run / "model.json", "--out", files[1], "--quiet")
    assert files[0].read_bytes() == files[1].read_bytes()
    graph = onnx.load_from_string(files[0].read_bytes())
    model = json.loads((run / "model.json").read_text())
    assert {one.key: one.value for one in graph.metadata_props} == {
        name: model["provenance"][name] for name in ("as_of", "fingerprint")
    }


def test_errors_say_what_was_found_allowed_and_to_do(store: Path, run: Path, tmp_path: Path) -> None:
    model = ("--model", run / "model.json")
    assert "did you mean 'postgres'?" in failed(*SCORE, *model, "--dialect", "postgre")
    told = failed(*SCORE, *model, "--dialect", "duckdb", "--table", "a; DROP TABLE b")
    assert "'a; DROP TABLE b' is not the name of a table." in told
    assert "such as analytics.customers" in told
    for command in ((*SCORE, "--dialect", "duckdb"), ("onnx", "--out", tmp_path / "x.onnx")):
        assert "Neither of --model and --store is given." in failed(*command)
        assert "Both of --model and --store are given." in failed(*command, *model, "--store", store)
        assert "--as-of is given with --model." in failed(*command, *model, "--as-of", "2020-01-01")
        assert "no run as of 2001-01-01" in failed(*command, "--store", store, "--as-of", "2001-01-01")
        assert "Cannot read" in failed(*command, "--model", tmp_path / "nowhere.json")
        for text, found in (("{", "is not valid JSON"), ("{}", "is not a valid model"), ("[]", "not an object")):
            (tmp_path / "model.json").write_text(text)
            assert found in failed(*command, "--model", tmp_path / "model.json")
    assert not (tmp_path / "x.onnx").exists()
    assert bestiary(*SCORE, *model).returncode == 2  # no dialect


def test_a_reader_that_goes_away_is_no_error(store: Path) -> None:
    asked = f"{PROGRAM} sql score --store {store} --dialect spark | head -n 1"
    piped = subprocess.run(["bash", "-o", "pipefail", "-c", asked], capture_output=True, text=True, check=False)
    assert (piped.returncode, piped.stderr) == (0, "")
    assert piped.stdout.startswith("-- bestiary ")


def test_without_the_package_onnx_the_error_says_what_to_install(store: Path, tmp_path: Path) -> None:
    block = "import sys; sys.modules['onnx'] = None; from bestiary.cli import main; main()"
    asked = [*("onnx", "--store", str(store)), "--out", str(tmp_path / "x.onnx")]
    told = subprocess.run([sys.executable, "-c", block, *asked], capture_output=True, text=True, check=False)
    assert told.returncode == 1
    assert "uv sync --extra onnx" in told.stderr
    assert "Traceback" not in told.stderr
