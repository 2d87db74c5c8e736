"""What every place that is published to can do, and what it says it has done."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, Protocol

from bestiary.errors import ConfigError
from bestiary.progress import SILENT, Progress
from bestiary.publish.address import Address
from bestiary.publish.content import Content
from bestiary.windows import window_start

Ids = Sequence[int] | Sequence[str]
"""Customers as the store knows them."""


def nothing() -> None:
    """Do nothing."""


@dataclass(frozen=True)
class Asked:
    """How to publish: `again` also what is there unchanged, `dry_run` only tells, `retention_months` None keeps all.

    `before_data` is called when data are about to leave, and not where nothing is to be done. `memory_bytes` bounds
    the engine that reads the run; `scratch` is a folder for what cannot be sent as it is read.
    """

    again: bool = False
    dry_run: bool = False
    retention_months: int | None = None
    before_data: Callable[[], None] = nothing
    progress: Progress = SILENT
    memory_bytes: int = 500_000_000
    scratch: Path | None = None


@dataclass(frozen=True)
class Published:
    """What was published where; `unchanged` when it was there already; `removed` are runs that left.

    `steps` is what a dry run would have done.
    """

    to: str
    as_of: date
    rows: Mapping[str, int] = field(default_factory=dict)
    unchanged: bool = False
    removed: tuple[date, ...] = ()
    steps: tuple[str, ...] = ()


class Target(Protocol):
    """A place that is published to."""

    @property
    def address(self) -> Address:
        """Where it is."""

    @property
    def told(self) -> str:
        """Its name without secrets, as the book of recipients keeps it."""

    def publish(self, content: Content, asked: Asked) -> Published:
        """Publish a run, all of it or nothing."""

    def forget(self, ids: Ids) -> Mapping[str, int]:
        """Take people out of every run; how many rows went of each table."""

    def forget_runs(self, before: date) -> Mapping[str, int]:
        """Take out every run before a date; how many rows went of each table."""

    def find(self, user_id: int | str) -> Mapping[str, list[dict[str, Any]]]:
        """All that is held of a person, by table, each row with its columns."""


def outdated(runs: Sequence[date], content: Content, months: int | None) -> tuple[date, ...]:
    """The published runs that retention ends: older than so many months before the latest.

    ConfigError where that is the run which is to be published.
    """
    if months is None:
        return ()
    first = window_start(max([*runs, content.as_of]), months)
    if content.as_of < first:
        raise ConfigError(
            f"The run as of {content.as_of} is more than {months} months older than the latest that is published.",
            allowed=f"Runs as of {first} or later.",
            do="Publish a later run, or change privacy.retention_months.",
        )
    return tuple(one for one in runs if one < first)
