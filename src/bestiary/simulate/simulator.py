"""The simulator: REES46-like monthly event files of customers whose hidden kinds are known."""

import os
import shutil
import tempfile
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from bestiary.errors import ConfigError, EventsError
from bestiary.files import TEMPORARY, write_json
from bestiary.progress import Progress, Silent, step

if TYPE_CHECKING:
    from bestiary.simulate.damage import Damaged
    from bestiary.simulate.funnel import Rows

Format = Literal["csv", "csv.gz", "parquet"]
START = date(2019, 10, 1)
MOST_MONTHS = 60
TRUTH = "_truth"
"""The folder of what is hidden; names that begin with `_` are never events."""
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MEMORY = 1_000_000_000
_SCRATCH = ".simulate-"
_WORKERS = min(4, os.cpu_count() or 1)
"""Threads that draw events ahead, and threads that write them; each holds some 100 MB."""


def simulate(
    out: Path,
    *,
    events: int,
    months: int = 7,
    seed: int = 0,
    format: Format = "csv",  # noqa: A002 - the name of the option
    dirty: bool = False,
    start: date = START,
    progress: Progress = Silent(),  # noqa: B008 - holds nothing
) -> list[Path]:
    """Write monthly files of simulated events into the folder `out`; return their paths, oldest first.

    `events` is the exact number of rows of all files, before damage; months differ in size like the published
    ones, and `start` is the first day of the first. Files are named like the originals (`2019-Oct.csv`) and sorted
    by time; times are UTC, prices in dollars. Nulls: category_code, brand, and a few user_session. The same
    arguments give the same bytes of content, whatever the number of threads; CSV and Parquet hold the same
    events. Months are written one after the other, each wholly or not at all, by a few threads of this process.
    With `dirty`, one row in a hundred is damaged (see `bestiary.simulate.damage`); Parquet columns are then all
    text. `out/_truth/customers.parquet` holds each customer's hidden type and what else of them persists,
    `out/_truth/damage.json` the number of rows and of each kind of damage by file.

    What it matches of the published aggregate statistics of the REES46 multi-category store, and how closely, as
    tested at 250,000 events (more events come closer):

    - exactly: events by month; within 1 %: users and sessions per event; session mean, median and 95th percentile;
    - event types within 0.2 points of share, exact duplicates by month, zero prices, odd days (no purchases on
      2019-11-15, few events on 2020-02-27);
    - sizes of sessions within 0.6 points of share, their durations up to the 99th percentile within 15 %, the
      share of sessions that buy, by size, within 6 points, steps from event to event within 2.5 points;
    - events per user up to the 99th percentile within 35 %, users of a month within 15 %, months in which a user
      is active within 8 points, share of buyers within 1.2 points, purchases per buyer within 4 points;
    - buyers of a month who buy again in a later one: within 4 points on average, 11 at worst; first purchases by
      month within 6 points (January has more, April fewer than published);
    - hours within 0.7 points (purchases 1.5), weekdays within 10 %;
    - price quantiles within 40 % (the median within 15 %; between the 75th and 95th percentile simulated prices
      are up to 25 % off), mean price paid in the large departments and for phone brands within 30 %;
    - shares of departments within 4 points, purchases of the ten brands within 4, missing brands within 2.

    Memory: 31 bytes for each customer (twice that while they are drawn), some 200 bytes for each event of the busiest
    day (6 million of 412) or of a million, and some 100 MB for each thread: 0.5 GB at 8 million events, 2 GB at
    412 million. `progress` is told of events.

    What it does not match: bots (no customer comes oftener than `customers.HIGHEST_RATE` allows), several prices of a
    product within a month, products that change category or brand, and joint distributions nobody published.

    Raises ConfigError for an option out of range, EventsError where `out` is a file or holds event files that this
    simulation would not replace or that no simulation wrote.
    """
    import numpy as np

    from bestiary.simulate.catalogue import make_catalogue
    from bestiary.simulate.customers import make_customers
    from bestiary.simulate.months import make_month
    from bestiary.simulate.plan import plan_months
    from bestiary.simulate.write import Writer
    from bestiary.sql import connect, within

    _check_options(events, months, seed, format, start)
    plans = plan_months(events, months, start)
    paths = [out / file_name(plan.first, format) for plan in plans]
    _check_folder(out, paths)
    out.mkdir(parents=True, exist_ok=True)
    _sweep(out)
    damaged: list[Damaged] = []
    with (
        step(progress, "simulate", events),
        tempfile.TemporaryDirectory(prefix=_SCRATCH, dir=out) as scratch,
        connect(threads=_WORKERS, memory_bytes=_MEMORY, spill=Path(scratch)) as connection,
        within(_MEMORY, "simulate"),
        ThreadPoolExecutor(_WORKERS, "simulate") as pool,
    ):
        catalogue = make_catalogue(np.random.default_rng([seed, 1]))
        customers = make_customers(np.random.default_rng([seed, 2]), [plan.arrivals for plan in plans])
        writer = Writer(connection, catalogue, format, Path(scratch))
        writer.customers(customers, start, out / TRUTH / "customers.parquet")
        for plan, path in zip(plans, paths, strict=True):
            made = make_month(seed, plan, customers, catalogue, pool, 2 * _WORKERS)
            with closing(_counted(made, progress)) as blocks:
                if dirty:
                    rng = np.random.default_rng([seed, 5, plan.number])
                    damaged.append(writer.damaged_month(blocks, plan.first, path, rng))
                else:
                    writer.month(blocks, plan.first, path)
    _write_damage(out / TRUTH / "damage.json", damaged)
    return paths


