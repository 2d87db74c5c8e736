"""Bring what a store remembers of audiences and webhooks over to other pseudonyms.

Files that were written hold the shop's own ids and stay as they are; whoever was sent events has the old pseudonyms.
"""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from bestiary.lake.rekey import Keys, rekey_table
from bestiary.publish.audience_kept import MEMBERS, waves, write_wave
from bestiary.publish.webhook_letters import DELIVERIES, LETTERS, keep_letters, read_letters


def member_tables(store: Path) -> list[Path]:
    """The tables of all audiences' members."""
    return [wave.folder(store) / MEMBERS for wave in waves(store)]


def rekey_audiences(store: Path, keys: Keys) -> int:
    """Bring the members of all audiences over; how many audiences. Needs the lock."""
    found = waves(store)
    for wave in found:
        write_wave(store, wave.model_copy(update={"rekeyed": True}))
        rekey_table(wave.folder(store) / MEMBERS, keys)
    return len(found)


def rekey_letters(store: Path, keys: Keys) -> None:
    """Bring the dead letters over, and forget how far webhooks have come. Needs the lock.

    How far one has come is a place in the order of events, which is another one with other customers: what is asked for
    again is sent anew. A letter about nobody who is known is one that was cut off, or about who is gone.
    """
    for path in sorted((store / LETTERS).glob("*.ndjson")):
        letters = [(letter, str(letter.event.get("subject"))) for letter in read_letters(path)]
        new = keys.renamed(subject for _, subject in letters)
        brought = (replace(one, event=one.event | {"subject": new[who]}) for one, who in letters if who in new)
        keep_letters(path, list(brought))
    shutil.rmtree(store / DELIVERIES, ignore_errors=True)
