"""The documents are true: what is generated is up to date, what is linked is there, what can be run is run.

The convention: the fenced blocks of a page are run from top to bottom in one empty folder, so a command may use what
an earlier one has made. `bash` blocks hold commands, one a line; `python` blocks are programs; `toml` blocks are
settings. Nothing else may stand in a `bash` block than what is run here or listed in NOT_RUN_HERE.
"""

import importlib.util
import os
import re
import shlex
import signal
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from bestiary.cli import app
from bestiary.config import Choice, load_settings
from bestiary.customers.features import markdown

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
RUN_ELSEWHERE = {
    ROOT / "docs" / "service.md": "tests/test_service_guide.py, which also holds what it answers",
    ROOT / "docs" / "warehouse.md": "tests/test_publish_guide.py, which starts the warehouse",
}
OPTIONAL = ("onnx", "onnxruntime")
"""Packages that a plain `uv sync` has not: without them what names them is not run, but for CI."""
NOT_RUN_HERE = {
    "pip install uv": "the machine that runs this test has it",
    "uv run pytest": "this is it",
    "uv sync": "the packages are there already",
    ".ci/run": "it runs this test",
}


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path) -> list[tuple[str, str]]:
    return BLOCK.findall(text(page))


def commands(block: str) -> Iterator[str]:
    joined = block.replace("\\\n", " ")
    for line in joined.splitlines():
        for command in line.split("&&"):
            bare = command.partition(" #")[0].strip()
            if bare and not bare.startswith("#"):
                yield " ".join(bare.split())


def lacking(block: str) -> bool:
    """Whether a block or a command needs a package that may be missing, and is."""
    needed = (name for name in OPTIONAL if re.search(rf"\b{name}\b", block))
    return os.environ.get("CI") != "true" and any(importlib.util.find_spec(name) is None for name in needed)


def arguments(command: str) -> list[str] | None:
    """How a command is run from this environment; None where it is not run here."""
    if command in NOT_RUN_HERE:
        return None
    words = shlex.split(command.removeprefix("uv run "))
    if words[0] == "bestiary":
        return [str(Path(sys.executable).parent / "bestiary"), *words[1:]]
    if words[0] == "python" and (ROOT / words[1]).is_file() and words[1].startswith("benchmarks/"):
        formats = ["--format", "csv"] if "--format" in words or words[1].endswith("ingest.py") else []
        return [sys.executable, str(ROOT / words[1]), *words[2:], "--events", "3000", *formats]
    raise AssertionError(f"a document's command that no test runs: {command}")


def run(words: list[str], folder: Path) -> str:
    # Wide enough that no path is broken over two lines.
    environment = os.environ | {"COLUMNS": "200", "NO_COLOR": "1"}
    if words[1] == "dashboard":
        return serve(words, folder, environment)
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{shlex.join(words)}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout


def serve(words: list[str], folder: Path, environment: dict[str, str]) -> str:
    """A command that stays until it is interrupted: its first page is asked for, and then it must end well."""
    with subprocess.Popen(words, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            told = server.stdout.readline()
            with urllib.request.urlopen(told.split()[1]) as page:
                assert page.status == 200
        finally:
            server.send_signal(signal.SIGINT)
    assert server.returncode == 0
    return told


def test_the_columns_page_is_what_the_dictionary_says() -> None:
    assert text(ROOT / "docs" / "columns.md") == markdown()


def test_the_method_lists_every_threshold_with_its_default() -> None:
    listed = next(block for kind, block in blocks(ROOT / "docs" / "method.md") if kind == "toml")
    assert tomllib.loads(listed)["choice"] == Choice().model_dump()


def test_the_readme_begins_with_the_two_commands() -> None:
    bash = [block.strip() for kind, block in blocks(ROOT / "README.md") if kind == "bash"]
    assert bash[:2] == ["pip install uv && uv run bestiary demo", "uv run pytest"]


@pytest.mark.parametrize(
    "page", [page for page in PAGES if page not in RUN_ELSEWHERE], ids=lambda page: page.relative_to(ROOT).as_posix()
)
def test_what_a_page_says_can_be_run(page: Path, tmp_path: Path) -> None:
    for kind, block in blocks(page):
        if kind == "bash":
            for command in commands(block):
                words = arguments(command)
                if words and not lacking(command):
                    run(words, tmp_path)
        elif kind == "python" and not lacking(block):
            run([sys.executable, "-W", "error", "-c", block], tmp_path)
        elif kind == "toml":
            (tmp_path / "settings.toml").write_text(block, encoding="utf-8")
            load_settings(tmp_path / "settings.toml")
    for run_folder in tmp_path.glob("*/runs/*"):
        assert all(file.name in text(ROOT / "README.md") for file in run_folder.iterdir())


def test_every_benchmark_is_run_by_a_page() -> None:
    bash = "".join(block for page in PAGES for kind, block in blocks(page) if kind == "bash")
    assert "uv run python benchmarks/ingest.py" in bash


def mentioned() -> list[str]:
    """Every `bestiary COMMAND ...` in running text and tables."""
    return sorted({code for page in PAGES for code in re.findall(r"`(bestiary [^`]+)`", text(page))})


@pytest.mark.parametrize("mention", mentioned())
def test_a_command_that_is_mentioned_exists_with_its_options(mention: str) -> None:
    group = typer.main.get_command(app)
    words = mention.split()[1:]
    if words[0].startswith("--"):
        assert words == ["--help"]
        return
    while words and (known := getattr(group, "commands", None)):  # of typer's own class
        assert words[0] in known
        group = known[words.pop(0)]
    options = {option for parameter in group.params for option in parameter.opts} | {"--help"}
    assert {word.partition("=")[0] for word in words if word.startswith("--")} <= options


def test_every_command_is_in_the_readme() -> None:
    known = set(getattr(typer.main.get_command(app), "commands"))  # noqa: B009
    named = set(re.findall(r"\bbestiary ([a-z]+)", text(ROOT / "README.md")))
    assert known - named <= {"version"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_local_links_lead_somewhere(page: Path) -> None:
    without_code = re.sub(r"`[^`\n]*`", "", BLOCK.sub("", text(page)))
    for target in re.findall(r"\]\(([^)\s]+)\)", without_code):
        if not re.match(r"[a-z]+:", target):
            path, _, anchor = target.partition("#")
            linked = (page.parent / path).resolve() if path else page
            assert linked.exists(), f"{page.name} links to {target}"
            assert linked.is_relative_to(ROOT), f"{page.name} links out of the project: {target}"
            assert not anchor or anchor in anchors(linked), f"{page.name} links to {target}"


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", BLOCK.sub("", text(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_no_page_names_a_machine_path(page: Path) -> None:
    assert re.findall(r"(?<![\w./*])(?:/(?:work|root|tmp|home|Users|opt|var|mnt)/\S*|[A-Z]:\\\S*)", text(page)) == []
