"""A run folder as one plain dict of numbers: all that the report says, before any of it is drawn or worded."""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bestiary.config import Settings
from bestiary.customers.habits import Habits
from bestiary.errors import FormatError, ModelError
from bestiary.files import read_json
from bestiary.lake.quality import FORMAT_VERSION
from bestiary.report.comparison import comparison
from bestiary.report.distributions import distributions
from bestiary.report.flows import change, flows
from bestiary.report.kept import SAMPLE, write_summary
from bestiary.report.leanings import commonest, leanings
from bestiary.report.people import lapsed, placed, table, with_people
from bestiary.report.profiles import profiles
from bestiary.report.quality import assess
from bestiary.report.sample import write_sample
from bestiary.segments.presets import recipe
from bestiary.sql import connect

Record = dict[str, Any]
QUIET = 40.0
QUIET_DAYS = 30
"""A segment is said to have gone quiet below this mean percentile of recency and from this median of days on."""


STAGES = 3


def summarise(
    run: Path,
    settings: Settings,
    habits: Habits,
    *,
    currency: str,
    time_zone: str,
    before: Path | None = None,
    tell: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """Make the summary of a run folder, a JSON-able dict, and write it there with the sample of customers.

    The keys `population`, `pca`, `silhouette`, `tree`, `enough`, `follow` and `warnings` are those of scorecard.json,
    `quality` is quality.json with its types, `comparison` is of the module of this name. `segments` are those of
    buyers, the most valuable first, `visitors` None where visitors are not segmented; each segment has what `people`,
    `profiles`, `leanings`, `flows` and `habits` say of it. A figure that is not defined is None, never 0. No customer
    id is in it.

    `before` is segments.parquet of the run before, if any. `tell` is called after each of the STAGES. Raises ModelError
    where an artefact of the run is missing or damaged.
    """
    card, model = read_json(run / "scorecard.json"), read_json(run / "model.json")
    quality = read_quality(run / "quality.json")
    try:
        gathered = _gather(run, card, settings, habits, before, tell)
        summary = {
            "as_of": card["as_of"],
            "preset": card["preset"],
            "windows": list(settings.windows),
            "currency": currency,
            "time_zone": time_zone,
            "population": _population(card["population"], gathered.people),
            "finding": gathered.finding,
            "segments": [gathered.segment(one) for one in sorted(card["segments"], key=_by_value)],
            "visitors": card["visitors"] and _visitors(card["visitors"], gathered),
            "sample": gathered.sample,
            "silhouette": card["silhouette"],
            "comparison": comparison(card, model["config"]),
            "enough": card["enough"],
            "follow": gathered.follow,
            "pca": card["pca"],
            "tree": card["tree"],
            "scored": model["fitted"]["buyers"]["transform"]["kind"] == "quartile_scores",
            "warnings": card["warnings"],
            "quality": assess(quality),
            "columns": gathered.columns,
            "config": model["config"],
            "provenance": model["provenance"],
        }
    except KeyError as error:
        raise ModelError(f"The run {run} has no figure {error}.", do="Run the step that writes it again.") from error
    write_summary(run, summary)
    tell()
    return summary


def read_quality(path: Path) -> Record:
    """The figures of quality.json. Raises ModelError where it is missing or damaged, FormatError where it is older."""
    quality = read_json(path)
    if quality.get("format_version") != FORMAT_VERSION:
        raise FormatError(
            f"{path} has format version {quality.get('format_version')!r}.",
            allowed=f"Allowed: {FORMAT_VERSION}.",
            do="Make the customer table again with bestiary customers, or use the version that made it.",
        )
    return quality


@dataclass(frozen=True)
class _Gathered:
    """What the run's tables and visits say, by segment where it is of segments."""

    people: Mapping[int, Mapping[str, Any]]
    finding: Mapping[str, int | None]
    profiles: Mapping[int, Sequence[Record]]
    habits: Habits
    leanings: Mapping[str, Mapping[int, Sequence[Record]]]
    sample: Record
    columns: Sequence[Record]
    follow: Record | None
    before: Mapping[int, int]

    def segment(self, card: Mapping[str, Any]) -> Record:
        """A segment's card with all that is known of its customers."""
        number, told = card["segment"], with_people(card, self.people)
        return {
            **told,
            "profile": self.profiles.get(number, []),
            "hours": self.habits.hours(number),
            **{kind: found.get(number, []) for kind, found in self.leanings.items()},
            "flows": flows(number, self.follow),
            "change": change(number, self.follow, self.before, told["placed"]),
        }


def _gather(
    run: Path,
    card: Mapping[str, Any],
    settings: Settings,
    habits: Habits,
    before: Path | None,
    tell: Callable[[], object],
) -> _Gathered:
    customers, labels = (table(run / name) for name in ("customers.parquet", "segments.parquet"))
    windows, follow = settings.windows, card.get("follow")
    sources = dict(recipe(settings.preset, windows).columns)
    connection = connect(threads=settings.threads or 0, memory_bytes=settings.engine_bytes)
    with closing(connection):
        people = placed(connection, labels)
        earlier = placed(connection, table(before)) if before else {}
        told = finding(card["segments"])
        told["lapsed"] = lapsed(connection, customers, labels, told["top"], windows[0])
        profiled = profiles(connection, customers, labels, windows)
        tell()
        k, out = len(card["segments"]), run / SAMPLE
        sample = write_sample(connection, customers, labels, sources, card["pca"], k, settings.seed, out)
        columns = distributions(connection, customers, windows)
        tell()
    return _Gathered(
        people=people,
        finding=told,
        profiles=profiled,
        habits=habits,
        leanings={
            "brands": leanings(habits.brands, habits.groups),
            "categories": leanings(habits.categories, habits.groups),
            "common_brands": commonest(habits.brands, habits.groups),
            "common_categories": commonest(habits.categories, habits.groups),
        },
        sample=sample,
        columns=columns,
        follow=follow if follow and "states" in follow else None,
        before={segment: one["customers"] for segment, one in earlier.items()},
    )


def _population(told: Mapping[str, Any], people: Mapping[int, Mapping[str, Any]]) -> Record:
    return {
        **told,
        "placed": sum(one["customers"] for one in people.values()),
        "early": sum(told["too_early"].values()),
    }


def _visitors(looking: Mapping[str, Any], gathered: _Gathered) -> Record:
    return {**looking, "segments": [gathered.segment(one) for one in looking["segments"]]}


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
