"""Files from blocks of events: DuckDB takes the codes block by block, spells them out and writes.

A whole file is one COPY from a stream of blocks, so no more than some blocks are held. Lines that pass through
other hands on their way, to be packed or damaged, are written a block at a time and taken from there.
"""

import shutil
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import chain
from pathlib import Path
from typing import IO, TYPE_CHECKING

from bestiary.files import replacing
from bestiary.simulate.catalogue import Catalogue
from bestiary.simulate.customers import KINDS, Customers
from bestiary.simulate.damage import Damaged, damage_lines
from bestiary.simulate.funnel import Rows
from bestiary.simulate.simulator import Format
from bestiary.simulate.stream import Stream
from bestiary.sql import quote, render

if TYPE_CHECKING:
    import numpy as np
    from duckdb import DuckDBPyConnection

COLUMNS = (
    "event_time", "event_type", "product_id", "category_id", "category_code", "brand", "price", "user_id",
    "user_session",
)  # fmt: skip
_HERE = Path(__file__).parent
_CSV = "FORMAT csv, HEADER"
_PARQUET = "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1"
"""Level 1: half the time of DuckDB's own choice, and 2 % more bytes."""
_PACKING = 2
"""Level of igzip: a twelfth of the time of level 6 of gzip, and a twentieth more bytes."""
_PIECE = 1 << 20


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
        self._connection.register("block", {**vars(customers), "months": customers.months.view("int64")})
        with replacing(path) as temporary:
            self._copy(render(_HERE / "truth.sql", start=start.isoformat()), temporary, _PARQUET)
        self._connection.unregister("block")

    def month(self, blocks: Iterable[Rows], first: date, path: Path) -> None:
        """Write a month's blocks, in their order, as one sound file, wholly or not at all."""
        with replacing(path) as temporary:
            if self._format == "csv.gz":
                with _packed(temporary) as out:
                    for lines in self._lines(blocks, first):
                        shutil.copyfileobj(lines, out, _PIECE)
                return
            stream = Stream(blocks)
            self._connection.register("block", stream.reader())
            with stream.errors():
                self._copy(_spelled(first, self._format), temporary, _CSV if self._format == "csv" else _PARQUET)

    def damaged_month(self, blocks: Iterable[Rows], first: date, path: Path, rng: "np.random.Generator") -> Damaged:
        """Write a month's blocks with damaged rows; in Parquet every column is then text."""
        in_cells = self._format == "parquet"
        with replacing(path) as temporary:
            target = self._scratch / "spoilt.csv" if in_cells else temporary
            with (_packed if self._format == "csv.gz" else _plain)(target) as out:
                lines = chain.from_iterable(self._lines(blocks, first))
                damaged = damage_lines(lines, out, path.name, rng, cells_only=in_cells)
            if in_cells:
                self._copy(_texts(target), temporary, _PARQUET)
        return damaged

    def _lines(self, blocks: Iterable[Rows], first: date) -> Generator[IO[bytes]]:
        """The CSV lines of each block, as a file that is open until the next is asked for; a header comes first."""
        path = self._scratch / "block.csv"
        for number, block in enumerate(blocks):
            self._connection.register("block", block)
            self._copy(_spelled(first, "csv"), path, _CSV if number == 0 else "FORMAT csv, HEADER false")
            with path.open("rb") as lines:
                yield lines

    def _copy(self, query: str, path: Path, options: str) -> None:
        self._connection.execute(f"COPY ({query}) TO {quote(str(path))} ({options})")


def _spelled(first: date, file_format: Format) -> str:
    """The query that gives the events of a block their nine columns."""
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
def _packed(path: Path) -> Iterator[IO[bytes]]:
    """A gzip file whose header holds neither a name nor a time."""
    from isal.igzip import IGzipFile

    with path.open("wb") as file, IGzipFile("", "wb", _PACKING, file, mtime=0) as packed:  # type: ignore[no-untyped-call]
        yield packed  # type: ignore[misc]
