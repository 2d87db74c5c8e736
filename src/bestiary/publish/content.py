"""What a run gives to be published: queries over its files, and a fingerprint of all that they read.

Memory: a batch of rows at a time, whatever the size of the run.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from bestiary.errors import ModelError
from bestiary.files import read_json, whole_parquet
from bestiary.publish.columns import SQL, USER, Table, tables
from bestiary.segments.model import Model, load
from bestiary.sql import connect, identifier, quote, scan_path

LAYOUT = "1"
"""Part of every fingerprint: another number where the same files are published otherwise."""
FILES = ("customers.parquet", "segments.parquet", "movements.parquet", "model.json", "run.json")
RENAMED = {"from_segment": "from", "to_segment": "to"}
"""Columns of movements whose names in the run are words of SQL."""
NOUGHT = "chr(0)"


@dataclass(frozen=True)
class Content:
    """A complete run. `settings` of the engine are the caller's; nothing is read before it is asked for."""

    path: Path
    as_of: date

    @cached_property
    def model(self) -> Model:
        """The run's model."""
        return load(self.path / "model.json")

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """The tables as this run fills them."""
        return tables(self.model.config.windows, self._user_id)

    @cached_property
    def _user_id(self) -> Any:
        files = [whole_parquet(self.path / f"{name}.parquet") for name in ("customers", "segments", "movements")]
        with connect() as connection:
            described = connection.execute(f"DESCRIBE SELECT {USER} FROM {_scan(files[0])}").fetchall()
        return "text" if described[0][1] == "VARCHAR" else "bigint"

    @cached_property
    def fingerprint(self) -> str:
        """The same for the same content, published in the same way."""
        told = hashlib.sha256(LAYOUT.encode())
        for name in FILES:
            with (self.path / name).open("rb") as file:
                told.update(hashlib.file_digest(file, "sha256").digest())
        return told.hexdigest()

    @cached_property
    def rows(self) -> dict[str, int]:
        """How many rows each table gets."""
        with connect() as connection:
            return {
                one.name: 1 if one.name == "runs" else _count(connection, self.path / f"{one.name}.parquet")
                for one in self.tables
            }

    def table(self, name: str) -> Table:
        """The table of a name."""
        return next(one for one in self.tables if one.name == name)

    def select(self, name: str) -> str:
        """The query, for DuckDB, of what a table gets, in the order of its columns."""
        table = self.table(name)
        if name == "runs":
            values = self._told()
            return "SELECT " + ", ".join(
                f"{_literal(values[one.name])}::{SQL['duckdb'][one.type]} AS {identifier(one.name)}"
                for one in table.columns
            )
        held = {"as_of": quote(self.as_of.isoformat())}
        if name == "segments":
            held |= {f"{one}_name": self._name_of(one) for one in ("segment", "settled")}
        columns = ", ".join(
            f"{_clean(one.type, one.name, held.get(one.name) or identifier(RENAMED.get(one.name, one.name)))}"
            f"::{SQL['duckdb'][one.type]} AS {identifier(one.name)}"
            for one in table.columns
        )
        return f"SELECT {columns} FROM {_scan(self.path / f'{name}.parquet')}"

    def _name_of(self, column: str) -> str:
        fitted = self.model.fitted
        everyone = (*fitted.buyers.segments, *(fitted.visitors.segments if fitted.visitors else ()))
        cases = " ".join(f"WHEN {one.segment} THEN {quote(one.name.en)}" for one in everyone)
        return f"(CASE {identifier(column)} {cases} END)"

    def _told(self) -> Mapping[str, object]:
        """The row of `runs`."""
        run, model = read_json(self.path / "run.json"), self.model
        follow = read_json(self.path / "scorecard.json").get("follow") or {}
        names = ("preset", "language", "sources", "customers", "segmented", "placed", "segments")
        lacking = [name for name in ("key", *names) if name not in run and name != "placed"]
        if lacking:
            raise ModelError(f"{self.path / 'run.json'} has no {', '.join(lacking)}.", do="Draw its report again.")
        return {name: run.get(name) for name in names} | {
            "as_of": self.as_of,
            "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "fingerprint": self.fingerprint,
            "bestiary_version": model.provenance.versions.get("bestiary", "unknown"),
            "model_fingerprint": hashlib.sha256((self.path / "model.json").read_bytes()).hexdigest(),
            "model_format": model.format_version,
            "data_fingerprint": model.provenance.fingerprint,
            "run_key": run["key"],
            "candidate": model.fitted.buyers.candidate,
            "windows": ",".join(map(str, model.config.windows)),
            "time_zone": model.provenance.time_zone,
            "currency": model.provenance.currency,
            "before": follow.get("from"),
        }


def _scan(path: Path) -> str:
    return f"read_parquet({quote(scan_path(path))}, hive_partitioning = false)"


def _count(connection: Any, path: Path) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {_scan(path)}").fetchall()[0][0])


def _clean(kind: str, name: str, value: str) -> str:
    """No warehouse takes the character 0 in a text; in an id it stays, so that two people never become one."""
    return f"replace({value}, {NOUGHT}, '\N{REPLACEMENT CHARACTER}')" if kind == "text" and name != USER else value


def _literal(value: object) -> str:
    return "NULL" if value is None else quote(str(value))
