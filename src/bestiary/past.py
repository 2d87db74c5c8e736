"""What a fit may know of the past, measured from the lake: an earlier date, first visits, revenue, the run before."""

import hashlib
import warnings
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.config import Settings
from bestiary.customers.earlier import horizon, measure_earlier, sampled
from bestiary.customers.first_visits import measure_first_visits
from bestiary.customers.revenue import monthly_revenue
from bestiary.errors import DamageWarning, FormatError, ModelError
from bestiary.files import whole_parquet
from bestiary.lake.runs import Run, all_runs
from bestiary.lake.store import Store
from bestiary.progress import Progress, step
from bestiary.segments.history import Before, History
from bestiary.segments.model import Model, load
from bestiary.sql import connect, quote, within
from bestiary.windows import window_start

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Part = tuple[int, str, Path]
FIRST_VISITS = 20_000
"""First visits of about so many buyers, and of those who are in the same buckets, are looked at."""
STRAY = 0.001
"""This share of customers may have been seen before history begins: events with a wrong date."""


def past(lake: Store, run: Run, settings: Settings, scratch: Path, progress: Progress) -> History:
    """Measure the past of a run that has its customers, from a sample of whole buckets.

    Memory: within the engine's share, the rest in `scratch`.
    """
    with within(settings.memory_bytes, "the past"), step(progress, "the past", 3):
        with connect(threads=settings.threads or 0, memory_bytes=settings.engine_bytes, spill=scratch) as connection:
            first, buyers = span(connection, run, settings)
            parts = [(part.bucket, part.month, part.path) for part in lake.visits()]
            at = horizon(first, run.as_of, settings.windows)
            revenue = _revenue(connection, parts, run.as_of, at)
            progress.advance()
        chosen = set(sampled(lake.fixed.buckets, buyers))
        some = [part for part in parts if part[0] in chosen]
        given = (scratch, settings.threads or 0, settings.engine_bytes)
        left_out = lake.left_out()
        earlier = None
        if at is not None:
            earlier = scratch / "earlier.parquet"
            measure_earlier(some, at, run.as_of, settings.windows, earlier, *given, left_out)
        progress.advance()
        visits = scratch / "first_visits.parquet"
        few = set(sampled(lake.fixed.buckets, buyers, FIRST_VISITS))
        measure_first_visits(
            [part for part in parts if part[0] in few], run.as_of, settings.windows, visits, *given, left_out=left_out
        )
        progress.advance()
    return History(
        earlier=earlier,
        at=at,
        until=run.as_of,
        first_visits=visits,
        revenue=revenue,
        before=before(lake.path, run.as_of, settings),
    )


def span(connection: "DuckDBPyConnection", run: Run, settings: Settings) -> tuple[date, int]:
    """The day on which history begins, as far as the longest window goes, and how many customers have bought."""
    path = whole_parquet(run.path / "customers.parquet")
    purchases = f"number_of_purchases_{settings.windows[-1]}m"
    table = f"read_parquet({quote(str(path))})"
    if purchases not in [name for name, *_ in connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()]:
        raise ModelError(
            f"{path} has no column {purchases}.", do="Make the customer table again with the same windows."
        )
    row = connection.execute(
        f"SELECT cast(quantile_disc(first_seen, {STRAY}) AS DATE), count(*) FILTER (WHERE {purchases} > 0) FROM {table}"
    ).fetchall()[0]
    return row[0] or run.as_of, int(row[1])


def _revenue(connection: "DuckDBPyConnection", parts: Sequence[Part], as_of: date, at: date | None) -> dict[str, float]:
    """Revenue by whole month, where there is enough of it to tell the season; else nothing."""
    if at is None:
        return {}
    length = (as_of.year - at.year) * 12 + as_of.month - at.month
    if min(month for _, month, _ in parts) > f"{window_start(as_of, 12 + length):%Y-%m}":
        return {}
    return monthly_revenue(connection, [path for _, _, path in parts], as_of)


def before(store: Path, as_of: date, settings: Settings) -> Before | None:
    """The run before a date (see `run_before`), as a fit knows it."""
    found = run_before(store, as_of, settings)
    return found and Before(found[0].as_of, found[1], whole_parquet(found[0].path / "segments.parquet"))


def run_before(store: Path, as_of: date, settings: Settings) -> tuple[Run, Model] | None:
    """The latest run before a date with the same preset and windows, as far as this version can read its model.

    A model of another format is as if there were none; each damaged one is a DamageWarning.
    """
    damaged, found = list[tuple[Run, ModelError]](), None
    for run in reversed([one for one in all_runs(store) if one.as_of < as_of and one.has("fit")]):
        try:
            model = load(run.path / "model.json")
        except FormatError:
            continue
        except ModelError as error:
            damaged.append((run, error))
            continue
        if (model.config.preset, model.config.windows) == (settings.preset, settings.windows):
            found = run, model
            break
    instead = f"the run before is that as of {found[0].as_of}" if found else "there is no other run before"
    for run, why in damaged:
        told = f"The run as of {run.as_of} is passed over, and {instead}. {why.found} {why.do}"
        warnings.warn(" ".join(told.split()), DamageWarning, stacklevel=1)
    return found


def before_digest(store: Path, as_of: date, settings: Settings) -> str | None:
    """A digest of what a fit takes from the run before: its date, model and everyone's place; None without one."""
    found = run_before(store, as_of, settings)
    if found is None:
        return None
    told = hashlib.sha256(found[0].path.name.encode())
    for name in ("model.json", "segments.parquet"):
        with (found[0].path / name).open("rb") as file:
            told.update(hashlib.file_digest(file, "sha256").digest())
    return told.hexdigest()
