"""Receipts: `privacy/receipts.jsonl`, a line for each thing that was done for people in the data.

A line says what was done and where, for how many people, and never for whom: no id, and no hash of one. Each holds the
hash of the one before it, so that a line which was changed or taken out shows.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bestiary.errors import StoreError
from bestiary.files import for_the_owner, write_text

FILE = Path("privacy") / "receipts.jsonl"
FIRST = "0" * 64
"""What the first line has for the hash of the one before it."""
Receipt = dict[str, Any]


def add(store: Path, action: str, told: Mapping[str, Any], request: str | None = None) -> Receipt:
    """Write a receipt, and return it. Needs the lock. StoreError where the lines before it do not hold together.

    `request` is the shop's own number of a request; without one it is made of the day and the receipt's number.
    """
    before = receipts(store)
    number = len(before) + 1
    at = datetime.now(UTC)
    content: Receipt = {
        "number": number,
        "request": request or f"{at:%Y-%m-%d}-{number}",
        "at": at.isoformat(timespec="seconds"),
        "action": action,
        **told,
        "before": before[-1]["hash"] if before else FIRST,
    }
    made = content | {"hash": _hash(content)}
    with for_the_owner():
        write_text(store / FILE, "".join(f"{_line(one)}\n" for one in (*before, made)))
    return made


def receipts(store: Path) -> list[Receipt]:
    """All receipts, the oldest first; StoreError names the first line that was changed, or whose forerunner is gone."""
    if not (store / FILE).is_file():
        return []
    found, before = list[Receipt](), FIRST
    for number, line in enumerate((store / FILE).read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
        try:
            one = json.loads(line)
            content = {name: value for name, value in one.items() if name != "hash"}
            sound = one["hash"] == _hash(content) and one["before"] == before and one["number"] == number
        except (ValueError, KeyError, TypeError, AttributeError):
            sound, one = False, {}
        if not sound:
            raise StoreError(
                f"{store / FILE}: line {number} was changed, or the one before it was taken out.",
                allowed="Each receipt holds the hash of the one before it.",
                do="Put the file back from a copy; until then nothing can be added to it.",
            )
        found.append(one)
        before = one["hash"]
    return found


def _line(content: Receipt) -> str:
    return json.dumps(content, ensure_ascii=False, sort_keys=True)


def _hash(content: Receipt) -> str:
    return hashlib.sha256(_line(content).encode()).hexdigest()
