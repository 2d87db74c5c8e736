"""One source file as the kernel needs it: which columns it has, which are wanted, and how many records to expect."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from bestiary.errors import EventsError, did_you_mean
from bestiary.events.contract import COLUMNS
from bestiary.events.mapping import CONTRACT, Mapping
from bestiary.events.survey import fields, first_line
from bestiary.sql import connect, quote, scan_path


@dataclass(frozen=True)
class Source:
    """`wanted` are the needed columns with their 1-based positions; `types` their DuckDB types in a Parquet file."""

    path: Path
    format: str
    columns: tuple[str, ...]
    wanted: tuple[tuple[str, int], ...]
    header_lines: int = 0
    types: dict[str, str] = field(default_factory=dict)

    @property
    def unused(self) -> tuple[str, ...]:
        """Columns that are there and ignored."""
        used = {position for _, position in self.wanted}
        return tuple(name for position, name in enumerate(self.columns, start=1) if position not in used)


def open_source(path: Path, mapping: Mapping, *, header: bool = True) -> Source:
    """Look at a file's columns. Raises EventsError where they are not what the mapping needs."""
    if path.name.lower().endswith(".parquet"):
        types = _parquet_types(path)
        wanted = _wanted(path, tuple(types), mapping)
        found_types = {name: list(types.values())[position - 1] for name, position in wanted}
        return Source(path, "parquet", tuple(types), wanted, types=found_types)
    line = first_line(path)
    found = tuple(name.strip() for name in fields(line))
    if not header:
        if mapping is not CONTRACT:
            raise EventsError("A mapping names columns.", do="Leave out --no-header or --mapping.")
        if {name.casefold() for name in found} & set(mapping.needs):
            raise EventsError(f"{path}: the first line names columns.", do="Leave out --no-header.")
        wanted = tuple((name, position) for position, name in enumerate(COLUMNS, start=1))
        return Source(path, "csv", COLUMNS, wanted)
    return Source(path, "csv", found, _wanted(path, found, mapping, line), header_lines=1)


def _wanted(
    path: Path, found: tuple[str, ...], mapping: Mapping, line: str | None = None
) -> tuple[tuple[str, int], ...]:
    folded: dict[str, list[int]] = {}
    for position, name in enumerate(found, start=1):
        folded.setdefault(name.casefold(), []).append(position)
    missing = [name for name in mapping.needs if name.casefold() not in folded]
    if line is not None and missing and not _names_columns(found, mapping):
        raise EventsError(
            f"{path}: the first line is not a header: {line[:120]!r}.",
            allowed=f"Expected the columns {', '.join(mapping.needs)}, in any order.",
            do="If the file has no header and its columns are in that order, say --no-header." + _other_delimiter(line),
        )
    if line is not None and not line.strip():
        raise EventsError(f"{path}: the first line is empty.", do="Begin the file with the names of its columns.")
    if missing:
        raise EventsError(
            f"{path}: missing {_listed(missing, _unneeded(found, mapping))}.",
            allowed=f"Found: {', '.join(found)[:500]}." + _other_delimiter(line or ""),
            do="Save it with commas between the columns."
            if _other_delimiter(line or "")
            else "Rename the columns, or describe them in a mapping file (--mapping).",
        )
    twice = [name for name in mapping.needs if len(folded[name.casefold()]) > 1]
    if twice:
        raise EventsError(f"{path}: {', '.join(twice)} is there twice.", do="Keep one column of that name.")
    return tuple((name, folded[name.casefold()][0]) for name in mapping.needs)


def _unneeded(found: Sequence[str], mapping: Mapping) -> list[str]:
    needs = {name.casefold() for name in mapping.needs}
    return [name for name in found if name.casefold() not in needs]


def _listed(missing: Sequence[str], found: Sequence[str]) -> str:
    word = "column" if len(missing) == 1 else "columns"
    return f"{word} " + ", ".join(name + did_you_mean(name, found) for name in missing)


def _names_columns(found: Sequence[str], mapping: Mapping) -> bool:
    """Whether a first line looks like names: it holds one that is needed, or nothing that looks like a value."""
    names = {name.casefold() for name in found}
    if names & {name.casefold() for name in mapping.needs}:
        return True
    return not any(re.match(r"-?[0-9]", name) for name in found)


def _other_delimiter(line: str) -> str:
    for character, name in ((";", "semicolons"), ("\t", "tabs"), ("|", "bars")):
        if line.count(character) >= 3:
            return f" The columns seem to be separated by {name}; only commas are read."
    return ""


def _parquet_types(path: Path) -> dict[str, str]:
    import duckdb

    with connect() as connection:
        # What a folder is called is no column of the file: the same content must be the same events anywhere.
        options = "binary_as_string = true, hive_partitioning = false"
        query = f"DESCRIBE SELECT * FROM read_parquet({quote(scan_path(path))}, {options})"
        try:
            rows = connection.execute(query).fetchall()
        except duckdb.Error as error:
            reason = str(error).splitlines()[0]
            raise EventsError(
                f"{path}: cannot be read as Parquet ({reason}).",
                do="Fetch or write it again; nothing was kept.",
            ) from error
    return {cast(str, row[0]): cast(str, row[1]) for row in rows}
