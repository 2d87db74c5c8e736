"""API keys: known by their hash alone, several at once, each with a rate.

A key is 256 bits from the system's source of randomness, so that a plain SHA-256 tells nothing of it and needs no salt:
there is no list of likely keys to try. Whoever may read the file can ask nobody anything with it.
"""

import hashlib
import hmac
import secrets
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from bestiary.config import Frozen
from bestiary.errors import ConfigError, did_you_mean
from bestiary.faults import explain
from bestiary.files import read_json, write_json

PREFIX = "bst_"
LARGEST = 1_000_000
PATIENCE = 30.0
"""Seconds that a change of the keys waits for another."""
RATE = 200.0
"""Requests a second that a key may make, unless it was made with another rate."""
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]


class Key(Frozen):
    """One key: whose it is, its hash, and the requests a second that it may make."""

    name: Name
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    rate: Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)] = RATE


class KeyFile(Frozen):
    """The keys as they lie on the disk."""

    format_version: Literal[1] = 1
    keys: tuple[Key, ...] = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        names = [one.name for one in self.keys]
        if len(set(names)) < len(names):
            raise ValueError("each name once")
        return self


def read_keys(path: Path) -> KeyFile:
    """The keys of a file. Raises ConfigError, or ModelError for what is no JSON."""
    if path.is_file() and path.stat().st_size > LARGEST:
        raise ConfigError(f"{path} has over {LARGEST:,} bytes.", allowed="No file of keys has so many.")
    try:
        return KeyFile.model_validate(read_json(path, "Make keys: bestiary keys add NAME --keys FILE"))
    except ValidationError as error:
        raise ConfigError(
            f"{path} is no file of keys:\n" + "\n".join(explain(error)[:5]), do="Make it again: bestiary keys add."
        ) from error


def add_key(path: Path, name: str, rate: float = RATE) -> str:
    """Make a key and keep its hash; the key itself is given back, and is nowhere else. ConfigError for a known name."""
    with _alone(path):
        return _added(path, name, rate)


def _added(path: Path, name: str, rate: float) -> str:
    known = read_keys(path).keys if path.exists() else ()
    if name in {one.name for one in known}:
        raise ConfigError(
            f"There is a key called '{name}'.",
            allowed="Each key has a name of its own.",
            do="Make one with another name, change to it where it is used, then remove this one.",
        )
    made = PREFIX + secrets.token_urlsafe(32)
    try:
        key = Key(name=name, sha256=digest(made), rate=rate)
    except ValidationError as error:
        raise ConfigError("\n".join(explain(error)), do="Choose another.") from error
    _write(path, (*known, key))
    return made


def remove_key(path: Path, name: str) -> None:
    """Forget a key. ConfigError where there is none of that name."""
    with _alone(path):
        known = read_keys(path).keys
        names = [one.name for one in known]
        if name not in names:
            there = f"There are: {', '.join(names)}." if names else "There are none."
            raise ConfigError(f"There is no key called '{name}'{did_you_mean(name, names)}.", allowed=there)
        _write(path, tuple(one for one in known if one.name != name))


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Nobody else changes the keys meanwhile: what two write at once would lose one of them."""
    from filelock import FileLock  # which only a change of the keys needs

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path.resolve().with_name(f".{path.resolve().name}.lock"), timeout=PATIENCE):
        yield


def _write(path: Path, keys: Sequence[Key]) -> None:
    path = path.resolve()  # a link stays one
    write_json(path, KeyFile(keys=tuple(keys)).model_dump(mode="json"))
    path.chmod(0o600)


def digest(key: str) -> str:
    """The hash under which a key is kept."""
    return hashlib.sha256(key.encode("utf-8", errors="surrogateescape")).hexdigest()


class Bucket:
    """A token bucket: `rate` requests a second on the long run, and as many at once after a second of rest."""

    def __init__(self, rate: float, now: float) -> None:
        self.rate, self.size = rate, max(1.0, rate)
        self.left, self.last = self.size, now

    def wait(self, now: float) -> float:
        """Take a token; 0, or the seconds until there would be one."""
        self.left = min(self.size, self.left + (now - self.last) * self.rate)
        self.last = now
        if self.left >= 1.0:
            self.left -= 1.0
            return 0.0
        return (1.0 - self.left) / self.rate


class Keyring:
    """The keys that are good now, and what each has left; a change of the file keeps what stayed as it was."""

    def __init__(self, keys: Sequence[Key] = ()) -> None:
        self._buckets: dict[Key, Bucket] = {}
        self.take(keys)

    def take(self, keys: Sequence[Key]) -> None:
        """These keys are good from now on, and no others."""
        now = time.monotonic()
        self._buckets = {key: self._buckets.get(key) or Bucket(key.rate, now) for key in keys}

    def find(self, shown: str) -> Key | None:
        """Whose key it is. All are compared, each in a time that does not tell where they differ."""
        hashed, found = digest(shown), None
        for key in self._buckets:
            if hmac.compare_digest(hashed, key.sha256):
                found = key
        return found

    def wait(self, key: Key) -> float:
        """Seconds that a key must wait before its next request; 0 where it need not."""
        bucket = self._buckets.get(key)
        return bucket.wait(time.monotonic()) if bucket else 0.0
