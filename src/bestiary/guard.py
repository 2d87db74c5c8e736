"""How a command ends: every command that works does so inside `telling`."""

import signal
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

import typer

from bestiary.errors import BestiaryError, ConfigError, DamageWarning
from bestiary.logs import JsonLog, Log, TextLog

SIGNALLED = 128
"""Added to a signal's number, the exit status of a process that it has ended."""
EXIT_STATUSES = {
    0: "done",
    1: "an error, told with what was found, what is allowed and what to do",
    2: "the command itself was misused",
    3: "another process works on the store: try again later",
    130: "interrupted (Ctrl-C); what was committed stays",
    143: "asked to end (SIGTERM); what was committed stays",
}


@contextmanager
def telling(quiet: bool = False, log_format: str = "text") -> Iterator[Log]:
    """A log for the block, and the end of the process where the block fails: see EXIT_STATUSES.

    A bug keeps its traceback; among JSON lines it is part of the error.
    """
    log: Log = JsonLog(quiet=quiet) if log_format == "json" else TextLog(quiet=quiet)
    with _signals() as signals, warnings.catch_warnings():
        try:
            _listen(log)
            yield log
        except (Exception, KeyboardInterrupt) as raised:
            error = _missing(raised) if isinstance(raised, ModuleNotFoundError) else raised
            if isinstance(error, typer.Exit) or (isinstance(log, TextLog) and _is_bug(error) and not signals):
                raise
            status = _told(log, error, signals[0] if signals else 0)
            raise typer.Exit(status) from error


def _missing(error: ModuleNotFoundError) -> Exception:
    """What to tell where a package is not installed; a missing module of ours is a mistake of ours."""
    package = (error.name or "bestiary").partition(".")[0]
    if package == "bestiary":
        return error
    return ConfigError(
        f"This needs the package {package}, which is not installed here.",
        allowed="The packages of the group 'serve' are enough for bestiary serve --model and bestiary keys.",
        do="Install all that bestiary needs (uv pip install . in its folder); or serve a model without a store.",
    )


def _listen(log: Log) -> None:
    """Tell warnings in our way: among JSON lines all of them, among texts our own."""
    show = warnings.showwarning

    def told(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        if isinstance(log, JsonLog) or issubclass(category, DamageWarning):
            log.warning(str(message))
        else:
            show(message, category, *where, **more)

    warnings.showwarning = told
    warnings.simplefilter("default", DamageWarning)


def _is_bug(error: BaseException) -> bool:
    return not isinstance(error, BestiaryError | OSError | KeyboardInterrupt)


def _told(log: Log, error: BaseException, signal_number: int) -> int:
    """Tell an error, and return the exit status. What comes after a signal comes of it, also DuckDB's own errors."""
    if signal_number:
        status = SIGNALLED + signal_number
        log.error("Interrupted; what was committed stays.", do="Run the same command again to go on.", status=status)
        return status
    if isinstance(error, BestiaryError):
        log.error(error.found, allowed=error.allowed, do=error.do, status=error.exit_status)
        return error.exit_status
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        log.error(f"{where}{error.strerror or error}.", do="Check the path, its rights and the disk.")
    else:
        log.error(f"A mistake in bestiary: {error!r}.", allowed=traceback.format_exc(), do="Please report it.")
    return 1


@contextmanager
def _signals() -> Iterator[list[int]]:
    """The numbers of the signals that ask for an end while the block runs; each also raises KeyboardInterrupt in it."""
    seen: list[int] = []

    def asked(number: int, frame: FrameType | None) -> None:
        seen.append(number)
        signal.signal(number, signal.SIG_DFL)  # so that asking twice ends the process at once, which a store survives
        signal.default_int_handler(number, frame)

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    for number, handler in before.items():
        if handler is not signal.SIG_IGN:  # as under nohup
            signal.signal(number, asked)
    try:
        yield seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
