"""The runs of a store: a folder for each date, named `YYYY-MM-DD`, complete when its `run.json` is there.

A step works in the store's scratch folder. When it has ended well, `run.json` and all that this and later steps had
left are removed and the new files take their place, `run.json` last: a run that failed has changed nothing, and one
that was interrupted is never taken for a whole one.
"""

from __future__ import annotations

import filecmp
import hashlib
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

from bestiary import __version__
from bestiary.config import Settings
from bestiary.errors import BestiaryError, ModelError, StoreError
from bestiary.files import read_json, write_json
from bestiary.lake.fixed import FIXED

FORMAT_VERSION = 1
STEPS = {
    "customers": ("customers.parquet", "quality.json"),
    "fit": (
        "model.json", "segments.parquet", "movements.parquet", "scorecard.json", "summary.json", "sample.parquet",
    ),
    "report": ("report.html",),
}  # fmt: skip
"""What each step leaves, in the order of the steps."""
EXTRAS = {"report": ("shared.html",)}
"""What a step leaves only when it is asked to. A run is whole without it, and an earlier step takes it away."""
LISTED = 12
"""So many runs an error lists."""
MADE = {"customers": "customers", "fit": "segments", "report": "report"}
"""The same in a word."""


@dataclass(frozen=True)
class Run:
    """One run's folder.

    `gone` are the files of later steps that the step just done has removed, because they told of what was there before.
    """

    path: Path
    gone: tuple[str, ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, store: Path, as_of: date) -> Run:
        """The run of a store as of a date, whether it is there or not."""
        return cls(store / "runs" / as_of.isoformat())

    @property
    def as_of(self) -> date:
        """The run's date."""
        return date.fromisoformat(self.path.name)

    def has(self, step: str) -> bool:
        """Whether everything that a step leaves is there."""
        return all((self.path / name).is_file() for name in STEPS[step])

    def files(self) -> tuple[str, ...]:
        """What steps have left here, in their order."""
        names = [name for step, made in STEPS.items() for name in (*made, *EXTRAS.get(step, ()))]
        return tuple(name for name in names if (self.path / name).is_file())

    def after(self, files: Sequence[str]) -> Run:
        """This run after a step: those of the `files` before it that are not there any more are gone."""
        return replace(self, gone=tuple(name for name in files if not (self.path / name).is_file()))

    def sources(self) -> list[str]:
        """The fingerprints of the sources that the customers of this run were measured from."""
        return [source["fingerprint"] for source in read_json(self.path / "quality.json")["sources"]]

    @contextmanager
    def replaced(self, step: str, scratch: Path) -> Iterator[Run]:
        """A run in `scratch` to do `step` and later ones in; it takes this one's place when the block ends well.

        It begins with what earlier steps left here. Nothing changes here when the block fails, or has made the same
        files again; an extra of `step` itself stays where the block makes none. An error of the block names the files
        of this run, since those in `scratch` go.
        """
        stage = Run(scratch / "run" / self.path.name)
        stage.path.mkdir(parents=True)
        steps = list(STEPS)
        position = steps.index(step)
        for name in (name for earlier in steps[:position] for name in STEPS[earlier]):
            os.link(self.path / name, stage.path / name)
        try:
            yield stage
        except BestiaryError as error:
            raise error.at(str(stage.path), str(self.path)) from error
        later = [name for one in steps[position:] for name in STEPS[one]]
        extras = [name for one in steps[position:] for name in EXTRAS.get(one, ())]
        made = [name for name in (*later, *extras, "run.json") if (stage.path / name).is_file()]
        stale = [name for name in extras if name in made or name not in EXTRAS.get(step, ())]
        if all(same(stage.path / name, self.path / name) for name in made):
            return  # and what was made of it stays true
        self.path.mkdir(parents=True, exist_ok=True)
        for name in ("run.json", *later, *stale):
            (self.path / name).unlink(missing_ok=True)
        for name in made:
            (stage.path / name).replace(self.path / name)

    def undone(self) -> tuple[str, str]:
        """The first step that is not done in a run that is not complete, and what of it is not there, in words."""
        for name, made in STEPS.items():
            lost = [one for one in made if not (self.path / one).is_file()]
            if lost:
                return name, f"no {', '.join(lost) if len(lost) < len(made) else MADE[name]}"
        there = (self.path / "run.json").is_file()
        return "report", "run.json is damaged" if there else "no run.json"

    def command(self, step: str) -> str:
        """The command that does a step of this run again."""
        return f"bestiary {step} --store {self.path.parents[1]} --as-of {self.as_of}"

    def finish(self, content: Mapping[str, Any]) -> None:
        """Write `run.json`, which makes the run complete."""
        write_json(self.path / "run.json", {"format_version": FORMAT_VERSION, "as_of": self.path.name, **content})

    def description(self) -> dict[str, Any] | None:
        """What `run.json` says; None when the run is not complete, or its `run.json` is damaged."""
        if not (self.path / "run.json").is_file() or not all(self.has(step) for step in STEPS):
            return None
        try:
            content = read_json(self.path / "run.json")
        except ModelError:
            return None
        if content.get("format_version") != FORMAT_VERSION:
            raise ModelError(
                f"{self.path}: run.json has format version {content.get('format_version')!r}.",
                allowed=f"Allowed: {FORMAT_VERSION}.",
                do="Use the version of bestiary that made it, or run again.",
            )
        return content


