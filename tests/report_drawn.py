"""A summary with every figure that is drawn, made once, and what the tests of charts ask of a chart."""

import base64
import functools
import tempfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bestiary.report.charts import Chart
from bestiary.report.kept import read_summary
from bestiary.report.words import Words
from report_habits import with_habits
from report_run import make_run

WORDS, FRENCH = Words("en", "EUR"), Words("fr", "EUR")


def summary_with_all() -> dict[str, Any]:
    """A summary of one's own, with `report_habits.with_habits` in it."""
    return deepcopy(_made())


@functools.cache
def _made() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        run = make_run(Path(folder) / "run")
        return with_habits({**read_summary(run), "cadence": None})


def drawn(found: Chart | None) -> Chart:
    """The chart, which must be there."""
    assert found is not None
    return found


def numbers(typed: Any) -> NDArray[Any]:
    """The numbers of a list, or of an array as Plotly stores it."""
    if not isinstance(typed, dict):
        return np.asarray(typed)
    found = np.frombuffer(base64.b64decode(typed["bdata"]), dtype=typed["dtype"])
    return found.reshape([int(n) for n in str(typed["shape"]).split(",")]) if "shape" in typed else found
