"""The store: a folder with what is fixed for ever (`store.json`), the lake's tables, and the runs.

A source file is committed wholly or not at all, and once: each table's commit carries the file's fingerprint as its
application transaction id. `rejects` and `sources` are partitioned by fingerprint and replace what an interrupted
attempt may have left; `visits` comes last, and only a source whose visits are there counts.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, ValidationError

from bestiary.config import Frozen, IdKind, Settings, explain
from bestiary.errors import StoreError
from bestiary.files import read_json, write_json
from bestiary.lake.tables import PARTITIONS, TABLES, schema
from bestiary.parts import Part

if TYPE_CHECKING:
    from deltalake import DeltaTable

FORMAT_VERSION = 1


class Fixed(Frozen):
    """What is fixed when a store is made, because what is stored depends on it."""

    format_version: Literal[1] = 1
    time_zone: str
    currency: str
    buckets: int = Field(ge=1)
    user_id: IdKind
    product_id: IdKind
    category_id: IdKind

    @property
    def id_kinds(self) -> dict[str, str]:
        """Integer or string for each id."""
        return {"user_id": self.user_id, "product_id": self.product_id, "category_id": self.category_id}


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
        """Open a store; StoreError where there is none, it is of another format, or `settings` contradict it."""
        if not (path / "store.json").is_file():
            raise _no_store(path)
        content = read_json(path / "store.json")
        if content.get("format_version") != FORMAT_VERSION:
            raise StoreError(
                f"{path}: format version {content.get('format_version')!r}.",
                allowed=f"Allowed: {FORMAT_VERSION}.",
                do="Use the version of bestiary that made it, or make a new store.",
            )
        try:
            fixed = Fixed.model_validate(content)
        except ValidationError as error:
            raise StoreError(f"{path / 'store.json'} is damaged: " + "; ".join(explain(error))) from error
        for name, value in fixed.model_dump(exclude={"format_version"}).items():
            asked = getattr(settings, name)
            if asked not in (None, value):
                raise StoreError(
                    f"{path} was made with {name} = {value!r}, and {asked!r} is asked for.",
                    allowed=f"{name} is fixed when the store is made.",
                    do="Leave the setting out, or make a new store.",
                )
        return cls(path, fixed)

    @classmethod
    def create(cls, path: Path, settings: Settings, id_kinds: Mapping[str, str]) -> Store:
        """Make a store; `id_kinds` says integer or string for user_id, product_id and category_id."""
        fixed = Fixed.model_validate(
            {
                "time_zone": settings.time_zone or "UTC",
                "currency": settings.currency or "USD",
                "buckets": settings.buckets or 16,
                **id_kinds,
            }
        )
        from deltalake import DeltaTable

        for table in TABLES:
            DeltaTable.create(
                path / table,
                schema(table, fixed.id_kinds),
                mode="overwrite",  # what a killed attempt has left may be of another kind
                partition_by=list(PARTITIONS[table]),
            )
        write_json(path / "store.json", fixed.model_dump())
        return cls(path, fixed)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """A folder for what does not fit in memory while a step runs. Needs the lock.

        Where the step fails, or one before it was killed and has left its folder, litter is swept from the tables.
        """
        folder = self.path / ".scratch"
        if folder.exists():
            self._sweep(folder)
        folder.mkdir()
        try:
            yield folder
        except BaseException:
            self._sweep(folder)
            raise
        shutil.rmtree(folder)

    def _sweep(self, scratch: Path) -> None:
        for name in TABLES:
            self.table(name).vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False, full=True)
        shutil.rmtree(scratch)

    def remove_if_empty(self) -> None:
        """Undo `create` where no source was committed since."""
        if not self.fingerprints():
            (self.path / "store.json").unlink()
            for name in TABLES:
                shutil.rmtree(self.path / name)

    def table(self, name: str) -> DeltaTable:
        """One of the lake's tables, as of now."""
        from deltalake import DeltaTable

        return DeltaTable(self.path / name)

    def fingerprints(self) -> list[str]:
        """The fingerprints of all sources in the lake, sorted."""
        return sorted({mark for mark, _ in self._counted("sources")})

    def commit(self, fingerprint: str, parts: Mapping[str, tuple[Part, ...]]) -> None:
        """Make the parts of one source visible: rejects, sources, visits, all with the same transaction id."""
        from deltalake import CommitProperties, Transaction

        for name in TABLES:
            table = self.table(name)
            replace = name != "visits"
            table.create_write_transaction(
                [_add(part) for part in parts.get(name, ())],
                "overwrite" if replace else "append",
                table.schema(),
                list(PARTITIONS[name]),
                partition_filters=[("fingerprint", "=", fingerprint)] if replace else None,
                commit_properties=CommitProperties(app_transactions=[Transaction(fingerprint, 1)]),
            )

    def visits(self) -> list[VisitPart]:
        """All committed parts of visits, sorted."""
        actions = self.table("visits").get_add_actions(flatten=True)
        columns = (actions.column(name).to_pylist() for name in ("path", "partition.month", "partition.bucket"))
        parts = (
            VisitPart(self.path / "visits" / path, month, bucket) for path, month, bucket in zip(*columns, strict=True)
        )
        return sorted(parts, key=lambda part: (part.bucket, part.month, part.path))

    def files(self, name: str) -> list[Path]:
        """The committed files of `rejects` or `sources` whose source counts, sorted."""
        return sorted(self.path / name / path for _, path in self._counted(name))

    def _counted(self, name: str) -> Iterator[tuple[str, str]]:
        """Fingerprint and path of each file of `rejects` or `sources` whose source has its visits in the lake."""
        visits, actions = self.table("visits"), self.table(name).get_add_actions(flatten=True)
        columns = (actions.column(column).to_pylist() for column in ("partition.fingerprint", "path"))
        for mark, path in zip(*columns, strict=True):
            if visits.transaction_version(mark) is not None:
                yield mark, path


def _add(part: Part) -> Any:
    from deltalake.transaction import AddAction

    # No statistics but the number of rows: minima and maxima would name customers in the log.
    return AddAction(part.path, part.size, dict(part.partition), 0, True, json.dumps({"numRecords": part.rows}))


@contextmanager
def locked(path: Path, *, create: bool = False) -> Iterator[None]:
    """Hold the store's lock, with `create` making its folder, which goes again where no store came of it.

    A process that has the lock may take it again, so that a run can be made of steps which lock for themselves.
    Raises StoreError where there is no store, another process holds the lock, or nothing can be written.
    """
    from filelock import FileLock, Timeout

    if not create and not (path / "store.json").is_file():
        raise _no_store(path)
    made = not path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / ".lock", timeout=0, is_singleton=True)
        lock.acquire()
    except Timeout as error:
        raise StoreError(f"Another process is working on {path}.", do="Wait until it has ended.") from error
    except OSError as error:
        raise StoreError(f"Cannot write to {path}: {error.strerror}.", do="Check the path and its rights.") from error
    try:
        yield
    finally:
        lock.release()
        if made and {entry.name for entry in path.iterdir()} <= {".lock"}:
            shutil.rmtree(path)


def _no_store(path: Path) -> StoreError:
    return StoreError(f"{path} is not a store.", do=f"Make one with: bestiary ingest EVENTS... --store {path}")
