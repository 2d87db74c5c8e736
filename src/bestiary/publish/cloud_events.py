"""Who entered and who left which segment, as events for other systems: CloudEvents 1.0 (cloudevents.io), one a line.

An event's id is a UUID made of what happened (RFC 9562, version 8: the first bits of a SHA-256), so the same movement
has the same id whenever it is told, and a receiver can drop what it has had. Where a run was fitted again and a
customer went elsewhere, that is another event.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as percent
from zoneinfo import ZoneInfo

from bestiary.errors import ConfigError, ModelError
from bestiary.files import read_json, whole_parquet
from bestiary.lake.runs import Run
from bestiary.segments.follow.flows import segments
from bestiary.segments.model import load
from bestiary.sql import path_list, render

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

TYPES = {"left": "com.bestiary.segment.left", "entered": "com.bestiary.segment.entered"}
AT_ONCE = 1_000
"""Rows that are fetched at a time."""
Record = dict[str, Any]


@dataclass(frozen=True)
class Told:
    """An event, and its position among those of its run."""

    position: str
    event: Record


@dataclass(frozen=True)
class Stream:
    """What the events of one run have in common: their source, their moment, and what segments are called."""

    run: Run
    source: str
    moment: str
    before: Mapping[int, Record]
    after: Mapping[int, Record]

    @classmethod
    def of(cls, run: Run, runs: Mapping[date, Run], source: str, time_zone: str) -> Stream:
        """The stream of a run; segments of a run before that is not there any more have numbers alone."""
        came_from = (read_json(run.path / "scorecard.json").get("follow") or {}).get("from")
        before = runs.get(date.fromisoformat(came_from)) if came_from else None
        moment = datetime(run.as_of.year, run.as_of.month, run.as_of.day, tzinfo=ZoneInfo(time_zone)).isoformat()
        return cls(run, source, moment, _named(before) if before else {}, _named(run))

    def told(self, connection: DuckDBPyConnection, after: str = "") -> Iterator[Told]:
        """The events after a position, in order; of all, where it is empty."""
        query = render(
            Path(__file__).with_suffix(".sql"),
            files=path_list([whole_parquet(self.run.path / "movements.parquet")]),
            source=self.source,
            as_of=self.run.as_of.isoformat(),
            after=after,
        )
        cursor = connection.execute(query)
        while rows := cursor.fetchmany(AT_ONCE):
            for position, digest, what, customer, origin, target, kind in rows:
                data = {
                    "from": self._segment(self.before, origin),
                    "to": self._segment(self.after, target),
                    "kind": kind,
                    "run": self.run.as_of.isoformat(),
                }
                yield Told(position, self._event(digest, what, customer, data))

    def _event(self, digest: str, what: str, customer: str, data: Record) -> Record:
        return {
            "specversion": "1.0",
            "id": f"{digest[:8]}-{digest[8:12]}-8{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}",
            "source": self.source,
            "type": TYPES[what],
            "subject": customer,
            "time": self.moment,
            "datacontenttype": "application/json",
            "data": data,
        }

    @staticmethod
    def _segment(named: Mapping[int, Record], number: int | None) -> Record | None:
        return None if number is None else named.get(number, {"segment": number, "persona": None, "name": None})


def _named(run: Run) -> dict[int, Record]:
    """What a run calls its segments; nothing where its model cannot be read any more."""
    try:
        fitted = load(run.path / "model.json").fitted
    except ModelError:
        return {}
    return {
        one.segment: {"segment": one.segment, "persona": one.persona, "name": one.name.en} for one in segments(fitted)
    }


def source_of(store: Path, asked: str | None) -> str:
    """The source of a store's events: what was asked for, or a URN with the folder's name."""
    source = f"urn:bestiary:{percent(store.resolve().name, safe='')}" if asked is None else asked
    if re.fullmatch(r"[!#$&-;=?-\[\]_a-z~%]+", source):
        return source
    raise ConfigError(
        f"{source!r} cannot be the source of events.",
        allowed="Allowed: a URI reference, such as https://shop.example/segments.",
        do="Name another with --source.",
    )


def line(event: Record) -> str:
    """An event as one line of JSON, without its end."""
    return json.dumps(event, ensure_ascii=False, separators=(",", ":"))
