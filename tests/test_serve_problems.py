"""What cannot be answered is told as problem details: the field, what is allowed, what was found, and never a file."""

import gzip
import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bestiary.serve.protocol import READ_SECONDS
from dashboard_shop import shared
from serve_shop import JSON, Served, make_shop, model_of, rest, served

BUYER = {
    "number_of_events_7m": 40, "number_of_purchases_7m": 3, "days_since_last_purchase": 12,
    "total_purchase_value": 300.5,
}  # fmt: skip
EVENT = {"event_time": "2020-04-20 10:00:00 UTC", "event_type": "view", "product_id": 7, "price": 3.5}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served("--model", model_of(shared(tmp_path_factory, "served", make_shop))) as running:
        yield running


def one(features: Any = None, **more: Any) -> dict[str, Any]:
    return {"customers": [({"features": features} if features is not None else {}) | more]}


WRONG: dict[str, tuple[Any, int, str, str, str | None]] = {
    # what is sent, status, field, a word of what is allowed, what was found
    "no JSON": ("{", 400, "", "", None),
    "nothing": ("", 400, "", "", None),
    "no object": ([], 422, "", "", None),
    "no customers": ({}, 422, "customers", "", None),
    "an empty batch": ({"customers": []}, 422, "customers", "at least 1", "[]"),
    "too many": ({"customers": [{"features": BUYER}] * 10_001}, 422, "customers", "at most 10000", None),
    "something else": (one(BUYER) | {"model": "x"}, 422, "model", "not a known name", '"x"'),
    "an unknown column": (one(BUYER | {"age": 3}), 422, "customers.0.features.age", "not a known name", "3.0"),
    "a text": (
        one(BUYER | {"number_of_events_7m": "4"}),
        422, "customers.0.features.number_of_events_7m", "number", '"4"',
    ),
    "true": (
        one(BUYER | {"days_since_last_purchase": True}),
        422, "customers.0.features.days_since_last_purchase", "", "true",
    ),
    "below zero": (
        one(BUYER | {"number_of_purchases_7m": -1}),
        422, "customers.0.features.number_of_purchases_7m", "at least 0", "-1",
    ),
    "a missing count": (one({"number_of_purchases_7m": 1}), 422, "customers.0.features.number_of_events_7m", "", None),
    "a missing date": (
        one({name: value for name, value in BUYER.items() if name != "days_since_last_purchase"}),
        422, "customers.0.features.days_since_last_purchase", "customers with a purchase in the last 7 months", None,
    ),
    "a null that decides": (
        one(BUYER | {"number_of_purchases_7m": None}),
        422, "customers.0.features.number_of_purchases_7m", "a number", "null",
    ),
    "a year beyond all": (one(events=[EVENT]) | {"as_of": "9999-12-31"}, 422, "as_of", "from 1990 to 8999", None),
    "neither": (one(), 422, "customers.0", "either features or events", "neither"),
    "both": (one(BUYER, events=[EVENT]), 422, "customers.0", "either features or events", "both"),
    "both beside events": (
        {"customers": [{"events": []}, {"features": BUYER, "events": []}]},
        422, "customers.1", "either", "both",
    ),
    "an id that is none": (one(BUYER, user_id=1.5), 422, "customers.0.user_id", "", "1.5"),
    "an id that is too large": (one(BUYER, user_id=2**63), 422, "customers.0.user_id", "", str(2**63)),
    "a date that is none": (one(BUYER) | {"as_of": "2020-02-30"}, 422, "as_of", "", '"2020-02-30"'),
    "an event without a time": (
        one(events=[{"event_type": "view", "product_id": 1}]),
        422, "customers.0.events.0.event_time", "", None,
    ),
    "a time that is none": (
        one(events=[EVENT, EVENT | {"event_time": "yesterday"}]),
        422, "customers.0.events.1.event_time", "a time from 1990 on", '"yesterday"',
    ),
    "a kind of event that is none": (
        one(events=[EVENT | {"event_type": "buy"}]),
        422, "customers.0.events.0.event_type", "purchase", '"buy"',
    ),
    "a price below zero": (
        one(events=[EVENT | {"price": -1}]),
        422, "customers.0.events.0.price", "a number from 0", None,
    ),
    "somebody else's event": (
        one(user_id=1, events=[EVENT | {"user_id": 2}]),
        422, "customers.0.events.0.user_id", "1", "2",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_told_with_its_field(service: Served, case: str) -> None:
    sent, status, field, allowed, found = WRONG[case]
    answer = service.score(sent)
    told = answer.json()
    assert (answer.status_code, told["status"]) == (status, status), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["title"]
    assert told["request_id"] == answer.headers["x-request-id"]
    if field:
        fault = told["errors"][0]
        assert fault["field"] == field
        assert allowed in fault["allowed"]
        assert fault["found"] == found or found is None
    assert "/" not in told["detail"].replace("application/json", "")


def test_what_is_there_and_null_is_an_answer(service: Served) -> None:
    """As in SQL: whoever lacks a number that the model cannot do without is in no segment, and fails nobody else."""
    nothing = one(BUYER | {"days_since_last_purchase": None})["customers"]
    told = service.score({"customers": [*nothing, *one(BUYER)["customers"]], "as_of": None}).json()["customers"]
    assert [(one["population"], one["too_early"], one["segment"] is None) for one in told] == [
        ("buyers", False, True),
        ("buyers", False, False),
    ]
    assert told[0]["expected_value"] is None
    both = [{"features": BUYER, "events": None}, {"events": [EVENT], "features": None, "user_id": None}]
    assert service.score({"customers": both}).status_code == 200


def test_columns_that_the_model_does_not_ask_for_are_left_alone(service: Served) -> None:
    more = BUYER | {"avg_price_2m": 3.5, "number_of_views_5m": 7, "avg_price_5m": None}
    assert service.score(one(more)).json() == service.score(one(BUYER)).json()
    assert service.score(one(BUYER | {"number_of_views_5m": -1})).status_code == 422


def test_a_coded_body_is_refused_as_that(service: Served) -> None:
    answer = service.client.post("v1/score", content=gzip.compress(b"{}"), headers=JSON | {"Content-Encoding": "gzip"})
    assert (answer.status_code, "Content-Encoding" in answer.json()["detail"]) == (415, True)


def test_a_head_is_a_get_without_its_body(service: Served) -> None:
    for path in ("healthz", "readyz", "v1/model"):
        head, got = service.client.head(path), service.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
    assert service.get("healthz", Host="10.0.0.7").status_code == 200  # whoever checks health knows no name


def test_a_head_that_is_too_large_is_refused(service: Served) -> None:
    with connected(service) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        for _ in range(8):
            try:
                connection.sendall(b"X-Large: " + b"a" * 32_000 + b"\r\n")
            except OSError:
                break
            time.sleep(0.05)
        assert b" 431 " in connection.recv(1000)
    with connected(service) as connection:  # and after a body that was refused
        connection.sendall(b"POST /v1/score HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\n\r\nhello")
        answer = b""
        while not answer.endswith(b"}"):
            answer += connection.recv(1000)
        assert b" 415 " in answer
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
        assert b" 200 " in connection.recv(1000)


def test_a_client_that_sends_all_before_it_reads_hears_that_it_was_too_much(service: Served) -> None:
    request = urllib.request.Request(f"{service.address}v1/score", b" " * 50_000_000, JSON)
    with pytest.raises(urllib.error.HTTPError) as told:
        urllib.request.urlopen(request, timeout=30)
    with told.value:
        assert told.value.code == 413


def connected(service: Served) -> socket.socket:
    host, port = service.address.removeprefix("http://").rstrip("/").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def test_other_addresses_and_methods(service: Served) -> None:
    asked = [
        (service.get("v1/score"), 405),
        (service.get("nowhere"), 404),
        (service.client.post("v1/segments"), 405),
        (service.client.post("v1/score", content="{}", headers={"Content-Type": "text/plain"}), 415),
        (service.client.post("v1/score", data={"a": "b"}), 415),
        (service.client.request("DELETE", "v1/score"), 405),
    ]
    for answer, status in asked:
        assert answer.status_code == status
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == status
    assert service.get("v1/score").headers["allow"] == "POST"


def test_numbers_beyond_all_bounds_are_answered_or_refused_but_never_a_mistake(service: Served) -> None:
    for value in ("1e308", "1e309", "-1e308", "9" * 400, "5e-324", "-0.0", "NaN", "Infinity", "1E400"):
        for name in BUYER:
            text = json.dumps(one(BUYER | {name: "HERE"})).replace('"HERE"', value)
            assert service.score(text).status_code in (200, 400, 422), (name, value)
    told = service.score(one(dict.fromkeys(BUYER, 1e308))).json()["customers"][0]
    assert told["segment"] is not None


def test_a_body_that_is_too_large_is_not_read(service: Served) -> None:
    answer = service.client.post("v1/score", content=b" " * 33_000_000, headers=JSON)
    assert answer.status_code == 413
    assert "32,000,000" in answer.json()["detail"]

    def pieces() -> Iterator[bytes]:
        for _ in range(340):
            yield b" " * 100_000

    assert service.client.post("v1/score", content=pieces(), headers=JSON).status_code == 413  # its size not said


def test_a_body_that_is_nested_deeply_is_refused(service: Served) -> None:
    for text in ("[" * 200_000, '{"customers":' * 100_000, '{"customers":' + "[" * 90_000 + "]" * 90_000 + "}"):
        assert service.score(text).status_code in (400, 422)


def test_too_many_events_of_all_customers_together(service: Served) -> None:
    bare = '{"event_time":"2020-04-20","event_type":"view","product_id":7}'
    customers = ",".join('{"events":[' + ",".join([bare] * 1001) + "]}" for _ in range(100))
    answer = service.score(f'{{"customers":[{customers}]}}')
    assert (answer.status_code, "100,000 events" in answer.json()["detail"]) == (422, True)


def test_faults_without_number_are_counted_and_not_told(service: Served) -> None:
    names = ",".join(f'"{number}":0' for number in range(200_000))
    answer = service.score(f'{{"customers":[{{"events":[{{{names}}}]}}]}}')
    assert answer.status_code == 422
    assert "faults, which are too many to tell" in answer.json()["detail"]
    assert len(answer.content) < 1000
    told = service.score(one(BUYER | {f"my-{number}": 0 for number in range(5000)})).json()["errors"]
    assert len(told) == 20
    assert {"field": "customers.0.features.my-0", "found": "0.0", "allowed": "not a known name"} in told


def test_answers_are_not_kept_and_not_guessed_at_and_figures_come_down_again(service: Served) -> None:
    for answer in (service.score(one(BUYER)), service.score("{"), service.get("nowhere")):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert service.figure("bestiary_requests_in_progress") == 1  # the one that asks
    assert service.get("v1/model/").status_code == 404


def test_a_date_is_a_date(service: Served) -> None:
    for text in ("1588291200", "2020-05-01T00:00:00", "2020-5-1", "", "0"):
        assert service.score(one(events=[EVENT]) | {"as_of": text}).status_code == 422, text


def test_an_answer_that_nobody_reads_is_given_up(service: Served) -> None:
    body = json.dumps({"customers": [{"features": BUYER}] * 10_000}).encode()
    head = "POST /v1/score HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    with connected(service) as stalled:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        time.sleep(READ_SECONDS + 5)
        answer = rest(stalled)
    head_, _, told = answer.partition(b"\r\n\r\n")
    whole = int(head_.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    assert len(told) < whole  # the rest was dropped, and the connection with it


def test_a_request_id_is_given_back_where_it_is_one(service: Served) -> None:
    assert service.get("healthz", **{"X-Request-Id": "checkout-42"}).headers["x-request-id"] == "checkout-42"
    for odd in ("a b", "x" * 65, "<script>", ""):
        made = service.get("healthz", **{"X-Request-Id": odd}).headers["x-request-id"]
        assert made != odd
        assert len(made) == 16


def test_no_customer_is_in_the_log(service: Served) -> None:
    before = len(service.lines)
    secret = "someone@example.org"
    service.score(one(BUYER, user_id=secret))
    service.score(one(BUYER | {"age": secret}, user_id=secret))
    service.score(one(user_id=secret, events=[EVENT | {"user_id": secret, "brand": secret, "user_session": secret}]))
    service.score(f'{{"{secret}')
    for path in (f"v1/customers/{secret}", f"v1/{secret}", f"{secret}?q={secret}"):
        service.get(path, **{"X-Request-Id": secret, "User-Agent": secret})
    deadline = time.monotonic() + 10
    while len(service.lines) < before + 7 and time.monotonic() < deadline:
        time.sleep(0.05)
    written = service.lines[before:]
    assert len(written) == 7
    assert not [line for line in written if secret in line or "example" in line]
    told = [json.loads(line) for line in written]
    assert [one["status"] for one in told] == [200, 422, 200, 400, 404, 404, 404]
    assert [one["route"] for one in told] == ["/v1/score"] * 4 + ["/v1/customers/{user_id}", "none", "none"]
    assert [one["customers"] for one in told] == [1, 0, 1, 0, 0, 0, 0]
    assert secret not in service.get("metrics").text


def test_a_name_that_is_none_of_loopback_is_not_answered(service: Served) -> None:
    answer = service.get("v1/model", Host="evil.example")
    assert (answer.status_code, answer.json()["status"]) == (421, 421)
    assert service.get("v1/model", Host="localhost:1").status_code == 200
    assert service.get("v1/model", Host="[::1]:1").status_code == 200


DONE = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
HEADS = (b"", b"GET /healthz HTTP/1.1\r\nHost: 127", b"POST /v1/score HTTP/1.1\r\na: b\r\n", DONE + b"GET /")


@pytest.mark.parametrize("begun", HEADS)
def test_a_head_that_never_ends_is_hung_up_on(service: Served, begun: bytes) -> None:
    with connected(service) as connection:
        connection.sendall(begun)
        # Closed by the other side, within the test's own patience.
        assert rest(connection).count(b"HTTP/1.1") == begun.count(DONE)
    assert service.get("healthz").status_code == 200


def test_noise_instead_of_http_is_answered_and_hung_up_on(service: Served) -> None:
    for noise in (b"\x16\x03\x01\x02\x00\x01\x00", b"\x00" * 64 + b"\r\n\r\n", b"GET\r\n\r\n", b"A" * 200_000):
        with connected(service) as connection:
            connection.sendall(noise)
            first = connection.recv(1000)
            assert first == b"" or first.startswith(b"HTTP/1.1 400")
    assert service.get("healthz").status_code == 200


def test_the_limits_of_time(tmp_path_factory: pytest.TempPathFactory) -> None:
    shop: Path = shared(tmp_path_factory, "served", make_shop)
    with served("--model", model_of(shop), "--body-seconds", "1") as hasty:
        with connected(hasty) as slow:
            head = b"POST /v1/score HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            slow.sendall(head + b'Content-Length: 99\r\n\r\n{"customers"')
            answer = rest(slow)
        assert answer.startswith(b"HTTP/1.1 408")
        assert b"did not come within 1 second" in answer
