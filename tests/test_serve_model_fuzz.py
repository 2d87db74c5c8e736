"""The loader of model.json under atheris, from models of every kind: refused, or it answers. By hand, what it found."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bestiary.errors import ModelError
from bestiary.segments.candidates import CANDIDATES
from bestiary.segments.fit import fit
from bestiary.segments.model import parse
from bestiary.serve.serving import Serving
from dashboard_shop import shared
from months import MAY
from serve_shop import SETTINGS, make_shop

RUNS = 6000


def make_seeds(folder: Path) -> None:
    """A model of every kind of method on one real table, each with visitors and a tree, as `store/KIND.json`."""
    make_shop(folder / "shop")
    customers = folder / "shop" / "store" / "runs" / str(MAY) / "customers.parquet"
    provenance = {"as_of": str(MAY), "fingerprint": "f", "time_zone": "Europe/Paris", "currency": "EUR"}
    (folder / "store").mkdir()
    for name in CANDIDATES:
        settings = SETTINGS.model_copy(update={"candidate": name, "candidates": None, "k": 3})
        fit(customers, folder / name, settings, provenance)
        for made in ("model.json", "segments.parquet"):
            (folder / name / made).rename(folder / "store" / f"{name}{Path(made).suffix}")


@pytest.fixture(scope="module")
def seeds(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared(tmp_path_factory, "seeds", make_seeds)


def test_any_file_is_refused_or_answers(seeds: Path, tmp_path: Path) -> None:
    if importlib.util.find_spec("atheris") is None:
        message = "atheris is not installed (uv sync --group engines): the loader WAS NOT FUZZED"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    corpus = tmp_path / "corpus"
    shutil.copytree(seeds, corpus)
    program = Path(__file__).with_name("fuzz_model.py")
    done = subprocess.run(
        [sys.executable, program, corpus, f"-runs={RUNS}", "-max_len=400000", "-timeout=30"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONWARNINGS": "error", "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    refused, taken = map(int, re.findall(r"refused (\d+), taken (\d+)", done.stdout)[-1])
    assert refused > 1000
    assert taken > 200


@pytest.mark.parametrize("name", CANDIDATES)
def test_models_of_every_kind_answer(seeds: Path, name: str) -> None:
    serving = Serving.read(seeds / f"{name}.json")
    assert serving.model.fitted.buyers.candidate == name
    customers = pl.read_parquet(seeds.parent / "shop" / "store" / "runs" / str(MAY) / "customers.parquet").sort(
        "user_id"
    )
    batch = pl.read_parquet(seeds / f"{name}.parquet").sort("user_id").to_dicts()
    rows = customers.select(pl.col(list(serving.scorer.columns)).cast(pl.Float64)).to_numpy()
    scores = serving.scorer.score(rows)
    told = json.loads(serving.answers.json(customers["user_id"].to_list(), scores, "en"))
    same = ("user_id", "population", "segment", "persona", "second", "confidence", "expected_value")
    assert [{key: one[key] for key in same} for one in told] == [{key: one[key] for key in same} for one in batch]
    assert len(told) > 1000
    assert serving.version == Serving.read(seeds / f"{name}.json").version


def change(content: dict[str, Any], where: str, value: Any) -> dict[str, Any]:
    changed: dict[str, Any] = json.loads(json.dumps(content))
    *path, last = (int(part) if part.isdigit() else part for part in where.split("."))
    holder: Any = changed
    for part in path:
        holder = holder[part]
    holder[last] = value
    return changed


REFUSED = {
    "windows that do not grow": ("rfm_log", "config.windows", [2, 2, 7]),
    "windows beyond the calendar": ("rfm_log", "config.windows", [2, 5, 10**6]),
    "a day that is none": ("rfm_log", "provenance.as_of", "2020-13-45"),
    "a zone that is none": ("rfm_log", "provenance.time_zone", "../../etc/passwd"),
    "half a surrogate pair": ("rfm_log", "provenance.currency", "\ud800"),
    "half a pair in what is kept": ("rfm_log", "provenance.note", "\ud800"),
    "a node of two parents": ("rfm_log", "fitted.buyers.tree.nodes.0.left", 2),
    "a column of no events": ("rfm_log", "fitted.buyers.columns.0.source", "age"),
    "another population": ("rfm_log", "fitted.buyers.population", "active_buyers"),
    "cells of another size": ("rfm_grid", "fitted.buyers.partition.cells.0", [1, 2]),
    "edges that fall": ("rfm_grid", "fitted.buyers.partition.edges.0", [4.0, 3.0, 2.0, 1.0]),
    "a score that is none": ("rfm_scores", "fitted.buyers.tree.nodes.0.threshold", 1e300),
    "a centroid at infinity": ("rfm_log", "fitted.buyers.partition.centroids.0.0", float("inf")),
    "a weight of nothing": ("rfm_gmm", "fitted.buyers.partition.weights.0", 0.0),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_model_that_cannot_answer_is_refused(seeds: Path, case: str) -> None:
    name, where, value = REFUSED[case]
    content = json.loads((seeds / f"{name}.json").read_text(encoding="utf-8"))
    Serving.of(parse(content))
    with pytest.raises(ModelError):
        Serving.of(parse(change(content, where, value)))
