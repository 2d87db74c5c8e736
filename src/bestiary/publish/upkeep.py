"""What follows a commit in Postgres: room is freed, the partitions of runs that left are dropped, and those that held
people who were taken out are written anew.

Rows that were deleted lie in Postgres' files until these are rewritten: VACUUM frees their room, but the last bytes of
a page may stay until something is written over them. So the partitions that held a person are written anew (VACUUM
FULL), one after the other; where readers hold one for long, a plain VACUUM must do, and a warning says so. What no
statement reaches: the write-ahead log and backups, which hold the rows until they are recycled or expire; and what an
older transaction, a replication slot or a prepared transaction may still see, which Postgres keeps for them.

All that was asked for is committed before: nothing here fails the command.
"""

import warnings
from collections.abc import Iterable

from bestiary.errors import BestiaryError, LeftWarning
from bestiary.publish.address import Address
from bestiary.publish.catalogue import Schema
from bestiary.publish.ddl import named, partition
from bestiary.publish.people import OF_PEOPLE, Touched
from bestiary.publish.session import WAIT_MS, Session, connected

TRIES = 25
"""So often a partition is asked for, for a fifth of a second each time."""


def vacuum(address: Address, statements: Iterable[str]) -> None:
    """Run statements that cannot be part of a transaction."""
    wanted = list(statements)
    if not wanted:
        return
    try:
        with connected(address, autocommit=True) as session:
            for statement in wanted:
                session.run(statement)
    except BestiaryError as error:
        _left(f"The room of rows that were replaced is not free yet. {error.found}")


def dropped(session: Session, schema: str, found: Schema) -> None:
    """Drop the partitions of runs that are not published any more; they are empty."""
    kept = {partition(table, run) for table in OF_PEOPLE for run in found.runs}
    for own in sorted(set(found.partitions) - kept):
        if found.partitions[own] in OF_PEOPLE and found.ours(found.partitions[own]):
            try:
                session.gently([f"DROP TABLE {named(schema, own)}"], patience=TRIES * WAIT_MS / 1000)
            except BestiaryError as error:
                _left(f"{schema}.{own} holds nothing, and could not be dropped yet. {error.found}")
                return


def rewritten(address: Address, schema: str, touched: Touched) -> None:
    """Write the partitions anew that held people who were taken out."""
    names = [named(schema, partition(table, run)) for table, runs in touched.items() for run in sorted(runs)]
    left = []
    try:
        with connected(address, autocommit=True) as session:
            session.run(f"SET lock_timeout = '{WAIT_MS}ms'")
            for name in names:
                if not _in_full(session, name):
                    left.append(name)
                    session.run(f"VACUUM (INDEX_CLEANUP ON) {name}")
    except BestiaryError as error:
        left = [*left, f"others ({error.found})"]
    if left:
        _left(
            f"Deleted, but bytes of it may still lie in the files of {', '.join(left)}, which others are using: "
            "VACUUM FULL them in a quiet hour."
        )


def _in_full(session: Session, name: str) -> bool:
    """Whether a partition could be written anew."""
    for _ in range(TRIES):
        try:
            session.run(f"VACUUM (FULL, ANALYZE) {name}")
        except BestiaryError as error:
            if not session.locked(error):
                raise
        else:
            return True
    return False


def _left(text: str) -> None:
    warnings.warn(text, LeftWarning, stacklevel=1)
