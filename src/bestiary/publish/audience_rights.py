"""What audiences hold of a person, and how the person is taken out of them: for access, erasure and retention.

Letters to a webhook that could not be delivered are a copy of the data, too, and go with them.

A person is taken out of what the store remembers, and out of the files that were written, as far as these are still
as we wrote them: the line of a member is known, and a file's SHA-256 tells whether it is ours. Files that were moved or
changed are named, for the controller to mend; so are those who were given the data (`lake.recipients`), by the caller.

Memory: a wave's members go through DuckDB, and a file line by line; of those erased in one file, their lines' numbers.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from bestiary.files import replacing, whole_parquet
from bestiary.lake.erase import Ids
from bestiary.publish.audience_asked import GROUPS, Group
from bestiary.publish.audience_kept import MEMBERS, Wave, Written, drop_wave, waves, write_wave
from bestiary.publish.audience_write import sha256_of
from bestiary.publish.webhook_letters import forget_letters, forget_letters_before
from bestiary.sql import connect, path_list, quote

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY_BYTES = 500_000_000
"""What DuckDB is given."""


@dataclass(frozen=True)
class Membership:
    """An audience that a person is in."""

    campaign: str
    as_of: date
    group: Group
    files: tuple[Path, ...]


@dataclass(frozen=True)
class Forgotten:
    """What was done: memberships and dead letters taken out, files rewritten or removed, and files to be mended."""

    members: int = 0
    letters: int = 0
    rewritten: tuple[Path, ...] = ()
    to_mend: tuple[Path, ...] = ()


def find(store: Path, user_id: int | str) -> list[Membership]:
    """The audiences that a person is in, by date; the id as the store knows it."""
    found = []
    with connect(threads=1, memory_bytes=MEMORY_BYTES) as connection:
        for wave in waves(store):
            query = f'SELECT "group" FROM {_members(store, wave)} WHERE CAST(user_id AS VARCHAR) = ?'
            for (group,) in connection.execute(query, [str(user_id)]).fetchall():
                files = tuple(file.path for file in wave.files if file.group == group)
                found.append(Membership(wave.campaign, wave.as_of, group, files))
    return found


def files_with(store: Path, ids: Collection[int | str]) -> set[Path]:
    """The files, as they were written, of the groups that any of some people are in."""
    found = set[Path]()
    with connect(threads=1, memory_bytes=MEMORY_BYTES) as connection:
        _hold(connection, dict.fromkeys(ids))
        for wave in waves(store):
            lines = _lines(connection, store, wave)
            found |= {file.path for file in wave.files if lines[file.group]}
    return found


def forget(store: Path, ids: Ids) -> Forgotten:
    """Take people, by their ids as the store knows them, out of all audiences, their files, and dead letters.

    Who has a time goes from those of dates up to it. Needs the lock.

    What is done twice changes nothing more, so an interrupted one is asked for again; a file whose turn it was is
    then named as one to mend, though the people may be out of it.
    """
    members, rewritten, to_mend = 0, list[Path](), list[Path]()
    with connect(threads=1, memory_bytes=MEMORY_BYTES) as connection:
        _hold(connection, ids)
        found = waves(store)
        for wave in found:
            lines = _lines(connection, store, wave)
            if not any(lines.values()):
                continue
            members += sum(len(some) for some in lines.values())
            files = []
            for file in wave.files:
                changed = _without(file, lines[file.group])
                if changed is not None:
                    rewritten.append(file.path)
                elif not _is_of_another(file, wave, found):
                    to_mend += [file.path] if lines[file.group] else []
                files.append(changed or file)
            _forget_members(connection, store, wave)
            write_wave(store, _less(wave, lines, tuple(files)))
    return Forgotten(members, forget_letters(store, ids), *(tuple(dict.fromkeys(one)) for one in (rewritten, to_mend)))


def forget_before(store: Path, day: date) -> Forgotten:
    """Forget the audiences and dead letters of dates before a day, and remove files that are as we wrote them.

    Needs the lock. Files that were changed are named; those that are not there are not.
    """
    members, removed, to_mend = 0, list[Path](), list[Path]()
    found = waves(store)
    for wave in (one for one in found if one.as_of < day):
        for file in wave.files:
            if _is_ours(file):
                file.path.unlink()
                removed.append(file.path)
            elif file.path.exists() and not _is_of_another(file, wave, found):
                to_mend.append(file.path)
        members += sum(wave.members.values())
        drop_wave(store, wave)
    return Forgotten(members, forget_letters_before(store, day), tuple(removed), tuple(to_mend))


def _hold(connection: DuckDBPyConnection, ids: Ids) -> None:
    """The table `erased`: the ids as texts, and until when each goes; null is for ever."""
    given = [[str(one) for one in ids], list(ids.values())]
    connection.execute(
        "CREATE TEMP TABLE erased AS SELECT unnest(?::VARCHAR[]) AS id, unnest(?::TIMESTAMP[]) AS until", given
    )


def _gone(wave: Wave) -> str:
    """The condition under which a member of a wave is one in the table `erased`."""
    day = quote(wave.as_of.isoformat())
    return f"CAST(user_id AS VARCHAR) = erased.id AND coalesce(DATE {day} <= erased.until, TRUE)"


def _members(store: Path, wave: Wave) -> str:
    return f"read_parquet({path_list([whole_parquet(wave.folder(store) / MEMBERS)])})"


def _lines(connection: DuckDBPyConnection, store: Path, wave: Wave) -> dict[Group, set[int]]:
    """The lines of those in the table `erased`, by group."""
    query = f'SELECT "group", line FROM {_members(store, wave)} SEMI JOIN erased ON {_gone(wave)}'
    lines: dict[Group, set[int]] = {group: set() for group in GROUPS}
    for group, line in connection.execute(query).fetchall():
        lines[group].add(line)
    return lines


def _is_ours(file: Written) -> bool:
    """Whether a file is there and as it was written."""
    return file.path.is_file() and sha256_of(file.path) == file.sha256


def _is_of_another(file: Written, wave: Wave, found: Collection[Wave]) -> bool:
    """Whether another wave has written over a file since."""
    return any(other.path == file.path and _is_ours(other) for one in found if one != wave for other in one.files)


def _without(file: Written, lines: Collection[int]) -> Written | None:
    """Write a file again without some lines, and give its new figures; None where nothing was written."""
    if not lines or not _is_ours(file):
        return None
    with replacing(file.path) as temporary:
        with file.path.open("rb") as before, temporary.open("wb") as after:
            after.writelines(_kept(before, lines))
        temporary.chmod(file.path.stat().st_mode)
        found = sha256_of(temporary)
    return file.model_copy(update={"sha256": found, "lines": file.lines - len(lines)})


def _kept(records: Iterator[bytes], lines: Collection[int]) -> Iterator[bytes]:
    """The head, which is line 0, and all other lines but some."""
    return (record for number, record in enumerate(records) if number not in lines)


def _forget_members(connection: DuckDBPyConnection, store: Path, wave: Wave) -> None:
    """Write a wave's members again without those in the table `erased`, with the lines that their files have now."""
    with replacing(wave.folder(store) / MEMBERS) as temporary:
        connection.execute(
            'COPY (SELECT user_id, "group", row_number() OVER (PARTITION BY "group" ORDER BY line) AS line '
            f"FROM {_members(store, wave)} ANTI JOIN erased ON {_gone(wave)} ORDER BY user_id) "
            f"TO {quote(str(temporary))} (FORMAT parquet)"
        )


def _less(wave: Wave, lines: dict[Group, set[int]], files: tuple[Written, ...]) -> Wave:
    """A wave's record after some members were forgotten."""
    return wave.model_copy(
        update={
            "members": {group: wave.members[group] - len(lines[group]) for group in GROUPS},
            "forgotten": {group: wave.forgotten[group] + len(lines[group]) for group in GROUPS},
            "files": files,
        }
    )
