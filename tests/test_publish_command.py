"""`bestiary publish` as a person or a scheduler runs it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bestiary.config import Settings, load_settings
from bestiary.errors import ConfigError
from bestiary.lake.runs import run_key
from command import PROGRAM, events_of, without_progress
from months import APRIL, MARCH, MAY
from warehouses import Server, need_driver, postgres


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres() as started:
        started.run("ALTER ROLE tester PASSWORD 'open-sesame'")
        yield started


@pytest.fixture
def mine(whole_store: Path, tmp_path: Path) -> Path:
    """A store that may be changed."""
    return Path(shutil.copytree(whole_store, tmp_path / "store"))


def publish(*words: object, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [PROGRAM, "publish", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | environment)


def told(*words: object, **environment: str) -> str:
    done = publish(*words, **environment)
    assert done.returncode == 0, done.stderr
    assert without_progress(done.stderr) == ""
    return done.stdout


def refused(*words: object, status: int = 1, **environment: str) -> str:
    done = publish(*words, **environment)
    assert done.returncode == status, done.stdout + done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return without_progress(done.stderr)


def recipients(store: Path) -> list[dict[str, object]]:
    file = store / "recipients.json"
    found: list[dict[str, object]] = json.loads(file.read_text())["recipients"] if file.exists() else []
    return found


def test_the_latest_run_and_another_and_who_was_given_them(mine: Path, server: Server, tmp_path: Path) -> None:
    uri = server.uri.replace("@", ":open-sesame@")
    first = told("--store", mine, "--to", "postgresql", BESTIARY_WAREHOUSE=uri)
    assert first.startswith(f"Published: the run as of {MAY}: {server.uri} schema bestiary (customers ")
    (file := tmp_path / "connection").write_text(uri + "\n")
    assert told("--store", mine, "--to", "postgresql", "--connection-file", file).startswith("Unchanged: ")
    told("--store", mine, "--to", server.uri, "--as-of", APRIL)
    assert server.rows("SELECT as_of FROM bestiary.runs ORDER BY 1") == [(APRIL,), (MAY,)]
    (noted,) = recipients(mine)
    assert (noted["kind"], noted["to"]) == ("warehouse", f"{server.uri} schema bestiary")
    assert noted["runs"] == [APRIL.isoformat(), MAY.isoformat()]
    assert "open-sesame" not in (mine / "recipients.json").read_text()


def test_a_folder(mine: Path, tmp_path: Path) -> None:
    told("--store", mine, "--to", tmp_path / "out", "--quiet")
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["latest"] == MAY.isoformat()
    assert [(one["kind"], one["to"]) for one in recipients(mine)] == [("folder", str(tmp_path / "out"))]


def test_retention_is_a_setting(mine: Path, tmp_path: Path) -> None:
    (config := tmp_path / "settings.toml").write_text("[privacy]\nretention_months = 7\n")
    for one in (MARCH, APRIL):
        told("--store", mine, "--to", tmp_path / "out", "--as-of", one, "--config", config)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert list(manifest["runs"]) == [MARCH.isoformat(), APRIL.isoformat()]
    (old := mine / "runs" / "2021-06-01").mkdir()
    for file in (mine / "runs" / MAY.isoformat()).iterdir():
        text = file.read_bytes()
        (old / file.name).write_bytes(
            text.replace(b'"2020-05-01"', b'"2021-06-01"') if file.suffix == ".json" else text
        )
    out = told("--store", mine, "--to", tmp_path / "out", "--config", config)
    assert out.endswith(f"Left, for retention: {MARCH}, {APRIL}\n")
    assert list(json.loads((tmp_path / "out" / "manifest.json").read_text())["runs"]) == ["2021-06-01"]


def test_json_lines_tell_steps_and_the_result_and_no_secret(mine: Path, server: Server) -> None:
    uri = server.uri.replace("@", ":open-sesame@")
    words = ("--store", mine, "--to", "postgresql", "--schema", "logged", "--log-format", "json")
    done = publish(*words, BESTIARY_WAREHOUSE=uri)
    assert done.returncode == 0
    assert "open-sesame" not in done.stdout + done.stderr
    start, end, result = events_of(done.stderr, "start", "end", "result")
    assert start["step"] == end["step"] == result["step"] == "publish"
    assert start["total"] == end["done"] == end["rows"] == sum(result["rows"].values())
    assert (result["as_of"], result["unchanged"], result["removed"]) == (MAY.isoformat(), False, [])


def test_a_dry_run_prints_statements_that_psql_can_run(mine: Path, server: Server) -> None:
    out = told("--store", mine, "--to", server.uri, "--schema", "dry", "--dry-run", "--quiet")
    assert out.startswith('CREATE SCHEMA IF NOT EXISTS "dry";\n')
    assert recipients(mine) == []
    assert server.rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'dry'") == [(0,)]
    without_rows = "\n".join(line for line in out.splitlines() if not line.startswith("COPY"))
    server.run(without_rows)
    assert server.rows("SELECT count(*) FROM dry.current_customers") == [(0,)]


def test_errors_are_told_without_secrets(mine: Path, server: Server, tmp_path: Path) -> None:
    words = ("--store", mine, "--to")
    for to in (f"postgresql://u:open-sesame@h/{'d'}", "postgresql://u@h/d?password=open-sesame"):
        assert "--to holds a password" in (text := refused(*words, to))
        assert "open-sesame" not in text
    bad = {
        "postgresql://nobody:open-sesame@127.0.0.1:1/d": "Connection refused",
        f"postgresql://nobody:open-sesame@127.0.0.1:{server.port}/postgres": 'role "nobody" does not exist',
        "postgresql://nobody:open-sesame@db.example.com/d?sslmode=disable": "sslmode=disable to db.example.com",
        "postgresql://nobody:open-sesame@127.0.0.1:port/d": "no connection that can be read",
        "host=127.0.0.1 password=open-sesame": "no connection that can be read",
        "postgresql://nobody:open-sesame@127.0.0.1/d?nonsense=1": "nonsense",
    }
    for uri, found in bad.items():
        for more in ((), ("--log-format", "json")):
            text = refused(*words, "postgresql", *more, BESTIARY_WAREHOUSE=uri)
            assert found in text.replace('\\"', '"')
            assert "open-sesame" not in text
    assert recipients(mine) == []
    assert "none is given" in refused(*words, "postgresql", BESTIARY_WAREHOUSE="")
    assert "no run as of 2001-01-01" in refused(*words, "out", "--as-of", "2001-01-01")
    assert "is not a store" in refused("--store", tmp_path / "nowhere", "--to", "out")
    assert "needs publish.s3_staging" in refused(*words, "redshift", BESTIARY_WAREHOUSE="redshift://u@127.0.0.1/d")
    (mine / "runs" / MAY.isoformat() / "run.json").unlink()
    assert "is not complete: no run.json" in refused(*words, tmp_path / "out", "--as-of", MAY)
    told(*words, tmp_path / "out")
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["latest"] == APRIL.isoformat()


def test_another_process_at_work_is_status_3(mine: Path, server: Server, tmp_path: Path) -> None:
    from bestiary.lake.lock import locked
    from bestiary.publish import open_target

    with locked(mine):
        assert "Another process is working" in refused("--store", mine, "--to", tmp_path / "out", status=3)
    target = open_target(server.uri, schema="busy", environment={})
    with target.transaction():  # type: ignore[attr-defined]
        text = refused("--store", mine, "--to", server.uri, "--schema", "busy", status=3)
    assert "another process is publishing there" in text


@pytest.mark.parametrize(
    ("package", "to"),
    [("adbc_driver_postgresql", "postgresql://u@127.0.0.1:1/d"), ("obstore", "s3://bucket/x")],
)
def test_without_a_package_the_error_says_what_to_install(package: str, to: str, mine: Path) -> None:
    need_driver()
    block = f"import sys; sys.modules['{package}'] = None; from bestiary.cli import main; main()"
    words = [sys.executable, "-c", block, "publish", "--store", str(mine), "--to", to]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert f"needs the package {package}" in done.stderr
    assert "uv sync --extra warehouse" in done.stderr
    assert "Traceback" not in done.stderr


def test_settings_of_publish(tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[publish]\ns3_staging = "s3://b/c"\niam_role = "default"\nregion = "us-gov-west-1"\n')
    assert load_settings(file).publish.model_dump() == {
        "s3_staging": "s3://b/c", "iam_role": "default", "region": "us-gov-west-1",
    }  # fmt: skip
    for line, found in (
        ('s3_staging = "b/c"', "an address such as s3://bucket/prefix"),
        ('iam_role = "arn:aws:iam::1:role/x"', "an ARN, or default"),
        ("iam_role = \"default' CREDENTIALS 'x\"", "an ARN, or default"),
        ('region = "Paris"', "a region such as eu-west-3"),
        ('rol = "x"', "Unknown setting 'rol' of [publish]"),
    ):
        file.write_text(f"[publish]\n{line}\n")
        with pytest.raises(ConfigError) as error:
            load_settings(file)
        assert found in str(error.value)


def test_what_publishing_needs_is_no_part_of_a_runs_key() -> None:
    other = Settings.model_validate({"publish": {"s3_staging": "s3://b/c"}})
    assert run_key(["a"], Settings()) == run_key(["a"], other)
