"""Amazon Redshift as a warehouse: Parquet files in a bucket, which Redshift copies in, in one transaction.

Nothing of this has been run on Redshift: the statements that are plain SQL are run on Postgres by the tests, the others
(tables with distribution and order, COPY) are parsed, and the files are put into an S3 server.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from bestiary.config import Publish
from bestiary.errors import ConfigError
from bestiary.progress import step
from bestiary.publish import people
from bestiary.publish.address import Address
from bestiary.publish.catalogue import Schema, lacking, look
from bestiary.publish.columns import AS_OF, Column
from bestiary.publish.content import Content
from bestiary.publish.ddl import VIEWS, add, create, create_schema, day, named, views
from bestiary.publish.parquet import WRITTEN
from bestiary.publish.plan import removed
from bestiary.publish.session import connected
from bestiary.publish.shelf import Bucket
from bestiary.publish.target import Asked, Ids, Published, outdated
from bestiary.sql import connect, identifier, quote, within

STAGED = "bestiary-staged"
"""Below the prefix that is named in the settings; all of it is ours, and goes."""


@dataclass(frozen=True)
class Redshift:
    """A schema of a database, and the bucket that its files lie in while they are copied."""

    address: Address
    staging: Bucket = field(repr=False)
    settings: Publish
    schema: str = "bestiary"

    @property
    def told(self) -> str:
        """See Target.told."""
        return f"{self.address.told} schema {self.schema}"

    def publish(self, content: Content, asked: Asked) -> Published:
        """See Target.publish."""
        with connected(self.address) as session:
            found = look(session, self.schema, "redshift")
            new = lacking(found, content.tables, self.schema, "redshift", self.address.told)
            old = outdated(list(found.runs), content, asked.retention_months)
            there = found.runs.get(content.as_of) == content.fingerprint and not new and not asked.again
            folder = uuid.uuid4().hex
            statements = list(
                removed(self.schema, content.tables, old) if there else self.plan(content, found, new, old, folder)
            )
            done = Published(self.told, content.as_of, content.rows, there, old)
            if asked.dry_run:
                return replace(done, steps=tuple(statements))
            if not there:
                asked.before_data()
            with self._staged(content, asked, folder, wanted=not there):
                for statement in statements:
                    session.run(statement)
                session.commit()
        return done

    def plan(
        self, content: Content, found: Schema, new: Mapping[str, tuple[Column, ...]], old: tuple[date, ...], folder: str
    ) -> Iterator[str]:
        """Every statement of publishing a run; `folder` is where its files are.

        The first that writes to a table makes whoever publishes at the same time wait.
        """
        if not found.there:
            yield create_schema(self.schema)
        for table in content.tables:
            if table.name not in found.comments:
                yield from create(self.schema, table, "redshift")
            elif table.name in new:
                yield from add(self.schema, table, new[table.name], "redshift")
        if new or not all(found.ours(view) for view in VIEWS):
            yield from views(self.schema, content.tables)
        for table in content.tables:
            name, columns = named(self.schema, table.name), ", ".join(identifier(one.name) for one in table.columns)
            yield f"DELETE FROM {name} WHERE {identifier(AS_OF)} = {day(content.as_of)}"
            yield f"COPY {name} ({columns}) FROM {quote(self._uri(folder, table.name))} {self._by()} FORMAT AS PARQUET"
        yield from removed(self.schema, content.tables, old)

    def forget(self, ids: Ids) -> dict[str, int]:
        """See Target.forget. Redshift frees the room of deleted rows by VACUUM DELETE ONLY."""
        self.clean()
        with connected(self.address) as session:
            counts, touched = people.forget(
                session, self.schema, look(session, self.schema, "redshift"), ids, "redshift"
            )
            session.commit()
        self._vacuum([one for one, runs in touched.items() if runs])
        return counts

    def forget_runs(self, before: date) -> dict[str, int]:
        """See Target.forget_runs."""
        with connected(self.address) as session:
            counts = people.forget_runs(session, self.schema, look(session, self.schema, "redshift"), before)
            session.commit()
        self._vacuum([one for one, rows in counts.items() if rows])
        return counts

    def find(self, user_id: int | str) -> dict[str, list[dict[str, Any]]]:
        """See Target.find."""
        with connected(self.address) as session:
            return people.find(session, self.schema, look(session, self.schema, "redshift"), user_id)

    def clean(self) -> None:
        """Remove files that a publication which was killed has left in the bucket."""
        self.staging.remove(name for name in self.staging.names() if name.startswith(f"{STAGED}/"))

    def _vacuum(self, tables: list[str]) -> None:
        with connected(self.address, autocommit=True) as session:
            for table in tables:
                session.run(vacuum(self.schema, table))

    @contextmanager
    def _staged(self, content: Content, asked: Asked, folder: str, *, wanted: bool) -> Iterator[None]:
        """The files of a run in the bucket, which go again."""
        if not wanted:
            yield
            return
        self.clean()
        try:
            with (
                step(asked.progress, "publish", sum(content.rows.values())),
                within(asked.memory_bytes, "publishing"),
                connect(memory_bytes=asked.memory_bytes, threads=2, spill=asked.scratch) as connection,
            ):
                for table in content.tables:
                    with self.staging.writing(f"{STAGED}/{folder}/{table.name}.parquet") as path:
                        query = content.select(table.name)
                        connection.execute(f"COPY ({query}) TO {quote(str(path))} ({WRITTEN})")
                    asked.progress.advance(content.rows[table.name], rows=content.rows[table.name])
            yield
        finally:
            self.clean()

    def _uri(self, folder: str, table: str) -> str:
        return f"{str(self.settings.s3_staging).rstrip('/')}/{STAGED}/{folder}/{table}.parquet"

    def _by(self) -> str:
        role = self.settings.iam_role
        told = "IAM_ROLE default" if role == "default" else f"IAM_ROLE {quote(str(role))}"
        return f"{told} REGION {quote(self.settings.region)}" if self.settings.region else told


def vacuum(schema: str, table: str) -> str:
    """The statement that frees the room of deleted rows at once."""
    return f"VACUUM DELETE ONLY {named(schema, table)} TO 100 PERCENT"


def insist(settings: Publish) -> None:
    """Raise ConfigError where the settings lack what Redshift needs."""
    lacking_ = [name for name in ("s3_staging", "iam_role") if getattr(settings, name) is None]
    if lacking_:
        raise ConfigError(
            f"Publishing to Redshift needs {' and '.join(f'publish.{one}' for one in lacking_)}.",
            allowed='[publish] of the settings: s3_staging = "s3://bucket/prefix", iam_role = an ARN or "default", '
            "region where the bucket's is another.",
            do="Write them into a file and name it: --config FILE",
        )
