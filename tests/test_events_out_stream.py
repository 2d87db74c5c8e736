"""Events of a run: one for each segment left and entered, CloudEvents 1.0, the same whenever they are told."""

import json
import re
import shutil
from collections import Counter
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import UUID

import duckdb
import pytest

from bestiary.errors import ConfigError
from bestiary.events_out import Sent, write_events, write_file
from bestiary.lake.recipients import recipients
from bestiary.publish.cloud_events import source_of
from bestiary.segments.follow.flows import segments
from bestiary.segments.model import load
from command import bestiary, done, failed
from dashboard_shop import SMALL, copy
from months import APRIL, MARCH, MAY

Event = dict[str, Any]


@pytest.fixture(scope="module")
def shop(store: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy(store, tmp_path_factory.mktemp("events"))


def told(store: Path, **asked: Any) -> list[Event]:
    lines: list[str] = []
    sent = write_events(store, lines.append, "a test", settings=SMALL, **asked)
    assert all(line.endswith("\n") and line.count("\n") == 1 for line in lines)
    assert sent == Sent(asked.get("as_of", MAY), len(lines))
    return [json.loads(line) for line in lines]


def named(store: Path, run: str, number: int | None) -> Event | None:
    if number is None:
        return None
    one = segments(load(store / "runs" / run / "model.json").fitted)[number]
    return {"segment": number, "persona": one.persona, "name": one.name.en}


def test_every_movement_is_told_once(shop: Path) -> None:
    found = told(shop)
    rows = duckdb.execute(
        f'SELECT user_id, "from", "to", kind FROM \'{shop}/runs/2020-05-01/movements.parquet\''
    ).fetchall()
    wanted = []
    for user, origin, target, kind in rows:
        data = {
            "from": named(shop, "2020-04-01", origin),
            "to": named(shop, "2020-05-01", target),
            "kind": kind,
            "run": "2020-05-01",
        }
        wanted += [("com.bestiary.segment.left", str(user), data)] if origin is not None else []
        wanted += [("com.bestiary.segment.entered", str(user), data)] if target is not None else []
    assert Counter(json.dumps(one) for one in wanted) == Counter(
        json.dumps((event["type"], event["subject"], event["data"])) for event in found
    )
    assert {row[3] for row in rows} >= {"moved", "new"}


def test_events_are_as_the_specification_has_them(shop: Path) -> None:
    found = told(shop)
    for event in found:
        assert list(event) == [
            "specversion",
            "id",
            "source",
            "type",
            "subject",
            "time",
            "datacontenttype",
            "data",
        ]
        assert (event["specversion"], event["source"]) == ("1.0", "urn:bestiary:store")
        assert (event["datacontenttype"], event["time"]) == ("application/json", "2020-05-01T00:00:00+00:00")
        assert (UUID(event["id"]).version, UUID(event["id"]).variant) == (8, "specified in RFC 4122")
    assert len({event["id"] for event in found}) == len(found)


def test_who_moved_leaves_before_they_enter(shop: Path) -> None:
    found = told(shop)
    for one, other in pairwise(found):
        if one["subject"] == other["subject"]:
            assert (one["type"][-4:], other["type"][-7:]) == ("left", "entered")
    subjects = [event["subject"] for event in found]
    firsts = [subject for place, subject in enumerate(subjects) if subject not in subjects[:place]]
    assert len(firsts) == sum(a != b for a, b in pairwise(subjects)) + 1
    assert firsts != sorted(firsts)  # an order that tells nothing of them


def test_the_same_movement_has_the_same_id_and_another_another(shop: Path) -> None:
    first = told(shop)
    assert told(shop) == first
    other = {event["id"] for event in told(shop, source="https://shop.example/b")}
    april = {event["id"] for event in told(shop, as_of=APRIL)}
    ids = {event["id"] for event in first}
    assert not ids & other
    assert not ids & april
    assert ids


def test_the_first_run_has_nothing_to_tell(shop: Path) -> None:
    assert told(shop, as_of=MARCH) == []


def test_segments_of_a_run_that_is_gone_have_numbers_alone(shop: Path, tmp_path: Path) -> None:
    alone = copy(shop, tmp_path)
    shutil.rmtree(alone / "runs" / "2020-04-01")
    found = [event["data"]["from"] for event in told(alone) if event["data"]["from"]]
    assert found
    assert all(one["persona"] is None and one["name"] is None and one["segment"] >= 0 for one in found)


def test_ids_of_any_kind_are_told_as_they_are(hostile: Path, tmp_path: Path) -> None:
    shop = copy(hostile, tmp_path)
    users = [
        user for (user,) in duckdb.execute(f"SELECT user_id FROM '{shop}/runs/2020-05-01/segments.parquet'").fetchall()
    ]
    duckdb.execute(
        "COPY (SELECT user_id, 0 AS \"from\", 1 AS \"to\", DATE '2020-05-01' AS as_of, 'moved' AS kind "
        f"FROM '{shop}/runs/2020-05-01/segments.parquet') "
        f"TO '{shop}/runs/2020-05-01/movements.parquet' (FORMAT parquet)"
    )
    found = told(shop)
    assert Counter(event["subject"] for event in found) == Counter(users + users)
    assert len({event["id"] for event in found}) == len(found)


def test_a_file_is_written_wholly_and_noted(shop: Path, tmp_path: Path) -> None:
    sent = write_file(shop, tmp_path / "events.ndjson", settings=SMALL)
    lines = (tmp_path / "events.ndjson").read_text().splitlines()
    assert [json.loads(line) for line in lines] == told(shop)
    assert sent.delivered == len(lines)
    assert ("events", str(tmp_path / "events.ndjson")) in [(one.kind, one.to) for one in recipients(shop)]
    with pytest.raises(ConfigError, match="cannot be the source"):
        write_file(shop, tmp_path / "other.ndjson", source="no uri", settings=SMALL)
    with pytest.raises(ConfigError, match="is there and is no file"):
        write_file(shop, tmp_path, settings=SMALL)
    assert [path.name for path in tmp_path.iterdir()] == ["events.ndjson"]


def test_the_command_prints_lines_for_a_queue(shop: Path, tmp_path: Path) -> None:
    out = done("events", "--store", shop, "--quiet")
    assert [json.loads(line) for line in out.splitlines()] == told(shop)
    told_ = done("events", "--store", shop, "--as-of", "2020-04-01", "--out", tmp_path / "a.ndjson")
    assert re.fullmatch(rf"Events: {tmp_path}/a\.ndjson \([0-9,]+\)\n", told_)
    assert "--retry-dead is given without --webhook" in failed("events", "--store", shop, "--retry-dead")
    both = ("--webhook", "https://x.example/", "--out", tmp_path / "b.ndjson")
    assert "Both --out and --webhook" in failed("events", "--store", shop, *both)
    assert "no run as of" in failed("events", "--store", shop, "--as-of", "2019-01-01")
    assert bestiary("events", "--store", shop, "--batch", "0").returncode == 2


@pytest.mark.parametrize("source", ["", "a b", "é", "a\nb", '"', "<x>"])
def test_what_is_no_uri_is_refused(source: str) -> None:
    with pytest.raises(ConfigError, match="cannot be the source"):
        source_of(Path("store"), source)


def test_a_source_is_made_of_the_stores_name(tmp_path: Path) -> None:
    assert source_of(tmp_path / "My shop é", None) == "urn:bestiary:My%20shop%20%C3%A9"
    assert source_of(tmp_path, "https://shop.example/a?b=c") == "https://shop.example/a?b=c"


def test_the_moment_is_midnight_where_the_shop_is(shop: Path, tmp_path: Path) -> None:
    paris = copy(shop, tmp_path)
    mark = paris / "store.json"
    mark.write_text(mark.read_text().replace('"UTC"', '"Europe/Paris"'))
    moment = datetime.fromisoformat(told(paris)[0]["time"])
    assert (moment.isoformat(), moment.utcoffset()) == ("2020-05-01T00:00:00+02:00", timedelta(hours=2))
