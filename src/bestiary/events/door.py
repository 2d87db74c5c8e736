"""The door: what of a source file is not let in, and what of it nobody shall see.

Rows of people who had themselves erased, up to that time, and of categories that the shop does not want to know of are
taken out as soon as they are read, and counted. Where the store holds pseudonyms, ids and sessions are replaced by
keyed hashes when visits are made of events, and a refused row is kept without what could tell whose it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.ids import Secret
from bestiary.sql import render

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Erased:
    """People who had themselves erased: the key of their marks, and until when (the shop's wall time) each is gone."""

    key: Secret
    until: Mapping[str, datetime]


@dataclass(frozen=True)
class Door:
    """What every file of one ingest meets. `key` is that of the pseudonyms; None where ids are stored as they are."""

    key: Secret | None = None
    erased: Erased | None = None
    drop_categories: tuple[str, ...] = field(default=())

    def open(self, connection: DuckDBPyConnection, clock: datetime) -> None:
        """Give a connection the keys, as variables, so that no statement holds them, and the list of the erased.

        `clock` is the time after which nothing can have happened yet.
        """
        connection.execute("SET VARIABLE clock = ?::TIMESTAMP", [clock])
        for name, key in (("pseudonym", self.key), ("erasure", self.erased.key if self.erased else None)):
            if key is not None:
                for side, pad in zip(("inner", "outer"), key.pads(), strict=True):
                    connection.execute(f"SET VARIABLE {name}_{side} = ?::BLOB", [pad])
        if self.erased is not None:
            connection.execute("CREATE TEMP TABLE erased (mark VARCHAR, until TIMESTAMP)")
            marks = list(self.erased.until.items())
            connection.executemany("INSERT INTO erased VALUES (?, ?)", marks)
        if self.excludes:
            connection.execute("SET VARIABLE excluded = ?", [[code.lower() for code in self.drop_categories]])

    @property
    def excludes(self) -> bool:
        """Whether there are categories that are not let in."""
        return bool(self.drop_categories)

    def turn_away(self, connection: DuckDBPyConnection) -> dict[str, int]:
        """Take out of `events` what is not let in; how many rows of each kind went.

        The customers are noted in the table `gone`, for the refused rows, which are read once more.
        """
        counts = dict[str, int]()
        if self.excludes:
            counts["excluded"] = _deleted(connection, "DELETE FROM events WHERE excluded")
        if self.erased is not None:
            connection.execute(render(HERE / "gone.sql"))
            query = "DELETE FROM events USING gone WHERE events.customer = gone.customer"
            counts["erased"] = _deleted(connection, f"{query} AND is_gone(events.wall_time, gone.until)")
        return counts

    def forget_texts(self, connection: DuckDBPyConnection) -> None:
        """Keep no raw text of a refused row that names somebody who was erased, in whatever field."""
        if self.erased is not None:
            connection.execute(render(HERE / "named.sql"))


NO_DOOR = Door()
"""Lets everything in as it is."""


def _deleted(connection: DuckDBPyConnection, query: str) -> int:
    return int(connection.execute(query).fetchall()[0][0])
