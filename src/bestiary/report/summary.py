"""A run folder as one plain dict of numbers: all that the report says, before any of it is drawn or worded."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bestiary.config import Settings
from bestiary.errors import ModelError
from bestiary.files import read_json
from bestiary.report.distributions import distributions
from bestiary.report.quality import assess
from bestiary.sql import connect, identifier, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SAMPLE_SIZE = 4000
QUIET = 40.0
QUIET_DAYS = 30
"""A segment is said to have gone quiet below this mean percentile of recency and from this median of days on."""
HABITS = ("preferred_brand", "preferred_category", "most_active_time", "most_active_day")


def summarise(run: Path, settings: Settings, *, currency: str, time_zone: str) -> dict[str, Any]:
    """Read a run folder into a JSON-able dict.

    The keys `population`, `pca`, `silhouette`, `tree` and `warnings` are those of scorecard.json, `quality` is
    quality.json. A figure that is not defined is None, never 0. No customer id is in it.

    Raises ModelError where an artefact of the run is missing or damaged.
    """
    scorecard, model = read_json(run / "scorecard.json"), read_json(run / "model.json")
    quality = read_json(run / "quality.json")
    customers, labels = (_parquet(run / name) for name in ("customers.parquet", "segments.parquet"))
    try:
        sources = {column["name"]: column["source"] for column in model["fitted"]["columns"]}
        ranked = sorted(scorecard["segments"], key=_by_value)
        connection = connect(threads=settings.threads or 0, memory_bytes=settings.engine_bytes)
        try:
            habits = {column: _habit(connection, customers, labels, column) for column in HABITS}
            sample = _sample(connection, customers, labels, sources, settings.seed)
            columns = distributions(connection, customers, settings.windows)
        finally:
            connection.close()
        return {
            "as_of": scorecard["as_of"],
            "preset": scorecard["preset"],
            "windows": list(settings.windows),
            "currency": currency,
            "time_zone": time_zone,
            "population": scorecard["population"],
            "finding": finding(ranked),
            "segments": [_with_habits(segment, habits) for segment in ranked],
            "sample": {**sample, "sources": sources},
            "silhouette": scorecard["silhouette"],
            "pca": scorecard["pca"],
            "tree": scorecard["tree"],
            "scored": model["fitted"]["transform"]["kind"] == "quartile_scores",
            "warnings": scorecard["warnings"],
            "quality": assess(quality),
            "columns": columns,
            "config": model["config"],
            "provenance": model["provenance"],
        }
    except KeyError as error:
        raise ModelError(f"The run {run} has no figure {error}.", do="Run the step that writes it again.") from error


def finding(ranked: Sequence[Mapping[str, Any]]) -> dict[str, int | None]:
    """The segments worth a sentence: `top` has most value for its size, `quiet` most value gone quiet.

    Either is None where no segment is of that kind or the shares of value are not defined.
    """
    valued = [s for s in ranked if s["share_of_value"] is not None and len(ranked) > 1]
    top = max(valued, key=lambda s: s["share_of_value"] - s["share_of_customers"], default=None)
    quiet = [s for s in valued if s is not top and _is_quiet(s)]
    most = max(quiet, key=lambda s: s["share_of_value"], default=None)
    return {
        "top": None if top is None else top["segment"],
        "quiet": None if most is None else most["segment"],
    }


def _is_quiet(segment: Mapping[str, Any]) -> bool:
    recency, days = segment["percentiles"]["recency"], segment["medians"]["days_since_last_purchase"]
    return recency is not None and days is not None and recency < QUIET and days >= QUIET_DAYS


def _by_value(segment: Mapping[str, Any]) -> tuple[float, int]:
    value = segment["value"]
    return (math.inf if value is None else -value, segment["segment"])


def _parquet(path: Path) -> str:
    if not path.is_file():
        raise ModelError(f"Cannot read {path}: it is not there.", do="Run the step that writes it again.")
    return quote(str(path))


def _habit(connection: "DuckDBPyConnection", customers: str, labels: str, column: str) -> dict[int, dict[str, Any]]:
    """Per segment the most frequent value of a text column and its share of the known values; ties go A to Z."""
    name = identifier(column)
    rows = connection.execute(f"""
        WITH counted AS (
            SELECT s.segment, c.{name} AS value, count(*) AS n
            FROM read_parquet({customers}) AS c JOIN read_parquet({labels}) AS s USING (user_id)
            WHERE c.{name} IS NOT NULL GROUP BY ALL
        )
        SELECT segment, value, n / sum(n) OVER (PARTITION BY segment) AS share FROM counted
        QUALIFY row_number() OVER (PARTITION BY segment ORDER BY n DESC, value) = 1
    """).fetchall()
    return {segment: {"value": value, "share": share} for segment, value, share in rows}


def _with_habits(segment: Mapping[str, Any], habits: Mapping[str, Mapping[int, dict[str, Any]]]) -> dict[str, Any]:
    return {**segment, "habits": {column: found.get(segment["segment"]) for column, found in habits.items()}}


def _sample(
    connection: "DuckDBPyConnection", customers: str, labels: str, sources: Mapping[str, str], seed: int
) -> dict[str, Any]:
    """A simple random sample without replacement of the segmented customers: every one equally likely.

    The rows are ordered by their figures, so that the order says nothing of the ids.
    """
    found = connection.execute(f"SELECT count(*) FROM read_parquet({labels})").fetchone()
    total = 0 if found is None else int(found[0])
    size = min(SAMPLE_SIZE, total)
    chosen = sorted(np.random.default_rng(seed).choice(total, size=size, replace=False).tolist()) if total else []
    figures = ", ".join(f"c.{identifier(source)}::DOUBLE AS {name}" for name, source in sources.items())
    rows = connection.execute(f"""
        WITH chosen AS (
            SELECT user_id, segment FROM read_parquet({labels}, file_row_number = true)
            WHERE file_row_number IN ({", ".join(str(row) for row in chosen) or "NULL"})
        )
        SELECT chosen.segment, {figures}
        FROM chosen JOIN read_parquet({customers}) AS c USING (user_id) ORDER BY ALL
    """).fetchall()
    names = ("segment", *sources)
    points = {name: [row[i] for row in rows] for i, name in enumerate(names)}
    return {"size": len(rows), "of": total, "seed": seed, "points": points}
