"""What the dashboard reads of a store, each file once until it changes."""

import threading
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from bestiary.errors import BestiaryError, BusyError, StoreError
from bestiary.files import stamp
from bestiary.lake.runs import STEPS, Run, all_runs
from bestiary.lake.store import CADENCE, Store
from bestiary.report.kept import NAME, SAMPLE, read_summary
from bestiary.segments.model import Model, load
from bestiary.sql import unreadable

T = TypeVar("T")
KEPT_BYTES = 256_000_000
"""What is kept in memory takes so much, the last things asked for: summaries, models, examples and pages."""
LITTLE = 200_000
"""Bytes that a thing is taken for of which no more is known: a model, the examples."""
SWOLLEN = 4
"""A summary in memory takes so many times the bytes of its two files (measured: 2 to 3.4)."""
READ = (*STEPS["customers"], *STEPS["fit"])
"""What is read of a run; its report is not."""


class Shelf:
    """A store's runs and what is kept of them; safe to ask from several threads."""

    def __init__(self, store: Store) -> None:
        self.store, self.path = store, store.path
        self._kept: dict[Hashable, tuple[Any, int]] = {}
        self._bytes = 0
        self._lock = threading.Lock()

    def runs(self) -> list[Run]:
        """The runs that have their segments, latest first."""
        return [run for run in reversed(all_runs(self.path)) if run.has("fit")]

    def run(self, name: str | None, runs: Sequence[Run] | None = None) -> Run:
        """The run of a date as text, or the latest, of `runs` or of all. Raises StoreError where there is none."""
        runs = self.runs() if runs is None else runs
        found = [run for run in runs if name in (None, "", run.path.name)]
        if not found:
            there = ", ".join(run.path.name for run in runs[:12])
            raise StoreError(
                f"There is no run {name!r} here." if name else "There is no run with its segments here yet.",
                allowed=f"There are: {there}." if there else "",
                do="" if there else f"Make one: bestiary run EVENTS --store {self.path}",
            )
        return found[0]

    def unfinished(self) -> list[str]:
        """The dates of the runs that are later than all that have their segments, and have none."""
        latest = next(iter(self.runs()), None)
        return [run.path.name for run in all_runs(self.path) if latest is None or run.as_of > latest.as_of]

    def is_outdated(self, run: Run) -> bool:
        """Whether the run before, which a run tells of, was fitted again since; not where it is damaged."""
        follow = self.summary(run)["follow"]
        if not follow:
            return False
        before = Run(self.path / "runs" / follow["from"])
        ours, theirs = stamp(run.path / NAME), stamp(before.path / "model.json")
        if not (ours and theirs and theirs[0] > ours[0]):
            return False
        try:
            return bool(self.model(before))
        except BestiaryError:
            return False

    def stamp(self, *runs: Run) -> tuple[Hashable, ...]:
        """What changes when one of the runs is made anew."""
        return tuple((run.path.name, *(stamp(run.path / name) for name in READ)) for run in runs)

    def beside(self) -> Hashable:
        """What changes when what is told beside the runs does."""
        return stamp(self.path / CADENCE)

    def steady(self, runs: Sequence[Run], read: Callable[[], T]) -> T:
        """What `read` gives of runs, of which none was replaced meanwhile: it is never half of one and half of another.

        Raises what `read` raises of a run that stayed; BusyError where they did not.
        """
        import duckdb

        for _ in range(2):
            before = self.stamp(*runs)
            try:
                found = read()
            except (BestiaryError, duckdb.Error) as error:
                if self.stamp(*runs) != before or not all(run.has("fit") for run in runs):
                    continue
                if isinstance(error, BestiaryError):
                    raise
                raise unreadable(error) from None  # its statement may hold a customer's id
            if self.stamp(*runs) == before:
                return found
        names = ", ".join(run.path.name for run in runs)
        raise BusyError(f"A run is being made anew, one of: {names}.", do="Look again when it has been.")

    def rejects(self) -> Hashable:
        """What changes when rows are refused or erased."""
        return tuple(sorted(path.name for path in (self.path / "rejects" / "_delta_log").glob("*.json")))[-1:]

    def summary(self, run: Run) -> dict[str, Any]:
        """The run's summary with the ids of its sample, and the store's cadence. Raises as `read_summary` does."""

        def read() -> dict[str, Any]:
            size = SWOLLEN * sum(found[1] for name in (NAME, SAMPLE) if (found := stamp(run.path / name)))
            return self.kept(("summary", self.stamp(run), self.beside()), lambda: self._summary(run), size)

        return self.steady([run], read)

    def _summary(self, run: Run) -> dict[str, Any]:
        return {**read_summary(run.path, who=True), "cadence": self.store.cadence()}

    def model(self, run: Run) -> Model:
        """The run's model. Raises as `load` does."""
        path = run.path / "model.json"
        return self.kept(("model", run.path.name, stamp(path)), lambda: load(path))

    def kept(self, key: Hashable, make: Callable[[], T], size: int = LITTLE) -> T:
        """What was made for a key, or what `make` gives now, of so many bytes, a text of its own.

        What has not been asked for longest goes where all take more than KEPT_BYTES.
        """
        with self._lock:
            if key in self._kept:
                self._kept[key] = found = self._kept.pop(key)
                return found[0]  # type: ignore[no-any-return]
        made = make()
        with self._lock:
            self._bytes -= self._kept.pop(key, (None, 0))[1]  # somebody else may have made it meanwhile
            self._kept[key] = made, len(made) if isinstance(made, str) else size
            self._bytes += self._kept[key][1]
            while self._bytes > KEPT_BYTES:
                self._bytes -= self._kept.pop(next(iter(self._kept)))[1]
        return made
