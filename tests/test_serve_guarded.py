"""Keys, rates, and an end that finishes what was begun."""

import json
import os
import re
import signal
import socket
import stat
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from bestiary.errors import ConfigError
from bestiary.serve.keys import Bucket, Key, Keyring, add_key, digest, read_keys, remove_key
from command import bestiary, done, failed
from dashboard_shop import shared
from serve_shop import Served, make_shop, model_of, rest, served
from test_serve_problems import BUYER, one


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared(tmp_path_factory, "served", make_shop)


@pytest.fixture
def guarded(shop: Path, tmp_path: Path) -> Iterator[tuple[Served, Path, str]]:
    """A service that asks for keys, their file, and one key."""
    keys = tmp_path / "keys.json"
    key = done("keys", "add", "checkout", "--keys", keys).strip()
    with served("--model", model_of(shop), "--store", shop, "--keys", keys) as running:
        yield running, keys, key


def until(holds: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "still not"
        time.sleep(0.05)


def asked(service: Served, key: str | None, path: str = "v1/model") -> int:
    return service.get(path, **({"Authorization": f"Bearer {key}"} if key is not None else {})).status_code


def test_without_a_key_only_health_is_told(guarded: tuple[Served, Path, str]) -> None:
    service, _, key = guarded
    for path in ("v1/model", "v1/segments", "v1/customers/1", "metrics", "openapi.json", "nowhere"):
        answer = service.get(path)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert service.score(one(BUYER)).status_code == 401
    assert (service.get("healthz").status_code, service.get("readyz").status_code) == (200, 200)
    for wrong in ("x", key[:-1], key + "x", key.upper(), digest(key), "é" * 20):
        raw = f"Bearer {wrong}".encode()
        assert service.client.get("v1/model", headers={b"Authorization": raw}).status_code == 401
    for header in ("Bearer", f"Basic {key}", key):
        assert service.get("v1/model", Authorization=header).status_code == 401
    assert asked(service, key) == 200
    assert service.score(one(BUYER), Authorization=f"bearer {key}").status_code == 200
    assert service.log("request")[-1]["key"] == "checkout"
    assert not [line for line in service.lines if key in line or digest(key) in line]


def test_keys_lie_hashed_and_for_their_owner_alone(guarded: tuple[Served, Path, str]) -> None:
    _, keys, key = guarded
    assert key not in keys.read_text()
    assert json.loads(keys.read_text())["keys"] == [{"name": "checkout", "sha256": digest(key), "rate": 200.0}]
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert re.fullmatch(r"bst_[A-Za-z0-9_-]{43}", key)


def test_keys_are_changed_while_it_serves(guarded: tuple[Served, Path, str]) -> None:
    service, keys, old = guarded
    new = done("keys", "add", "checkout-2", "--keys", keys, "--rate", "50").strip()
    until(lambda: asked(service, new) == 200)
    assert asked(service, old) == 200  # both, for as long as it takes to change over
    assert done("keys", "list", "--keys", keys) == "checkout\t200 requests a second\ncheckout-2\t50 requests a second\n"
    done("keys", "remove", "checkout", "--keys", keys)
    until(lambda: asked(service, old) == 401)
    assert asked(service, new) == 200
    keys.write_text('{"format_version": 1, "keys": [{"name": "x", "sha256": "short"}]}')
    until(lambda: bool(service.log("keys_refused")))
    assert asked(service, new) == 200  # a broken file shuts nobody out, nor lets anybody in
    assert service.get("metrics", Authorization=f"Bearer {new}").text.count('file="keys",outcome="refused"} 1.0') == 1
    assert not [line for line in service.lines if str(keys) in line]


def test_a_key_has_its_rate(shop: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    slow, quick = (
        done("keys", "add", name, "--keys", keys, "--rate", rate).strip() for name, rate in (("a", "5"), ("b", "500"))
    )
    with served("--model", model_of(shop), "--keys", keys) as service:
        answers = [service.get("v1/model", Authorization=f"Bearer {slow}") for _ in range(30)]
        refused = [one for one in answers if one.status_code == 429]
        assert [one.status_code for one in answers[:5]] == [200] * 5
        assert len(refused) >= 10
        assert refused[0].headers["retry-after"] == "1"
        assert "5 requests a second" in refused[0].json()["detail"]
        assert all(asked(service, quick) == 200 for _ in range(30))
        until(lambda: asked(service, slow) == 200)
        assert asked(service, None, "healthz") == 200


def test_the_bucket_by_hand() -> None:
    bucket = Bucket(2.0, now=0.0)
    assert [bucket.wait(0.0) for _ in range(3)] == [0.0, 0.0, 0.5]
    assert bucket.wait(0.25) == 0.25
    assert bucket.wait(0.5) == 0.0
    assert [bucket.wait(100.0) for _ in range(3)] == [0.0, 0.0, 0.5]  # rest is worth a second at most
    assert [Bucket(0.1, now=0.0).wait(0.0), Bucket(0.1, now=0.0).wait(5.0)] == [0.0, 0.0]


def test_a_new_file_of_keys_forgets_no_rate() -> None:
    key = Key(name="a", sha256="0" * 64, rate=1)
    ring = Keyring([key])
    assert ring.wait(key) == 0.0
    ring.take([key, Key(name="b", sha256="1" * 64)])
    assert ring.wait(key) > 0.5


def test_elsewhere_than_on_loopback_keys_are_needed(shop: Path, tmp_path: Path) -> None:
    told = failed("serve", "--model", model_of(shop), "--host", "0.0.0.0", "--port", "0")
    assert "there are no keys" in told
    assert "bestiary keys add" in told
    with served("--model", model_of(shop), "--host", "0.0.0.0", "--unguarded") as service:
        port = service.address.rstrip("/").rpartition(":")[2]
        service.client.base_url = f"http://127.0.0.1:{port}/"
        assert service.get("v1/model", Host="service.example").status_code == 200
    keys = tmp_path / "keys.json"
    key = add_key(keys, "a")
    with served("--model", model_of(shop), "--host", "0.0.0.0", "--keys", keys) as service:
        service.client.base_url = service.address.replace("0.0.0.0", "127.0.0.1")
        assert asked(service, None) == 401
        assert asked(service, key) == 200


def test_keys_of_a_file_are_made_and_forgotten(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    made = [add_key(keys, name) for name in ("a", "b", "c")]
    assert [one.sha256 for one in read_keys(keys).keys] == [digest(one) for one in made]
    with pytest.raises(ConfigError, match="There is a key called 'a'"):
        add_key(keys, "a")
    remove_key(keys, "b")
    assert [one.name for one in read_keys(keys).keys] == ["a", "c"]
    with pytest.raises(ConfigError, match="no key called 'bb'"):
        remove_key(keys, "bb")
    for name, rate in (("", 1), ("a b", 1), ("x" * 65, 1), ("d", 0), ("d", float("nan"))):
        with pytest.raises(ConfigError):
            add_key(keys, name, rate)
    assert [one.name for one in read_keys(keys).keys] == ["a", "c"]


def test_keys_that_are_made_at_once_are_all_there(tmp_path: Path) -> None:
    keys = tmp_path / "keys.json"
    with ThreadPoolExecutor(6) as pool:
        made = list(pool.map(lambda number: done("keys", "add", f"k{number}", "--keys", keys).strip(), range(6)))
    assert {one.sha256 for one in read_keys(keys).keys} == {digest(one) for one in made}


def test_a_linked_file_of_keys_stays_linked(tmp_path: Path) -> None:
    (tmp_path / "link.json").symlink_to(tmp_path / "keys.json")
    add_key(tmp_path / "link.json", "a")
    assert (tmp_path / "link.json").is_symlink()
    assert [one.name for one in read_keys(tmp_path / "keys.json").keys] == ["a"]


@pytest.mark.parametrize("content", ["", "[]", '{"keys": [{"name": "a"}]}', '{"format_version": 2, "keys": []}'])
def test_a_file_that_is_none_of_keys_is_told(shop: Path, tmp_path: Path, content: str) -> None:
    (tmp_path / "keys.json").write_text(content)
    told = failed("serve", "--model", model_of(shop), "--keys", tmp_path / "keys.json", "--port", "0")
    assert "bestiary keys add" in told


def test_what_was_begun_is_finished(shop: Path) -> None:
    """Asked to end in the middle of a body: the rest of it still comes, and is answered."""
    with served("--model", model_of(shop)) as service:
        host, port = service.address.removeprefix("http://").rstrip("/").split(":")
        body = json.dumps(one(BUYER)).encode()
        head = "POST /v1/score HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
        with socket.create_connection((host, int(port)), timeout=30) as begun:
            begun.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:20])
            time.sleep(0.5)
            service.process.send_signal(signal.SIGTERM)
            until(lambda: not answers(host, int(port)))
            assert service.process.poll() is None
            begun.sendall(body[20:])
            answer = rest(begun)
        assert answer.startswith(b"HTTP/1.1 200")
        assert b'"persona"' in answer


def test_it_ends_well_as_soon_as_it_has_told_its_address(shop: Path) -> None:
    for _ in range(3):
        with served("--store", shop) as service:
            pass  # `served` asks it to end, and it must, with nothing but lines of the log behind it
        assert [json.loads(line)["event"] for line in service.lines] == ["result"]


def answers(host: str, port: int) -> bool:
    """Whether new connections are taken."""
    try:
        socket.create_connection((host, port), timeout=1).close()
    except OSError:
        return False
    return True


def test_a_service_needs_something_to_serve(tmp_path: Path, shop: Path) -> None:
    assert "nothing to serve" in failed("serve", "--port", "0")
    assert "Cannot read" in failed("serve", "--model", tmp_path / "model.json", "--port", "0")
    assert "is not a store" in failed("serve", "--store", tmp_path / "nowhere", "--port", "0")
    os.mkfifo(tmp_path / "pipe")
    assert "is not a file" in failed("serve", "--model", tmp_path / "pipe", "--port", "0")
    assert "is not a file" in failed("serve", "--model", "/dev/zero", "--port", "0")
    (tmp_path / "model.json").write_text("{}")
    assert "is not a valid model" in failed("serve", "--model", tmp_path / "model.json", "--port", "0")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = failed("serve", "--model", model_of(shop), "--port", str(taken.getsockname()[1]))
    assert "Cannot listen" in told
    assert bestiary("serve", "--model", model_of(shop), "--port", "99999").returncode == 2
