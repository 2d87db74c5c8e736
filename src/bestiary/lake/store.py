"""The store: a folder with what is fixed for ever (`store.json`), the lake's tables, and the runs.

A source file is committed wholly or not at all, and once: each table's commit carries the file's fingerprint as its
application transaction id. `rejects` and `sources` are partitioned by fingerprint and replace what an interrupted
attempt may have left; `visits` comes last, and only a source whose visits are there counts.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bestiary.config import Settings
from bestiary.errors import StoreError
from bestiary.files import TEMPORARY, read_json, write_json
from bestiary.ids import Ids, secret
from bestiary.lake import delta, litter
from bestiary.lake.fixed import Fixed, read_fixed
from bestiary.lake.lock import MARK
from bestiary.lake.objections import BACK, objections
from bestiary.lake.sources import read_sources
from bestiary.lake.tables import TABLES
from bestiary.parts import Part
from bestiary.sql import connect

CADENCE = "cadence.json"
"""What the last replay of past months found."""


@dataclass(frozen=True)
class VisitPart:
    """One committed Parquet file of visits."""

    path: Path
    month: str
    bucket: int


@dataclass(frozen=True)
class Store:
    """An open store."""

    path: Path
    fixed: Fixed

    @classmethod
    def open(cls, path: Path, settings: Settings) -> Store:
        """Open a store; StoreError where there is none, it is damaged or of another format, or settings differ."""
        fixed = read_fixed(path)
        fixed.check(path, settings)
        return cls(path, fixed)

    @classmethod
    def create(cls, path: Path, settings: Settings, id_kinds: Mapping[str, str]) -> Store:
        """Make a store; `id_kinds` says integer or string for user_id, product_id and category_id."""
        privacy = settings.privacy
        fixed = Fixed.model_validate(
            {
                "time_zone": settings.time_zone or "UTC",
                "currency": settings.currency or "USD",
                "buckets": settings.buckets or 32,
                **id_kinds,
                "key_check": secret(privacy.key_file).check if privacy.pseudonymise else None,
                "drop_categories": privacy.drop_categories or (),
            }
        )
        litter.remove(litter.of_no_store(path))
        for table in TABLES:
            delta.create(path / table, fixed.stored_kinds)
        write_json(path / MARK, fixed.model_dump())
        return cls(path, fixed)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for what does not fit in memory while a step runs. Needs the lock.

        Where the step fails, litter is swept from the tables.
        """
        self.tidy()
        folder = self.path / ".scratch"
        folder.mkdir()
        try:
            yield folder
        except BaseException:
            self.tidy()
            raise
        shutil.rmtree(folder)

    def tidy(self) -> None:
        """Sweep away what a step that failed, or was killed, has left: its scratch says so. Needs the lock.

        Files that were not finished beside the tables go too.
        """
        rooms = (self.path / name for name in ("runs", "privacy", "audiences", "deliveries", "dead_letters"))
        for path in (*self.path.iterdir(), *(one for room in rooms for one in room.rglob(".*.tmp"))):
            if TEMPORARY.fullmatch(path.name):
                path.unlink()
        if (self.path / ".scratch").exists():
            litter.remove([one for name in TABLES for one in litter.unnamed(self.path / name)])
            shutil.rmtree(self.path / ".scratch")

    def ids(self, settings: Settings) -> Ids:
        """How customers are known here; ConfigError where the key of the pseudonyms is not given."""
        return self.fixed.ids(self.path, settings.privacy)

    def left_out(self) -> tuple[int | str, ...]:
        """The customers who object to being segmented, sorted."""
        text = self.fixed.stored_kinds["user_id"] == "string"
        try:
            return tuple(sorted(one if text else int(one) for one in objections(self.path)))
        except ValueError as error:
            raise StoreError(f"{self.path}: who objects is noted by what is no id here: {error}.", do=BACK) from error

    def remove_if_empty(self) -> None:
        """Undo `create` where no source was committed since."""
        if not self.fingerprints():
            (self.path / MARK).unlink()
            for name in TABLES:
                shutil.rmtree(self.path / name)

    def cadence(self) -> dict[str, Any] | None:
        """What the last replay of past months found; None where there was none. ModelError where it is damaged."""
        path = self.path / CADENCE
        return read_json(path, "Run `bestiary cadence` again.") if path.is_file() else None

    def fingerprints(self) -> list[str]:
        """The fingerprints of all sources in the lake, sorted."""
        return sorted({mark for mark, _ in self._counted("sources")})

    def sizes(self) -> dict[str, int]:
        """The size in bytes of each source file, by fingerprint, where it was noted and the file held any record."""
        with connect(threads=1) as connection:
            rows = read_sources(connection, self.files("sources"))
        return {row["fingerprint"]: row["bytes"] for row in rows if row.get("bytes") is not None and row["read"]}

    def commit(self, batch: Sequence[tuple[str, Mapping[str, tuple[Part, ...]]]]) -> None:
        """Make some sources visible, all at once: of each its fingerprint, and its parts by table.

        One Delta commit for each table: rejects, sources, visits, with the fingerprints as transaction ids.
        """
        marks = [mark for mark, _ in batch]
        for name in TABLES if batch else ():
            parts = [part for _, by_table in batch for part in by_table.get(name, ())]
            delta.add(self.path / name, parts, marks, replace=None if name == "visits" else "fingerprint")

    def visits(self) -> list[VisitPart]:
        """All committed parts of visits, sorted."""
        parts = (
            VisitPart(self.path / "visits" / file.path, file.partition["month"], int(file.partition["bucket"]))
            for file in delta.committed(self.path / "visits")
        )
        return sorted(parts, key=lambda part: (part.bucket, part.month, part.path))

    def files(self, name: str) -> list[Path]:
        """The committed files of `rejects` or `sources` whose source counts, sorted."""
        return sorted(self.path / name / path for _, path in self._counted(name))

    def _counted(self, name: str) -> Iterator[tuple[str, str]]:
        """Fingerprint and path of each file of `rejects` or `sources` whose source has its visits in the lake."""
        counted = delta.transactions(self.path / "visits")
        for file in delta.committed(self.path / name):
            if file.partition["fingerprint"] in counted:
                yield file.partition["fingerprint"], file.path