def _counted(blocks: Iterator["Rows"], progress: Progress) -> Generator["Rows"]:
    """Pass the blocks on, and count the events of each when the next is asked for."""
    for block in blocks:
        yield block
        progress.advance(len(block["second"]), rows=len(block["second"]))


def file_name(month: date, format: Format) -> str:  # noqa: A002 - the name of the option
    """The original's name of a month's file, such as `2019-Oct.csv`."""
    return f"{month.year}-{_NAMES[month.month - 1]}.{format}"


def _write_damage(path: Path, damaged: list["Damaged"]) -> None:
    """Say what was damaged, or leave no such file of an earlier simulation behind."""
    if damaged:
        write_json(path, {"format_version": 1, "files": [asdict(file) for file in damaged]})
    else:
        path.unlink(missing_ok=True)


def _sweep(out: Path) -> None:
    """Remove what a simulation that was killed has left."""
    for path in [*out.iterdir(), *out.glob(f"{TRUTH}/*")]:
        if path.name.startswith(_SCRATCH):
            shutil.rmtree(path)
        elif TEMPORARY.fullmatch(path.name):
            path.unlink()


def _check_options(events: int, months: int, seed: int, file_format: str, start: date) -> None:
    for name, value, least, most in (
        ("months", months, 1, MOST_MONTHS),
        ("events", events, 20 * months, 10**9),
        ("seed", seed, 0, 2**32 - 1),
    ):
        if not least <= value <= most:
            raise ConfigError(f"{name} is {value}.", allowed=f"Allowed: {least} to {most}.")
    if file_format not in get_args(Format):
        raise ConfigError(f"format is '{file_format}'.", allowed=f"Allowed: {', '.join(get_args(Format))}.")
    if start.day != 1:
        raise ConfigError(f"start is {start}.", allowed="Allowed: the first day of a month.")


def _check_folder(out: Path, paths: Iterable[Path]) -> None:
    """Refuse a file, and a folder with event files that this simulation would not replace or did not make."""
    if out.exists() and not out.is_dir():
        raise EventsError(f"{out} is a file.", allowed="OUT is a folder, new or not.", do="Name another.")
    endings = tuple(f".{ending}" for ending in get_args(Format))
    there = {path.name for path in out.glob("[!._]*") if path.name.endswith(endings)}
    ours = {path.name for path in paths} if (out / TRUTH / "customers.parquet").exists() else set()
    if strangers := sorted(there - ours):
        raise EventsError(
            f"{out} holds event files that are not of this simulation: {', '.join(strangers[:5])}.",
            allowed="OUT may hold an earlier simulation of the same months and format; it is replaced.",
            do="Name another folder, or remove the files.",
        )
