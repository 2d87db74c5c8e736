"""Who may look: what is asked of a visitor, what is refused, and what every answer says of itself."""

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import quote
from urllib.request import ProxyHandler, Request, build_opener

import polars as pl
import pytest
from starlette.routing import Route

from bestiary.dashboard import SHORTEST
from bestiary.report.dashboard.access import COOKIE, HEADERS
from bestiary.report.dashboard.app import create_app
from bestiary.report.dashboard.compared import Comparisons
from command import failed
from dashboard_served import served
from dashboard_shop import RUNS, TestClient, client, copy

TOKEN = "a-token-of-the-tests-é"
HTML = {"Accept": "text/html"}
SAMPLES = {"number": "0", "kind": "csv", "key": "map", "name": "page.js"}


@pytest.fixture
def stranger(store: Path) -> TestClient:
    return client(store, token=TOKEN, address="http://shop.example:8765")


def addresses(store: Path) -> list[tuple[str, str]]:
    """The method and an address of every route there is."""
    app = create_app(store, Comparisons(lambda earlier, later: {})).app
    found = []
    for route in _routes(app):
        path = re.sub(r"\{(\w+)[^}]*\}", lambda one: SAMPLES[one[1]], route.path)
        found += [(method, path) for method in route.methods or () if method != "HEAD"]
    return found


def _routes(app: object) -> Iterator[Route]:
    """Routes, and those of routers among them."""
    for one in getattr(app, "routes", ()):
        if isinstance(one, Route):
            yield one
        else:
            yield from _routes(getattr(one, "original_router", one))


def test_on_loopback_nothing_is_asked_for(store: Path) -> None:
    for host in ("127.0.0.1:8765", "localhost", "LOCALHOST:1", "[::1]:8765", "127.0.0.2"):
        answer = client(store).get("/", headers={"Host": host})
        assert (host, answer.status_code) == (host, 200)
    for method in ("get", "post"):
        answer = getattr(client(store), method)("/enter?next=/map")
        assert (answer.status_code, answer.headers["location"]) == (303, "/map")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8765", "127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1", "[::2]", "",
     "0.0.0.0", "127.0.0.1@evil.example"],
)  # fmt: skip
def test_a_foreign_name_that_leads_here_is_refused(store: Path, host: str) -> None:
    for address in ("/", "/segments/0/customers.csv", "/static/page.js", "/enter"):
        answer = client(store).get(address, headers={"Host": host})
        assert answer.status_code == 421
        assert len(answer.content) < 200


def test_with_a_token_every_route_but_the_door_is_closed(store: Path, stranger: TestClient) -> None:
    found = addresses(store)
    opened = [(method, path) for method, path in found if path in ("/enter", "/static/page.js")]
    assert sorted(opened) == [("GET", "/enter"), ("GET", "/static/page.js"), ("POST", "/enter")]
    assert len(found) >= 9
    for method, path in set(found) - set(opened):
        assert stranger.request(method, path).status_code == 401
        answer = stranger.request(method, f"{path}?run=2020-04-01&id=a%26b", headers=HTML)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/enter?next={quote(path, safe='')}%3Frun%3D2020-04-01%26id%3Da%2526b"
    closed = ["/nothing", "/entered", "/enter/", "/enter/x", "/static", "/static/", "/static/../map", "/static//map"]
    for path in [*closed, "/static/..%2f..%2fsegments%2f0", "//enter", "/static/x/../../map"]:
        assert stranger.get(path).status_code in (401, 404)
        assert stranger.get(path, headers={"Authorization": "Bearer x"}).status_code in (401, 404)
    for method in ("POST", "PUT", "DELETE", "OPTIONS", "HEAD"):
        assert stranger.request(method, "/", headers=HTML).status_code == 401


def test_a_bearer_of_the_token_comes_in(stranger: TestClient) -> None:
    for scheme in ("Bearer ", "bearer ", "BEARER  "):
        said = f"{scheme}{TOKEN}".encode()
        assert stranger.get("/segments/0", headers={b"Authorization": said}).status_code == 200
    for wrong in ("Bearer", "Bearer ", "Bearer x", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN):
        headers = {b"Authorization": wrong.encode()}
        assert stranger.get("/segments/0", headers=headers).status_code == 401


def test_who_enters_gets_a_cookie_that_does_not_hold_the_token(stranger: TestClient) -> None:
    assert stranger.get("/enter?next=/map").status_code == 200
    answer = stranger.post("/enter?next=/segments/0%3Frun%3D2020-04-01", data={"token": f" {TOKEN} "})
    assert (answer.status_code, answer.headers["location"]) == (303, "/segments/0?run=2020-04-01")
    kept = answer.headers["set-cookie"]
    assert re.fullmatch(rf"{COOKIE}=[0-9a-f]{{64}}; HttpOnly; Path=/; SameSite=strict", kept)
    for page in ("/", "/customers?id=1", "/segments/0/customers.csv"):
        assert stranger.get(page).status_code in (200, 404)
    stranger.cookies.set(COOKIE, stranger.cookies[COOKIE][:-1] + "x")
    assert stranger.get("/").status_code == 401


def test_behind_tls_the_cookie_stays_there(store: Path) -> None:
    visitor = client(store, token=TOKEN, address="https://shop.example")
    assert "; Secure" in visitor.post("/enter", data={"token": TOKEN}).headers["set-cookie"]


@pytest.mark.parametrize("given", ["", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "\0", "\ufffd"])
def test_a_wrong_token_is_refused(stranger: TestClient, given: str) -> None:
    answer = stranger.post("/enter?next=/map", data={"token": given})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert TOKEN not in answer.text
    for cookie in ("0" * 64, TOKEN, "", '"', "a=b; ;;"):
        assert stranger.get("/map", headers={"Cookie": f"{COOKIE}={cookie}".encode()}).status_code == 401


