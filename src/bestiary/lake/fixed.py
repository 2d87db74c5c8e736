"""What is fixed when a store is made: the content of `store.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from bestiary.config import Frozen, IdKind, Privacy, Settings
from bestiary.errors import ConfigError, ModelError, StoreError
from bestiary.faults import explain
from bestiary.files import read_json
from bestiary.ids import Ids, secret
from bestiary.lake.lock import MARK, no_store

FORMAT_VERSION: Literal[3] = 3
FIXED = ("time_zone", "currency", "buckets", "user_id", "product_id", "category_id")
"""The settings that are fixed when a store is made, beside two of the table `[privacy]`."""


class Fixed(Frozen):
    """What is fixed when a store is made, because what is stored depends on it.

    `user_id` is the kind of the ids that the shop gives. A store of pseudonyms has `key_check`, which tells their key
    from others, and `rekeying`, that of a new one, while people are brought over to it; `drop_categories` are codes of
    categories whose events are not taken in.
    """

    format_version: Literal[3] = FORMAT_VERSION
    time_zone: str
    currency: str
    buckets: int = Field(ge=1)
    user_id: IdKind
    product_id: IdKind
    category_id: IdKind
    key_check: str | None = None
    rekeying: str | None = None
    drop_categories: tuple[str, ...] = ()

    @property
    def id_kinds(self) -> dict[str, str]:
        """Integer or string for each id, as the shop gives it."""
        return {"user_id": self.user_id, "product_id": self.product_id, "category_id": self.category_id}

    @property
    def stored_kinds(self) -> dict[str, str]:
        """The same of what is stored: pseudonyms are strings."""
        return self.id_kinds | ({"user_id": "string"} if self.key_check else {})

    def ids(self, path: Path, privacy: Privacy) -> Ids:
        """How customers are known in the store at `path`; ConfigError where the key of its pseudonyms is not given."""
        if self.key_check is None:
            return Ids(self.user_id)
        key = secret(privacy.key_file)
        if key.check != self.key_check:
            raise ConfigError(
                f"The key that is given is not the one of the pseudonyms in {path}.",
                allowed="With another key nobody would be found, and everyone would come twice.",
                do="Give the key that the store was made with, or last rotated to.",
            )
        return Ids(self.user_id, key)

    def check(self, path: Path, settings: Settings) -> None:
        """Raise StoreError where `settings` ask for something else."""
        given = {name: getattr(settings, name) for name in FIXED}
        given |= {f"privacy.{name}": getattr(settings.privacy, name) for name in ("pseudonymise", "drop_categories")}
        has = {name: getattr(self, name) for name in FIXED}
        has |= {"privacy.pseudonymise": self.key_check is not None, "privacy.drop_categories": self.drop_categories}
        for name, asked in given.items():
            value = has[name]
            if asked not in (None, value):
                raise StoreError(
                    f"{path} was made with {name} = {value!r}, and {asked!r} is asked for.",
                    allowed=f"{name} is fixed when the store is made.",
                    do="Leave the setting out, or make a new store.",
                )


def read_description(path: Path) -> dict[str, object]:
    """The content of `store.json`; StoreError where there is none, or one of another format."""
    if not (path / MARK).is_file():
        raise no_store(path)
    try:
        content = read_json(path / MARK)
    except ModelError as error:
        raise _damaged(path, error.found.removeprefix(f"{path / MARK} ")) from error
    version = content.get("format_version")
    if version != FORMAT_VERSION:
        # Version 1 had other session keys; the sessions' texts, which new ones would be made of, are not kept.
        # Version 2 kept refused rows without whose they are, so that nobody could be found in them.
        older = "Read the events into a new store: an old one cannot be brought over."
        raise StoreError(
            f"{path}: format version {version!r}.",
            allowed=f"Allowed: {FORMAT_VERSION}.",
            do=older if version in (1, 2) else "Use the version of bestiary that made it, or make a new store.",
        )
    return content


def read_fixed(path: Path, *, rekeying: bool = False) -> Fixed:
    """What `store.json` says, where it is of this format.

    Raises StoreError for a store that is half brought over to a new key, unless `rekeying` says who asks.
    """
    try:
        fixed = Fixed.model_validate(read_description(path))
    except ValidationError as error:
        raise _damaged(path, "; ".join(explain(error))) from error
    if fixed.rekeying and not rekeying:
        raise StoreError(
            f"{path} is being brought over to a new key of its pseudonyms, and that was interrupted.",
            allowed="Some of its people are known by the old ones, some by the new ones.",
            do="Run the same `bestiary subject rekey` again, with both keys.",
        )
    return fixed


def _damaged(path: Path, why: str) -> StoreError:
    return StoreError(
        f"{path / MARK} is damaged: {why}",
        allowed=f"It holds {', '.join(Fixed.model_fields)}.",
        do="Put it back from a copy, or make a new store from the events.",
    )
