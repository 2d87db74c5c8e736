"""A piece of a source file: as much as the kernel reads at once."""

from dataclasses import dataclass
from pathlib import Path

from bestiary.sql import scan_path


@dataclass(frozen=True)
class Piece:
    """Where a piece lies: in a scratch file of its own, or in the rows of a file for which `condition` holds.

    `records` are counted without the parser; `before` are those of the source before `path`'s first (header
    included); `size` is what part of the source's bytes it stands for. `plain` says that a CSV piece may be split at
    its commas: there is no quote in it, and as many commas as its records need.
    """

    path: Path
    size: int
    records: int
    before: int = 0
    plain: bool = False
    condition: str = ""
    last: bool = False

    @property
    def scan_path(self) -> str:
        """The path as DuckDB's readers take it, which would otherwise be a glob."""
        return scan_path(self.path)
