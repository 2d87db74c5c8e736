"""A webhook whose receiver fails, or whose sender is killed: tried again, bounded, never redirected."""

import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from bestiary.errors import BestiaryError
from bestiary.events_out import RUNNING, send_events
from bestiary.publish import webhook_letters as letters
from bestiary.publish.webhook import Answer, Webhook, endpoint_of
from bestiary.publish.webhook_retry import Patience, deliver
from dashboard_shop import SMALL, copy
from guide import need
from months import APRIL
from webhook_receiver import SECRET, Receiver, Step, impatient, receiving
from webhook_shop import dead, ids, send


@pytest.fixture
def shop(store: Path, tmp_path: Path) -> Path:
    return copy(store, tmp_path)


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


@contextmanager
def _encrypted(context: ssl.SSLContext, receiver: Receiver) -> Iterator[str]:
    """The address of a server that notes every handshake that ends well."""
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
