"""The errors a person can meet: each says what was found, what is allowed and what to do next."""

from collections.abc import Iterable
from difflib import get_close_matches


class BestiaryError(Exception):
    """Base of every error that is shown to a person without a traceback.

    `found` says what was met, `allowed` what would have been accepted, `do` the next step; the last two may be
    empty where the first says it all. `exit_status` is that of a command which ends with the error.
    """

    exit_status = 1

    def __init__(self, found: str, *, allowed: str = "", do: str = "") -> None:
        self.found, self.allowed, self.do = found, allowed, do
        super().__init__("\n".join(part for part in (found, allowed, do) if part))

    def at(self, there: str, told: str) -> "BestiaryError":
        """The same error, with the path `told` wherever it names `there`."""
        found, allowed, do = (part.replace(there, told) for part in (self.found, self.allowed, self.do))
        return type(self)(found, allowed=allowed, do=do)


class ConfigError(BestiaryError):
    """A setting, an option or a mapping that cannot be used."""


class EventsError(BestiaryError):
    """An events file or folder that cannot be read at all; nothing of it was kept."""


class CountsError(BestiaryError):
    """`read = kept + duplicates + rejected` does not hold; nothing of the file was kept."""


class StoreError(BestiaryError):
    """A store that is missing, of another format or made with other fixed settings."""


class BusyError(StoreError):
    """Another process works on the store; later it will not, so that whoever runs unattended may try again."""

    exit_status = 3


class PopulationError(BestiaryError):
    """Too few customers of the kind that the preset segments."""


class ModelError(BestiaryError):
    """A model or another artefact of a run that is missing, damaged or of a newer format."""


class PublishError(BestiaryError):
    """A warehouse, a bucket or a folder that cannot be reached, or does not take what is published."""


class FormatError(ModelError):
    """A model of another format, older or newer: nothing is wrong with it."""


class DamageWarning(UserWarning):
    """Something of a store is damaged, and was passed over."""


class LeftWarning(DamageWarning):
    """Something was done, and what should follow it could not be done yet."""


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return ` (did you mean 'x'?)` for the closest known name, or an empty string."""
    match = get_close_matches(name.lower(), list(known), n=1, cutoff=0.6)
    return f" (did you mean '{match[0]}'?)" if match else ""
