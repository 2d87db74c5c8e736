"""Files from blocks of events: codes are staged in DuckDB, and spelled out when a month is written."""

import gzip
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bestiary.files import replacing
from bestiary.simulate.catalogue import Catalogue
from bestiary.simulate.customers import KINDS, Customers
from bestiary.simulate.damage import Damaged, damage_lines
from bestiary.simulate.funnel import Rows
from bestiary.simulate.simulator import Format
from bestiary.sql import quote, render

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from numpy.random import Generator

COLUMNS = (
    "event_time", "event_type", "product_id", "category_id", "category_code", "brand", "price", "user_id",
    "user_session",
)  # fmt: skip
_HERE = Path(__file__).parent
_OPTIONS = {
    "csv": "FORMAT csv, HEADER",
    "csv.gz": "FORMAT csv, HEADER, COMPRESSION gzip",
    "parquet": "FORMAT parquet, COMPRESSION zstd",
}


class Writer:
    """Writes months through one connection; `scratch` is a folder for what is not kept."""

    def __init__(
        self, connection: "DuckDBPyConnection", catalogue: Catalogue, file_format: Format, scratch: Path
    ) -> None:
        self._connection, self._format, self._scratch = connection, file_format, scratch
        for name, values in (
            ("category_ids", catalogue.category_ids),
            ("category_codes", catalogue.category_codes),
            ("brands", catalogue.brands),
            ("kinds", [kind.name for kind in KINDS]),
        ):
            connection.execute(f"SET VARIABLE {name} = ?", [values])

    def customers(self, customers: Customers, start: date, path: Path) -> None:
        """Write the hidden truth: one row per customer, with what of them persists over the months."""
        self._connection.register("block", {**vars(customers), "months": customers.months.astype("int64")})
        with replacing(path) as temporary:
            self._copy(render(_HERE / "truth.sql", start=start.isoformat()), temporary, "parquet")
        self._connection.unregister("block")

    def month(self, blocks: Iterable[Rows], first: date, path: Path) -> None:
        """Write a month's blocks, in their order, as one sound file, wholly or not at all."""
        self._stage(blocks)
        with replacing(path) as temporary:
            self._copy(_spelled(first, self._format), temporary, self._format)

    def damaged_month(self, blocks: Iterable[Rows], first: date, path: Path, rng: "Generator") -> Damaged:
        """Write a month's blocks with damaged rows; in Parquet every column is then text."""
        self._stage(blocks)
        sound, spoilt = self._scratch / "sound.csv", self._scratch / "spoilt.csv"
        self._copy(_spelled(first, "csv"), sound, "csv")
        in_cells = self._format == "parquet"
        with replacing(path) as temporary:
            target, opened = (spoilt, _plain) if in_cells else (temporary, _plain)
            if self._format == "csv.gz":
                opened = _gzipped
            with sound.open("rb") as lines, opened(target) as out:
                damaged = damage_lines(lines, out, path.name, rng, cells_only=in_cells)
            if in_cells:
                self._copy(_texts(spoilt), temporary, "parquet")
        return damaged

    def _stage(self, blocks: Iterable[Rows]) -> None:
        self._connection.execute(
            "CREATE OR REPLACE TABLE staged (second INTEGER, kind UTINYINT, product INTEGER, "
            "category USMALLINT, brand USMALLINT, cents INTEGER, user_id INTEGER, high UBIGINT, low UBIGINT)"
        )
        for block in blocks:
            self._connection.register("block", block)
            self._connection.execute("INSERT INTO staged BY NAME FROM block")
            self._connection.unregister("block")

    def _copy(self, query: str, path: Path, file_format: Format) -> None:
        self._connection.execute(f"COPY ({query}) TO {quote(str(path))} ({_OPTIONS[file_format]})")


def _spelled(first: date, file_format: Format) -> str:
    """The query that gives the staged events their nine columns."""
    return render(_HERE / "events.sql", start=first.isoformat(), text=file_format != "parquet")


def _texts(path: Path) -> str:
    """The query that reads a CSV file of sound lines as nine columns of text."""
    columns = ", ".join(f"{quote(name)}: 'VARCHAR'" for name in COLUMNS)
    return f"FROM read_csv({quote(str(path))}, columns = {{{columns}}}, header = true, auto_detect = false)"


@contextmanager
def _plain(path: Path) -> Iterator[IO[bytes]]:
    with path.open("wb") as file:
        yield file


@contextmanager
def _gzipped(path: Path) -> Iterator[IO[bytes]]:
    """A gzip file whose header holds neither a name nor a time."""
    with path.open("wb") as file, gzip.GzipFile("", "wb", 6, file, mtime=0) as packed:
        yield packed  # type: ignore[misc]
