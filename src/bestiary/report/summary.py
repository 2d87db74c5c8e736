"""A run folder as one plain dict of numbers: all that the report says, before any of it is drawn or worded."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bestiary.config import Settings
from bestiary.errors import ModelError
from bestiary.files import read_json
from bestiary.report.comparison import comparison
from bestiary.report.distributions import distributions
from bestiary.report.movements import movements
from bestiary.report.people import HABITS, LOOKING, habit, placed, table, with_people
from bestiary.report.quality import assess
from bestiary.report.sample import read_sample, write_sample
from bestiary.segments.presets import recipe
from bestiary.sql import connect

QUIET = 40.0
QUIET_DAYS = 30
"""A segment is said to have gone quiet below this mean percentile of recency and from this median of days on."""


def summarise(run: Path, settings: Settings, *, currency: str, time_zone: str) -> dict[str, Any]:
    """Read a run folder into a JSON-able dict.

    The keys `population`, `pca`, `silhouette`, `tree`, `enough` and `warnings` are those of scorecard.json, `quality`
    is quality.json, `comparison` and `movements` are of the modules of these names, `kinds` say what
    became of segments since the run before. `segments` are those of buyers, `visitors` None where visitors are
    not segmented. A figure that is not defined is None, never 0. No customer id is in it.

    Raises ModelError where an artefact of the run is missing or damaged.
    """
    card, model = read_json(run / "scorecard.json"), read_json(run / "model.json")
    quality = read_json(run / "quality.json")
    customers, labels = (table(run / name) for name in ("customers.parquet", "segments.parquet"))
    try:
        fitted, windows = model["fitted"], settings.windows
        moved = movements(card.get("follow"))
        sources = dict(recipe(settings.preset, windows).columns)
        ranked, looking = sorted(card["segments"], key=_by_value), card["visitors"]
        connection = connect(threads=settings.threads or 0, memory_bytes=settings.engine_bytes)
        try:
            habits = {column: habit(connection, customers, labels, column) for column in HABITS}
            people = placed(connection, labels)
            k, out = len(fitted["buyers"]["segments"]), run / "sample.parquet"
            drawn = write_sample(connection, customers, labels, sources, card["pca"], k, settings.seed, out)
            columns = distributions(connection, customers, windows)
        finally:
            connection.close()
        points = {name: values.tolist() for name, values in read_sample(out).items()}
        shown = list(zip(points["pc1"], points["pc2"], strict=True))
        return {
            "as_of": card["as_of"],
            "preset": card["preset"],
            "windows": list(windows),
            "currency": currency,
            "time_zone": time_zone,
            "population": {
                **card["population"],
                "placed": sum(one["customers"] for one in people.values()),
                "early": sum(card["population"]["too_early"].values()),
            },
            "finding": finding(ranked),
            "segments": [with_people(one, people, habits, HABITS) for one in ranked],
            "visitors": looking
            and {**looking, "segments": [with_people(one, people, habits, LOOKING) for one in looking["segments"]]},
            "sample": {**drawn, "points": points},
            "silhouette": card["silhouette"],
            "comparison": comparison(card, model["config"]),
            "enough": card["enough"],
            "movements": moved,
            "kinds": moved["kinds"] if moved else {},
            "pca": {**card["pca"], "sample": {"size": len(shown), "scores": shown, "segment": points["segment"]}},
            "tree": card["tree"],
            "scored": fitted["buyers"]["transform"]["kind"] == "quartile_scores",
            "warnings": card["warnings"],
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
