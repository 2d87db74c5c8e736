"""What the segments of a run are worth between two dates: learned as of the first, measured up to the second.

The candidates, with the numbers of segments that the run's scorecard says, are learned again on the customers of
then, so that nothing at or after the first date is known to them; see `segments.worth` for the figures.
"""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bestiary.config import Settings
from bestiary.customers.earlier import horizon, measure_earlier, sampled
from bestiary.errors import ConfigError, ModelError, PopulationError
from bestiary.files import read_json
from bestiary.lake.lock import locked
from bestiary.lake.runs import Run, find_run
from bestiary.lake.store import Store
from bestiary.past import span
from bestiary.progress import SILENT, Progress, step
from bestiary.segments.candidates import named
from bestiary.segments.model import Model, load
from bestiary.segments.presets import recipe
from bestiary.segments.scorecard import FORMAT_VERSION, plain
from bestiary.segments.value import Valued, earlier, valued
from bestiary.segments.worth.compare import FEWEST
from bestiary.segments.worth.findings import Comparison, Figure
from bestiary.sql import connect, path_list, within
from bestiary.windows import window_start

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Words = dict[str, str]
DEFAULTS = Settings()


@dataclass(frozen=True)
class SegmentLift:
    """A segment of the run, and what its like brought in the window over what everyone did; None where it has none."""

    segment: int
    name: Words
    lift: Figure | None


@dataclass(frozen=True)
class Evaluation:
    """Features as of the midnight `at`, the outcome in [at, until); `k` by candidate, in the order of the run."""

    as_of: date
    at: date
    until: date
    chosen: str
    k: dict[str, int]
    comparison: Comparison
    lifts: tuple[SegmentLift, ...]

    def record(self) -> dict[str, Any]:
        """All of it as JSON; a figure that is not defined is None."""
        record = {
            "as_of": self.as_of.isoformat(),
            "at": self.at.isoformat(),
            "until": self.until.isoformat(),
            "chosen": self.chosen,
            "k": self.k,
            **self.comparison.record(),
            "segments": [
                {"segment": one.segment, "name": one.name, "lift": one.lift and one.lift.record()} for one in self.lifts
            ],
        }
        return {key: plain(value) for key, value in record.items()}


def evaluate(
    store: Path,
    *,
    as_of: date | None = None,
    at: date | None = None,
    until: date | None = None,
    settings: Settings = DEFAULTS,
    progress: Progress = SILENT,
) -> Evaluation:
    """Evaluate a run that has its segments, by default the latest, on a sample of whole buckets if there are many.

    By default `until` is the run's date, and `at` what a fit as of `until` would take. Raises ConfigError for dates
    between which nothing is known, PopulationError where too few customers were there, ModelError where the scorecard
    is another version's. Memory: within the engine's share, the rest in the store's scratch folder.
    """
    with locked(store):
        lake, run = Store.open(store, settings), find_run(store, as_of, "fit")
        model, tried = load(run.path / "model.json"), _tried(run)
        settings = Settings.model_validate(settings.model_dump() | model.config.model_dump())
        bounded = within(settings.memory_bytes, "the evaluation")
        with lake.scratch() as scratch, bounded, step(progress, "evaluation", 2):
            first, last, table = _measured(lake, run, at, until, settings, scratch)
            progress.advance()
            known = settings.model_copy(update={"currency": lake.fixed.currency})  # an error names it
            found = _valued(table, first, last, tried, known)
            progress.advance()
    return Evaluation(
        as_of=run.as_of,
        at=found.at,
        until=found.until,
        chosen=model.fitted.buyers.candidate,
        k=tried,
        comparison=found.comparison,
        lifts=_lifts(model, found),
    )


