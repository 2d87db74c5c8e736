"""Whatever is asked, no answer is a 500, and what the OpenAPI document says is what is answered."""

import importlib.util
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bestiary.serve import gate
from dashboard_shop import shared
from serve_shop import JSON, Served, make_shop, model_of, served
from test_serve_problems import BUYER, EVENT

if importlib.util.find_spec("schemathesis") is None:
    MISSING = "schemathesis is not installed (uv sync --group engines): the API WAS NOT FUZZED"
    if os.environ.get("CI") == "true":
        pytest.fail(MISSING, pytrace=False)
    pytest.skip(MISSING, allow_module_level=True)

import schemathesis
from schemathesis import GenerationMode

MANY = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
SOME = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    shop: Path = shared(tmp_path_factory, "served", make_shop)
    with served("--model", model_of(shop), "--store", shop) as running:
        yield running


OPERATIONS = ("/v1/score", "/v1/segments", "/v1/model", "/v1/customers/{user_id}", "/healthz", "/readyz", "/metrics")


def held(service: Served, path: str, mode: GenerationMode) -> None:
    """Requests of a kind are answered as the document says; all of schemathesis' checks are made."""
    document = schemathesis.openapi.from_url(f"{service.address}openapi.json")
    operation = document[path]["POST" if path == "/v1/score" else "GET"]

    @given(operation.as_strategy(generation_mode=mode))
    @SOME
    def check(case: Any) -> None:
        if mode.is_positive and path == "/v1/score":
            possible(case.body)
        case.call_and_validate()

    check()


def possible(body: Any) -> None:
    """What JSON schema cannot say: 7.0 is no id (to it that is an integer), and events are of one customer."""
    for customer in body["customers"]:
        events = customer.get("events") or ()
        for holder in (customer, *events):
            for name in ("user_id", "product_id", "category_id"):
                if isinstance(holder.get(name), float):
                    holder[name] = int(holder[name])
        whose = [one["user_id"] for one in (customer, *events) if one.get("user_id") is not None]
        for event in events:
            if "user_id" in event:
                event["user_id"] = whose[0]


@pytest.mark.parametrize("path", OPERATIONS)
def test_good_requests_are_answered_as_the_document_says(service: Served, path: str) -> None:
    held(service, path, GenerationMode.POSITIVE)


def test_bad_requests_are_refused_as_the_document_says(service: Served) -> None:
    held(service, "/v1/score", GenerationMode.NEGATIVE)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.just("2020-04-20"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NUMBERS = st.floats() | st.integers() | VALUES
FEATURES = st.fixed_dictionaries({}, optional=dict.fromkeys((*BUYER, "avg_price_viewed_7m", "x"), NUMBERS))
EVENTS = st.fixed_dictionaries(
    {},
    optional={name: st.just(value) | VALUES for name, value in (EVENT | {"user_id": 1, "brand": "", "x": 0}).items()},
)
CUSTOMERS = st.fixed_dictionaries(
    {}, optional={"user_id": VALUES, "features": FEATURES | VALUES, "events": st.lists(EVENTS, max_size=4) | VALUES}
)
BODIES = VALUES | st.fixed_dictionaries(
    {"customers": st.lists(CUSTOMERS, max_size=4) | VALUES},
    optional={"as_of": st.dates().map(str) | VALUES, "x": VALUES},
)


@given(BODIES)
@MANY
def test_any_body_is_answered_or_refused(service: Served, body: Any) -> None:
    answer = service.score(json.dumps(body))  # with NaN and Infinity, which are no JSON
    assert answer.status_code in (200, 400, 422), answer.text
    told = answer.json()
    if answer.status_code == 200:
        assert len(told["customers"]) == len(body["customers"])
    else:
        assert told["detail"]


@given(st.binary(max_size=400), st.sampled_from([None, "gzip", "x"]), st.binary(max_size=60))
@MANY
def test_any_bytes_are_answered_or_refused(service: Served, body: bytes, coding: str | None, language: bytes) -> None:
    headers: dict[bytes, bytes] = {name.encode(): value.encode() for name, value in JSON.items()}
    if coding:
        headers[b"Content-Encoding"] = coding.encode()
    printable = bytes(byte for byte in language if 32 < byte < 127)
    answer = service.client.post("v1/score", content=body, headers=headers | {b"Accept-Language": printable})
    assert answer.status_code in ((415,) if coding else (200, 400, 422)), answer.text


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\\"), max_size=40))
@SOME
def test_any_customer_is_there_or_not(service: Served, user_id: str) -> None:
    from urllib.parse import quote

    assert service.get(f"v1/customers/{quote(user_id, safe='')}").status_code in (200, 404)


def test_the_document_holds_every_address_and_the_model_s_columns(service: Served) -> None:
    told = service.get("openapi.json").json()
    assert set(told["paths"]) == {*OPERATIONS, "/openapi.json"} == {*gate.ADDRESSES, f"{gate.CUSTOMERS}{{user_id}}"}
    columns = {one["name"] for one in service.get("v1/model").json()["columns"]}
    customer = told["components"]["schemas"]["Customer"]
    features = customer["properties"]["features"]["anyOf"][0]
    assert columns < set(features["properties"])
    assert set(features["required"]) < columns
