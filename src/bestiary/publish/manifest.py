"""The manifest of what is published as files: which files each run has, and what their columns mean.

A reader takes the manifest first and then the files that it names, and no others: they are whole. A file that it does
not name is the work of a publication that has not ended, or was killed.
"""

import json
import re
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Literal

from pydantic import Field, ValidationError

from bestiary.config import Frozen
from bestiary.errors import PublishError
from bestiary.faults import explain
from bestiary.publish.columns import SQL, Table

PART = re.compile(r"(customers|segments|movements|runs)/as_of=\d{4}-\d{2}-\d{2}/part-[0-9a-f]{32}\.parquet")
"""What a part of ours is called; nothing else is ever removed."""


class File(Frozen):
    """A part: its path relative to the manifest, its rows, its size in bytes."""

    path: str
    rows: int
    bytes: int


class Run(Frozen):
    """A run: its fingerprint, when it was published (UTC), and its files by table."""

    fingerprint: str
    published_at: str
    files: dict[str, tuple[File, ...]]

    def paths(self) -> set[str]:
        """Its files."""
        return {one.path for some in self.files.values() for one in some}


class Described(Frozen):
    """A column: its type in DuckDB's words."""

    name: str
    type: str
    null: bool
    comment: str


class Form(Frozen):
    """A table."""

    comment: str
    key: tuple[str, ...]
    columns: tuple[Described, ...]


class Manifest(Frozen):
    """All that is published in one place. `latest` is the last run; null where there is none."""

    format_version: Literal[1] = 1
    made_by: Literal["bestiary"] = "bestiary"
    latest: date | None = None
    tables: dict[str, Form] = Field(default_factory=dict)
    runs: dict[date, Run] = Field(default_factory=dict)

    def paths(self) -> set[str]:
        """Every file that it names."""
        return {path for run in self.runs.values() for path in run.paths()}

    def text(self) -> str:
        """As JSON."""
        return json.dumps(self.model_dump(mode="json"), ensure_ascii=False, indent=2) + "\n"

    def with_runs(self, runs: Mapping[date, Run]) -> "Manifest":
        """The same with other runs."""
        ordered = {one: runs[one] for one in sorted(runs)}
        return self.model_copy(update={"runs": ordered, "latest": max(ordered, default=None)})


def parse(text: str | None, names: Iterable[str], where: str) -> Manifest:
    """Read a manifest. Raises PublishError for a damaged one, and where none is there but files that are not ours."""
    if text is None:
        foreign = sorted(name for name in names if not PART.fullmatch(name) and not name.startswith("."))
        if foreign:
            raise PublishError(
                f"{where} has no manifest and holds {', '.join(foreign[:3])}{', ...' * (len(foreign) > 3)}.",
                allowed="A place that is empty, or that bestiary has published to.",
                do="Name another. Nothing was changed.",
            )
        return Manifest()
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        raise PublishError(
            f"{where}: the manifest cannot be used: {'; '.join(explain(error)[:3])}",
            do="Put it back from a copy, use the bestiary that wrote it, or publish elsewhere. Nothing was changed.",
        ) from error


def forms(there: Mapping[str, Form], tables: Iterable[Table], where: str) -> dict[str, Form]:
    """The tables' forms with those of a run. Raises PublishError where more than new columns has changed."""
    found = {one.name: _form(one) for one in tables}
    for name, form in found.items():
        have = {one.name: one.type for one in there[name].columns} if name in there else {}
        wanted = {one.name: one.type for one in form.columns}
        strange = [f"{one} ({kind})" for one, kind in have.items() if wanted.get(one) != kind]
        if strange:
            raise PublishError(
                f"{where}: {name} has {', '.join(strange[:5])}{', ...' * (len(strange) > 5)}, and this run has not.",
                allowed="New columns are taken; none is removed, renamed or given another type.",
                do="Publish to another place, or remove what is there. Nothing was changed.",
            )
    return found


def _form(table: Table) -> Form:
    columns = tuple(
        Described(name=one.name, type=SQL["duckdb"][one.type], null=one.null, comment=one.comment)
        for one in table.columns
    )
    return Form(comment=table.comment, key=table.key, columns=columns)