def run_key(
    sources: Sequence[str], settings: Settings, before: str | None = None, left_out: Sequence[int | str] = ()
) -> str:
    """What a run is made from, as one text: its sources, our version, the settings that its model depends on.

    `before` is a digest of the run before it, which it carries on; None where there is none. Nobody of `left_out`
    was measured.
    """
    aside = {"threads", "memory", "language", "privacy", "publish", *FIXED}
    asked = settings.model_dump(mode="json", exclude=aside)
    return _digest([sorted(sources), asked, __version__, before, list(left_out)])


def lake_fingerprint(sources: Sequence[str]) -> str:
    """One fingerprint for all sources: the same data has the same, in whatever order it came."""
    return _digest(sorted(sources))


def same(one: Path, other: Path) -> bool:
    """Whether two files are there and equal."""
    return other.is_file() and filecmp.cmp(one, other, shallow=False)


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def all_runs(store: Path) -> list[Run]:
    """Every run of a store, oldest first; folders with other names are none."""
    folder = store / "runs"
    names = [path.name for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return [Run(folder / name) for name in sorted(names) if _is_date(name)]


def find_run(store: Path, as_of: date | None, needs: str) -> Run:
    """The run as of a date, or the latest; StoreError where it lacks what the step `needs` leaves."""
    having = [run for run in all_runs(store) if run.has(needs)]
    found = [run for run in having if as_of in (None, run.as_of)]
    if not found:
        which = f"as of {as_of}" if as_of else "at all"
        there = ", ".join(str(run.as_of) for run in having[-LISTED:])
        raise StoreError(
            f"{store}: no run {which} that has {', '.join(STEPS[needs])}.",
            allowed=f"{'The latest that have' if having[LISTED:] else 'Those that have'}: {there}." if there else "",
            do=f"First: {_commands(store, as_of, needs)}",
        )
    return found[-1]


def _commands(store: Path, as_of: date | None, needs: str) -> str:
    """The commands that a run lacks to have what a step leaves; without a date the latest run, or a new one."""
    there = Run.of(store, as_of) if as_of else next(reversed(all_runs(store)), None)
    steps = list(STEPS)
    wanted = [one for one in steps[: steps.index(needs) + 1] if there is None or not there.has(one)]
    dated = f" --as-of {there.as_of}" if there else ""
    return "; then: ".join(f"bestiary {one} --store {store}{dated}" for one in wanted)


def _is_date(name: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d{2}-\d{2}", name)) and bool(date.fromisoformat(name))
    except ValueError:
        return False
