"""DuckDB as the project uses it: one way to open a connection, one way to fill in a `.sql` file."""

import functools
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bestiary.errors import BestiaryError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DAMAGED = (
    "Failed to read file",
    "TProtocolException",
    "too small to be a Parquet file",
    "Footer length error",
    "know what type",
)
"""What DuckDB says of a Parquet file that has its end but is damaged before it; it has no kind of error for that."""


def connect(*, threads: int = 0, memory_bytes: int = 0, spill: Path | None = None) -> "DuckDBPyConnection":
    """Open an in-memory DuckDB whose session time zone is UTC; 0 leaves DuckDB's own default.

    Nothing is fetched from a network: extensions are neither installed nor loaded by themselves. `spill` is where
    intermediate results go that do not fit in memory.
    """
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if threads:
        config["threads"] = threads
    if memory_bytes:
        config["memory_limit"] = f"{memory_bytes // 10**6}MB"
    if spill is not None:
        config["temp_directory"] = str(spill)
    connection = duckdb.connect(":memory:", config=config)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")
    return connection


@contextmanager
def within(memory_bytes: int, what: str, *, store: bool = True) -> Iterator[None]:
    """Say it as our own error when DuckDB runs out of the memory it was given, or of disk.

    Where it reads files of the `store`, also when one of them cannot be read.
    """
    import duckdb

    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise BestiaryError(
            f"{what}: {memory_bytes // 10**6} MB and the disk for spilling were not enough.",
            do="Give more --memory, or make room on the disk.",
        ) from error
    except duckdb.IOException as error:
        if "No space left" not in str(error):
            if store:
                raise unreadable(error) from error
            raise
        raise BestiaryError(
            f"{what}: the disk is full.",
            do="Make room and run the same command again; what was committed stays.",
        ) from error
    except duckdb.Error as error:
        if store and any(sign in str(error) for sign in DAMAGED):
            raise unreadable(error) from error
        raise


def unreadable(error: Exception) -> BestiaryError:
    """What to say of a file of a store that is missing or damaged."""
    return BestiaryError(
        f"A file of the store cannot be read: {str(error).splitlines()[0]}",
        do="A table of a run is made again by the step that writes it (bestiary customers, bestiary fit). Of the rest "
        "bestiary doctor names what is missing; put it back from a copy, or make a new store.",
    )


def stable_functions(connection: "DuckDBPyConnection") -> None:
    """Give a connection the macros `stable_key` and `stable_bucket_of_...`, whose results are stored."""
    connection.execute(render(Path(__file__).parent / "stable.sql"))


def quote(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def literals(values: Iterable[int | str]) -> str:
    """Values as an SQL list for `IN`; empty for none."""
    found = ", ".join(quote(one) if isinstance(one, str) else str(one) for one in values)
    return f"({found})" if found else ""


def identifier(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def scan_path(path: Path) -> str:
    """A path for `read_csv` and `read_parquet`, whose `*`, `?` and `[` are characters and not a glob."""
    return re.sub(r"([*?\[])", r"[\1]", str(path))


def path_list(paths: Iterable[Path]) -> str:
    """Paths as an SQL list of literals, for `read_parquet`."""
    return "[" + ", ".join(quote(scan_path(path)) for path in paths) + "]"


@functools.cache
def _environment(folder: Path) -> Environment:
    return Environment(  # noqa: S701 - SQL, not HTML; values go through `quote` and `identifier`
        loader=FileSystemLoader(folder),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def render(file: Path, **values: object) -> str:
    """Fill in a `.sql` file, a Jinja template. A name that is not given is an error, never empty text."""
    environment = _environment(file.parent)
    return environment.get_template(file.name).render(**values, quote=quote, identifier=identifier)
