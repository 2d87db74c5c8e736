"""The summary as it is kept in a run folder: figures as JSON, and the sample of customers, the only part with ids."""

from pathlib import Path
from typing import Any

from bestiary.errors import FormatError
from bestiary.files import read_json, write_json
from bestiary.report.sample import read_sample

FORMAT_VERSION = 1
NAME, SAMPLE = "summary.json", "sample.parquet"


def write_summary(run: Path, summary: dict[str, Any]) -> None:
    """Write the figures; the sample's points are in its own file already."""
    write_json(run / NAME, {"format_version": FORMAT_VERSION, **summary})


def read_summary(run: Path, *, who: bool = False) -> dict[str, Any]:
    """The summary with the points of its sample; with `who`, their ids too.

    Raises ModelError where a file is missing or damaged, FormatError where the figures are of another format.
    """
    summary = read_json(run / NAME)
    if summary.get("format_version") != FORMAT_VERSION:
        raise FormatError(
            f"{run / NAME} has format version {summary.get('format_version')!r}.",
            allowed=f"Allowed: {FORMAT_VERSION}.",
            do="Run bestiary fit and bestiary report again, or use the version that made it.",
        )
    return {**summary, "sample": {**summary["sample"], "points": read_sample(run / SAMPLE, who=who)}}
