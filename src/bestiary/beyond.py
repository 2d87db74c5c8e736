"""What of people's data is beyond the lake and the runs: audiences with their files, and what was published."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from bestiary.config import Settings
from bestiary.errors import BestiaryError, ConfigError
from bestiary.lake.erase import Ids
from bestiary.lake.objections import told_before
from bestiary.lake.recipients import Recipient, recipients
from bestiary.privacy.access import plain
from bestiary.publish import audience_rights, find, forget, open_target
from bestiary.publish.shelf import MANIFEST
from bestiary.publish.target import Ids as Named
from bestiary.publish.webhook_letters import letters_about

if TYPE_CHECKING:
    from bestiary.publish import Target

PUBLISHED = ("warehouse", "redshift", "s3", "folder")


@dataclass(frozen=True)
class Reach:
    """How to get at what was published: see `publish.open_target`; or that it is to be left as it is."""

    connection_file: Path | None = None
    without_tls: bool = False
    leave_published: bool = False


ENVIRONMENT = Reach()


@dataclass(frozen=True)
class Places:
    """Where a store's people are beyond it: places that can be reached, and addresses that are left as they are."""

    store: Path
    targets: tuple[Target, ...]
    left: tuple[str, ...]


def reached(store: Path, settings: Settings, reach: Reach, somebody: int | str) -> Places:
    """Every place that a store was published to. ConfigError names one that cannot be reached; nothing is changed.

    `somebody` is a customer to look for there, to see whether that can be done.
    """
    published = [one for one in recipients(store) if one.kind in PUBLISHED]
    if reach.leave_published:
        return Places(store, (), tuple(map(named, published)))
    return Places(store, tuple(_target(one, settings, reach, somebody) for one in published), ())


def _target(one: Recipient, settings: Settings, reach: Reach, somebody: int | str) -> Target:
    try:
        target = open_target(
            one.to,
            connection_file=reach.connection_file,
            without_tls=reach.without_tls,
            settings=settings.publish,
        )
        if one.kind == "folder" and not (Path(one.to) / MANIFEST).is_file():
            raise ConfigError("what was published is not there any more. Was it moved?")
        find(target, somebody)
    except BestiaryError as error:
        raise ConfigError(
            f"This store was published to {one.to}, and that cannot be reached: {error.found}",
            allowed="Nothing was changed: whoever is taken out here must not stay there.",
            do="Give its connection (BESTIARY_WAREHOUSE, or --connection-file); or say --leave-published, and take "
            "them out there yourself.",
        ) from error
    return target


def told_to(store: Path, runs: Collection[str], ids: Collection[int | str]) -> list[Recipient]:
    """Who was given data of some people, who were in runs of these dates; with whom they objected after.

    An audience was given those whom it writes to; every other recipient all customers of a run.
    """
    files, before = {str(path) for path in audience_rights.files_with(store, ids)}, told_before(store, ids)

    def was_given(one: Recipient) -> bool:
        held = one.to in files if one.kind == "audience" else not set(runs).isdisjoint(one.runs)
        return held or named(one) in before

    return [one for one in recipients(store) if was_given(one)]


def named(one: Recipient) -> str:
    """A recipient as receipts name them."""
    return f"{one.kind}: {one.to}"


def forget_beyond(places: Places, ids: Ids) -> dict[str, Any]:
    """Take people, by the store's ids, out of audiences and out of what was published; what was done where.

    Of who has a time up to which everything goes, audiences of later dates stay.
    """
    taken = audience_rights.forget(places.store, ids)
    removed = {name: count for name, count in (("audiences", taken.members), ("letters", taken.letters)) if count}
    for target in places.targets:
        for table, rows in forget(target, cast("Named", list(ids))).items():
            if rows:
                removed[f"{target.told}, {table}"] = rows
    return {
        "removed": removed,
        "files rewritten": [str(path) for path in taken.rewritten],
        "files to mend": [str(path) for path in taken.to_mend],
        "left as they are": list(places.left),
    }


def found_beyond(places: Places, stored: int | str) -> dict[str, Any]:
    """What audiences and published tables hold of a person, as JSON has it."""
    there = (asdict(one) for one in audience_rights.find(places.store, stored))
    return {
        "audiences": [plain({**one, "files": [str(path) for path in one["files"]]}) for one in there],
        "letters": [vars(one) for one in letters_about(places.store, stored)],
        "published": {
            target.told: {table: [plain(row) for row in rows] for table, rows in find(target, stored).items() if rows}
            for target in places.targets
        },
        "not looked into": list(places.left),
    }
