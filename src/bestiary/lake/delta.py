"""What the store asks of Delta Lake: its tables, their files, the transactions in their logs, and commits.

No statistics but the number of rows go into a log: minima and maxima would name customers there.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from bestiary.errors import BestiaryError, StoreError
from bestiary.lake.tables import PROPERTIES, schema
from bestiary.parts import PARTITIONS, Part
from bestiary.sql import connect, path_list

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from deltalake.transaction import AddAction

LOG = "_delta_log"
OURS = "bestiary:"
"""How the application transactions begin that are not those of sources."""
REMOVED = f"{OURS}removed"
"""The application transaction whose version is the number of events that were erased, or whose time was over."""
REKEYED = f"{OURS}rekeyed "
"""How the one begins that notes under which key the pseudonyms of a table are since."""


@dataclass(frozen=True)
class Committed:
    """A file that a table's latest version names: path relative to the table, rows, bytes, partition values."""

    path: str
    rows: int
    size: int
    partition: dict[str, str]


def create(path: Path, id_kinds: Mapping[str, str]) -> None:
    """Make the table `path`, named like it."""
    from deltalake import DeltaTable

    with written(path):
        DeltaTable.create(
            path,
            schema(path.name, id_kinds),
            partition_by=list(PARTITIONS[path.name]),
            configuration=PROPERTIES,
        )


def load(path: Path) -> DeltaTable:
    """A table as of now. Raises StoreError where it cannot be read."""
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        return DeltaTable(path)
    except (DeltaError, OSError) as error:
        raise StoreError(
            f"{path} cannot be read as a Delta table: {_first_line(error)}.",
            do="Put the store back from a copy, or make a new one from the events.",
        ) from error


def committed(path: Path) -> list[Committed]:
    """The files of a table, as of now."""
    actions = load(path).get_add_actions(flatten=True)
    keys = [name.removeprefix("partition.") for name in actions.schema.names if name.startswith("partition.")]
    plain = (actions.column(name).to_pylist() for name in ("path", "num_records", "size_bytes"))
    values = [actions.column(f"partition.{key}").to_pylist() for key in keys]
    partitions = zip(*values, strict=True) if keys else iter(())
    return [
        Committed(path, rows or 0, size, {key: str(value) for key, value in zip(keys, partition, strict=True)})
        for path, rows, size, partition in zip(*plain, partitions, strict=True)
    ]


def transactions(path: Path) -> set[str]:
    """The ids of all sources' application transactions that a table has seen until now."""
    return {one for one in _transactions(path) if not one.startswith(OURS)}


def rekeyed(path: Path) -> set[str]:
    """The marks of the keys that a table was brought over to."""
    return {one for one in _transactions(path) if one.startswith(REKEYED)}


def _transactions(path: Path) -> set[str]:
    """The ids of all application transactions.

    Delta's own look-up takes one id and reads the log for it: 400 sources took a second. So the log is read here,
    once: the last checkpoint, and the commits after it.
    """
    log, version, found = path / LOG, load(path).version(), set[str]()
    checkpoints = [file for file in log.glob("*.checkpoint*.parquet") if int(file.name[:20]) <= version]
    start = max((int(file.name[:20]) for file in checkpoints), default=-1)
    newest = [file for file in checkpoints if int(file.name[:20]) == start]
    if newest:
        query = f"SELECT DISTINCT txn.appId FROM read_parquet({path_list(newest)}) WHERE txn IS NOT NULL"
        with connect(threads=1) as connection:
            found = {row[0] for row in connection.execute(query).fetchall()}
    for number in range(start + 1, version + 1):
        for line in (log / f"{number:020d}.json").read_text(encoding="utf-8").splitlines():
            if '"txn"' in line:
                found |= {action["appId"] for name, action in json.loads(line).items() if name == "txn"}
    return found


def removed(path: Path) -> int:
    """How many events have been taken out of a table since it was made."""
    return load(path).transaction_version(REMOVED) or 0


def add(path: Path, parts: Sequence[Part], marks: Sequence[str], *, replace: str | None = None) -> None:
    """Commit parts as one version that carries each of `marks` as an application transaction.

    With `replace`, a partition column, the files that the table has for `marks` in that column go.
    """
    wanted = set(marks)
    old = [file for file in committed(path) if file.partition[replace] in wanted] if replace else []
    _commit(path, old, parts, dict.fromkeys(marks, 1), data_change=True)


def swap(path: Path, old: Sequence[Committed], new: Sequence[Part]) -> None:
    """Put `new` parts in the place of `old` files, as one version which says that the rows are the same."""
    _commit(path, old, new, data_change=False)


def drop(path: Path, files: Sequence[Committed]) -> None:
    """Take files out of a table, as one version."""
    _commit(path, files, (), data_change=True)


def cut(path: Path, old: Sequence[Committed], new: Sequence[Part], events: int = 0, mark: str = "") -> None:
    """Put `new` parts, which lack some of the data, in the place of `old` files; the number of events is noted.

    Then the log forgets the versions before this one, whose files are gone: nobody travels back to before it. `mark`
    is one more application transaction.
    """
    marks = ({REMOVED: removed(path) + events} if events else {}) | ({mark: 1} if mark else {})
    _commit(path, old, new, marks, data_change=True)
    forget(path)


def forget(path: Path) -> None:
    """Leave nothing in a table's log but its latest checkpoint, which is made now, and what comes after it."""
    table = load(path)
    table.create_checkpoint()
    latest = f"{table.version():020d}"
    for file in (path / LOG).iterdir():
        if file.name[:20].isdigit() and file.name[:20] < latest:
            file.unlink()


def _commit(
    path: Path,
    old: Sequence[Committed],
    new: Sequence[Part],
    transactions: Mapping[str, int] = MappingProxyType({}),
    *,
    data_change: bool,
) -> None:
    """Make one version without `old` files and with `new` parts; the old ones are deleted when that is done."""
    from deltalake import CommitProperties, Transaction
    from deltalake.transaction import RemoveAction

    now = time.time_ns() // 10**6
    gone = [RemoveAction(file.path, data_change, now, file.size, {**file.partition}) for file in old]
    come = [_add(part, data_change=data_change) for part in new]
    properties = CommitProperties(app_transactions=[Transaction(*one) for one in transactions.items()])
    with written(path):
        table, columns = load(path), list(PARTITIONS[path.name])
        table.create_write_transaction([*gone, *come], "append", table.schema(), columns, commit_properties=properties)
    for file in old:
        (path / file.path).unlink(missing_ok=True)


def _add(part: Part, *, data_change: bool) -> AddAction:
    from deltalake.transaction import AddAction

    stats = json.dumps({"numRecords": part.rows})
    return AddAction(part.path, part.size, dict(part.partition), 0, data_change, stats)


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Say it as our own error when a table cannot be written; its version is then what it was."""
    try:
        yield
    except OSError as error:
        why = "the disk is full" if "No space left" in str(error) else _first_line(error)
        raise BestiaryError(
            f"Cannot write to {path}: {why}.",
            do="Check the disk and its rights, and run the same command again; what was committed stays.",
        ) from error


def _first_line(error: Exception) -> str:
    """The cause that a Delta error ends with, without the colours of a terminal."""
    lines = [line.partition("\x1b[0m ")[2] or line for line in str(error).strip().splitlines()]
    return (lines[-1] if "\x1b" in str(error) else lines[0]).strip().rstrip(".")
