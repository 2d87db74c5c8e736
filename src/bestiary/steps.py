"""The steps of a run after the events are in: measure, learn, draw; each writes what `lake.runs.STEPS` says."""

from collections.abc import Sequence
from contextlib import closing
from datetime import date
from functools import partial
from pathlib import Path

from bestiary.config import Settings
from bestiary.customers.as_of import infer_as_of
from bestiary.customers.measure import Measure, batched, measure_batch, merge
from bestiary.errors import ConfigError
from bestiary.files import read_json, write_json
from bestiary.lake.engine import LocalEngine
from bestiary.lake.quality import quality, time_span
from bestiary.lake.runs import Run, lake_fingerprint, run_key
from bestiary.lake.store import Store
from bestiary.lake.suspects import AT_ONCE
from bestiary.progress import Progress, step
from bestiary.sql import connect, within


def measure(lake: Store, run: Run, settings: Settings, scratch: Path, progress: Progress) -> None:
    """Write the customer table and the quality figures of a run. Memory: each batch within the engine's share."""
    visits = ((part.bucket, part.month, part.path) for part in lake.visits())
    batches = batched(visits, run.as_of, settings.windows, lake.left_out())
    engine = LocalEngine(threads=settings.threads, memory_bytes=settings.engine_bytes)
    share = engine.share(len(batches))
    plan = Measure(run.as_of, settings.windows, scratch, share.threads, share.memory_bytes)
    parts: list[Path] = []
    fifth = 1 + len(batches) // 5  # about what each of the two last things takes
    with within(settings.memory_bytes, "customers"), step(progress, "customers", len(batches) + 2 * fifth):
        with closing(engine.map(partial(measure_batch, measure=plan), batches)) as measured:
            for part in measured:
                parts.append(part)
                progress.advance()
        with connect(threads=engine.threads, memory_bytes=engine.memory_bytes, spill=scratch) as connection:
            merge(connection, parts, run.path / "customers.parquet")
            progress.advance(fifth)
            keys = min(AT_ONCE, (settings.memory_bytes - settings.engine_bytes) // 10)  # of 8 bytes
            write_json(run.path / "quality.json", quality(connection, lake, run.as_of, keys))
            progress.advance(fifth)


def check(settings: Settings) -> None:
    """Raise ConfigError where a way to segment is asked for that is not there, or twice."""
    from bestiary.segments.group import candidates_of
    from bestiary.segments.presets import recipe

    asked = settings.candidates or ()
    twice = [one for number, one in enumerate(asked) if one in asked[:number]]
    if twice:
        raise ConfigError(
            f"candidates: '{twice[0]}' is there twice.",
            allowed="Allowed: each name once.",
            do="Correct the setting and run again.",
        )
    candidates_of(recipe(settings.preset, settings.windows), settings)


def learn(lake: Store, run: Run, settings: Settings, scratch: Path, progress: Progress) -> None:
    """Write the model, everyone's segment, who moved, and the scorecard of a run that has its customers."""
    from bestiary.past import before_digest, past
    from bestiary.report.summary import read_quality
    from bestiary.segments.fit import fit, stages

    check(settings)
    read_quality(run.path / "quality.json")  # the figures need it: it is told now, and not after minutes of learning
    history = past(lake, run, settings, scratch, progress)
    with within(settings.memory_bytes, "segments"), step(progress, "segments", stages(settings)):
        provenance = {
            "as_of": run.as_of.isoformat(),
            "fingerprint": lake_fingerprint(run.sources()),
            "time_zone": lake.fixed.time_zone,
            "currency": lake.fixed.currency,
            "before": before_digest(lake.path, run.as_of, settings),
        }
        known = settings.model_copy(update={"currency": lake.fixed.currency})  # the rules in words name it
        fit(run.path / "customers.parquet", run.path, known, provenance, history, progress.advance)


def describe(lake: Store, run: Run, settings: Settings, scratch: Path, progress: Progress) -> None:
    """Write what the pages say of a run that has its segments: the summary, and a sample of customers.

    Memory: a batch of visits at a time, and the counts of what was bought, within the engine's share.
    """
    from bestiary.customers.habits import measure_habits
    from bestiary.report.summary import STAGES, summarise

    parts = ((part.bucket, part.month, part.path) for part in lake.visits())
    engine = (settings.threads or 0, settings.engine_bytes)
    with within(settings.memory_bytes, "figures"), step(progress, "figures", STAGES + 1):
        labels = run.path / "segments.parquet"
        habits = measure_habits(parts, run.as_of, settings.windows, labels, scratch, *engine)
        progress.advance()
        place = {"currency": lake.fixed.currency, "time_zone": lake.fixed.time_zone}
        follow = read_json(run.path / "scorecard.json").get("follow") or {}
        before = lake.path / "runs" / follow["from"] / "segments.parquet" if "states" in follow else None
        summarise(run.path, as_learned(run, settings), habits, **place, before=before, tell=progress.advance)


def as_learned(run: Run, settings: Settings) -> Settings:
    """The settings with those that a run's model was learned with."""
    return Settings.model_validate(settings.model_dump() | read_json(run.path / "model.json")["config"])


def draw(lake: Store, run: Run, settings: Settings, progress: Progress) -> None:
    """Write the report of a run that has its segments; then `run.json`."""
    from bestiary.report.html import write_report

    model, language = read_json(run.path / "model.json"), settings.language or "en"
    settings = as_learned(run, settings).model_copy(update={"language": language})
    with step(progress, "report", 1):
        write_report(run.path, language, lake.cadence())
        progress.advance()
    sources = run.sources()
    run.finish(
        {
            "key": run_key(sources, settings, model["provenance"].get("before"), lake.left_out()),
            "preset": settings.preset,
            "language": language,
            "sources": len(sources),
            "customers": model["provenance"]["customers"],
            "segmented": model["provenance"]["segmented"],
            "placed": sum(read_json(run.path / "scorecard.json")["population"]["placed"].values()),
            "segments": sum(
                len(model["fitted"][one]["segments"]) for one in ("buyers", "visitors") if model["fitted"][one]
            ),
        }
    )


def key(lake: Store, as_of: date, sources: Sequence[str], settings: Settings) -> str:
    """What the run as of a date would be made from now: see `run_key`; the run before it is part of that."""
    from bestiary.past import before_digest

    return run_key(sources, settings, before_digest(lake.path, as_of, settings), lake.left_out())


def last_midnight(lake: Store, settings: Settings, progress: Progress) -> date:
    """The date that customers are seen from when nobody names one."""
    with (
        step(progress, "last event", 1),
        within(settings.memory_bytes, "the last event"),
        connect(threads=settings.threads or 0, memory_bytes=settings.engine_bytes) as connection,
    ):
        found = infer_as_of(*time_span(connection, lake))
        progress.advance()
    return found
