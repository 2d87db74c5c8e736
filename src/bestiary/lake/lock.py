"""The store's lock, and what a folder must be to become a store."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bestiary.errors import BusyError, StoreError
from bestiary.files import TEMPORARY
from bestiary.lake.delta import LOG
from bestiary.lake.tables import TABLES

MARK = "store.json"
"""Written last when a store is made: where it is, there is a store."""
SEEN = ".seen.json"
"""What files were like when they were read; it only saves time."""


@contextmanager
def locked(path: Path, *, create: bool = False) -> Iterator[None]:
    """Hold the store's lock, with `create` making its folder, which goes again where no store came of it.

    A process that has the lock may take it again, so that a run can be made of steps which lock for themselves.
    Raises StoreError where there is no store or (with `create`) no room for one, another process holds the lock, or
    nothing can be written.
    """
    from filelock import FileLock, Timeout

    if not (path / MARK).is_file():
        if not create:
            raise no_store(path)
        _refuse_foreign(path)
    made = not path.exists()
    try:
        path.mkdir(parents=True, exist_ok=True)
        lock = FileLock(path / ".lock", timeout=0, is_singleton=True)
        lock.acquire()
    except (Timeout, FileNotFoundError) as error:  # the folder may be on its way out again
        raise BusyError(f"Another process is working on {path}.", do="Wait until it has ended.") from error
    except OSError as error:
        raise StoreError(f"Cannot write to {path}: {error.strerror}.", do="Check the path and its rights.") from error
    try:
        yield
    finally:
        with suppress(OSError):  # while it is locked, so that nobody else begins a store here
            if made and {entry.name for entry in path.iterdir()} <= {".lock"}:
                (path / ".lock").unlink()
                path.rmdir()
        lock.release()


def half_made(path: Path) -> list[Path]:
    """What the making of a store, interrupted before it was one, has left in a folder; the lock is no such thing."""
    if not path.is_dir() or (path / MARK).is_file():
        return []
    return sorted(entry for entry in path.iterdir() if _is_left(entry))


def no_store(path: Path) -> StoreError:
    """The error of who needs a store where there is none."""
    return StoreError(f"{path} is not a store.", do=f"Make one with: bestiary ingest EVENTS... --store {path}")


def _is_left(entry: Path) -> bool:
    if entry.name in TABLES:
        return (entry / LOG).is_dir() or (entry.is_dir() and not any(entry.iterdir()))
    return entry.name == ".scratch" or bool(TEMPORARY.fullmatch(entry.name))


def _refuse_foreign(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise StoreError(f"{path} is a file.", do="Name a folder for the store.")
    if not path.is_dir():
        return
    ours = (".lock", SEEN)
    foreign = sorted(entry.name for entry in path.iterdir() if entry.name not in ours and not _is_left(entry))
    if "runs" in foreign:
        raise StoreError(f"{path} is a store whose {MARK} is missing.", do=f"Put {path / MARK} back from a copy.")
    if foreign:
        raise StoreError(
            f"{path} is neither a store nor empty: it holds {', '.join(foreign[:3])}{', ...' * (len(foreign) > 3)}.",
            do="Name a new or an empty folder for the store.",
        )
