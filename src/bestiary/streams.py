"""Standard output and standard error, whose readers may go away before the work is done."""

import os
import sys
from typing import IO


def write_line(text: str) -> None:
    """Write a line to standard error, in one piece; where nobody reads any more, the work goes on."""
    try:
        sys.stderr.write(text + "\n")  # `print` writes the line's end apart, and another thread's line between them
        sys.stderr.flush()
    except OSError:  # nobody reads it, or the disk is full
        unread(sys.stderr)


def unread(stream: IO[str]) -> None:
    """Let a stream whose reader has gone swallow what still comes, so that nothing fails when Python ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
