"""A webhook on a real server: signed, retried, bounded, never redirected; what is given up is kept."""

import json
import os
import socket
import ssl
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from bestiary import pipeline
from bestiary.errors import BestiaryError, ConfigError, StoreError
from bestiary.events_out import RUNNING, resend, send_events, write_events
from bestiary.lake.recipients import recipients
from bestiary.publish import webhook_letters as letters
from bestiary.publish.audience_rights import forget, forget_before
from bestiary.publish.webhook import Answer, Webhook, endpoint_of, secrets_of, signatures
from bestiary.publish.webhook_retry import Patience, deliver
from command import PROGRAM, done, failed
from dashboard_shop import SMALL, copy
from guide import need
from months import APRIL, MAY
from shop import tree
from webhook_receiver import SECRET, Receiver, Step, impatient, receiving

PUBLISHED = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def shop(store: Path, tmp_path: Path) -> Path:
    return copy(store, tmp_path)


def ids(store: Path, **asked: Any) -> list[str]:
    """The ids of a run's events, in order."""
    lines: list[str] = []
    write_events(store, lines.append, "a test", settings=SMALL, **asked)
    return [json.loads(line)["id"] for line in lines]


def send(store: Path, receiver: Receiver, batch: int = 50, waits: list[float] | None = None, **asked: Any) -> Any:
    return send_events(store, receiver.webhook(), batch=batch, patience=impatient(waits), settings=SMALL, **asked)


def dead(store: Path, receiver: Receiver) -> list[str]:
    path = letters.letters_of(store, receiver.webhook().endpoint)
    return [letter.event["id"] for letter in letters.read_letters(path)]


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


@pytest.mark.parametrize("failure", [500, 503, 429, 599, "drop", "cut"])
def test_what_may_pass_is_tried_again_with_back_off(shop: Path, failure: int | str) -> None:
    waits: list[float] = []
    with receiving(failure, failure, failure, 200) as receiver:
        sent = send(shop, receiver, batch=1000, waits=waits)
    assert sent.delivered == len(ids(shop))
    assert len(receiver.requests) == 4
    assert len({request.headers["webhook-id"] for request in receiver.requests}) == 1
    assert len({request.body for request in receiver.requests}) == 1
    assert all(request.is_signed(SECRET) for request in receiver.requests)
    assert waits == [1, 2, 4]
    assert not (shop / "dead_letters").exists()


