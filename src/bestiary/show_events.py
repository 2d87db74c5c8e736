"""What `events` prints: how many were told to whom, what was given up, and what is left."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.logs import Log
from bestiary.show import Out
from bestiary.streams import unread

if TYPE_CHECKING:
    from bestiary.events_out import Sent


@contextmanager
def standard_output() -> Iterator[Callable[[str], object]]:
    """Where lines go that were asked for, also when quiet, until their reader goes away (`| head`)."""
    try:
        yield sys.stdout.write
        sys.stdout.flush()
    except BrokenPipeError:
        unread(sys.stdout)


def written(log: Log, done: "Sent", file: Path | None) -> None:
    """Say how many lines were written; nothing more on standard output where they are there themselves."""
    if file is not None:
        Out(log).say(f"Events: {file} ({done.delivered:,})")
    log.result("events out", as_of=done.as_of, events=done.delivered, path=file)


def sent(log: Log, done: "Sent", told: str) -> None:
    """Say what a webhook has got, and what is to be done about the rest."""
    out, run = Out(log), "dead letters" if done.as_of is None else f"events as of {done.as_of}"
    there = f"; {done.before:,} had come there before" if done.before else ""
    out.say(f"{told}: {done.delivered:,} {run} delivered{there}.", wrap=True)
    if done.given_up:
        log.warning(
            f"{done.given_up:,} events were given up ({done.why}) and are kept in {done.letters}; to send them again: "
            "the same command with --retry-dead."
        )
    if done.dead:
        log.warning(
            f"{done.dead:,} events that were given up before are kept in {done.letters}; to send them again: the same "
            "command with --retry-dead."
        )
    if done.waiting:
        log.warning(f"{done.waiting:,} events are left ({done.why}); the same command goes on where it was.")
    log.result(
        "events out",
        as_of=done.as_of,
        to=told,
        delivered=done.delivered,
        given_up=done.given_up,
        before=done.before,
        waiting=done.waiting,
        letters=done.letters,
        dead=done.dead,
    )
