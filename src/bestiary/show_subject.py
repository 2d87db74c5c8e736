"""What is said of a request: where the page is, and the receipt."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bestiary.config import Settings
from bestiary.errors import ConfigError
from bestiary.files import for_the_owner, write_json, write_text
from bestiary.logs import Log
from bestiary.show import Out, path


def check_out(store: Path, out: Path) -> None:
    """Raise ConfigError where the page, or the JSON beside it, cannot be written or has no business."""
    for one in (out, out.with_suffix(".json")):
        if one.exists() and not one.is_file():  # a folder; or a device, whose place a file would take
            raise ConfigError(f"{one} is there and is no file.", do="Name another page with --out.")
    if out.suffix.lower() not in (".html", ".htm"):
        raise ConfigError(f"{out}: what is written is HTML, and JSON beside it.", do="Name a page, such as told.html.")
    if out.resolve().is_relative_to(store.resolve()):
        raise ConfigError(f"{out} is in the store, where no erasure would look for it.", do="Name a place outside.")


def exported(log: Log, found: dict[str, Any], out: Path, settings: Settings) -> None:
    """Write the page and the JSON beside it, readable by the owner alone, and say where they are."""
    from bestiary.privacy.page import page

    text = page(found, settings.language or "en", settings.windows)
    with for_the_owner():
        write_json(out.with_suffix(".json"), found)
        write_text(out, text)
    for one in (out, out.with_suffix(".json")):
        path(log, "export", one)


def receipt(log: Log, told: dict[str, Any]) -> None:
    """Print a receipt: what was removed where, who else has it, and what is left to do."""
    out = Out(log)
    out.say(f"Receipt {told['number']}, request {told['request']}: {told['action']}, {people(told['people'])}.")
    unknown = told["people"] - told.get("known", told["people"])
    if unknown:
        log.warning(f"Nothing is known here of {unknown:,} of them. Are the ids those of the shop's log?")
    for name in ("dropped", "audiences"):
        if told.get(name):
            out.say(f"  {name}: {told[name]:,}")
    for name in told.get("published again", ()):
        out.say(f"  published again: {name}")
    for name, rows in told.get("removed", {}).items():
        out.say(f"  removed, {name}: {rows:,}")
    for line in _left_to_do(told):
        out.say(line, wrap=True)
    log.result("receipt", **told)


TO_DO = {
    "recipients": "Tell those who were given it (Art. 19)",
    "files to mend": "Files of audiences that were changed since, to be mended by hand",
    "left as they are": "Not changed there",
    "may still be in": "Source files of that time, which may still hold them",
}


def _left_to_do(told: dict[str, Any]) -> Iterator[str]:
    for name, what in TO_DO.items():
        if told.get(name):
            yield f"{what}: {', '.join(told[name])}."
    if told["action"] == "replay" and not told["people"]:
        yield (
            "Nobody who was erased has come back. Where the whole store was put back, its list is as old as the "
            "backup: put the present privacy/ over it, and replay again."
        )


def people(number: int) -> str:
    """So many people, in words."""
    return "1 person" if number == 1 else f"{number:,} people"