def test_nobody_there_is_tried_again_too(shop: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    waits: list[float] = []
    webhook = Webhook(endpoint_of(f"http://127.0.0.1:{port}/"), (SECRET,))
    sent = send_events(shop, webhook, batch=20, patience=impatient(waits), settings=SMALL)
    assert (sent.delivered, sent.given_up) == (0, 20 * RUNNING)
    assert "refused" in sent.why
    assert waits == [1, 2, 4, 8, 16] * RUNNING
    assert sent.waiting == len(ids(shop)) - 20 * RUNNING


def test_an_answer_that_does_not_come_is_not_waited_for(shop: Path) -> None:
    with receiving("stall", 200) as receiver:
        webhook = receiver.webhook(seconds=0.2)
        sent = send_events(shop, webhook, batch=1000, patience=impatient(), settings=SMALL)
    assert (sent.delivered, len(receiver.requests)) == (len(ids(shop)), 2)


def test_retry_after_is_waited_for_in_seconds_or_until_a_date(shop: Path) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    waits: list[float] = []
    asked = ("7", later, "soon")
    script: list[Step] = [*((503, {"Retry-After": wait}) for wait in asked), 200]
    with receiving(*script) as receiver:
        send(shop, receiver, batch=1000, waits=waits)
    assert waits[0] == 7
    assert waits[1] == pytest.approx(100, abs=5)
    assert waits[2] == 4


def test_who_asks_to_wait_too_long_is_given_up_for_now(shop: Path) -> None:
    with receiving((503, {"Retry-After": "301"}), 200) as receiver:
        sent = send(shop, receiver, batch=20)
        assert (sent.given_up, sent.delivered) == (20, len(ids(shop)) - 20)


def test_the_back_off_and_all_waiting_are_bounded() -> None:
    answer = Answer(503, "503 Busy")
    patience = impatient(attempts=20)
    assert [patience.next(attempt, answer) for attempt in (1, 6, 7, 8, 19, 20)] == [1, 32, 60, 60, 60, None]
    drawn = Patience(drawn=lambda low, high: low)
    assert drawn.next(3, answer) == 0
    assert drawn.next(3, Answer(429, "", wait=9)) == 9
    waits: list[float] = []
    patient = impatient(waits, attempts=100)
    assert deliver(lambda: answer, patient)[0] == "no time"
    assert sum(waits) <= 900
    assert sum(waits) > 800


@pytest.mark.parametrize("status", [400, 401, 404, 413, 301, 304])
def test_what_will_not_pass_is_not_tried_again_and_kept(shop: Path, status: int) -> None:
    wanted = ids(shop)
    with receiving(204, status, 204) as receiver:
        sent = send(shop, receiver, batch=30)
        assert (sent.delivered, sent.given_up, sent.waiting) == (len(wanted) - 30, 30, 0)
        assert receiver.taken == wanted[:30] + wanted[60:]
        assert dead(shop, receiver) == wanted[30:60]
        assert sent.letters == letters.letters_of(shop, receiver.webhook().endpoint)
        assert str(status) in sent.why
        send(shop, receiver)
        assert len(receiver.taken) == len(wanted) - 30  # the letters are not sent again by themselves


def test_a_redirection_is_not_followed(shop: Path) -> None:
    with receiving() as other, receiving((307, {"Location": "/there"}), (302, {"Location": other.url})) as receiver:
        sent = send(shop, receiver, batch=1000)
        send(shop, receiver, batch=1000, as_of=APRIL)
        assert sent.delivered == 0
        assert other.requests == []
        assert {request.path for request in receiver.requests} == {"/hook?token=abc"}


def test_who_wants_no_more_is_not_asked_again(shop: Path) -> None:
    with receiving(204, 410) as receiver:
        with pytest.raises(BestiaryError, match=r"is gone \(410 Gone\)"):
            send(shop, receiver, batch=20)
        assert len(receiver.requests) == 2
        assert dead(shop, receiver) == []
        receiver.script = (204,)
        receiver.requests.clear()
        send(shop, receiver)
        assert receiver.taken == ids(shop)[20:]


def test_after_three_requests_running_the_rest_is_left(shop: Path) -> None:
    wanted = ids(shop)
    with receiving(204, 404, 204, 404, 404, 404, 204) as receiver:
        sent = send(shop, receiver, batch=10)
        assert len(receiver.requests) == 6
        assert (sent.delivered, sent.given_up, sent.waiting) == (20, 40, len(wanted) - 60)
        send(shop, receiver)
        assert sorted(receiver.taken + dead(shop, receiver)) == sorted(wanted)


@pytest.mark.parametrize("at", [1, 3])
def test_killed_between_two_requests_nothing_is_lost_and_ids_repeat(
    shop: Path, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """Killed after a delivery and before it is noted: those events come again under the same ids and webhook-id."""
    wanted, calls = ids(shop), []
    real = letters.write_mark

    def killed(*arguments: Any) -> None:
        calls.append(1)
        if len(calls) == at:
            raise KeyboardInterrupt
        real(*arguments)

    with receiving() as receiver:
        with monkeypatch.context() as patch:
            patch.setattr(letters, "write_mark", killed)
            with pytest.raises(KeyboardInterrupt):
                send(shop, receiver, batch=25)
        send(shop, receiver, batch=25)
        again = receiver.requests[at - 1], receiver.requests[at]
        assert again[0].headers["webhook-id"] == again[1].headers["webhook-id"]
        assert again[0].body == again[1].body
        assert list(dict.fromkeys(receiver.taken)) == wanted
        assert len(receiver.taken) == len(wanted) + 25


def test_dead_letters_are_sent_again_and_leave_when_delivered(shop: Path) -> None:
    wanted = ids(shop)
    with receiving(404, 404, 204) as receiver:
        send(shop, receiver, batch=20)
        assert dead(shop, receiver) == wanted[:40]
        receiver.script, receiver.requests[:] = (204, 500), []
        patience = impatient(attempts=2)
        sent = resend(shop, receiver.webhook(), batch=15, patience=patience)
        assert (sent.delivered, sent.given_up, sent.waiting) == (15, 25, 0)
        assert dead(shop, receiver) == wanted[15:40]
        receiver.script, receiver.requests[:] = (204,), []
        assert resend(shop, receiver.webhook(), batch=15, patience=patience).delivered == 25
        assert receiver.taken == wanted[15:40]
        assert not letters.letters_of(shop, receiver.webhook().endpoint).exists()
        assert resend(shop, receiver.webhook(), patience=patience).delivered == 0


def test_a_letter_that_was_cut_off_is_passed_over(shop: Path) -> None:
    with receiving(404, 204) as receiver:
        send(shop, receiver, batch=20)
        path = letters.letters_of(shop, receiver.webhook().endpoint)
        path.write_bytes(path.read_bytes()[:-40])
        wanted = ids(shop)[:19]
        assert dead(shop, receiver) == wanted
        letters.add_letters(shop, receiver.webhook().endpoint, [{"id": "x"}, {"id": "x"}], "why")
        assert dead(shop, receiver) == [*wanted, "x"]


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


def test_people_and_old_runs_are_taken_out_of_dead_letters(shop: Path) -> None:
    with receiving(404) as receiver:
        send(shop, receiver, batch=20)
        path = letters.letters_of(shop, receiver.webhook().endpoint)
        kept = list(letters.read_letters(path))
        user = kept[5].event["subject"]
        found = forget(shop, [int(user), -1])
        assert found.letters == sum(letter.event["subject"] == user for letter in kept) > 0
        assert user not in path.read_text()
        assert list(letters.read_letters(path)) == [one for one in kept if one.event["subject"] != user]
        assert forget_before(shop, MAY).letters == 0
        assert forget_before(shop, MAY + timedelta(days=1)).letters == len(kept) - found.letters
        assert not path.exists()


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


def test_a_certificate_that_is_not_to_be_trusted_is_not_sent_to(shop: Path, tmp_path: Path) -> None:
    need("openssl")
    made = ("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost")
    key, certificate = tmp_path / "key.pem", tmp_path / "cert.pem"
    subprocess.run(["openssl", *made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with receiving() as receiver, _encrypted(context, receiver) as url:
        webhook = Webhook(endpoint_of(url), (SECRET,))
        waits: list[float] = []
        sent = send_events(shop, webhook, batch=1000, patience=impatient(waits), settings=SMALL)
        assert (sent.delivered, waits, receiver.requests) == (0, [], [])
        assert "certificate is not to be trusted" in sent.why


def _encrypted(context: ssl.SSLContext, receiver: Receiver) -> Any:
    from contextlib import contextmanager
    from threading import Thread

    @contextmanager
    def serve() -> Iterator[str]:
        with socket.create_server(("127.0.0.1", 0)) as server:
            server.settimeout(10)

            def shake() -> None:
                try:
                    connection, _ = server.accept()
                    with context.wrap_socket(connection, server_side=True):
                        receiver.requests.append(None)  # type: ignore[arg-type]
                except OSError:
                    connection.close()

            thread = Thread(target=shake)
            thread.start()
            yield f"https://127.0.0.1:{server.getsockname()[1]}/"
            thread.join()

    return serve()


def test_the_command_sends_goes_on_and_sends_dead_letters_again(shop: Path) -> None:
    def run(*options: str) -> "subprocess.CompletedProcess[str]":
        command = [PROGRAM, "events", "--store", str(shop), "--webhook", receiver.url, *options]
        environment = os.environ | {"BESTIARY_WEBHOOK_SECRET": PUBLISHED}
        return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)

    wanted = ids(shop)
    with receiving(204, 404, 204) as receiver:
        first = run("--batch", "30")
        assert first.returncode == 1
        assert f": {len(wanted) - 30:,} events as of 2020-05-01 delivered." in " ".join(first.stdout.split())
        assert "Warning: 30 events were given up (404 Not Found, after 1 attempt)" in first.stderr
        assert "--retry-dead" in first.stderr
        assert "token" not in first.stdout + first.stderr
        again = run("--retry-dead")
        assert (again.returncode, again.stderr) == (0, "")
        assert "30 dead letters delivered." in again.stdout
        assert sorted(receiver.taken) == sorted(wanted)
        (secret,) = secrets_of(environment={"BESTIARY_WEBHOOK_SECRET": PUBLISHED})
        assert all(request.is_signed(secret) for request in receiver.requests)
        last = run()
        assert (last.returncode, last.stderr) == (0, "")
        assert f"0 events as of 2020-05-01 delivered; {len(wanted):,} had come there before." in " ".join(
            last.stdout.split()
        )


def test_the_command_asks_for_a_secret(shop: Path) -> None:
    assert "the secret is not given" in failed("events", "--store", shop, "--webhook", "https://shop.example/")
    assert "not encrypted" in failed("events", "--store", shop, "--webhook", "http://shop.example/")
    assert done("events", "--store", shop, "--quiet")
