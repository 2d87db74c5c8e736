"""The service where there is no engine: a new environment, made by the page's own commands, that serves a model."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from command import without_progress
from dashboard_shop import shared
from guide import PAGE
from months import MAY
from serve_shop import JSON, make_shop, model_of, served
from test_docs import ROOT, blocks
from test_serve_problems import BUYER, EVENT, one

HEAVY = {
    "arro3", "deltalake", "duckdb", "filelock", "httpx", "isal", "jinja2", "pandas", "plotly", "polars", "pyarrow",
    "rich", "scipy", "sklearn", "sqlglot",
}  # fmt: skip
MOST_MEMORY = 120_000
"""Kilobytes."""
UNREACHABLE = (
    "Failed to fetch",
    "error sending request",
    "dns error",
    "tcp connect error",
    "Request failed",
    "timed out",
)
ALONE = {"PYTHONPATH": "", "PYTHONHOME": ""}


def install(folder: Path) -> str | None:
    """A copy of what is needed of the checkout, installed there as the page says; or why it cannot be."""
    if shutil.which("uv") is None:
        return "there is no uv to make an environment with"
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, folder)
    shutil.copytree(ROOT / "src", folder / "src", ignore=shutil.ignore_patterns("__pycache__"))
    block = next(block for kind, block in blocks(PAGE) if kind == "bash" and block.startswith("uv venv"))
    here = {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "CONDA_PREFIX", "UV_PYTHON")
    }
    for command in block.splitlines():
        words = command.split()
        words += ["--python", sys.executable] if words[1] == "venv" else []
        environment = here | {"VIRTUAL_ENV": str(folder / ".venv")}
        done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode and any(sign in done.stderr for sign in UNREACHABLE):
            return f"the packages cannot be fetched: {done.stderr[-300:]}"
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    return None


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return model_of(shared(tmp_path_factory, "served", make_shop))


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the environment's programs."""
    folder = tmp_path_factory.mktemp("slim")
    missing = install(folder)
    if missing:
        message = f"{missing}: the service without an engine WAS NOT TRIED"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    return folder / ".venv" / "bin"


def run(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        list(map(str, command)), env=os.environ | ALONE, capture_output=True, text=True, check=False, timeout=120
    )


def asked(client: httpx.Client) -> None:
    """Every address, by features and by events, in both languages."""
    events = [EVENT | {"event_time": f"2020-04-{day} 10:00:00 UTC", "event_type": kind} for day in (11, 12)
              for kind in ("view", "purchase")]  # fmt: skip
    for language in ("en", "fr"):
        for body in (one(BUYER), one(events=events) | {"as_of": str(MAY)}):
            answer = client.post("v1/score", json=body, headers=JSON | {"Accept-Language": language})
            assert answer.status_code == 200
            assert answer.json()["customers"][0]["population"] == "buyers"
            assert answer.json()["customers"][0]["segment"] is not None
    assert client.post("v1/score", json=one(BUYER | {"x": 1})).status_code == 422
    for path in ("v1/model", "v1/segments", "metrics", "openapi.json", "healthz", "readyz"):
        assert client.get(path).status_code == 200


def test_it_answers_in_little_memory(programs: Path, model: Path) -> None:
    with served("--model", model, environment=ALONE, program=str(programs / "bestiary")) as service:
        asked(service.client)
        for _ in range(200):
            assert service.score(one(BUYER)).status_code == 200
        status = Path(f"/proc/{service.process.pid}/status").read_text()
        resident = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert resident
        assert int(resident[1]) < MOST_MEMORY
        executable = Path(f"/proc/{service.process.pid}/exe").resolve()
        assert executable == Path(sys.executable).resolve()


def test_nothing_heavy_is_imported_by_what_serves(programs: Path, model: Path) -> None:
    """The interpreter itself tells what it imports, until the service ends."""
    command = [programs / "python", "-X", "importtime", programs / "bestiary", "serve", "--model", model, "--port", "0"]
    process = subprocess.Popen(
        list(map(str, command)), env=os.environ | ALONE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        with httpx.Client(base_url=process.stdout.readline().split()[1], timeout=30) as client:
            asked(client)
        process.send_signal(signal.SIGTERM)
        _, told = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    imported = {name.partition(".")[0] for name in re.findall(r"^import time:.*\| +(\S+)$", told, re.MULTILINE)}
    assert {"numpy", "pydantic", "uvicorn", "bestiary"} <= imported
    assert imported & HEAVY == set()


def test_none_of_the_engine_is_installed(programs: Path) -> None:
    code = "import importlib.util as u, json, sys; print(json.dumps([n for n in sys.argv[1:] if u.find_spec(n)]))"
    done = run(programs / "python", "-c", code, *sorted(HEAVY), "bestiary")
    # rich comes with typer; filelock is for changes of the keys.
    assert set(json.loads(done.stdout)) <= {"rich", "filelock", "bestiary"}
    where = run(programs / "python", "-c", "import bestiary; print(bestiary.__file__)").stdout
    assert where.startswith(str(programs.parent))


@pytest.mark.parametrize("rest", [["serve", "--store", "STORE"], ["serve", "--model", "MODEL", "--store", "STORE"],
                                  ["run", "STORE", "--store", "STORE"]])  # fmt: skip
def test_what_needs_the_engine_says_so(programs: Path, model: Path, rest: list[str]) -> None:
    names = {"STORE": str(model.parents[2]), "MODEL": str(model)}
    done = run(programs / "bestiary", *(names.get(word, word) for word in rest))
    told = without_progress(done.stderr)
    assert (done.returncode, done.stdout) == (1, ""), told
    assert re.match(r"Error: This needs the package \w+, which is not installed here\.\n", told)
    assert "uv pip install ." in told
    assert "serve --model" in told
    assert "Traceback" not in told


def test_its_own_commands_work(programs: Path, tmp_path: Path) -> None:
    assert "serve" in run(programs / "bestiary", "--help").stdout
    keys = tmp_path / "keys.json"
    made = run(programs / "bestiary", "keys", "add", "checkout", "--keys", keys)
    assert (made.returncode, made.stderr) == (0, "")
    assert made.stdout.startswith("bst_")
    assert run(programs / "bestiary", "keys", "list", "--keys", keys).stdout.startswith("checkout\t")
    assert run(programs / "bestiary", "keys", "remove", "checkout", "--keys", keys).returncode == 0
