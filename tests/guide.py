"""Somebody who follows docs/service.md from top to bottom: a shell, Python, and the service that was last started.

What the page does with its blocks: `bash` blocks are commands, of which `bestiary serve`, always the last, goes on
until another is started; a `python` block is a program; a `json` or `text` block just after one of them is what it
answers or prints. Two blocks are files of the checkout example, and those after `uv venv` are another test's.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import ExitStack
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from command import PROGRAM
from serve_shop import Served, served
from test_docs import ROOT, blocks

PAGE = ROOT / "docs" / "service.md"
ADDRESS = "http://127.0.0.1:8766"
SERVE = re.compile(r"^bestiary serve (.+)\n", re.MULTILINE)
CHANGING = ("model", "version", "request_id", "title")
"""What is not the same on every machine and in every Python: only that it is there is held."""


def need(program: str) -> None:
    """Skip where a program is missing; in CI fail."""
    if shutil.which(program) is None:
        message = f"no {program}: install it (apt-get install {program})"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)


def file_of(kind: str, beginning: str) -> str:
    """The block that is a file of the page's example."""
    return next(block for found, block in blocks(PAGE) if found == kind and block.startswith(beginning))


def is_file(block: str) -> bool:
    return block.startswith(('"""shop.py', "<!doctype html>"))


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table under a heading, without its head."""
    part = PAGE.read_text(encoding="utf-8").split(f"\n## {heading}\n")[1].split("\n## ")[0]
    table = re.findall(r"^\| (.*) \|$", part, re.MULTILINE)
    return [line.split(" | ") for line in table[2:]]


class Reader:
    """What a person does with the page's blocks, in a folder where the store is called `store`."""

    def __init__(self, folder: Path, store: Path) -> None:
        self.folder = folder
        (folder / "store").symlink_to(store)
        self.environment = os.environ | {"PATH": f"{Path(PROGRAM).parent}{os.pathsep}{os.environ['PATH']}"}
        self.service: Served | None = None
        self._running = ExitStack()

    def close(self) -> None:
        """End the service."""
        self._running.close()

    def here(self, block: str) -> str:
        """A block for this machine: the service's address, and the program without `uv run`."""
        address = self.service.address.rstrip("/") if self.service else ADDRESS
        return block.replace("uv run ", "").replace(ADDRESS, address.replace("0.0.0.0", "127.0.0.1"))

    def bash(self, block: str) -> str:
        """What commands print; what they export stays."""
        commands, _, serve = (self.here(block) + "\n").partition("bestiary serve ")
        script = f"set -euo pipefail\n{commands}\nenv -0 > .environment"
        done = subprocess.run(
            ["bash", "-c", script], cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}\n{done.stderr}"
        kept = (self.folder / ".environment").read_text().split("\0")
        self.environment = dict(one.split("=", 1) for one in kept if one)
        if serve:
            self.close()
            self.service = self._running.enter_context(served(*shlex.split(serve), cwd=self.folder))
        return done.stdout

    def python(self, block: str) -> str:
        """What a program prints."""
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", self.here(block)],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"{block}\n{done.stderr}"
        return done.stdout


def differences(shown: str, told: str) -> list[str]:
    """Where an answer is not what the page shows; the page shows numbers with fewer digits."""
    return list(_differences(json.loads(shown, parse_float=Decimal), json.loads(told), ""))


def _differences(shown: Any, told: Any, place: str) -> list[str]:
    if isinstance(shown, dict) and isinstance(told, dict) and list(shown) == list(told):
        return [one for name in shown for one in _differences(shown[name], told[name], f"{place}.{name}")]
    if isinstance(shown, list) and isinstance(told, list) and len(shown) == len(told):
        pairs = enumerate(zip(shown, told, strict=True))
        return [one for number, (a, b) in pairs for one in _differences(a, b, f"{place}.{number}")]
    if isinstance(shown, Decimal) and isinstance(told, float):
        digits = -int(shown.as_tuple().exponent)
        same = abs(float(shown) - told) <= 0.51 * 10.0**-digits
    elif place.rpartition(".")[2] in CHANGING:
        same = isinstance(told, str) and bool(told)
    else:
        same = type(shown) is type(told) and shown == told
    return [] if same else [f"{place}: the page shows {shown!r}, the service says {told!r}"]
