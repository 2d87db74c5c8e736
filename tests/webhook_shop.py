"""What the dashboard's store sends to a webhook, and what of it could not be delivered."""

import json
from pathlib import Path
from typing import Any

from bestiary.events_out import send_events, write_events
from bestiary.publish import webhook_letters as letters
from dashboard_shop import SMALL
from webhook_receiver import Receiver, impatient

PUBLISHED = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
"""The secret in the example of the specification's reference libraries."""


def ids(store: Path, **asked: Any) -> list[str]:
    """The ids of a run's events, in order."""
    lines: list[str] = []
    write_events(store, lines.append, "a test", settings=SMALL, **asked)
    return [json.loads(line)["id"] for line in lines]


def send(store: Path, receiver: Receiver, batch: int = 50, waits: list[float] | None = None, **asked: Any) -> Any:
    """Send the latest run's events, without waiting for who fails; `waits` gets what would be waited."""
    return send_events(store, receiver.webhook(), batch=batch, patience=impatient(waits), settings=SMALL, **asked)


def dead(store: Path, receiver: Receiver) -> list[str]:
    """The ids of the events in a receiver's dead letters, in order."""
    path = letters.letters_of(store, receiver.webhook().endpoint)
    return [letter.event["id"] for letter in letters.read_letters(path)]
