"""Litter: what a step that was killed has left in a store's tables, and how it goes.

Nobody reads litter, so it may lie; it takes room, though, and may hold what was to be forgotten.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from bestiary.lake.delta import LOG, committed
from bestiary.lake.lock import half_made

_STAGED = re.compile(r".*#\d+|_commit_.*\.json\.tmp")
"""How Delta names what it has not finished writing into its log."""


@dataclass(frozen=True)
class Litter:
    """A file or folder that nothing needs: its size in bytes, and why it is there."""

    path: Path
    bytes: int
    why: str

    @classmethod
    def of(cls, path: Path, why: str) -> Litter:
        """A file, or a folder with all that is in it."""
        files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
        return cls(path, sum(file.stat().st_size for file in files), why)


def of_no_store(path: Path) -> list[Litter]:
    """What the making of a store, interrupted before it was one, has left in a folder."""
    return [Litter.of(entry, "of a store that was never made") for entry in half_made(path)]


def unnamed(table: Path) -> Iterator[Litter]:
    """The files of a table that its latest version does not name."""
    named = {table / file.path for file in committed(table)}
    for path in sorted(table.rglob("*")):
        if path.relative_to(table).parts[0] == LOG:
            if _STAGED.fullmatch(path.name):
                yield Litter.of(path, "an unfinished commit")
        elif path.is_file() and path not in named:
            yield Litter.of(path, "never committed, or replaced since")


def remove(litter: Iterable[Litter]) -> None:
    """Remove litter, and the partitions' folders that it leaves empty."""
    for one in litter:
        if one.path.is_dir():
            shutil.rmtree(one.path)
            continue
        one.path.unlink(missing_ok=True)
        for folder in takewhile(lambda parent: "=" in parent.name, one.path.parents):
            with suppress(OSError):  # it is not empty
                folder.rmdir()
