"""What commands tell beside their tables, on standard error: progress, warnings, errors; as text or as JSON lines."""

import json
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Protocol

from bestiary.progress import SILENT, Figures, Progress, Watched
from bestiary.streams import write_line


class Log(Protocol):
    """Where a command tells what it does; with `quiet`, without tables and progress."""

    @property
    def quiet(self) -> bool:
        """Whether to say no more than is needed."""

    @property
    def progress(self) -> Progress:
        """Who is told of steps."""

    def warning(self, text: str) -> None:
        """Something that a person should know, and that stopped nothing."""

    def result(self, step: str, **content: Any) -> None:
        """What a step has come to, for machines; people get a table."""

    def error(self, found: str, *, allowed: str = "", do: str = "", status: int = 1) -> None:
        """Why the command ends before it is done."""

    def note(self, event: str, *, always: bool = False, **content: Any) -> None:
        """Something that a server has done; `always` is what is to be told when quiet, too."""


class TextLog:
    """For people, and for logs that people read."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet

    @cached_property
    def progress(self) -> Progress:
        """See Log.progress."""
        from bestiary.bars import for_people

        return SILENT if self.quiet else for_people()

    def warning(self, text: str) -> None:
        """See Log.warning; also when quiet."""
        write_line(f"Warning: {text}")

    def result(self, step: str, **content: Any) -> None:
        """Nothing: people read the tables."""

    def error(self, found: str, *, allowed: str = "", do: str = "", status: int = 1) -> None:
        """See Log.error."""
        lines = "\n".join(line for line in (found, allowed, do) if line)
        write_line(lines if status > 128 else f"Error: {lines}")

    def note(self, event: str, *, always: bool = False, **content: Any) -> None:
        """See Log.note."""
        if always or not self.quiet:
            write_line(" ".join([event, *(f"{name}={value}" for name, value in content.items())]))


class JsonLog:
    """For machines: one object a line, each with `time` (UTC) and `event`. Also the listener of its own progress."""

    def __init__(self, *, quiet: bool) -> None:
        self.quiet = quiet
        self.progress: Progress = SILENT if quiet else Watched(self)

    def warning(self, text: str) -> None:
        """See Log.warning."""
        self._write("warning", told=text)

    def result(self, step: str, **content: Any) -> None:
        """See Log.result."""
        self._write("result", step=step, **content)

    def error(self, found: str, *, allowed: str = "", do: str = "", status: int = 1) -> None:
        """See Log.error."""
        self._write("error", found=found, allowed=allowed, do=do, status=status)

    def note(self, event: str, *, always: bool = False, **content: Any) -> None:
        """See Log.note."""
        if always or not self.quiet:
            self._write(event, **content)

    def began(self, now: Figures) -> None:
        """A line for every step, however short."""
        self._write("start", step=now.label, total=now.total)

    def goes_on(self, now: Figures) -> None:
        """A line with `seconds_left`, which is null before the first part is done."""
        left = None if now.seconds_left is None else round(now.seconds_left, 1)
        self._write("progress", **_figures(now), seconds_left=left)

    def ended(self, now: Figures) -> None:
        """A line for every step; `done` is less than `total` where it failed."""
        self._write("end", **_figures(now))

    def _write(self, event: str, **content: Any) -> None:
        time = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        write_line(json.dumps({"time": time, "event": event, **content}, ensure_ascii=False, default=str))


def _figures(now: Figures) -> dict[str, Any]:
    return {
        "step": now.label,
        "done": now.done,
        "total": now.total,
        "rows": now.rows,
        "rows_per_second": round(now.rows_per_second),
        "seconds": round(now.seconds, 3),
    }
