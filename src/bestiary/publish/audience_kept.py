"""What a store remembers of audiences: `audiences/CAMPAIGN/DATE/`, a wave for each date that customers were seen from.

A wave is `members.parquet` (user_id as in the store, group, line in the group's file; ordered by user_id) and
`audience.json`, which is written last: a folder without it is no wave. A campaign holds back one share in all its
waves, since another share would put customers into another group.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from bestiary.config import Frozen
from bestiary.errors import ConfigError, StoreError, did_you_mean
from bestiary.faults import explain
from bestiary.files import read_json, write_json
from bestiary.publish.audience_asked import Format, Group

FOLDER = "audiences"
MEMBERS, RECORD = "members.parquet", "audience.json"
Count = Annotated[int, Field(ge=0)]


class Written(Frozen):
    """A file that was written: where, how, its SHA-256, and how many lines it has beside the head."""

    group: Group
    path: Path
    format: Format
    sha256: str
    lines: Count


class Wave(Frozen):
    """One audience of a campaign. `forgotten` counts members who were erased since.

    `rekeyed` says that the members have other pseudonyms than those that their groups were drawn by.
    """

    format_version: Literal[1] = 1
    campaign: str
    as_of: date
    asked: Mapping[str, Any]
    """`Asked.record`."""
    days: Annotated[int, Field(ge=1)]
    """After `as_of`, in which purchases were planned to be counted."""
    share: Annotated[float, Field(ge=0, lt=1)]
    margin: float | None = None
    contact_cost: float | None = None
    purpose: str = ""
    at: str
    members: Mapping[Group, Count]
    forgotten: Mapping[Group, Count]
    files: tuple[Written, ...]
    rekeyed: bool = False

    def folder(self, store: Path) -> Path:
        """Where the wave is."""
        return store / FOLDER / self.campaign / self.as_of.isoformat()


def campaigns(store: Path) -> list[str]:
    """The names of the campaigns that a store remembers, sorted."""
    folder = store / FOLDER
    return sorted({path.parents[1].name for path in folder.glob(f"*/*/{RECORD}")})


def waves(store: Path, campaign: str | None = None) -> list[Wave]:
    """The waves of a campaign or of all, by date and campaign; StoreError where a record is damaged."""
    found = [read_wave(path) for path in (store / FOLDER).glob(f"{campaign or '*'}/*/{RECORD}")]
    return sorted(found, key=lambda wave: (wave.as_of, wave.campaign))


def waves_of(store: Path, campaign: str) -> list[Wave]:
    """The same of one campaign; StoreError where there is none of the name."""
    found = waves(store, campaign) if campaign in (known := campaigns(store)) else []
    if not found:
        raise StoreError(
            f"{store} remembers no campaign {campaign!r}{did_you_mean(campaign, known)}.",
            allowed=f"It remembers: {', '.join(known)}." if known else "",
            do=f"Make its audience first: bestiary audience --store {store} --campaign {campaign} --out FILE",
        )
    return found


def read_wave(path: Path) -> Wave:
    """A wave's record; StoreError where it is damaged."""
    try:
        return Wave.model_validate(read_json(path, "Put it back from a copy."))
    except ValidationError as error:
        raise StoreError(f"{path} is damaged: {'; '.join(explain(error))}", do="Put it back from a copy.") from error


def write_wave(store: Path, wave: Wave) -> None:
    """Write a wave's record, which makes it one. Needs the lock."""
    write_json(wave.folder(store) / RECORD, wave.model_dump(mode="json"))


def drop_wave(store: Path, wave: Wave) -> None:
    """Forget a wave, and the campaign's folder after its last. Needs the lock."""
    folder = wave.folder(store)
    (folder / RECORD).unlink()  # first: what is left of a wave that was interrupted here is no wave
    shutil.rmtree(folder)
    if not any(folder.parent.iterdir()):
        folder.parent.rmdir()


def check_share(store: Path, campaign: str, share: str) -> None:
    """Raise ConfigError where the campaign's groups cannot be drawn as they were: another share, other pseudonyms."""
    for wave in waves(store, campaign):
        if wave.rekeyed:
            raise ConfigError(
                f"The groups of the campaign {campaign!r} were drawn by pseudonyms that the store has no more.",
                allowed="Drawn by others, customers who were held back would be written to.",
                do="Name another campaign with --campaign; `bestiary lift` still compares the groups of this one.",
            )
        if wave.asked["share"] != share:
            raise ConfigError(
                f"The campaign {campaign!r} holds back {wave.share:.4g} of all, and another share is asked for.",
                allowed="A campaign holds back one share, so that everybody stays in their group.",
                do=f"Ask for --holdout {wave.share:.4g}, or name another campaign with --campaign.",
            )
