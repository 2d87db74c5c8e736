"""What changed between the runs of a store, and how long a model lasts there. Each function is also a command.

Both leave the runs as they are. They hold the store's lock, so that no run is replaced while it is read.
"""

from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.config import Settings
from bestiary.customers.earlier import measure_earlier, sampled
from bestiary.errors import ConfigError, StoreError
from bestiary.files import write_json
from bestiary.lake.lock import locked
from bestiary.lake.runs import Run, find_run
from bestiary.lake.store import CADENCE, Store
from bestiary.progress import SILENT, Progress, step
from bestiary.sql import connect, path_list, within
from bestiary.windows import window_start

if TYPE_CHECKING:  # what segments need takes half a second to load
    from bestiary.past import Part
    from bestiary.segments.follow.between import Between
    from bestiary.segments.follow.cadence import Cadence
    from bestiary.segments.model import Model

DEFAULTS = Settings()
MOST = 13
"""So many dates are replayed at most: a year, month by month."""
GROWING = {
    "en": "The first of these dates see less history than the longest window asks for: a part of the drift is only "
    "that history grows, and later a model may last longer.",
    "fr": "Les premières de ces dates voient moins d'historique que n'en demande la plus longue période : une partie "
    "de la dérive vient de ce que l'historique s'allonge, et un modèle pourra durer plus longtemps par la suite.",
}


def movements(
    store: Path,
    *,
    earlier: date | None = None,
    later: date | None = None,
    settings: Settings = DEFAULTS,
    progress: Progress = SILENT,
) -> "Between":
    """Set two runs side by side: by default the latest, and the one before it of the same preset and windows.

    Raises StoreError where one of them is not there, ConfigError where the dates are not in order.
    """
    from bestiary.segments.follow.runs import compare_runs

    with locked(store):
        lake, last = Store.open(store, settings), find_run(store, later, "fit")
        first = find_run(store, earlier, "fit") if earlier else _before(store, last, settings)
        if first.as_of >= last.as_of:
            raise ConfigError(
                f"Movements go from an earlier run to a later one, not from {first.as_of} to {last.as_of}.",
                do="Name the earlier one with --from and the later one with --to.",
            )
        with lake.scratch() as scratch, within(settings.memory_bytes, "movements"), step(progress, "movements", 1):
            found = compare_runs(first.path, last.path, settings, scratch)
            progress.advance()
    return found


def _before(store: Path, last: Run, settings: Settings) -> Run:
    """The run before one, of the same preset and windows."""
    from bestiary.past import run_before
    from bestiary.segments.model import load

    asked = load(last.path / "model.json").config
    found = run_before(store, last.as_of, settings.model_copy(update=asked.model_dump(include={"preset", "windows"})))
    if found is None:
        raise StoreError(
            f"{store}: no run before {last.as_of} of the same preset and windows has its segments.",
            do=f"Make one: bestiary run EVENTS --store {store} --as-of DATE; or name two with --from and --to.",
        )
    return found[0]


def cadence(
    store: Path, *, as_of: date | None = None, settings: Settings = DEFAULTS, progress: Progress = SILENT
) -> "Cadence":
    """Replay the months before a run, by default the latest: how long do its segments last? Kept in the store.

    Buyers are measured at the same day of each month as far as history goes, from a sample of whole buckets. Fitted
    are the candidate and k of the run's model. Memory: within the engine's share; the buyers' columns of each month.
    """
    from bestiary.segments.follow.replay import month, replay
    from bestiary.segments.model import load

    with locked(store):
        lake, run = Store.open(store, settings), find_run(store, as_of, "fit")
        model = load(run.path / "model.json")
        chosen = set(sampled(lake.fixed.buckets, model.provenance.segmented))
        parts = [(one.bucket, one.month, one.path) for one in lake.visits() if one.bucket in chosen]
        with lake.scratch() as scratch, within(settings.memory_bytes, "past months"):
            dates, short = _dates(parts, run, model, settings, scratch)
            found = []
            with step(progress, "months", len(dates) + 1):
                for at, until in zip(dates, [*dates[1:], run.as_of], strict=True):
                    table, given = scratch / "month.parquet", (settings.threads or 0, settings.engine_bytes)
                    measure_earlier(parts, at, until, model.config.windows, table, scratch, *given, lake.left_out())
                    found.append(month(table, at, model, settings, known=until > at))
                    progress.advance()
                answer = replay([one for one in found if one], model, settings)
                progress.advance()
        found_here = replace(answer, note=GROWING if short and len(dates) > 2 else None)
        asked = {"as_of": run.as_of.isoformat(), "level": settings.choice.cadence_agreement}
        write_json(lake.path / CADENCE, {**asked, **found_here.record()})
    return found_here


def _dates(parts: "list[Part]", run: Run, model: "Model", settings: Settings, scratch: Path) -> tuple[list[date], bool]:
    """The run's date and the same day of each month before it, in order, that have the shortest window before them.

    And whether the first of them lacks some of the longest window.
    """
    from bestiary.past import STRAY

    with connect(threads=settings.threads or 0, memory_bytes=settings.engine_bytes, spill=scratch) as connection:
        files = path_list(path for _, _, path in parts)
        query = f"SELECT cast(quantile_disc(first_time, {STRAY}) AS DATE) FROM read_parquet({files})"
        first = connection.execute(query).fetchall()[0][0]
    shortest, _, longest = model.config.windows
    dates = [window_start(run.as_of, months) for months in range(MOST)]
    found = sorted(at for at in dates if at == run.as_of or window_start(at, shortest) >= first)
    return found, window_start(found[0], longest) < first