def _measured(
    lake: Store, run: Run, at: date | None, until: date | None, settings: Settings, scratch: Path
) -> tuple[date, date, Path]:
    """Both dates, and the table of the customers as of the first with their outcome until the second."""
    given = (scratch, settings.threads or 0, settings.engine_bytes)
    with connect(threads=settings.threads or 0, memory_bytes=settings.engine_bytes, spill=scratch) as connection:
        begins, buyers = span(connection, run, settings)
        first, last = _history(connection, lake)
    at, until = _dates(at, until or run.as_of, begins, first, last, settings)
    chosen = set(sampled(lake.fixed.buckets, buyers))
    parts = [(part.bucket, part.month, part.path) for part in lake.visits() if part.bucket in chosen]
    table = measure_earlier(parts, at, until, settings.windows, scratch / "evaluated.parquet", *given, lake.left_out())
    return at, until, table


def _tried(run: Run) -> dict[str, int]:
    """The candidates of a run and the k of each, by its scorecard."""
    card = read_json(run.path / "scorecard.json")
    if card.get("format_version") != FORMAT_VERSION:
        raise ModelError(
            f"{run.path}: scorecard.json has format version {card.get('format_version')!r}.",
            allowed=f"Allowed: {FORMAT_VERSION}.",
            do=f"Fit again: bestiary fit --store {run.path.parents[1]} --as-of {run.as_of}",
        )
    return {one["name"]: one["k"] for one in card["candidates"]}


def _history(connection: "DuckDBPyConnection", lake: Store) -> tuple[date, date]:
    """The day of the first event, and the one after that of the last."""
    files = path_list(part.path for part in lake.visits())
    row = connection.execute(
        "SELECT cast(min(first_time) AS DATE), cast(max(last_time) AS DATE) + 1 "
        f"FROM read_parquet({files}, hive_partitioning = false)"
    ).fetchall()[0]
    return row[0], row[1]


def _dates(
    at: date | None, until: date, begins: date, first: date, last: date, settings: Settings
) -> tuple[date, date]:
    """The two dates; `begins` is where history begins but for stray events, [first, last) all that there is."""
    there = f"The lake holds events from {first} to before {last}."
    if not first < until <= last:
        raise ConfigError(
            f"--until {until} is not within what is known.",
            allowed=there,
            do=f"Name a midnight after {first} and up to {last}.",
        )
    if at is None:
        at = horizon(begins, until, settings.windows)
        if at is None:
            raise ConfigError(
                f"History begins on {begins}: too short before {until} to look back from.",
                allowed=f"A month to learn from and one to measure are needed, from {window_start(until, 2)} on.",
                do="Name an earlier date yourself (--at), or evaluate when there is more.",
            )
    if not first < at < until:
        raise ConfigError(
            f"Nothing can be learned before {at} and measured from there until {until}.",
            allowed=there,
            do=f"Name --at after {first} and before {until}.",
        )
    return at, until


def _valued(table: Path, at: date, until: date, tried: dict[str, int], settings: Settings) -> Valued:
    asked = recipe(settings.preset, settings.windows)
    before = earlier(table, at, until, asked, settings)
    ways = [(one, tried[one.name]) for one in named(tuple(tried))]
    found = valued(before, ways, settings) if before else None
    if found is None:
        size = before.frame.size if before else 0
        brought = float(before.outcome.revenue.sum()) if before else 0.0
        raise PopulationError(
            f"{size:,} customers as of {at} ({asked.rule['en']}) brought {brought:,.2f} {settings.currency} "
            f"until {until}: too few or too little to say what segments are worth.",
            allowed=f"At least {FEWEST} customers, and revenue net of refunds above 0.",
            do="Name other dates (--at, --until).",
        )
    return found


def _lifts(model: Model, found: Valued) -> tuple[SegmentLift, ...]:
    """The lift of each segment of the run."""
    fitted = model.fitted.buyers
    way = named((fitted.candidate,))[0]
    lifts = found.lifts(way, fitted.transform, fitted.partition)
    return tuple(
        SegmentLift(one.segment, one.name.model_dump(), lift) for one, lift in zip(fitted.segments, lifts, strict=True)
    )
