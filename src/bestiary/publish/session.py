"""One transaction of a warehouse that speaks Postgres, through ADBC: statements, rows, and streams that are copied in.

Values stand in the statements as literals, since what is loaded goes by COPY and the rest are dates, numbers and ids.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bestiary.errors import BusyError, ConfigError, PublishError
from bestiary.publish.address import Address
from bestiary.sql import quote

if TYPE_CHECKING:
    from adbc_driver_manager import dbapi

LOCKED = "55P03"
"""What Postgres says where a lock was not to be had in time."""
DENIED = "42501"
CANCELLED = "57014"
"""While a statement runs the driver catches an interruption itself, and has the statement cancelled."""
WAIT_MS = 200
"""So long a lock of one table is waited for: who reads waits behind us meanwhile. Four of them stay below the second
after which Postgres looks for deadlocks, and might end a reader instead of us."""
PATIENCE = 60.0
"""Seconds after which a lock is given up."""
INSTALL = "Install the extra: uv sync --extra warehouse, or uv pip install 'bestiary[warehouse]'."


class Session:
    """A connection; `run` and `rows` work in its transaction, or each for itself with `autocommit`."""

    def __init__(self, connection: "dbapi.Connection", address: Address) -> None:
        self._connection, self._address = connection, address

    def run(self, statement: str) -> None:
        """Run a statement that gives no rows."""
        with self._told(), self._connection.cursor() as cursor:
            cursor.execute(statement)

    def rows(self, query: str) -> list[dict[str, Any]]:
        """The rows of a query."""
        from arro3.core import Table

        with self._told(), self._connection.cursor() as cursor:
            cursor.execute(query)
            return list(Table.from_arrow(cursor.fetch_arrow()).to_struct_array().to_pylist())

    def load(self, schema: str, table: str, stream: object) -> None:
        """Copy a stream of Arrow batches into a table, by name of columns. Memory: a batch."""
        with self._told(), self._connection.cursor() as cursor:
            cursor.adbc_ingest(table, stream, mode="append", db_schema_name=schema)

    def gently(self, statements: Sequence[str], patience: float = PATIENCE) -> None:
        """Run statements that need a table for themselves: try again and again, and let readers through between.

        BusyError where it was not to be had within `patience` seconds.
        """
        until = time.monotonic() + patience
        while True:
            self.run("SAVEPOINT gently")
            self.run(f"SET LOCAL lock_timeout = '{WAIT_MS}ms'")
            try:
                for statement in statements:
                    self.run(statement)
            except PublishError as error:
                if not self.locked(error):
                    raise
                self.run("ROLLBACK TO SAVEPOINT gently")
                if time.monotonic() > until:
                    raise BusyError(
                        f"{self._address.told}: others use the tables without a break, and they must change.",
                        do="Try again when long queries have ended.",
                    ) from error
                time.sleep(WAIT_MS / 1000)
            else:
                self.run(f"SET LOCAL lock_timeout = '{int(PATIENCE)}s'")
                self.run("RELEASE SAVEPOINT gently")
                return

    @staticmethod
    def locked(error: BaseException) -> bool:
        """Whether an error says that a lock was not to be had in time."""
        return getattr(error.__cause__, "sqlstate", None) == LOCKED

    def commit(self) -> None:
        """Commit."""
        with self._told():
            self._connection.commit()

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Say it as our own error, without secrets, when the warehouse or the driver fails."""
        from adbc_driver_manager import Error

        try:
            yield
        except Error as error:
            raise explained(error, self._address) from error


def explained(error: Exception, address: Address) -> PublishError:
    """Our own error for one of ADBC. Its cause may hold secrets, and is not for showing."""
    state = getattr(error, "sqlstate", None)
    text = str(error).partition("\n\nQuery was:")[0].removeprefix("IO: [libpq] ").strip()
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(("LINE ", " "))]
    do = "Look at what it says; what was there before is as it was."
    if state == DENIED:
        do = "The user needs USAGE and CREATE on the schema, or CREATE on the database, and must own the tables."
    elif state == CANCELLED:
        do = "It was interrupted; what was there before is as it was. Run the same command again."
    elif "certificate" in text:
        do = (
            "Give the server's certificate authority with sslrootcert=FILE, or sslrootcert=system for those that the "
            "system trusts; sslmode=require encrypts without knowing the server."
        )
    elif "Failed to connect" in text:
        do = "Check host, port, user, password and database."
    return PublishError(f"{address.told}: {address.redacted(' '.join(lines))}", do=do)


@contextmanager
def connected(address: Address, *, autocommit: bool = False) -> Iterator[Session]:
    """A session in a transaction, which is rolled back unless it was committed. Raises PublishError, ConfigError."""
    try:
        from adbc_driver_manager import Error
        from adbc_driver_postgresql import dbapi
    except ImportError as error:
        raise ConfigError(
            f"Publishing to {address.kind} needs the package {error.name}, which is not installed here.", do=INSTALL
        ) from error
    try:
        connection = dbapi.connect(address.uri, autocommit=autocommit)
    except Error as error:
        raise explained(error, address) from None  # libpq quotes what it was given
    try:
        yield Session(connection, address)
    finally:
        connection.close()


def literal(value: int | str) -> str:
    """An id as a literal. A backslash, which Redshift takes for an escape and Postgres does not, is its number."""
    if isinstance(value, int):
        return str(value)
    return " || CHR(92) || ".join(quote(part) for part in value.split("\\"))


def settings(facts: Mapping[str, str]) -> list[str]:
    """Statements that set what holds for this transaction alone."""
    return [f"SET LOCAL {name} = {quote(value)}" for name, value in facts.items()]
