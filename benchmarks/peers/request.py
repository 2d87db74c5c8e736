"""What every peer is asked: which files, as of when, and where the table goes; and the words of `docs/columns.md`."""

import argparse
import glob
from dataclasses import dataclass
from datetime import date
from pathlib import Path

WINDOWS = (2, 5, 7)
DAYPARTS = (("night", 0, 4), ("morning", 5, 12), ("afternoon", 13, 17), ("evening", 18, 23))
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Request:
    """Parquet files of events, the midnight that customers are seen from, and the Parquet file to write."""

    events: list[str]
    as_of: date
    out: Path


def parse(doc: str | None) -> Request:
    """Read the command line; ends the process where a glob matches nothing."""
    parser = argparse.ArgumentParser(description=(doc or "").splitlines()[0])
    parser.add_argument("events", nargs="+", help="Parquet files or globs")
    parser.add_argument("--as-of", type=date.fromisoformat, required=True)
    parser.add_argument("--out", type=Path, required=True)
    asked = parser.parse_args()
    # pathlib has no globs that are absolute.
    found = {pattern: sorted(glob.glob(pattern)) for pattern in asked.events}  # noqa: PTH207
    for pattern, files in found.items():
        if not files:
            parser.error(f"{pattern}: no such file")
    return Request([file for files in found.values() for file in files], asked.as_of, asked.out)
