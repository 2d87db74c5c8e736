"""Stores for the dashboard's tests, made once whatever number of workers asks, and a browser without a screen."""

import csv
import html
import os
import re
import shutil
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from bestiary import pipeline
from bestiary.config import Choice, Language, Settings
from bestiary.lake.runs import STEPS, Run
from bestiary.report.dashboard.app import create_app
from bestiary.report.dashboard.compared import Compare, Comparisons
from months import APRIL, MARCH, MAY

with warnings.catch_warnings():  # Starlette would rather have a package that is not in use here yet
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient as TestClient


SMALL = Settings(
    candidates=("rfm_log",), k_min=3, k_max=4, choice=Choice(sample=1000), threads=2, memory="1GB", buckets=2
)
RUNS = (MAY, APRIL, MARCH)
ADDRESS = "http://127.0.0.1:8765"
HOSTILE = (
    "<script>alert(1)</script>",
    "{{7*7}}",
    "{% raw %}",
    "%{x}",
    "\"'><img src=x onerror=alert(2)>",
    "\u202eright to left",
    "=cmd|' /C calc'!A1",
    "+1",
    "-2+3",
    "@sum",
    "o'hara & sons",
    "a : b?  two",
    "someone@example.org",
    "</script><!--",
    "$array",
    "javascript:alert(3)",
)
"""What a shop may call its customers and brands."""
FILE = "<img src=x onerror=alert(4)>{{7*7}}.csv"


def shared(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """The store that `make` makes in a folder, the same one for all workers; tests that change it take a `copy`."""
    root = factory.getbasetemp() if os.environ.get("PYTEST_XDIST_WORKER") is None else factory.getbasetemp().parent
    with FileLock(root / f"{name}.lock"):
        if not (root / name / "made").is_file():
            shutil.rmtree(root / name, ignore_errors=True)
            make(root / name)
            (root / name / "made").touch()
    return root / name / "store"


def make_months(folder: Path) -> None:
    """A shop with some damaged rows, and a run at the end of three months; `other` has the last one with 6 segments."""
    pipeline.simulate(folder / "events", events=15_000, seed=5, dirty=True)
    _fitted(folder, (MARCH, APRIL, MAY))
    shutil.copytree(folder / "store", folder / "other")
    pipeline.fit(folder / "other", as_of=MAY, settings=SMALL.model_copy(update={"k": 6, "anew": True}))


def make_hostile(folder: Path) -> None:
    """A shop whose ids are texts and whose ids, brands, categories and file do their worst; one run."""
    pipeline.simulate(folder / "plain", events=8_000, seed=6, dirty=True)
    (folder / "events").mkdir()
    names: dict[str, dict[str, str]] = {"user_id": {}, "brand": {}, "category_code": {}}
    with (folder / "events" / FILE).open("w", newline="", encoding="utf-8") as out:
        writer = None
        for path in sorted((folder / "plain").glob("*.csv")):
            with path.open(newline="", encoding="utf-8", errors="replace") as file:
                rows = csv.DictReader(file)
                writer = writer or csv.DictWriter(out, rows.fieldnames or ())
                if out.tell() == 0:
                    writer.writeheader()
                writer.writerows(_renamed(row, names) for row in rows if None not in row)
    _fitted(folder, (MAY,))


def _renamed(row: dict[str, Any], names: dict[str, dict[str, str]]) -> dict[str, Any]:
    for column, known in names.items():
        old = row[column]
        if old and (column != "user_id" or old.isdigit()):
            number = len(known)
            known.setdefault(old, HOSTILE[number] if number < len(HOSTILE) else f"u{old}")
            row[column] = known[old]
    return row


def _fitted(folder: Path, dates: tuple[date, ...]) -> None:
    store = folder / "store"
    pipeline.ingest([folder / "events"], store, settings=SMALL)
    for as_of in dates:
        pipeline.customers(store, as_of=as_of, settings=SMALL)
        pipeline.fit(store, as_of=as_of, settings=SMALL)


def copy(store: Path, folder: Path) -> Path:
    """A store of one's own."""
    return shutil.copytree(store, folder / "store")


def replace(store: Path, other: Path, scratch: Path) -> None:
    """Put the segments of another store's latest run in the place of this one's, as a step does; and back again."""
    run, wanted = Run.of(store, MAY), Run.of(other, MAY).path
    scratch.mkdir()
    with run.replaced("fit", scratch) as stage:
        for name in STEPS["fit"]:
            shutil.copyfile(wanted / name, stage.path / name)
    shutil.rmtree(scratch)


def client(
    store: Path,
    compare: Compare | None = None,
    *,
    token: str | None = None,
    language: Language | None = None,
    address: str = ADDRESS,
) -> TestClient:
    """Who asks the dashboard of a store, and goes nowhere by themselves; an error of the server is an answer."""

    def compared(earlier: date, later: date) -> dict[str, Any]:
        return pipeline.movements(store, earlier=earlier, later=later, settings=SMALL).record()

    app = create_app(store, Comparisons(compare or compared), token=token, language=language)
    return TestClient(app, base_url=address, raise_server_exceptions=False, follow_redirects=False)


def text_of(page: str) -> str:
    """What stands on a page: no tags, no scripts, single spaces."""
    bare = re.sub(r"<(script|style|select)\b.*?</\1>|<[^>]*>", " ", page.replace("<wbr>", ""), flags=re.DOTALL)
    return " ".join(html.unescape(bare).split())


def is_sound(page: str, store: Path) -> bool:
    """Whether an answer says neither where the store is nor what failed inside."""
    return str(store) not in page and "Traceback" not in page and 'File "' not in page
