"""The customers of a preset, held by DuckDB and handed out as numpy arrays in the order of their ids."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bestiary.config import Settings
from bestiary.errors import ModelError, PopulationError
from bestiary.files import replacing
from bestiary.segments.presets import Recipe
from bestiary.segments.transform import Floats, Ints
from bestiary.sql import connect, identifier, quote, render

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HERE = Path(__file__).parent
CHUNK = 250_000
NUMERIC = ("INTEGER", "BIGINT", "DOUBLE", "SMALLINT", "FLOAT", "HUGEINT", "UBIGINT", "UINTEGER")


@dataclass(frozen=True)
class Population:
    """`size` of `customers` in the table are segmented; `columns` are the table's numeric ones, in order."""

    connection: "DuckDBPyConnection"
    columns: tuple[str, ...]
    size: int
    customers: int

    def values(self, names: Sequence[str], where: str = "true") -> Floats:
        """Columns (n, len(names)) in the order of the ids, NaN for null."""
        listed = ", ".join(identifier(name) for name in names)
        query = f"SELECT {listed} FROM population WHERE {where} ORDER BY place"
        fetched = self.connection.execute(query).fetchnumpy()
        arrays = [np.ma.filled(np.ma.asarray(fetched[name]).astype(np.float64), np.nan) for name in names]
        return np.column_stack(arrays)

    def chunks(self) -> Iterator[Floats]:
        """All numeric columns, `CHUNK` customers at a time."""
        for start in range(0, self.size, CHUNK):
            yield self.values(self.columns, f"place >= {start} AND place < {start + CHUNK}")

    def rows(self, places: NDArray[np.int64]) -> Floats:
        """All numeric columns of the customers at these places, which must grow."""
        self.connection.register("wanted", {"place": places})
        try:
            return self.values(self.columns, "place IN (SELECT place FROM wanted)")
        finally:
            self.connection.unregister("wanted")

    def write_labels(self, path: Path, segment: Ints, confidence: Floats, personas: Sequence[str | None]) -> None:
        """Write `segments.parquet` from segment and confidence (n,), NaN as null, and a persona a segment."""
        masked = np.ma.masked_invalid(confidence)
        places = np.arange(self.size, dtype=np.int64)
        names = {
            "segment": np.arange(len(personas), dtype=np.int32),
            "persona": np.ma.array([name or "" for name in personas], mask=[name is None for name in personas]).astype(
                object
            ),
        }
        self.connection.register("labels", {"place": places, "segment": segment, "confidence": masked})
        self.connection.register("names", names)
        with replacing(path) as temporary:
            self.connection.execute(render(HERE / "labels.sql", out=str(temporary)))


@contextmanager
def opened(customers: Path, recipe: Recipe, settings: Settings) -> Iterator[Population]:
    """Read the population of a recipe from `customers.parquet`; the engine spills beside it when memory is short.

    Raises ModelError when the table is missing or lacks a column, PopulationError when nobody qualifies.
    """
    with TemporaryDirectory(prefix=".spill-", dir=_folder(customers)) as spill:
        connection = connect(threads=settings.threads or 0, memory_bytes=settings.memory_bytes // 2, spill=Path(spill))
        try:
            yield _read(connection, customers, recipe)
        finally:
            connection.close()


def _folder(customers: Path) -> Path:
    if not customers.is_file():
        raise ModelError(f"There is no customer table at {customers}.", do="Make the customer table first.")
    return customers.parent


def _read(connection: "DuckDBPyConnection", customers: Path, recipe: Recipe) -> Population:
    described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({quote(str(customers))})").fetchall()
    columns = tuple(name for name, kind, *_ in described if name != "user_id" and kind in NUMERIC)
    needed = [*(source for _, source in recipe.columns), recipe.purchases]
    missing = [name for name in needed if name not in columns]
    if missing:
        raise ModelError(
            f"{customers} has no numeric column {', '.join(missing)}.",
            allowed=f"It has: {', '.join(name for name, *_ in described)}.",
            do="Make the customer table again with the same windows.",
        )
    connection.execute(render(HERE / "population.sql", customers=str(customers), columns=columns, where=recipe.where))
    size = _count(connection, "population")
    total = _count(connection, f"read_parquet({quote(str(customers))})")
    if size == 0:
        raise PopulationError(
            f"None of the {total:,} customers can be segmented.",
            allowed=f"This preset segments {recipe.rule['en']}; at least one is needed.",
            do="Add events with purchases, choose another preset, or check the as-of date and the windows.",
        )
    return Population(connection, columns, size, total)


def _count(connection: "DuckDBPyConnection", table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0
