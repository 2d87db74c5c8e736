"""A new model is taken up without a restart and without a failed request; a broken one is refused, loudly."""

import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from bestiary.errors import ModelError
from bestiary.serve.watched import Watched
from dashboard_shop import shared
from serve_shop import JSON, make_shop, model_of, served
from test_serve_guarded import until
from test_serve_problems import BUYER, one


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared(tmp_path_factory, "served", make_shop)


def changed(content: dict[str, Any], name: str) -> str:
    """Another model: the same, whose first segment has another name."""
    again = json.loads(json.dumps(content))
    again["fitted"]["buyers"]["segments"][0]["name"]["en"] = name
    return json.dumps(again)


def test_models_change_under_load_and_no_request_fails(shop: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    shutil.copy(model_of(shop), path)
    content = json.loads(path.read_text())
    statuses: list[int] = []
    versions: list[str] = []
    stop = threading.Event()

    def ask(address: str, size: int) -> None:
        body = json.dumps({"customers": one(BUYER)["customers"] * size})
        with httpx.Client(base_url=address, timeout=30) as client:
            while not stop.is_set():
                answer = client.post("v1/score", content=body, headers=JSON)
                statuses.append(answer.status_code)
                versions.append(answer.json()["model"])

    with served("--model", path) as service:
        threads = [threading.Thread(target=ask, args=(service.address, size)) for size in (1, 1, 2000)]
        for thread in threads:
            thread.start()
        try:
            for number in range(4):
                before = service.get("readyz").json()["model"]
                text = changed(content, f"lion {number}")
                if number % 2:
                    path.write_text(text)  # in place, as careless tools do
                else:
                    (tmp_path / "new.json").write_text(text)
                    (tmp_path / "new.json").replace(path)
                until(lambda before=before: service.get("readyz").json()["model"] != before)  # type: ignore[misc]
                named = service.get("v1/segments").json()["segments"][0]["name"]
                assert named == f"lion {number}"
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        assert set(statuses) == {200}
        assert len(statuses) > 100
        assert len(set(versions)) == 5
        assert service.figure("bestiary_file_loads_total", file="model", outcome="taken") == 4
        assert service.figure("bestiary_file_loads_total", file="model", outcome="refused") == 0


BROKEN: dict[str, Callable[[dict[str, Any]], str]] = {
    "cut": lambda model: json.dumps(model)[:-200],
    "empty": lambda model: "",
    "no model": lambda model: "[1, 2]",
    "a newer format": lambda model: json.dumps(model | {"format_version": 99}),
    "not a number": lambda model: json.dumps(model).replace('"min_events":', '"min_events": NaN, "x":', 1),
    "dimensions": lambda model: json.dumps(_without_a_segment(model)),
    "nested": lambda model: "[" * 100_000,
    "too large": lambda model: json.dumps(model) + " " * 16_000_000,
    "no time zone": lambda model: json.dumps(model | {"provenance": model["provenance"] | {"time_zone": None}}),
}


def _without_a_segment(model: dict[str, Any]) -> dict[str, Any]:
    again: dict[str, Any] = json.loads(json.dumps(model))
    again["fitted"]["buyers"]["partition"]["centroids"].pop()
    return again


def test_a_broken_model_is_refused_and_the_old_one_answers(shop: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    shutil.copy(model_of(shop), path)
    content = json.loads(path.read_text())
    with served("--model", path) as service:
        version = service.get("readyz").json()["model"]
        for number, (name, broken) in enumerate(BROKEN.items(), start=1):
            path.write_text(broken(content))
            until(lambda number=number: len(service.log("model_refused")) == number)  # type: ignore[misc]
            told = service.get("readyz").json()
            assert (told["ready"], told["model"]) == (True, version), name
            assert told["refused"] == service.get("v1/model").json()["refused"]
            assert told["refused"]
            assert str(tmp_path) not in json.dumps(told), name
            assert service.score(one(BUYER)).status_code == 200
            assert service.figure("bestiary_file_loads_total", file="model", outcome="refused") == number
        path.unlink()
        until(lambda: len(service.log("model_refused")) == len(BROKEN) + 1)
        assert service.score(one(BUYER)).status_code == 200
        shutil.copy(model_of(shop), path)
        until(lambda: service.get("readyz").json()["refused"] is None)
        time.sleep(2.5)
        assert len(service.log("model_refused")) == len(BROKEN) + 1  # each was told once


def test_a_refusal_is_told_also_when_quiet(shop: Path, tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    shutil.copy(model_of(shop), path)
    with served("--model", path, "--quiet") as service:
        assert service.score(one(BUYER)).status_code == 200
        path.write_text("{}")
        until(lambda: bool(service.log("model_refused")))
        assert not service.log("request")


def test_a_file_is_read_when_it_has_come_to_rest(tmp_path: Path) -> None:
    path, told = tmp_path / "a", []
    path.write_text("one")

    def read(at: Path) -> str:
        if at.read_text() == "bad":
            raise ModelError(f"{at} is bad.")
        if at.read_text() == "worse":
            raise KeyError(str(at))
        return at.read_text()

    watched = Watched(lambda: path, read, lambda *what: told.append(what))
    watched.look()
    path.write_text("second")
    watched.look()
    assert watched.value == "one"  # it may still be written to
    watched.look()
    assert (watched.value, watched.refused) == ("second", None)
    path.write_text("bad")
    for _ in range(4):
        watched.look()
    assert (watched.value, watched.refused) == ("second", "The file is bad.")
    path.write_text("worse")
    for _ in range(4):
        watched.look()
    assert (watched.value, watched.refused) == ("second", "The file cannot be read: KeyError.")
    path.unlink()
    for _ in range(4):
        watched.look()
    assert watched.value == "second"
    path.write_text("third one")
    watched.look()
    watched.look()
    assert (watched.value, watched.refused) == ("third one", None)
    assert [one[0] for one in told] == ["taken", "refused", "refused", "refused", "taken"]


def test_the_first_file_must_be_good(tmp_path: Path) -> None:
    def read(_: Path) -> str:
        raise ModelError("It is bad.")

    with pytest.raises(ModelError):
        Watched(lambda: tmp_path / "a", read)
