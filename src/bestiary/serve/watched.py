"""A file that is taken up anew when it changes; a broken one is refused and the old one stays.

Whoever looks does so every second or so. A file is read when it is as it was at the look before, so that one which
is still being written is left alone; and what is refused is told once, not at every look.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

from bestiary.errors import BestiaryError
from bestiary.files import Stamp, stamp

T = TypeVar("T")
Found = tuple[Path, Stamp] | None
GONE = "The file is not there any more."


class Watched(Generic[T]):
    """`value` is what was read last and well; `refused` why a newer file was not taken, None where there is none.

    `find` gives the path, which may change; `read` raises BestiaryError for what it refuses. The first file must be
    good: its errors are raised. `told` hears "taken", or "refused" with the reason.
    """

    def __init__(
        self, find: Callable[[], Path], read: Callable[[Path], T], told: Callable[[str, str], object] = lambda *_: None
    ) -> None:
        self._find, self._read, self._told = find, read, told
        self.refused: str | None = None
        self._told_of: Found | tuple[()] = ()
        self._known = self._seen = self._now()
        self.value = read(find())

    def look(self) -> None:
        """Take the file up where it has changed since. Whatever is wrong with it, the next look comes all the same."""
        there = self._now()
        settled, self._seen = there == self._seen, there
        if there == self._known or not settled:
            return
        self._known = there
        if there is None:
            self._refuse(GONE)
            return
        path = there[0]
        try:
            value = self._read(path)
        except BestiaryError as error:
            # The first line alone: others show values of the file, which may be anything.
            told = error.at(str(path), "the file").found.partition("\n")[0].rstrip(":")
            self._refuse(told[:1].upper() + told[1:])
            if isinstance(error.__cause__, OSError):
                self._known = None  # the disk, not the file: it is read again
        except Exception as error:
            self._refuse(f"The file cannot be read: {type(error).__name__}.")
        else:
            if self._now() != there:
                self._known = None  # it changed under our eyes: the next looks decide
                return
            self.value, self.refused = value, None
            self._told("taken", "")

    def _now(self) -> Found:
        """Where the file is, and what changes when it does; None where it is not."""
        try:
            path = self._find()
        except BestiaryError:
            return None
        found = stamp(path)
        return (path, found) if found else None

    def _refuse(self, reason: str) -> None:
        if self._seen != self._told_of:  # once for each file, also where it is read again
            self._told("refused", reason)
        self.refused, self._told_of = reason, self._seen
