"""A Postgres server as a warehouse.

One transaction does everything (see `plan`), so readers see a run wholly or not at all, at every level of isolation,
and a process that is killed leaves nothing behind: the server rolls back. A lock of the schema's own keeps two from
publishing into it at once.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from bestiary.errors import BusyError, PublishError
from bestiary.progress import step
from bestiary.publish import people, plan, upkeep
from bestiary.publish.address import Address
from bestiary.publish.catalogue import Schema, lacking, look
from bestiary.publish.content import Content
from bestiary.publish.ddl import named, partition
from bestiary.publish.session import PATIENCE, Session, connected, settings
from bestiary.publish.stream import streamed
from bestiary.publish.target import Asked, Ids, Published, outdated
from bestiary.sql import quote

LOCK = 0x62657374
"""The first half of the number of our advisory locks; the second is of the schema's name."""
OLDEST = 120000
"""From this version on ATTACH PARTITION lets readers read."""


@dataclass(frozen=True)
class Postgres:
    """A schema of a database."""

    address: Address
    schema: str = "bestiary"

    @property
    def told(self) -> str:
        """See Target.told."""
        return f"{self.address.told} schema {self.schema}"

    def publish(self, content: Content, asked: Asked) -> Published:
        """See Target.publish."""
        with self.transaction() as session:
            found = self._look(session)
            new = lacking(found, content.tables, self.schema, "postgres", self.address.told)
            self._insist(content, found)
            old = outdated(list(found.runs), content, asked.retention_months)
            there = found.runs.get(content.as_of) == content.fingerprint and not new and not asked.again
            planned = plan.plan(self.schema, content, found, new, old)
            steps = list(plan.removed(self.schema, content.tables, old) if there else planned)
            after = [] if there else self._after(content, found)
            done = Published(self.told, content.as_of, content.rows, there, old)
            if asked.dry_run:
                return replace(done, steps=(*(text for one in steps for text in plan.text(one, content)), *after))
            if steps:
                if not there:
                    asked.before_data()
                with step(asked.progress, "publish", 0 if there else sum(content.rows.values())):
                    for one in steps:
                        self._do(session, one, content, asked)
                session.commit()
        if steps:
            upkeep.vacuum(self.address, after)
            self._drop()
        return done

    def forget(self, ids: Ids) -> dict[str, int]:
        """See Target.forget."""
        with self.transaction() as session:
            counts, touched = people.forget(session, self.schema, self._look(session), ids, "postgres")
            session.commit()
        upkeep.rewritten(self.address, self.schema, touched)
        return counts

    def forget_runs(self, before: date) -> dict[str, int]:
        """See Target.forget_runs."""
        with self.transaction() as session:
            counts = people.forget_runs(session, self.schema, self._look(session), before)
            session.commit()
        self._drop()
        return counts

    def find(self, user_id: int | str) -> dict[str, list[dict[str, Any]]]:
        """See Target.find."""
        with connected(self.address) as session:
            return people.find(session, self.schema, self._look(session), user_id)

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A transaction that alone works on the schema. BusyError where another does."""
        with connected(self.address) as session:
            session.run("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            for statement in settings(
                {
                    "statement_timeout": "0",
                    "idle_in_transaction_session_timeout": "0",
                    "lock_timeout": f"{int(PATIENCE)}s",
                    "standard_conforming_strings": "on",
                    "client_min_messages": "error",
                }
            ):
                session.run(statement)
            asked = (
                f"SELECT pg_catalog.pg_try_advisory_xact_lock({LOCK}, pg_catalog.hashtext({quote(self.schema)})) AS got"
            )
            if not session.rows(asked)[0]["got"]:
                raise BusyError(f"{self.told}: another process is publishing there.", do="Wait until it has ended.")
            yield session

    def _drop(self) -> None:
        """Drop the partitions of runs that have left. In a transaction of its own: readers may hold them for long."""
        try:
            with self.transaction() as session:
                upkeep.dropped(session, self.schema, self._look(session))
                session.commit()
        except BusyError:
            return  # who publishes there now does it afterwards

    def _look(self, session: Session) -> Schema:
        version = int(session.rows("SELECT current_setting('server_version_num') AS number")[0]["number"])
        if version < OLDEST:
            raise PublishError(
                f"{self.address.told} is Postgres {version // 10000}.",
                allowed="Postgres 12 or later.",
                do="Publish to a newer server.",
            )
        return look(session, self.schema, "postgres")

    def _insist(self, content: Content, found: Schema) -> None:
        """Raise PublishError where a partition's name is taken by a table of somebody else's."""
        for table in content.tables:
            own = partition(table.name, content.as_of)
            if own in found.comments and found.partitions.get(own) != table.name:
                raise PublishError(
                    f"{self.address.told}: {self.schema}.{own} is there, and is no partition of {table.name}.",
                    do="Rename it, or publish to another --schema. Nothing was changed.",
                )

    def _after(self, content: Content, found: Schema) -> list[str]:
        """What rows that were replaced ask for: their room is free again, and the planner knows of the new ones."""
        own = [partition(one.name, content.as_of) for one in content.tables if one.of_people]
        return [f"VACUUM (ANALYZE) {named(self.schema, one)}" for one in own if one in found.partitions]

    def _do(self, session: Session, one: plan.Step, content: Content, asked: Asked) -> None:
        if isinstance(one, str):
            session.run(one)
        elif isinstance(one, plan.Gently):
            session.gently(one.statements)
        else:

            def tell(rows: int) -> None:
                asked.progress.advance(rows, rows=rows)

            with streamed(content, one.content, asked.memory_bytes, tell) as stream:
                session.load(one.schema, one.table, stream)
