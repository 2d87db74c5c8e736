"""docs/warehouse.md is true: its commands are run from top to bottom against a real Postgres, and its tables are those
of the code.
"""

import os
import subprocess
import sys
from pathlib import Path

from bestiary.config import load_settings
from bestiary.publish.columns import markdown
from command import PROGRAM
from test_docs import ROOT, blocks
from warehouses import Server, postgres

PAGE = ROOT / "docs" / "warehouse.md"
SHOWN = "127.0.0.1:5432"
RUN = {"bash", "sql", "python", "toml"}


def test_the_tables_are_those_of_the_code() -> None:
    assert PAGE.read_text(encoding="utf-8").endswith("\n\n" + markdown())


def test_every_block_is_run() -> None:
    assert {kind for kind, _ in blocks(PAGE)} == RUN


def test_the_page_can_be_followed(tmp_path: Path) -> None:
    with postgres() as server:
        server.run("CREATE ROLE loader LOGIN PASSWORD 'open sesame'")
        server.run("CREATE DATABASE shop OWNER loader")
        environment = os.environ | {"PATH": f"{Path(PROGRAM).parent}{os.pathsep}{os.environ['PATH']}"}
        here = f"127.0.0.1:{server.port}"
        for kind, block in blocks(PAGE):
            if kind == "bash":
                script = (
                    f"set -euo pipefail\n{block.replace('uv run ', '').replace(SHOWN, here)}\nenv -0 > .environment"
                )
                environment = after(script, tmp_path, environment)
            elif kind == "python":
                program = [sys.executable, "-W", "error", "-c", block]
                ended = subprocess.run(program, cwd=tmp_path, capture_output=True, text=True, check=False)
                assert ended.returncode == 0, ended.stderr
                assert ended.stdout
            elif kind == "sql":
                answered(block, server)
            else:
                (tmp_path / "settings.toml").write_text(block)
                assert load_settings(tmp_path / "settings.toml").publish.s3_staging


def after(script: str, folder: Path, environment: dict[str, str]) -> dict[str, str]:
    """Run a script; the environment that it leaves."""
    words = ["bash", "-c", script]
    ended = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, f"{script}\n{ended.stdout}\n{ended.stderr}"
    kept = (folder / ".environment").read_text().split("\0")
    return dict(one.split("=", 1) for one in kept if one)


def answered(block: str, server: Server) -> None:
    """Each query of a block finds something."""
    for query in block.split(";"):
        if query.strip():
            with server.connect(user="loader", dbname="shop") as connection:
                rows = connection.execute(query).fetchall()
                assert rows, query
