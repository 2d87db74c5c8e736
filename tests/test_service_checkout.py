"""The checkout example of docs/service.md, taken from the page and used in a real browser."""

import os
import re
import runpy
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from command import done
from dashboard_shop import shared
from dashboard_visit import Visitor, visiting
from guide import file_of
from serve_shop import Served, make_guide, model_of, served
from test_dashboard_browser import violations

if TYPE_CHECKING:
    from playwright.sync_api import Browser

OFFER = "!document.getElementById('offer').hidden"


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The example's folder, and a key of the service."""
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "shop.py").write_text(file_of("python", '"""shop.py'), encoding="utf-8")
    (folder / "checkout.html").write_text(file_of("html", "<!doctype html>"), encoding="utf-8")
    return folder, done("keys", "add", "checkout", "--keys", folder / "keys.json").strip()


@contextmanager
def scored(files: tuple[Path, str], factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The service that the example asks."""
    with served("--model", model_of(shared(factory, "guide", make_guide)), "--keys", files[0] / "keys.json") as running:
        yield running


@contextmanager
def opened(files: tuple[Path, str], service: str) -> Iterator[str]:
    """The example's address, as a person starts it."""
    folder, key = files
    environment = os.environ | {"BESTIARY_URL": service.rstrip("/"), "BESTIARY_KEY": key, "PORT": "0"}
    command = [sys.executable, "-W", "error", "shop.py"]
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[1]
    finally:
        process.terminate()
        _, errors = process.communicate(timeout=30)
        assert key not in errors
        assert "Traceback" not in errors, errors


def offers() -> dict[str, str]:
    return dict(re.findall(r'\["(\w+)", "(.+)"\]', file_of("html", "<!doctype html>")))


def backend(files: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names of shop.py."""
    monkeypatch.setenv("BESTIARY_KEY", files[1])
    return runpy.run_path(str(files[0] / "shop.py"))


def looked_at(visitor: Visitor, name: str | None = None) -> Any:
    """What the page is told of a visitor. With an offer or without one it is a checkout."""
    if name:
        visitor.context.add_cookies([{"name": "visit", "value": name, "url": visitor.address}])
    with visitor.page.expect_response("**/segment") as answer:
        visitor.go("/")
    told = answer.value.json()
    visitor.page.wait_for_load_state("networkidle")
    assert visitor.page.locator("h1").inner_text() == "Checkout"
    assert visitor.page.get_by_role("button").is_enabled()
    return told


def test_the_page_shows_the_offer_for_the_animal_that_the_service_gives(
    browser: "Browser",
    files: tuple[Path, str],
    tmp_path_factory: pytest.TempPathFactory,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pictures = Path(os.environ.get("BESTIARY_SCREENSHOTS") or tmp_path)
    pictures.mkdir(parents=True, exist_ok=True)
    shown = []
    with scored(files, tmp_path_factory) as service, opened(files, service.address) as address:
        for name, events in backend(files, monkeypatch)["KNOWN"].items():
            body = {"customers": [{"events": events}]}
            animal = service.score(body, Authorization=f"Bearer {files[1]}").json()["customers"][0]["persona"]
            with visiting(browser, address) as visitor:
                told = None
                for _ in range(20):  # a busy machine may need more than the example's patience
                    told = looked_at(visitor, name)
                    if told["persona"]:
                        break
                assert told == {"persona": animal}  # and nothing else of the customer
                visitor.until(OFFER)
                assert visitor.page.locator("#offer").inner_text() == offers()[animal]
                assert files[1] not in visitor.page.content()
                assert violations(visitor.page) == []
                visitor.page.set_viewport_size({"width": 640, "height": 320})
                visitor.page.screenshot(path=pictures / f"checkout-{name}.png")
            shown.append(animal)
    assert len(set(shown)) == len(shown) > 1


def test_without_an_answer_there_is_a_checkout_without_an_offer(
    browser: "Browser", files: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with scored(files, tmp_path_factory) as service, opened(files, service.address) as address:
        with visiting(browser, address) as visitor:
            assert looked_at(visitor) == {"persona": None}  # a stranger, of whom it is too early to say anything
            assert visitor.page.locator("#offer").is_hidden()
        service.process.terminate()
        service.process.wait(30)
        with visiting(browser, address) as visitor:
            assert looked_at(visitor, "anna") == {"persona": None}
            assert visitor.page.locator("#offer").is_hidden()
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes connections and never answers
        nowhere = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        with opened(files, nowhere) as address, visiting(browser, address) as visitor:
            assert looked_at(visitor, "anna") == {"persona": None}
            assert visitor.page.locator("#offer").is_hidden()


CLAIMED = {"event_time": "2000-01-01", "event_type": "view", "product_id": "1002"}


def test_the_backend_believes_the_page_little(files: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    believed = backend(files, monkeypatch)["believed"]
    assert list(believed(CLAIMED | {"price": 1e9, "user_id": 7})) == [CLAIMED | {"price": 310.0}]
    wrong: list[Any] = [{"event_type": "purchase"}, {"product_id": "7"}, {"product_id": []}, {"event_time": 3}]
    for claimed in [*(CLAIMED | one for one in wrong), {}, [], None, "view"]:
        assert list(believed(claimed)) == []


def test_the_backend_answers_what_is_no_request(files: tuple[Path, str]) -> None:
    with opened(files, "http://127.0.0.1:9/") as address, httpx.Client(base_url=address, timeout=30) as client:

        def status(content: str | bytes, kind: str = "application/json") -> int:
            return client.post("segment", content=content, headers={"Content-Type": kind}).status_code

        assert client.post("segment", json=[CLAIMED] * 500).json() == {"persona": None}
        assert client.post("segment", json={"not": "a list"}).json() == {"persona": None}
        assert (status("{"), status("[" * 60_000), status(b"\xff")) == (400, 400, 400)
        assert (status("[]", "text/plain"), status(" " * 70_000)) == (404, 413)
        assert client.get("shop.py").status_code == client.get("keys.json").status_code == 404


def test_the_page_writes_no_markup_from_data() -> None:
    page = file_of("html", "<!doctype html>")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval|https?:", page)