@pytest.mark.parametrize(
    "elsewhere",
    ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "\\\\evil.example", "evil", "",
     "/\t/evil.example", "/\n/evil.example", "/\r\nLocation: https://evil.example", " //evil.example"],
)  # fmt: skip
def test_the_door_leads_nowhere_else(stranger: TestClient, elsewhere: str) -> None:
    answer = stranger.post("/enter", params={"next": elsewhere}, data={"token": TOKEN})
    assert answer.status_code == 303
    assert re.fullmatch(r"/([^/\\\t\r\n][^\t\r\n]*)?", answer.headers["location"])


def test_a_form_that_is_too_long_is_refused(stranger: TestClient) -> None:
    for body in (b"token=" + b"x" * 4091, b"\xff" * 100_000):
        assert stranger.post("/enter", content=body).status_code == 413
    assert stranger.post("/enter", content=b"token=" + b"x" * 4090).status_code == 403
    assert stranger.post("/enter", content=f"token={quote(TOKEN)}&more=".encode() + b"x" * 4000).status_code == 303


def test_the_door_speaks_the_language_of_the_command(store: Path) -> None:
    assert '<html lang="fr">' in client(store, token=TOKEN, language="fr").get("/enter").text
    assert '<html lang="en">' in client(store, token=TOKEN, language="fr").get("/enter?lang=en").text


@pytest.mark.parametrize("token", [None, TOKEN])
def test_every_answer_says_what_a_browser_may_do_with_it(
    store: Path, token: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = client(store, token=token)
    answers = [
        visitor.request(method, path, headers=given)
        for method, path in [
            *addresses(store),
            ("GET", "/nothing"),
            ("PUT", "/map"),
            ("GET", "/?run=x"),
            ("GET", "/map/"),
        ]
        for given in ({}, HTML, {"Host": "evil.example"})
    ]
    answers += [visitor.post("/enter", content=b"x" * 5000)]
    monkeypatch.setattr("bestiary.report.dashboard.board.page", None)
    answers += [visitor.get("/segments/0", headers={b"Authorization": f"Bearer {TOKEN}".encode()})]
    assert answers[-1].status_code == 500
    assert {one.status_code for one in answers} >= {200, 303, 404, 405, 500} - ({404, 405} if token else set())
    for answer in answers:
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert "cache-control" in answer.headers
        assert "server" not in answer.headers
        if answer.status_code != 200 or "javascript" not in answer.headers["content-type"]:
            assert answer.headers["cache-control"] == "no-store"
    policy = dict(one.strip().split(" ", 1) for one in HEADERS["Content-Security-Policy"].split(";"))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert policy["form-action"] == "'self'"


def ask(address: str, path: str, **headers: str) -> tuple[int, str]:
    """A real answer: its status and text."""
    try:
        with build_opener(ProxyHandler({})).open(Request(address + path, headers=headers)) as answer:
            return answer.status, answer.read().decode("utf-8", errors="replace")
    except HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_a_token_is_short_or_made_or_given(store: Path) -> None:
    told = failed("dashboard", "--store", store, "--host", "256.0.0.1", "--port", "0")
    assert "Cannot listen on 256.0.0.1" in told
    with served(store, "--host", "0.0.0.0") as (address, process):
        assert process.stdout is not None
        token = process.stdout.readline().removeprefix("Token: ").strip()
        assert len(token) >= 2 * SHORTEST
        address = address.replace("0.0.0.0", "127.0.0.1")
        assert ask(address, "map")[0] == 401
        assert ask(address, "map", Authorization=f"Bearer {token}")[0] == 200
        assert ask(address, "map", Authorization=f"Bearer {token}", Host="shop.example")[0] == 200
    with served(store, environment={"BESTIARY_TOKEN": "b" * SHORTEST}) as (address, _):
        assert ask(address, "map")[0] == 401
        assert ask(address, "map", Authorization="Bearer " + "b" * SHORTEST)[0] == 200


def test_a_short_token_is_refused(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BESTIARY_TOKEN", "short")
    told = failed("dashboard", "--store", store, "--port", "0")
    assert "The token has 5 characters." in told
    assert "short" not in told


def test_a_port_that_is_taken_is_told(store: Path) -> None:
    with served(store) as (address, _):
        port = address.rstrip("/").rpartition(":")[2]
        assert f"Cannot listen on 127.0.0.1, port {port}" in failed("dashboard", "--store", store, "--port", port)


def test_the_server_prints_nobody(store: Path, tmp_path: Path) -> None:
    """Not of look-ups, nor of errors: its output goes to logs that others read."""
    mine = copy(store, tmp_path)
    ids = [str(one) for one in pl.read_parquet(mine / "runs" / str(RUNS[0]) / "segments.parquet")["user_id"]]
    said: list[str] = []
    with served(mine, said=said) as (address, _):
        assert ask(address, f"customers?id={ids[0]}")[0] == 200
        assert ask(address, "customers?id=someone@example.org")[0] == 404
        assert ask(address, "", Host="evil.example")[0] == 421
        for name in ("customers.parquet", "segments.parquet", "summary.json"):
            path = mine / "runs" / str(RUNS[0]) / name
            whole = path.read_bytes()
            path.write_bytes(b"PAR1" + b"\xff" * (len(whole) - 8) + b"PAR1")
            assert ask(address, f"customers?id={ids[1]}")[0] == 500
            path.write_bytes(b"{}")
            assert ask(address, f"customers?id={ids[2]}")[0] == 500
            path.write_bytes(whole)
        assert ask(address, f"customers?id={ids[3]}")[0] == 200
    assert not any(one in "".join(said) for one in [*ids, "someone@"])
