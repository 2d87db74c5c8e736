"""Addresses and telephone numbers as advertising platforms ask for them: normalised, then SHA-256 in hexadecimal.

Google Customer Match ("Formatting guidelines for uploading hashed data", support.google.com/google-ads/answer/7476159)
wants addresses in lower case without any spaces and numbers as E.164 has them, with the plus; Meta ("Customer File
Custom Audiences", developers.facebook.com/docs/marketing-api/audiences/guides/custom-audiences) wants addresses
trimmed and in lower case, and numbers as digits alone, with the country's code and no leading zero. So the hash of an
address is the same for both, and that of a number is not. What is a hash already (64 hexadecimal digits) stays.
"""

from __future__ import annotations

import hashlib
import re
from typing import Literal

Contact = Literal["email", "phone"]
HASHED = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)
ADDRESS = re.compile(r"[^\s@\"',;<>]+@[^\s@\"',;<>]+\.[^\s@\"',;<>.]+")
NUMBER = re.compile(r"\+[1-9][0-9]{6,14}", re.ASCII)
"""E.164: a plus, the country's code, at most 15 digits."""
NAMES: dict[Contact, re.Pattern[str]] = {
    "email": re.compile(r"e?mail|courriel", re.IGNORECASE),
    "phone": re.compile(r"phone|(^|_)(tel|mobile)($|_)", re.IGNORECASE),
}


def contact_of(column: str) -> Contact | None:
    """What a column of the shop's file holds, by its name; None for neither."""
    return next((kind for kind, name in NAMES.items() if name.search(column)), None)


def email(text: str) -> str | None:
    """An address in lower case without spaces; None for what is no address."""
    found = "".join(text.split()).lower()
    return found if ADDRESS.fullmatch(found) else None


def phone(text: str) -> str | None:
    """A number as E.164 has it; None for what is none, or has no country's code (a plus or 00 before it)."""
    digits = re.sub(r"[\s().\-/]", "", text.replace("(0)", "")).replace("\u00a0", "")
    found = f"+{digits[2:]}" if digits.startswith("00") else digits
    return found if NUMBER.fullmatch(found) else None


def written(text: str | None, kind: Contact, *, plain: bool, plus: bool) -> str | None:
    """What is written of a contact: its hash, or with `plain` itself; a number with its `plus`, or without.

    None for null, and for what is no such contact.
    """
    if text is None:
        return None
    if HASHED.fullmatch(text.strip()):
        return text.strip().lower()
    found = email(text) if kind == "email" else phone(text)
    if found is None:
        return None
    if kind == "phone" and not plus:
        found = found.removeprefix("+")
    return found if plain else hashlib.sha256(found.encode()).hexdigest()


def holds_address(text: str) -> bool:
    """Whether an address stands anywhere in a text."""
    return ADDRESS.search(text) is not None
