"""Which files hold events: from the files, folders and globs that a person names to a sorted list of paths."""

import glob
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from bestiary.errors import EventsError

SUFFIXES = (".csv", ".csv.gz", ".parquet")
ALLOWED = (
    "Allowed: files, folders or globs of " + ", ".join(SUFFIXES) + "; names beginning with '_' or '.' are never events."
)


def find_sources(events: Sequence[str | Path]) -> list[Path]:
    """Resolve files, folders (searched to any depth) and globs; each file once, sorted by path.

    Raises EventsError where an argument names nothing, or nothing that can be events.
    """
    if not events:
        raise EventsError("No events were named.", allowed=ALLOWED)
    found: set[Path] = set()
    for argument in events:
        matches = list(_expand(str(argument))) if argument else []  # an empty text is not the current folder
        if not matches:
            raise EventsError(f"{argument}: no events file there.", allowed=ALLOWED, do="Check the path.")
        # A link to a file keeps its own name, which says what is in the file; its target's may say nothing.
        found.update(path.parent.resolve() / path.name for path in matches)
    return sorted(found)


def _expand(argument: str) -> Iterator[Path]:
    path = Path(argument).expanduser()
    if path.is_dir():
        yield from _in_folder(path)
    elif path.exists():
        if not _is_events(path):
            raise EventsError(f"{argument}: not the name of an events file.", allowed=ALLOWED, do="Rename the file.")
        yield path
    else:
        fixed = next(parent for parent in path.parents if not glob.has_magic(str(parent)))
        for match in map(Path, glob.glob(str(path), recursive=True)):  # noqa: PTH207 - absolute patterns
            below = [part for part in (match, *match.parents) if fixed in part.parents]
            if not any(_is_aside(part) for part in below):
                yield from _in_folder(match) if match.is_dir() else filter(_is_events, [match])


def _is_aside(path: Path) -> bool:
    """Whether a file or folder is never looked at where it was not named itself."""
    return path.name.startswith(("_", ".")) or (path / "store.json").is_file()


def _in_folder(folder: Path) -> Iterator[Path]:
    """Events files at any depth. A store in the folder is made of Parquet files too, but they are not events."""
    for where, folders, names in os.walk(folder):
        here = Path(where)
        if "store.json" in names:
            folders.clear()
            continue
        folders[:] = [name for name in folders if not _is_aside(here / name)]
        yield from (here / name for name in names if _is_events(here / name))


def _is_events(path: Path) -> bool:
    return path.name.lower().endswith(SUFFIXES) and not path.name.startswith(("_", "."))
