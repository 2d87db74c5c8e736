"""Runs as tables elsewhere: in Postgres, in Redshift, as Parquet in a folder or on S3.

`open_target` makes a target of what `--to` says; a target publishes a run, finds a person, and takes people or old runs
out. What is published is said once, in `columns`; every place shows a run wholly or not at all.
"""

import os
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from bestiary.config import Publish
from bestiary.errors import ConfigError
from bestiary.publish.address import Address, read_address
from bestiary.publish.content import Content
from bestiary.publish.target import Asked, Ids, Published, Target

__all__ = ["Asked", "Content", "Ids", "Published", "Target", "find", "forget", "forget_runs", "open_target"]
LONGEST = 63
"""Bytes of a name in Postgres."""
NO_SETTINGS = Publish()


def open_target(
    to: str,
    *,
    schema: str = "bestiary",
    connection_file: Path | None = None,
    without_tls: bool = False,
    settings: Publish = NO_SETTINGS,
    environment: Mapping[str, str] = os.environ,
    scratch: Path | None = None,
) -> Target:
    """The target that `--to` means; nothing is connected to yet. Raises ConfigError.

    `to` may also be what a target calls itself (`Target.told`), as the book of recipients has it; its password is then
    in the environment or the file. `scratch` is where files wait that are sent to a bucket.
    """
    noted = ""
    if "://" in to:  # a folder may be called anything
        to, _, noted = to.partition(" schema ")
    schema = noted or schema
    if not schema or len(schema.encode()) > LONGEST or "\0" in schema or schema.startswith("pg_"):
        raise ConfigError(f"--schema {schema!r} is no name.", allowed=f"1 to {LONGEST} bytes, not beginning with pg_.")
    address = _address(to, environment, connection_file, without_tls=without_tls, noted=bool(noted))
    if address.kind == "warehouse":
        from bestiary.publish.postgres import Postgres

        return Postgres(address, schema)
    if address.kind == "redshift":
        from bestiary.publish.redshift import Redshift, insist

        insist(settings)
        staging = read_address(str(settings.s3_staging), environment)
        return Redshift(
            address, _bucket(staging, environment, without_tls=without_tls, scratch=scratch), settings, schema
        )
    from bestiary.publish.parquet import Files
    from bestiary.publish.shelf import Folder

    if address.kind == "folder":
        return Files(address, Folder(Path(address.uri)))
    return Files(address, _bucket(address, environment, without_tls=without_tls, scratch=scratch))


def forget(target: Target, ids: Ids) -> Mapping[str, int]:
    """Take people, known as the store knows them, out of every run; how many rows went of each table."""
    return target.forget(ids)


def forget_runs(target: Target, before: date) -> Mapping[str, int]:
    """Take out every run before a date; how many rows went of each table."""
    return target.forget_runs(before)


def find(target: Target, user_id: int | str) -> Mapping[str, list[dict[str, Any]]]:
    """All that a target holds of a person, by table."""
    return target.find(user_id)


def _address(
    to: str, environment: Mapping[str, str], connection_file: Path | None, *, without_tls: bool, noted: bool
) -> Address:
    """An address; one that was noted without its password gets it from where the connection is given."""
    given = (environment, connection_file)
    if noted and (connection_file or environment.get("BESTIARY_WAREHOUSE")):
        found = read_address(to.partition("://")[0], given[0], connection_file=given[1], without_tls=without_tls)
        if found.told != to:
            raise ConfigError(
                f"The connection that is given is {found.told}, and {to} is meant.", do="Give that one's connection."
            )
        return found
    return read_address(to, given[0], connection_file=given[1], without_tls=without_tls)


def _bucket(address: Address, environment: Mapping[str, str], *, without_tls: bool, scratch: Path | None) -> Any:
    from bestiary.publish.shelf import bucket

    return bucket(address, environment, without_tls=without_tls, scratch=scratch)
