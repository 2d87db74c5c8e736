"""A webhook on a real server: signed, in batches, each event once; whom it is sent to, and by whose secret."""

import json
from pathlib import Path

import duckdb
import pytest

from bestiary import pipeline
from bestiary.errors import BestiaryError, ConfigError, StoreError
from bestiary.events_out import send_events
from bestiary.lake.recipients import recipients
from bestiary.publish.webhook import endpoint_of, secrets_of, signatures
from command import done, failed
from dashboard_shop import SMALL, copy
from months import APRIL, MAY
from shop import tree
from webhook_receiver import SECRET, impatient, receiving
from webhook_shop import PUBLISHED, ids, send


@pytest.fixture
def shop(store: Path, tmp_path: Path) -> Path:
    return copy(store, tmp_path)


def test_the_published_signature() -> None:
    """The example of the specification's reference libraries."""
    (secret,) = secrets_of(environment={"BESTIARY_WEBHOOK_SECRET": PUBLISHED})
    found = signatures([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_everything_is_delivered_once_in_signed_batches(shop: Path) -> None:
    wanted = ids(shop)
    with receiving() as receiver:
        sent = send(shop, receiver)
        assert (sent.delivered, sent.given_up, sent.before, sent.waiting) == (len(wanted), 0, 0, 0)
        assert receiver.taken == wanted
        assert [len(one.events) for one in receiver.requests[:-1]] == [50] * (len(wanted) // 50)
        for request in receiver.requests:
            assert request.is_signed(SECRET)
            assert request.headers["content-type"] == "application/cloudevents-batch+json; charset=UTF-8"
            assert request.path == "/hook?token=abc"
        assert len({request.headers["webhook-id"] for request in receiver.requests}) == len(receiver.requests)
        before = tree(shop)
        again = send(shop, receiver)
        assert (again.delivered, again.before, len(receiver.taken)) == (0, len(wanted), len(wanted))
        assert tree(shop) == before
        send(shop, receiver, as_of=APRIL)
        assert receiver.taken == wanted + ids(shop, as_of=APRIL)
    noted = [one for one in recipients(shop) if one.kind == "webhook"]
    assert [(one.to, one.runs) for one in noted] == [(receiver.url.partition("?")[0], ("2020-04-01", "2020-05-01"))]
    assert not [path for path in shop.rglob("*") if path.is_file() and b"token" in path.read_bytes()]


def test_one_event_a_request_is_in_structured_mode(shop: Path) -> None:
    with receiving() as receiver:
        send(shop, receiver, batch=1)
    assert {request.headers["content-type"] for request in receiver.requests} == {
        "application/cloudevents+json; charset=UTF-8"
    }
    assert all(isinstance(json.loads(request.body), dict) for request in receiver.requests)
    assert receiver.taken == ids(shop)


def test_two_secrets_sign_each_on_its_own(shop: Path) -> None:
    with receiving() as receiver:
        send_events(shop, receiver.webhook(SECRET, b"t" * 24), patience=impatient(), settings=SMALL)
    assert all(request.is_signed(SECRET, b"t" * 24) for request in receiver.requests)


def test_after_an_erasure_nobody_is_told_twice(shop: Path) -> None:
    wanted = ids(shop)
    with receiving(204, 410) as receiver:
        with pytest.raises(BestiaryError):
            send(shop, receiver, batch=20)
        gone = receiver.requests[0].events[3]["subject"], receiver.requests[1].events[3]["subject"]
        path = shop / "runs" / "2020-05-01" / "movements.parquet"
        duckdb.execute(f"COPY (SELECT * FROM '{path}' WHERE user_id NOT IN {gone}) TO '{path}.new' (FORMAT parquet)")
        path.with_name("movements.parquet.new").replace(path)
        receiver.script, receiver.requests[:] = (204,), []
        send(shop, receiver)
        left = [one for one in ids(shop) if one in wanted[20:]]
        assert receiver.taken == left
        assert len(left) < len(wanted) - 20


def test_a_run_that_was_fitted_again_is_told_anew(shop: Path) -> None:
    with receiving() as receiver:
        send(shop, receiver)
        first = list(receiver.taken)
        pipeline.fit(shop, as_of=MAY, settings=SMALL.model_copy(update={"k": 6, "anew": True}))
        receiver.requests.clear()
        send(shop, receiver)
        assert receiver.taken == ids(shop)
        assert set(receiver.taken) - set(first)


def test_a_damaged_note_of_what_was_delivered_is_told(shop: Path) -> None:
    with receiving() as receiver:
        send(shop, receiver)
        (path,) = (shop / "deliveries").iterdir()
        path.write_text('{"format_version": 2}')
        with pytest.raises(StoreError, match="is damaged"):
            send(shop, receiver)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://shop.example/hook", "not encrypted"),
        ("http://127.0.0.1.example/hook", "not encrypted"),
        ("https://user:word@shop.example/", "a name, a password or a fragment"),
        ("https://shop.example/#a", "a name, a password or a fragment"),
        *((url, "is none") for url in ("", "shop.example", "ftp://shop.example/", "file:///etc/passwd", "https://")),
        *((url, "is none") for url in ("https://a b/", "https://é.example/", "https://x:99999/", "https://x/\n")),
    ],
)
def test_an_address_that_is_none_or_not_safe_is_refused(url: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as raised:
        endpoint_of(url)
    assert "word" not in raised.value.found.replace("password", "")


def test_addresses_that_are_allowed() -> None:
    for url in ("https://shop.example/hook?key=1", "http://localhost:1/", "http://127.0.0.9/", "http://[::1]:80/"):
        assert endpoint_of(url).url == url
    assert endpoint_of("https://shop.example/hook?key=1").told == "https://shop.example/hook"
    assert endpoint_of("http://shop.example/", plain_http=True).url == "http://shop.example/"


@pytest.mark.parametrize(
    "text", ["whsec_", "whsec_c2hvcnQ=", "not base64!", "whsec_" + "A" * 100, "c2hvcnQ= " + PUBLISHED]
)
def test_what_is_no_secret_is_refused_and_not_told(text: str) -> None:
    with pytest.raises(ConfigError, match="holds no secret") as raised:
        secrets_of(environment={"BESTIARY_WEBHOOK_SECRET": text})
    assert text.removeprefix("whsec_") not in str(raised.value) or text == "whsec_"


def test_a_secret_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"{PUBLISHED}\n")
    assert secrets_of(file, {}) == secrets_of(environment={"BESTIARY_WEBHOOK_SECRET_FILE": str(file)})
    with pytest.raises(ConfigError, match="is not given"):
        secrets_of(environment={})
    with pytest.raises(ConfigError, match="cannot be read"):
        secrets_of(tmp_path / "none", {})


def test_the_command_asks_for_a_secret(shop: Path) -> None:
    assert "the secret is not given" in failed("events", "--store", shop, "--webhook", "https://shop.example/")
    assert "not encrypted" in failed("events", "--store", shop, "--webhook", "http://shop.example/")
    assert done("events", "--store", shop, "--quiet")
