"""The floor check passes on the tree as it is, and finds a planted offence of every kind."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def check(src: Path) -> tuple[int, str]:
    command = [sys.executable, str(ROOT / "scripts" / "check_floors.py"), str(src)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.fixture
def src(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path / "src"


def plant(src: Path, file: str, text: str) -> int:
    """Append text to a module; return the number of its first line."""
    path = src / "bestiary" / file
    path.parent.mkdir(exist_ok=True)
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    path.write_text(before + text, encoding="utf-8")
    return before.count("\n") + 1


def test_the_real_tree_passes() -> None:
    assert check(ROOT / "src") == (0, "floors: imports go down only\n")


def test_a_copy_passes_before_anything_is_planted(src: Path) -> None:
    assert check(src)[0] == 0


OFFENCES = {
    "up from the ground": ("errors.py", "from bestiary.lake.store import Store\n", 0, "bestiary.lake.store"),
    "up to the flow": ("report/html.py", "import bestiary.pipeline\n", 0, "bestiary.pipeline"),
    "up to the commands": ("pipeline.py", "from bestiary import cli\n", 0, "bestiary.cli"),
    "sideways": ("events/contract.py", "from bestiary.segments import fit\n", 0, "bestiary.segments"),
    "sideways, against the exception": ("intake.py", "from bestiary.pipeline import run\n", 0, "bestiary.pipeline"),
    "import as": ("lake/tables.py", "import bestiary.customers.features as f\n", 0, "bestiary.customers"),
    "in a function": ("lake/tables.py", "def f():\n    from bestiary.events import contract\n", 1, "bestiary.events"),
    "for the type checker": (
        "lake/tables.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from bestiary.events.source import Source\n",
        2,
        "bestiary.events.source",
    ),
    "relative": ("lake/tables.py", "from ..events.source import Source\n", 0, "bestiary.events.source"),
    "relative to the package": ("lake/tables.py", "from .. import simulate\n", 0, "bestiary.simulate"),
    "relative in a room's own file": ("lake/__init__.py", "from ..events import source\n", 0, "bestiary.events"),
    "by a literal name": (
        "lake/tables.py",
        'import importlib\nimportlib.import_module("bestiary.report.html")\n',
        1,
        "bestiary.report.html",
    ),
    "by a bare literal name": (
        "lake/tables.py",
        'from importlib import import_module\nimport_module("bestiary.cli")\n',
        1,
        "bestiary.cli",
    ),
    "of what has no floor": ("lake/tables.py", "import bestiary.cellar\n", 0, "cellar has no floor"),
    "by the package itself": ("__init__.py", "from bestiary.config import Settings\n", 0, "bestiary.config"),
}


@pytest.mark.parametrize("offence", OFFENCES)
def test_a_planted_import_is_found_with_its_line(src: Path, offence: str) -> None:
    file, text, below, named = OFFENCES[offence]
    line = plant(src, file, text) + below
    status, output = check(src)
    assert status == 1
    assert output.splitlines()[0].startswith(f"bestiary/{file}:{line}: ")
    assert named in output
    assert len(output.splitlines()) == 1


@pytest.mark.parametrize("file", ["cellar.py", "cellar/__init__.py", "cellar/wine.py"])
def test_a_room_without_a_floor_is_found(src: Path, file: str) -> None:
    plant(src, file, "x = 1\n")
    assert check(src) == (1, f"bestiary/{file}:1: cellar has no floor; give it one in scripts/check_floors.py\n")


def test_a_cycle_on_the_ground_floor_is_found(src: Path) -> None:
    plant(src, "errors.py", "def f():\n    from bestiary.files import write_json\n")
    assert check(src) == (1, "bestiary: errors -> files -> errors; the ground floor has no cycles\n")


def test_every_offence_is_told(src: Path) -> None:
    plant(src, "errors.py", "import bestiary.lake\nimport bestiary.cli\n")
    plant(src, "lake/tables.py", "import bestiary.events\n")
    assert len(check(src)[1].splitlines()) == 3


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("lake/tables.py", "from bestiary.lake import store\n"),
        ("lake/tables.py", "from . import store\n"),
        ("report/html.py", "from bestiary.segments.model import Model\n"),
        ("cli.py", "import bestiary.show\n"),
        ("sql.py", "import bestiary.errors\n"),
        ("lake/tables.py", "from bestiary import __version__\n"),
        ("lake/tables.py", "import importlib\nimportlib.import_module('tomllib')\n"),
    ],
)
def test_what_the_plan_allows_is_no_offence(src: Path, file: str, text: str) -> None:
    plant(src, file, text)
    assert check(src)[0] == 0
