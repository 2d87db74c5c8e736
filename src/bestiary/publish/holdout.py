"""Who of a campaign is held back: a draw that depends on the campaign's name and the customer's id, and nothing else.

The draw is the first 64 bits of SHA-256 over the campaign's own digest and the id, so it is the same on every machine,
in every version and in whatever company the customer comes; another campaign draws anew. A customer is held back
where the draw is below the share, so a larger share keeps those who were held back before.
"""

from __future__ import annotations

import hashlib
import re
from fractions import Fraction

from bestiary.errors import ConfigError

BITS = 64
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


def campaign_name(text: str) -> str:
    """A campaign's name, which is a folder's too; ConfigError where it cannot be one."""
    if NAME.fullmatch(text) and not text.endswith("."):
        return text
    raise ConfigError(
        f"{text!r} cannot be a campaign's name.",
        allowed="Allowed: up to 64 letters, digits, '-', '_' and '.', beginning with a letter or a digit.",
        do="Name the campaign with --campaign.",
    )


def share_of(text: str, what: str, most: Fraction = Fraction(1)) -> Fraction:
    """The share that `10%` or `0.1` says, exactly; ConfigError names `what` it is of where it is none, or too large."""
    found = re.fullmatch(r"([0-9]{1,3}(?:\.[0-9]{1,6})?|\.[0-9]{1,6})( ?%)?", text.strip(), re.ASCII)
    share = Fraction(found[1]) / (100 if found[2] else 1) if found else None
    if share is None or share > most:
        raise ConfigError(
            f"{text!r} is not {what}.", allowed=f"Allowed: a share from 0 to {float(most):.0%}, such as 10% or 0.1."
        )
    return share


def draw(campaign: str, user_id: int | str) -> int:
    """A customer's draw in a campaign, 0 to 2^64 - 1; the id as the store knows it."""
    return int(hashlib.sha256(f"{_key(campaign)}:{user_id}".encode()).hexdigest()[: BITS // 4], 16)


def is_held_back(campaign: str, user_id: int | str, share: Fraction) -> bool:
    """Whether a customer of a campaign is held back where this share is."""
    return draw(campaign, user_id) < _border(share)


def held_back_sql(campaign: str, share: Fraction, column: str = "user_id") -> str:
    """The same as a condition for DuckDB. Hexadecimal digits of equal number are ordered as their numbers are."""
    border = f"{_border(share):0{BITS // 4}x}"
    return f"(left(sha256('{_key(campaign)}:' || CAST({column} AS VARCHAR)), {BITS // 4}) < '{border}')"


def _key(campaign: str) -> str:
    """The campaign in 64 digits, so that no name and id can be taken for another name and id."""
    return hashlib.sha256(f"bestiary hold-out 1: {campaign}".encode()).hexdigest()


def _border(share: Fraction) -> int:
    return int(share * 2**BITS)
