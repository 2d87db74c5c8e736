"""What is fixed when a store is made: the content of `store.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from bestiary.config import Frozen, IdKind, Settings
from bestiary.errors import ModelError, StoreError
from bestiary.faults import explain
from bestiary.files import read_json
from bestiary.lake.lock import MARK, no_store

FORMAT_VERSION: Literal[2] = 2


class Fixed(Frozen):
    """What is fixed when a store is made, because what is stored depends on it."""

    format_version: Literal[2] = FORMAT_VERSION
    time_zone: str
    currency: str
    buckets: int = Field(ge=1)
    user_id: IdKind
    product_id: IdKind
    category_id: IdKind

    @property
    def id_kinds(self) -> dict[str, str]:
        """Integer or string for each id."""
        return {"user_id": self.user_id, "product_id": self.product_id, "category_id": self.category_id}

    def check(self, path: Path, settings: Settings) -> None:
        """Raise StoreError where `settings` ask for something else."""
        for name, value in self.model_dump(exclude={"format_version"}).items():
            asked = getattr(settings, name)
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
        older = "Read the events into a new store: an old one cannot be brought over."
        raise StoreError(
            f"{path}: format version {version!r}.",
            allowed=f"Allowed: {FORMAT_VERSION}.",
            do=older if version == 1 else "Use the version of bestiary that made it, or make a new store.",
        )
    return content


def read_fixed(path: Path) -> Fixed:
    """What `store.json` says, where it is of this format."""
    try:
        return Fixed.model_validate(read_description(path))
    except ValidationError as error:
        raise _damaged(path, "; ".join(explain(error))) from error


def _damaged(path: Path, why: str) -> StoreError:
    return StoreError(
        f"{path / MARK} is damaged: {why}",
        allowed=f"It holds {', '.join(Fixed.model_fields)}.",
        do="Put it back from a copy, or make a new store from the events.",
    )
