"""The step that draws a run's shared edition, which may leave the shop, beside its report."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bestiary.config import Settings
from bestiary.lake.runs import Run
from bestiary.lake.store import Store
from bestiary.progress import Progress, step
from bestiary.sql import within
from bestiary.steps import as_learned

STAGES = 3


def nothing(_: Mapping[str, Any]) -> None:
    """Somebody who is told what is held back, and does nothing about it."""


def draw_shared(lake: Store, run: Run, settings: Settings, scratch: Path, progress: Progress) -> Mapping[str, Any]:
    """Write `shared.html` of a run that has its segments; what is held back, as `report.sharing.edition` says it.

    No group in it is smaller than the setting `privacy.smallest_group`. Memory: a batch of visits at a time, within
    the engine's share. Raises PopulationError where the run has fewer customers than that.
    """
    from bestiary.report.html import write_shared
    from bestiary.report.kept import read_summary
    from bestiary.report.sharing.edition import shared
    from bestiary.report.sharing.presence import measure_presence

    parts = ((part.bucket, part.month, part.path) for part in lake.visits())
    windows = as_learned(run, settings).windows
    engine = (settings.threads or 0, settings.engine_bytes, scratch)
    with within(settings.memory_bytes, "shared report"), step(progress, "shared report", STAGES):
        presence = measure_presence(parts, run.as_of, windows, run.path / "segments.parquet", *engine)
        progress.advance()
        summary = read_summary(run.path) | {"cadence": lake.cadence()}
        edition = shared(summary, settings.privacy.smallest_group, presence)
        progress.advance()
        write_shared(run.path, settings.language or "en", edition)
        progress.advance()
    told: Mapping[str, Any] = edition["sharing"]
    return told
