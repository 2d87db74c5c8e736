"""Which files hold events: from the files, folders and globs that a person names to a sorted list of paths."""

import glob
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
        matches = list(_expand(str(argument)))
        if not matches:
            raise EventsError(f"{argument}: no events file there.", allowed=ALLOWED, do="Check the path.")
        found.update(path.resolve() for path in matches)
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
        for match in glob.glob(str(path), recursive=True):  # noqa: PTH207 - absolute patterns, which Path.glob refuses
            yield from _in_folder(Path(match)) if Path(match).is_dir() else filter(_is_events, [Path(match)])


def _in_folder(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden and _is_events(path):
            yield path


def _is_events(path: Path) -> bool:
    return path.name.lower().endswith(SUFFIXES) and not path.name.startswith(("_", "."))
