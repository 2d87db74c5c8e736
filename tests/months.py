"""A simulated shop with a run at the end of some months."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from bestiary import pipeline
from bestiary.config import Choice, Settings

QUICK = Settings(candidates=("rfm_log",), k_min=3, k_max=6, choice=Choice(sample=1000), threads=2, memory="1GB")
MARCH, APRIL, MAY = date(2020, 3, 1), date(2020, 4, 1), date(2020, 5, 1)


def fitted(folder: Path, events: int, dates: Sequence[date]) -> Path:
    """A store with a run as of each date, in order."""
    pipeline.simulate(folder / "events", events=events, seed=5)
    store = folder / "store"
    pipeline.ingest([folder / "events"], store, settings=QUICK)
    for as_of in dates:
        pipeline.customers(store, as_of=as_of, settings=QUICK)
        pipeline.fit(store, as_of=as_of, settings=QUICK)
    return store
