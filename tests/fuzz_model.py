"""Fuzzing of the loader of model.json by atheris: run by tests/test_serve_model_fuzz.py, a process of its own.

    python tests/fuzz_model.py SEEDS -runs=2000

A model file is data from outside: whatever is in it, it is refused with an error of ours, or it answers. Most inputs
are whole models, SEEDS/*.json, of which some values are changed; bytes alone would hardly ever be JSON.
"""

import json
import random
import sys
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import atheris

with atheris.instrument_imports(include=["bestiary"]):
    from bestiary.errors import ModelError
    from bestiary.serve.problems import Problem
    from bestiary.serve.serving import Serving

ODD: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2, 3, 10**6, 10**30, -(10**30), 0.5, 1e308, -1e308, 1e-308, 5e-324, float("nan"),
    float("inf"), "", "x", "2020-13-45", "../../etc/passwd", "Europe/Paris", "\ud800", "a" * 5000, [], {}, [[]], [0.0],
    [1.0] * 40, {"kind": "cells"}, {"kind": "leaves"}, {"kind": "centroids", "centroids": [[1.0]]},
)  # fmt: skip
"""What values are replaced with."""
STEPS: tuple[Callable[[float], float], ...] = (
    lambda x: x + 1, lambda x: x - 1, lambda x: -x, lambda x: x / 2, lambda x: x * 1e3, lambda x: x * 1e300,
    lambda x: x * 1e-300, lambda x: x * 0,
)  # fmt: skip
"""What numbers are changed to."""
BODY = json.dumps(
    {
        "customers": [
            {"features": {"number_of_events_7m": 90, "number_of_purchases_7m": 3, "days_since_last_purchase": 4,
                          "total_purchase_value": 1e9}},
            {"events": [{"event_time": "2020-04-30", "event_type": "purchase", "product_id": 1, "price": 2.5}] * 3},
        ]
    }
).encode()  # fmt: skip
SEEDS: list[str] = []
COUNTS = {"refused": 0, "taken": 0}


def mutated(data: bytes, size: int, seed: int) -> bytes:
    """A seed with one to five values replaced, removed or doubled; of ten inputs one has bytes changed."""
    draw = random.Random(seed)
    if draw.random() < 0.1:
        return bytes(atheris.Mutate(data, size))
    content = json.loads(draw.choice(SEEDS))
    for _ in range(draw.choice((1, 1, 1, 2, 5))):
        _change(content, draw)
    return json.dumps(content).encode()[:size]


def _change(content: Any, draw: random.Random) -> None:
    """Go down to some depth and change what is there."""
    holder, key = content, draw.choice(list(content)) if content else None
    while key is not None:
        inner = holder[key]
        keys = list(inner) if isinstance(inner, dict) else list(range(len(inner))) if isinstance(inner, list) else []
        if not keys or draw.random() < 0.15:
            break
        holder, key = inner, draw.choice(keys)
    if key is None:
        return
    number = isinstance(holder[key], int | float) and not isinstance(holder[key], bool)
    what = draw.random()
    if number and what < 0.8:
        holder[key] = draw.choice(STEPS)(holder[key])
    elif what < 0.85 and len(holder) > 1:
        del holder[key]
    elif what < 0.9 and isinstance(holder, list):
        holder.append(deepcopy(draw.choice(holder)))
    else:
        holder[key] = deepcopy(draw.choice(ODD))


def one(data: bytes) -> None:
    """Load a file of these bytes, and ask for an answer where it is a model."""
    if sum(COUNTS.values()) % 1000 == 999:
        print(f"refused {COUNTS['refused']}, taken {COUNTS['taken']}", flush=True)
    with NamedTemporaryFile(suffix=".json") as file:
        file.write(data)
        file.flush()
        try:
            serving = Serving.read(Path(file.name))
        except ModelError:
            COUNTS["refused"] += 1
            return
    COUNTS["taken"] += 1
    try:
        asked = serving.reader.read(BODY, datetime.now(UTC))
    except Problem:
        return  # this model asks for other columns
    scores = serving.scorer.score(asked.rows, asked.population)
    for said in ("en", "fr"):
        json.loads(serving.answers.json(asked.ids, scores, said))
    assert serving.record()


def main() -> None:
    """Fuzz, telling after every thousand inputs how many were refused and how many were models."""
    SEEDS.extend(path.read_text(encoding="utf-8") for path in sorted(Path(sys.argv[1]).glob("*.json")))
    atheris.Setup(sys.argv, one, custom_mutator=mutated)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
