"""How a customer's id, as the shop writes it, is known in a store.

In a plain store it is the id itself. In a store of pseudonyms it is a keyed hash of it (HMAC-SHA-256, RFC 2104, the
first 128 bits in hexadecimal): without the key nobody finds the id for a pseudonym, and with it nobody but by trying
ids. There is no table of the two. The key is the shop's secret and never in the store.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from bestiary.config import IdKind
from bestiary.errors import ConfigError

BLOCK = 64
"""Bytes of a block of SHA-256."""
LEAST_KEY = 32
"""Characters of the shortest key: of hexadecimal digits, 128 bits."""
LISTED = 5
"""So many wrong ids an error names."""
VARIABLE = "BESTIARY_PSEUDONYM_KEY"
"""The environment variable that holds the key; with `_FILE` at its end, the one that names a file with it."""


@dataclass(frozen=True)
class Secret:
    """A key for keyed hashes. It is not shown when it is printed."""

    key: bytes

    def __repr__(self) -> str:
        return "Secret(...)"

    def digest(self, text: str) -> str:
        """The first 128 bits of a text's HMAC-SHA-256, in hexadecimal."""
        return hmac.digest(self.key, text.encode(), "sha256").hex()[:32]

    def pads(self) -> tuple[bytes, bytes]:
        """The key combined with the inner and the outer constant of RFC 2104, for who hashes elsewhere."""
        key = (hashlib.sha256(self.key).digest() if len(self.key) > BLOCK else self.key).ljust(BLOCK, b"\0")
        return bytes(byte ^ 0x36 for byte in key), bytes(byte ^ 0x5C for byte in key)

    @property
    def check(self) -> str:
        """What tells this key from others without telling it."""
        return self.digest("bestiary: which key is this")[:16]


def secret(path: Path | None = None) -> Secret:
    """The key of pseudonyms, from a file or else the environment; ConfigError where there is none, or a short one."""
    key = read_key(VARIABLE, path)
    if key is None:
        raise ConfigError(
            "The store holds pseudonyms, and their key is not given.",
            allowed=f"It is in the environment ({VARIABLE}), or in a file ({VARIABLE}_FILE, or the setting "
            "privacy.key_file).",
            do="Give the key; without it nobody can be found. For a new store: openssl rand -hex 32",
        )
    return key


def read_key(variable: str, path: Path | None = None) -> Secret | None:
    """A key from a file, from an environment variable, or from the file that `variable`_FILE names; None without one.

    Raises ConfigError where the file cannot be read, or the key is too short.
    """
    where, text = f"The environment variable {variable}", os.environ.get(variable)
    named = os.environ.get(f"{variable}_FILE")
    file = path or (Path(named) if named and text is None else None)
    if file is not None:
        try:
            where, text = str(file), file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(
                f"{file}: the key cannot be read ({error}).", do="Check the path and its rights."
            ) from error
    if text is None:
        return None
    if len(text.strip()) < LEAST_KEY:
        raise ConfigError(
            f"{where} holds a key of {len(text.strip())} characters.",
            allowed=f"At least {LEAST_KEY}, drawn at random.",
            do="Make one: openssl rand -hex 32",
        )
    return Secret(text.strip().encode())


@dataclass(frozen=True)
class Ids:
    """What a store's ids are: the kind that the shop gives, and the key where the store holds pseudonyms."""

    kind: IdKind
    key: Secret | None = None

    def given(self, text: str) -> str | None:
        """An id in the one way to write it; None for what is no id of this kind (`042` where they are integers)."""
        if self.kind == "string":
            return text or None
        plain = re.fullmatch(r"0|-?[1-9][0-9]{0,18}", text, re.ASCII)
        return text if plain and -(2**63) < int(text) < 2**63 else None

    def checked(self, texts: Iterable[str]) -> list[str]:
        """Ids in the one way to write them; ConfigError where there is none, or one is no id."""
        found = {text: self.given(text) for text in texts}
        wrong = [text for text, given in found.items() if given is None]
        if wrong or not found:
            shown = ", ".join(repr(one) for one in wrong[:LISTED]) + ", ..." * (len(wrong) > LISTED)
            raise ConfigError(
                f"No ids of this store: {shown}." if wrong else "No id is given.",
                allowed=f"Here ids are {'whole numbers, such as 512365995' if self.kind == 'integer' else 'texts'}.",
                do="Correct them; nothing was changed.",
            )
        return [given for given in found.values() if given is not None]

    def stored(self, text: str) -> int | str | None:
        """What the store knows a customer by; None for what is no id."""
        given = self.given(text)
        if given is None:
            return None
        if self.key is not None:
            return self.key.digest(given)
        return int(given) if self.kind == "integer" else given
