"""docs/service.md is true: its blocks are run against the real service, its tables are those of the code."""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from bestiary import service as server
from bestiary.serve import openapi, schemas, shapes
from bestiary.serve.limits import Limits
from bestiary.serve.protocol import HEAD_BYTES, HEAD_SECONDS, READ_SECONDS
from dashboard_shop import shared
from guide import PAGE, Reader, differences, is_file, need, rows
from serve_shop import Served, make_guide
from test_docs import blocks
from test_serve_guarded import until


@pytest.fixture
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    """Who has the page before them, and a store."""
    need("curl")
    follower = Reader(tmp_path_factory.mktemp("guide"), shared(tmp_path_factory, "guide", make_guide))
    yield follower
    follower.close()


def test_the_page_can_be_followed_from_top_to_bottom(reader: Reader) -> None:
    follow(reader)
    service = reader.service
    assert service
    assert service.address.startswith("http://0.0.0.0:")  # the last that the page starts
    service.client.base_url = service.address.replace("0.0.0.0", "127.0.0.1")
    key = reader.environment["BESTIARY_KEY"]
    listed = {row[0].strip("`") for row in rows("Other addresses")}
    paths = set(service.get("openapi.json", Authorization=f"Bearer {key}").json()["paths"])
    assert {f"GET {path.replace('user_id', 'id')}" for path in paths - {"/v1/score"}} == listed
    prometheus_reads(service, reader.folder)
    logged = [name for name in service.log("request")[0] if name not in ("time", "event")]
    line = next(block for _, block in blocks(PAGE) if block.startswith("request request_id="))
    assert re.findall(r"(\w+)=", line) == logged


def follow(reader: Reader) -> None:
    """Every block in order; what the page shows after one is what came of it."""
    page = [(kind, block) for kind, block in blocks(PAGE) if not is_file(block) and "uv venv" not in block]
    wrong, shown = [], 0
    for (kind, block), (after, answer) in pairwise([*page, ("", "")]):
        if kind not in ("bash", "python"):
            continue
        told = reader.bash(block) if kind == "bash" else reader.python(block)
        if "keys remove" in block:
            _changed_over(reader)
        if after == "json":
            wrong += [f"{block}\n{one}" for one in differences(answer, told)]
        elif after == "text":
            wrong += [] if answer.split() == told.split() else [f"{block}\nprints {told}"]
        shown += after in ("json", "text")
    assert not wrong, "\n".join(wrong)
    assert shown >= 7


def _changed_over(reader: Reader) -> None:
    """The key that was made is taken up within seconds, and the one that was removed is in the file no more."""
    service, key = reader.service, reader.environment["BESTIARY_KEY"]
    assert service
    until(lambda: service.get("v1/model", Authorization=f"Bearer {key}").status_code == 200)
    assert "checkout-2" in (keys := (reader.folder / "keys.json").read_text())
    assert '"checkout"' not in keys


def prometheus_reads(service: Served, folder: Path) -> None:
    """With the page's settings it gets the figures of the page's table."""
    snippet = next(block for kind, block in blocks(PAGE) if kind == "yaml")
    found = re.search(r"credentials_file: (\S+)", snippet)
    assert found
    key = (folder / found[1]).read_text().strip()
    until(lambda: service.get("v1/model", Authorization=f"Bearer {key}").status_code == 200)
    answer = service.get("metrics", Authorization=f"Bearer {key}")
    told = {sample.name for family in text_string_to_metric_families(answer.text) for sample in family.samples}
    kinds = {re.sub(r"_(bucket|count|sum)$", "", name) for name in told if not name.endswith("_created")}
    listed = {row[0] for row in rows("Figures and logs")}
    ours = {name for name in kinds if name.startswith("bestiary_")} | {"bestiary_customers_total"}
    assert ours | {"process_*"} == listed
    assert "process_resident_memory_bytes" in kinds


def test_the_fields_of_an_answer_are_those_of_the_table() -> None:
    named = [name for row in rows("What the answer means") for name in row[0].split(", ")]
    assert sorted(named) == sorted(shapes.Answer.model_fields)


def test_the_statuses_are_those_of_the_table() -> None:
    listed = [row[0] for row in rows("What cannot be answered")]
    assert listed == sorted({*openapi.ALWAYS, *openapi.SCORING, *openapi.LOOKING, "405", "500"})


def test_the_limits_are_those_of_the_table() -> None:
    limits = Limits()
    assert [row[1] for row in rows("Limits")] == [
        f"{schemas.CUSTOMERS:,}",
        f"{schemas.EVENTS:,}",
        f"{limits.body // 10**6} MB",
        f"{limits.held // 10**6} MB",
        f"{HEAD_BYTES // 1024} KB",
        f"{HEAD_SECONDS:g} s",
        f"{limits.body_seconds:g} s, or `--body-seconds`",
        f"{limits.turn_seconds:g} s",
        f"{READ_SECONDS:g} s",
        f"{server.CONNECTIONS:,}",
        f"{server.IDLE} s",
    ]
    assert f"more than {limits.large // 1024} KB has its turn" in PAGE.read_text(encoding="utf-8")
    assert f"for {server.GRACE} s at most" in PAGE.read_text(encoding="utf-8")
