"""Give the people of a lake and its runs other pseudonyms: under a new key, for a list of ids that the shop gives.

Nobody can make an id of a pseudonym, so whoever is not on the list cannot be brought over, and is found first. The
lake's tables change in one commit each, which notes the key; a run's tables one by one. What was killed goes on from
there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.errors import CountsError
from bestiary.files import replacing, whole_parquet
from bestiary.ids import Secret
from bestiary.lake import delta
from bestiary.lake.held import WRITTEN
from bestiary.lake.store import Store
from bestiary.parts import Part, write_part
from bestiary.progress import Progress
from bestiary.sql import connect, path_list, quote, render, stable_functions

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Keys:
    """Everybody's two pseudonyms, as a Parquet file in a scratch folder: `user_id`, which has both, and `new`."""

    path: Path
    scratch: Path
    key: Secret
    memory_bytes: int

    @classmethod
    def of(cls, ids: Collection[str], old: Secret, new: Secret, scratch: Path, memory_bytes: int) -> Keys:
        """Write the file for ids as the shop gives them; no id is in it."""
        path = scratch / "keys.parquet"
        with connect(memory_bytes=memory_bytes, spill=scratch) as connection:
            _prepare(connection, old=old, new=new)
            connection.execute("CREATE TABLE given AS SELECT unnest(?::VARCHAR[]) AS id", [list(ids)])
            connection.execute(f"COPY ({render(HERE / 'rekey_keys.sql')}) TO {quote(str(path))} (FORMAT parquet)")
        return cls(path, scratch, new, memory_bytes)

    @property
    def mark(self) -> str:
        """The application transaction of a commit that brought a table over."""
        return f"{delta.REKEYED}{self.key.check}"

    def connect(self) -> DuckDBPyConnection:
        """An engine with the keys as the table `keys`, and the new key as variables."""
        connection = connect(memory_bytes=self.memory_bytes, spill=self.scratch)
        _prepare(connection, new=self.key)
        connection.execute(f"CREATE TABLE keys AS FROM read_parquet({path_list([self.path])})")
        return connection

    def renamed(self, people: Iterable[str]) -> dict[str, str]:
        """The new pseudonyms of those among some people who are listed."""
        with self.connect() as connection:
            query = "SELECT user_id, new FROM keys WHERE user_id IN (SELECT unnest(?::VARCHAR[]))"
            return dict(connection.execute(query, [list(people)]).fetchall())

    def unlisted(self, tables: Iterable[Path], others: Iterable[str]) -> tuple[list[str], int]:
        """Of all people in some Parquet tables, and some others: who is not on the list, and how many they all are.

        In a table that was brought over already they are listed by their new pseudonyms.
        """
        with self.connect() as connection:
            connection.execute("CREATE TABLE everyone AS SELECT unnest(?::VARCHAR[]) AS user_id", [list(others)])
            for table in tables:
                people = f"SELECT DISTINCT user_id FROM read_parquet({path_list([table])}, hive_partitioning = false)"
                connection.execute(f"INSERT INTO everyone {people} WHERE user_id IS NOT NULL")
            connection.execute(
                "CREATE TABLE unlisted AS SELECT DISTINCT user_id FROM everyone ANTI JOIN keys USING (user_id)"
            )
            found = connection.execute("SELECT user_id FROM unlisted").fetchall()
            known = connection.execute("SELECT count(DISTINCT user_id) FROM everyone").fetchall()[0][0]
            return [one for (one,) in found], int(known)


def rekey_visits(lake: Store, keys: Keys, progress: Progress) -> None:
    """Bring the visits over, whose buckets change with their customers. Needs the lock.

    Memory: the visits of a month, beyond the engine's bytes in the scratch folder. Raises CountsError, with nothing
    changed, where visits would be lost.
    """
    table, new = lake.path / "visits", list[Part]()
    if keys.mark in delta.rekeyed(table):
        return
    old = sorted(delta.committed(table), key=lambda file: file.partition["month"])
    with keys.connect() as connection:
        for month, files in groupby(old, key=lambda file: file.partition["month"]):
            listed = path_list(table / file.path for file in files)
            connection.execute(render(HERE / "rekey_visits.sql", files=listed, buckets=lake.fixed.buckets))
            buckets = connection.execute("SELECT DISTINCT bucket FROM moved ORDER BY bucket").fetchall()
            for (bucket,) in buckets:
                rows = (
                    f"SELECT * EXCLUDE (bucket) FROM moved WHERE bucket = {bucket} ORDER BY user_id, hour, session_key"
                )
                new.append(write_part(connection, rows, table, (("month", month), ("bucket", str(bucket)))))
            progress.advance(1)
    _same("visits", sum(file.rows for file in old), sum(part.rows for part in new))
    delta.cut(table, old, new, mark=keys.mark)


def rekey_rejects(lake: Store, keys: Keys) -> None:
    """Bring the refused rows over. Needs the lock."""
    table, new = lake.path / "rejects", list[Part]()
    if keys.mark in delta.rekeyed(table):
        return
    old = delta.committed(table)
    with keys.connect() as connection:
        for file in old:
            query = render(HERE / "rekey_rejects.sql", files=path_list([table / file.path]))
            new.append(write_part(connection, query, table, tuple(file.partition.items())))
    _same("refused rows", sum(file.rows for file in old), sum(part.rows for part in new))
    delta.cut(table, old, new, mark=keys.mark)


def rekey_table(table: Path, keys: Keys) -> None:
    """Write a table of a run, or of an audience, anew with the new pseudonyms in `user_id`, ordered by them."""
    rows = f"read_parquet({path_list([whole_parquet(table)])})"
    joined = f"FROM {rows} AS held INNER JOIN keys ON held.user_id = keys.user_id"
    with keys.connect() as connection, replacing(table) as temporary:
        query = f"SELECT held.* REPLACE (keys.new AS user_id) {joined} ORDER BY keys.new"
        after = connection.execute(f"COPY ({query}) TO {quote(str(temporary))} ({WRITTEN})").fetchall()[0][0]
        before = connection.execute(f"SELECT count(*) FROM {rows}").fetchall()[0][0]
        _same(str(table), before, after)


def _same(what: str, before: int, after: int) -> None:
    if before != after:
        raise CountsError(
            f"Another key: {before:,} {what} became {after:,}.", do="They were left as they were. Please report this."
        )


def _prepare(connection: DuckDBPyConnection, **keys: Secret) -> None:
    """Give a connection the functions, and keys as variables, so that no statement holds them."""
    stable_functions(connection)
    for name, key in keys.items():
        for side, pad in zip(("inner", "outer"), key.pads(), strict=True):
            connection.execute(f"SET VARIABLE {name}_{side} = ?::BLOB", [pad])
