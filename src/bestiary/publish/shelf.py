"""Where files are published: a folder, or a bucket of S3. Both hold parts, which are never changed, and one manifest,
which is replaced as a whole and only if nobody else has replaced it meanwhile.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Protocol

from bestiary.errors import BusyError, ConfigError, PublishError
from bestiary.files import write_text
from bestiary.publish.address import Address
from bestiary.publish.session import INSTALL
from bestiary.web import is_loopback

if TYPE_CHECKING:
    from obstore.store import S3Store

MANIFEST = "manifest.json"
LOCK = ".lock"


class Shelf(Protocol):
    """Files by name, relative to where they are published."""

    def read(self) -> str | None:
        """The manifest's text; None where there is none. It is what `replace` will insist on."""

    def replace(self, manifest: str) -> None:
        """Put a manifest in place of the one that was read, whole. BusyError where that is not there any more."""

    def names(self) -> set[str]:
        """Every file that is there."""

    def writing(self, name: str) -> Any:
        """A context that gives a local path; what is written there is the file `name` when it ends well."""

    def reading(self, name: str) -> Any:
        """A context that gives a local path which holds the file `name`."""

    def remove(self, names: Iterable[str]) -> None:
        """Remove files, those that are not there too."""

    def alone(self) -> Any:
        """A context in which nobody else publishes here, as far as that can be had."""


@dataclass
class Folder:
    """A folder of this machine's files."""

    path: Path

    def read(self) -> str | None:
        """See Shelf.read."""
        try:
            return (self.path / MANIFEST).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError):
            return None

    def replace(self, manifest: str) -> None:
        """See Shelf.replace: a rename, under the lock."""
        write_text(self.path / MANIFEST, manifest)

    def names(self) -> set[str]:
        """See Shelf.names."""
        if self.path.exists() and not self.path.is_dir():
            raise PublishError(f"{self.path} is a file.", do="Name a folder to publish to.")
        found = (one for one in self.path.rglob("*") if one.is_file())
        return {one.relative_to(self.path).as_posix() for one in found} - {LOCK}

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """See Shelf.writing: flushed to the disk, since the manifest will name it."""
        path = self.path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        yield path
        with path.open("rb") as file:
            os.fsync(file.fileno())

    @contextmanager
    def reading(self, name: str) -> Iterator[Path]:
        """See Shelf.reading."""
        yield self.path / name

    def remove(self, names: Iterable[str]) -> None:
        """See Shelf.remove; folders that are empty then go too."""
        for name in names:
            path = self.path / name
            path.unlink(missing_ok=True)
            with suppress(OSError):
                path.parent.rmdir()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See Shelf.alone."""
        from filelock import FileLock, Timeout

        self.path.mkdir(parents=True, exist_ok=True)
        try:
            with FileLock(self.path / LOCK, timeout=0):
                yield
        except Timeout as error:
            raise BusyError(f"{self.path}: another process is publishing there.", do="Wait until it ends.") from error


@dataclass
class Bucket:
    """A prefix of a bucket. Its manifest is written on condition that it is the one that was read (If-Match)."""

    store: "S3Store"
    address: Address
    scratch: Path | None = None
    _tag: str | None = field(default=None, init=False)

    def read(self) -> str | None:
        """See Shelf.read."""
        import obstore

        with self._told():
            try:
                found = obstore.get(self.store, MANIFEST)
            except FileNotFoundError as error:
                if "NoSuchBucket" in str(error):
                    raise PublishError(f"{self.address.told}: there is no such bucket.", do="Make it first.") from error
                self._tag = None
                return None
            self._tag = found.meta["e_tag"]
            return bytes(found.bytes()).decode()

    def replace(self, manifest: str) -> None:
        """See Shelf.replace: one PUT."""
        import obstore
        from obstore.exceptions import AlreadyExistsError, PreconditionError

        mode: Any = "create" if self._tag is None else {"e_tag": self._tag}
        with self._told():
            try:
                self._tag = obstore.put(self.store, MANIFEST, manifest.encode(), mode=mode)["e_tag"]
            except (AlreadyExistsError, PreconditionError) as error:
                raise BusyError(
                    f"{self.address.told}: another process has published there meanwhile.", do="Publish again."
                ) from error

    def names(self) -> set[str]:
        """See Shelf.names."""
        import obstore

        with self._told():
            return {one["path"] for some in obstore.list(self.store) for one in some}

    @contextmanager
    def writing(self, name: str) -> Iterator[Path]:
        """See Shelf.writing: sent in pieces when it is whole."""
        import obstore

        with TemporaryDirectory(dir=self.scratch) as folder:
            path = Path(folder) / "part.parquet"
            yield path
            with self._told():
                obstore.put(self.store, name, path)

    @contextmanager
    def reading(self, name: str) -> Iterator[Path]:
        """See Shelf.reading."""
        import obstore

        with TemporaryDirectory(dir=self.scratch) as folder:
            path = Path(folder) / "part.parquet"
            with self._told(), path.open("wb") as file:
                for piece in obstore.get(self.store, name).stream():
                    file.write(piece)
            yield path

    def remove(self, names: Iterable[str]) -> None:
        """See Shelf.remove."""
        import obstore

        wanted = sorted(names)
        if wanted:
            with self._told():
                obstore.delete(self.store, wanted)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """See Shelf.alone: who comes second is told when the manifest is to be replaced."""
        yield

    @contextmanager
    def _told(self) -> Iterator[None]:
        from obstore.exceptions import BaseError

        try:
            yield
        except (BaseError, FileNotFoundError) as error:
            first = str(error).splitlines()[0].partition("<?xml")[0].strip()
            raise PublishError(
                f"{self.address.told}: {self.address.redacted(first)}",
                do="Check the bucket, and what the environment says: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, "
                "AWS_REGION, AWS_ENDPOINT_URL. What was there before is as it was.",
            ) from error


def bucket(
    address: Address, environment: Mapping[str, str], *, without_tls: bool, scratch: Path | None = None
) -> Bucket:
    """The bucket of an address, with keys, region and endpoint from the environment. Off this machine only by TLS."""
    try:
        from obstore.store import S3Store
    except ImportError as error:
        raise ConfigError("Publishing to S3 needs the package obstore, which is not installed here.", do=INSTALL) from (
            error
        )
    endpoint = environment.get("AWS_ENDPOINT_URL_S3") or environment.get("AWS_ENDPOINT_URL")
    plain = bool(endpoint) and str(endpoint).lower().startswith("http://")
    host = str(endpoint).partition("://")[2].partition("/")[0]
    if plain and not without_tls and not is_loopback(host.rpartition(":")[0] or host):
        raise ConfigError(
            f"The endpoint {endpoint} is not encrypted.",
            allowed="Off this machine: https.",
            do="Name an https endpoint in AWS_ENDPOINT_URL; or say --without-tls where nobody can listen.",
        )
    name, _, prefix = address.uri.removeprefix("s3://").partition("/")
    region = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION")
    more: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
    store = S3Store(
        name,
        prefix=prefix or None,
        client_options={"allow_http": plain},
        retry_config={"max_retries": 3},
        **more,
        **({"region": region} if region else {}),
    )
    return Bucket(store, address, scratch)
