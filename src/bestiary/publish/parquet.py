"""Runs as Parquet files, in a folder or a bucket.

Files of a run are written first, under names that nothing else has; then the manifest that names them takes the place
of the one before; then the files that it does not name are removed. A reader who goes by the manifest sees a run
wholly or not at all; one who has read the manifest before may find a file gone, and reads the manifest again.
Memory: DuckDB's share; a bucket needs room on the disk for one file.
"""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bestiary.errors import BusyError
from bestiary.progress import step
from bestiary.publish import manifest as manifests
from bestiary.publish.address import Address
from bestiary.publish.columns import USER
from bestiary.publish.content import Content
from bestiary.publish.manifest import PART, File, Manifest, Run
from bestiary.publish.people import ALL, OF_PEOPLE
from bestiary.publish.shelf import MANIFEST, Shelf
from bestiary.publish.target import Asked, Ids, Published, outdated
from bestiary.sql import connect, quote, scan_path, within

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

WRITTEN = "FORMAT parquet, COMPRESSION zstd"
GONE = "forgotten"
MEMORY = 1_000_000_000


@dataclass(frozen=True)
class Files:
    """Files on a shelf."""

    address: Address
    shelf: Shelf = field(repr=False)

    @property
    def told(self) -> str:
        """See Target.told."""
        return self.address.told

    def publish(self, content: Content, asked: Asked) -> Published:
        """See Target.publish."""
        with self._manifest(make=not asked.dry_run) as there:
            forms = manifests.forms(there.tables, content.tables, self.told)
            known = there.runs.get(content.as_of)
            same = known is not None and known.fingerprint == content.fingerprint and not asked.again
            same = same and forms == there.tables
            old = outdated(list(there.runs), content, asked.retention_months)
            done = Published(self.told, content.as_of, content.rows, same, old)
            kept = {one: run for one, run in there.runs.items() if one not in old}
            if asked.dry_run:
                return done if same and not old else self._dry(done, there)
            if not same:
                asked.before_data()
                kept[content.as_of] = self._written(content, asked)
            if not same or old:
                try:
                    self._replace(there.model_copy(update={"tables": forms}).with_runs(kept))
                except BusyError:
                    self.shelf.remove(kept[content.as_of].paths() - there.paths())
                    raise
        return done

    def forget(self, ids: Ids) -> dict[str, int]:
        """See Target.forget. Every file of ours that the manifest does not name goes too: it may hold them."""
        counts = dict.fromkeys(OF_PEOPLE, 0)
        if not self.shelf.names():
            return counts
        with self._manifest() as there, connect(memory_bytes=MEMORY, threads=2) as connection:
            kind = "VARCHAR" if any(isinstance(one, str) for one in ids) else "BIGINT"
            connection.execute(f"CREATE TABLE {GONE} AS SELECT unnest(?::{kind}[]) AS {USER}", [list(ids)])
            runs = dict[date, Run]()
            for as_of, run in there.runs.items():
                files = dict(run.files)
                for table in OF_PEOPLE:
                    new = [self._without(connection, as_of, table, one) for one in files.get(table, ())]
                    counts[table] += sum(rows for _, rows in new)
                    files[table] = tuple(one for one, _ in new)
                runs[as_of] = run.model_copy(update={"files": files})
            self._replace(there.with_runs(runs))
        return counts

    def forget_runs(self, before: date) -> dict[str, int]:
        """See Target.forget_runs."""
        with self._manifest() as there:
            gone = [run for one, run in there.runs.items() if one < before]
            if gone:
                self._replace(there.with_runs({one: run for one, run in there.runs.items() if one >= before}))
        return {table: sum(one.rows for run in gone for one in run.files.get(table, ())) for table in ALL}

    def find(self, user_id: int | str) -> dict[str, list[dict[str, Any]]]:
        """See Target.find."""
        there = manifests.parse(self.shelf.read(), (), self.told)
        rows = {table: list[dict[str, Any]]() for table in OF_PEOPLE}
        with connect(memory_bytes=MEMORY, threads=2) as connection:
            for run in there.runs.values():
                for table in OF_PEOPLE:
                    for one in run.files.get(table, ()):
                        with self.shelf.reading(one.path) as path:
                            theirs = f"SELECT * FROM {_scan(path)} WHERE {USER}::VARCHAR = ?"
                            found = connection.execute(theirs, [str(user_id)])
                            names = [column[0] for column in found.description or ()]
                            rows[table] += [dict(zip(names, row, strict=True)) for row in found.fetchall()]
        return rows

    @contextmanager
    def _manifest(self, *, make: bool = True) -> Iterator[Manifest]:
        """What is published now, which nobody else changes meanwhile. Nothing is made where it cannot be used."""
        there = self._read()
        if make:
            with self.shelf.alone():
                yield self._read()
        else:
            yield there

    def _read(self) -> Manifest:
        return manifests.parse(self.shelf.read(), self.shelf.names(), self.told)

    def _written(self, content: Content, asked: Asked) -> Run:
        """Write the files of a run, which nobody sees yet."""
        files = dict[str, tuple[File, ...]]()
        with (
            step(asked.progress, "publish", sum(content.rows.values())),
            within(asked.memory_bytes, "publishing"),
            connect(memory_bytes=asked.memory_bytes, threads=2, spill=asked.scratch) as connection,
        ):
            for table in content.tables:
                files[table.name] = (self._part(connection, content.as_of, table.name, content.select(table.name)),)
                asked.progress.advance(content.rows[table.name], rows=content.rows[table.name])
        now = datetime.now(UTC).isoformat(timespec="seconds")
        return Run(fingerprint=content.fingerprint, published_at=now, files=files)

    def _part(self, connection: "DuckDBPyConnection", as_of: date, table: str, query: str) -> File:
        """Write a query's rows as a part."""
        name = f"{table}/as_of={as_of.isoformat()}/part-{uuid.uuid4().hex}.parquet"
        with self.shelf.writing(name) as path:
            ((rows,),) = connection.execute(f"COPY ({query}) TO {quote(str(path))} ({WRITTEN})").fetchall()
            size = path.stat().st_size
        return File(path=name, rows=rows, bytes=size)

    def _without(self, connection: "DuckDBPyConnection", as_of: date, table: str, one: File) -> tuple[File, int]:
        """A part without the people who are forgotten, and how many rows that were."""
        with self.shelf.reading(one.path) as path:
            rest = f"SELECT * FROM {_scan(path)} WHERE {USER}::VARCHAR NOT IN (SELECT {USER}::VARCHAR FROM {GONE})"
            ((left,),) = connection.execute(f"SELECT count(*) FROM ({rest})").fetchall()
            if left == one.rows:
                return one, 0
            return self._part(connection, as_of, table, rest), one.rows - left

    def _replace(self, manifest: Manifest) -> None:
        """Put a manifest in place, then remove what it does not name.

        What is there before the manifest is replaced and is not in it can come into no other: who wrote it has read an
        older manifest, and will be refused.
        """
        there = {name for name in self.shelf.names() if PART.fullmatch(name)}
        self.shelf.replace(manifest.text())
        self.shelf.remove(there - manifest.paths())

    def _dry(self, done: Published, there: Manifest) -> Published:
        steps = [f"write {table}/as_of={done.as_of}/ -- {rows:,} rows" for table, rows in done.rows.items()]
        gone = [run for one, run in there.runs.items() if one in done.removed or one == done.as_of]
        removed = [f"remove {one.path}" for run in gone for files in run.files.values() for one in files]
        told = [*([] if done.unchanged else steps), f"replace {MANIFEST}", *removed]
        return Published(done.to, done.as_of, done.rows, done.unchanged, done.removed, tuple(told))


def _scan(path: Path) -> str:
    return f"read_parquet({quote(scan_path(path))}, hive_partitioning = false)"
