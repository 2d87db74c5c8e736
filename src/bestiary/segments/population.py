"""The customers that recipes segment, held by DuckDB and handed out as numpy arrays in the order of their ids."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from bestiary.config import Settings
from bestiary.errors import ModelError, PopulationError
from bestiary.files import whole_parquet
from bestiary.segments.presets import Recipe
from bestiary.segments.transform import Floats
from bestiary.sql import connect, identifier, quote, render

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HERE = Path(__file__).parent
CHUNK = 250_000
ENGINE = 640 * 2**20
"""Bytes for the engine at most, which holds tables and spills what is more; the arrays need the rest."""
TENURE = "tenure"
"""Whole days since the first event: at hand in every population, but no column of the customer table."""
NUMERIC = ("INTEGER", "BIGINT", "DOUBLE", "SMALLINT", "FLOAT", "HUGEINT", "UBIGINT", "UINTEGER")


@dataclass(frozen=True)
class Population:
    """`size` of `customers` in the table are segmented by a recipe; `columns` are those at hand, in order."""

    connection: "DuckDBPyConnection"
    table: str
    columns: tuple[str, ...]
    size: int
    customers: int

    def values(self, names: Sequence[str], where: str = "true") -> Floats:
        """Columns (n, len(names)) in the order of the ids, NaN for null."""
        listed = ", ".join(identifier(name) for name in names)
        query = f"SELECT {listed} FROM {identifier(self.table)} WHERE {where} ORDER BY place"
        fetched = self.connection.execute(query).fetchnumpy()
        arrays = [np.ma.filled(np.ma.asarray(fetched[name]).astype(np.float64), np.nan) for name in names]
        return np.column_stack(arrays)

    def whole(self, names: Sequence[str]) -> Floats:
        """The named columns of everyone; read in parts, so that no second copy is ever there."""
        found = np.empty((self.size, len(names)))
        for number, chunk in enumerate(self.chunks(names)):
            found[number * CHUNK : number * CHUNK + len(chunk)] = chunk
        return found

    def chunks(self, names: Sequence[str] | None = None) -> Iterator[Floats]:
        """The named columns, or all, `CHUNK` customers at a time."""
        for start in range(0, self.size, CHUNK):
            yield self.values(names or self.columns, f"place >= {start} AND place < {start + CHUNK}")

    def rows(self, places: NDArray[np.int64], names: Sequence[str] | None = None) -> Floats:
        """The named columns, or all, of the customers at these places, which must grow."""
        self.connection.register("wanted", {"place": places})
        try:
            return self.values(names or self.columns, "place IN (SELECT place FROM wanted)")
        finally:
            self.connection.unregister("wanted")


@contextmanager
def opened(
    customers: Path,
    as_of: date,
    recipes: Sequence[Recipe],
    settings: Settings,
    outcomes: Sequence[str] = (),
    scratch: Path | None = None,
) -> Iterator[list[Population]]:
    """Read the population of each recipe from `customers.parquet`; the engine spills into `scratch`, or beside it.

    The first has all numeric columns, the others those that they name; `outcomes` are at hand in each, but are none of
    its columns. Raises ModelError when the table is missing or lacks a column.
    """
    if not customers.is_file():
        raise ModelError(f"There is no customer table at {customers}.", do="Make the customer table first.")
    whole_parquet(customers)
    with TemporaryDirectory(prefix=".spill-", dir=scratch or customers.parent) as spill:
        share = min(settings.memory_bytes // 3, ENGINE)
        connection = connect(threads=settings.threads or 0, memory_bytes=share, spill=Path(spill))
        try:
            yield [
                _read(connection, customers, as_of, one, outcomes, everything=not i) for i, one in enumerate(recipes)
            ]
        finally:
            connection.close()


def _read(
    connection: "DuckDBPyConnection",
    customers: Path,
    as_of: date,
    recipe: Recipe,
    outcomes: Sequence[str],
    *,
    everything: bool,
) -> Population:
    described = connection.execute(f"DESCRIBE SELECT * FROM read_parquet({quote(str(customers))})").fetchall()
    numeric = tuple(name for name, kind, *_ in described if kind in NUMERIC and name not in ("user_id", *outcomes))
    missing = [name for name in recipe.needs if name not in numeric]
    if missing:
        raise ModelError(
            f"{customers} has no numeric column {', '.join(missing)}.",
            allowed=f"It has: {', '.join(name for name, *_ in described)}.",
            do="Make the customer table again with the same windows.",
        )
    columns = numeric if everything else tuple(name for name in numeric if name in recipe.needs)
    table = recipe.population
    filled = {
        "customers": str(customers),
        "columns": [*columns, *outcomes],
        "where": recipe.where,
        "table": table,
        "events": recipe.events,
        "as_of": as_of.isoformat(),
    }
    connection.execute(render(HERE / "population.sql", **filled))
    size, total = _count(connection, identifier(table)), _count(connection, f"read_parquet({quote(str(customers))})")
    return Population(connection, table, columns, size, total)


def somebody(population: Population, recipe: Recipe) -> None:
    """Raise PopulationError where nobody qualifies."""
    if population.size == 0:
        raise PopulationError(
            f"None of the {population.customers:,} customers can be segmented.",
            allowed=f"This preset segments {recipe.rule['en']}; at least one is needed.",
            do="Add events with purchases, choose another preset, or check the as-of date and the windows.",
        )


def _count(connection: "DuckDBPyConnection", table: str) -> int:
    row = connection.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(row[0]) if row else 0
