"""The service's answers are the batch's: the real server on loopback beside the tables of the run that it serves."""

import csv
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from bestiary.segments.model import load
from bestiary.segments.personas import personas
from bestiary.segments.route import route
from dashboard_shop import shared
from months import MAY
from serve_shop import Record, Served, batches, make_guide, model_of, served, table

BATCH = (
    "user_id",
    "population",
    "segment",
    "persona",
    "second",
    "confidence",
    "expected_value",
    "expected_low",
    "expected_high",
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return shared(tmp_path_factory, "guide", make_guide)


@pytest.fixture(scope="module")
def service(shop: Path) -> Iterator[Served]:
    with served("--model", model_of(shop), "--store", shop) as running:
        yield running


@pytest.fixture(scope="module")
def columns(service: Served) -> list[str]:
    """What the service says that it needs."""
    return [one["name"] for one in service.get("v1/model").json()["columns"]]


def as_features(shop: Path, columns: list[str]) -> list[Record]:
    rows = table(shop, "customers").select("user_id", *columns).to_dicts()
    return [{"user_id": row.pop("user_id"), "features": row} for row in rows]


def as_events(shop: Path) -> list[Record]:
    """Every customer with the events of the shop's files, as an application would have them."""
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for path in sorted((shop.parent / "events").glob("*.csv")):
        with path.open(newline="") as file:
            for row in csv.DictReader(file):
                event: dict[str, Any] = {name: value for name, value in row.items() if value}
                event |= {"user_id": int(row["user_id"]), "price": float(row["price"])}
                event |= {"product_id": int(row["product_id"]), "category_id": int(row["category_id"])}
                found[event["user_id"]].append(event)
    return [{"user_id": user_id, "events": events} for user_id, events in sorted(found.items())]


def the_same(answers: list[Record], shop: Path) -> None:
    batch = table(shop, "segments").to_dicts()
    assert len(answers) == len(batch) > 1000
    assert len({one["segment"] for one in batch}) > 4
    assert sum(one["expected_value"] is not None for one in batch) > 200
    for ours, theirs in zip(answers, batch, strict=True):
        assert {name: ours[name] for name in ("user_id", *BATCH)} == {
            name: theirs[name] for name in ("user_id", *BATCH)
        }


def test_features_give_the_batch_s_answer_for_every_customer(service: Served, shop: Path, columns: list[str]) -> None:
    the_same(service.answers(as_features(shop, columns)), shop)


def test_raw_events_give_the_batch_s_answer_for_every_customer(service: Served, shop: Path) -> None:
    everyone = {one["user_id"]: one for one in as_events(shop)}
    measured = table(shop, "customers")["user_id"].to_list()
    the_same(service.answers([everyone[user_id] for user_id in measured], as_of=str(MAY)), shop)
    gone = [one for user_id, one in everyone.items() if user_id not in set(measured)]
    for answer in service.answers(gone, as_of=str(MAY)) if gone else ():
        assert (answer["population"], answer["segment"], answer["too_early"]) == (None, None, True)


def test_one_by_one_is_as_together(service: Served, shop: Path, columns: list[str]) -> None:
    some = as_features(shop, columns)[::97]
    assert [service.answers([one])[0] for one in some] == service.answers(some)


def test_too_early_is_who_has_fewer_events_than_the_model_asks(service: Served, shop: Path, columns: list[str]) -> None:
    least = service.get("v1/model").json()["min_events"]
    assert least > 1
    counted = table(shop, "customers")["number_of_events_7m"].to_list()
    answers = service.answers(as_features(shop, columns))
    assert [one["too_early"] for one in answers] == [events < least for events in counted]
    early = [one for one in answers if one["too_early"]]
    assert early
    assert all((one["segment"], one["second"], one["confidence"], one["path"]) == (None,) * 4 for one in early)


def test_the_way_through_the_tree_is_the_one_that_the_dashboard_tells(
    service: Served, shop: Path, columns: list[str]
) -> None:
    model = load(model_of(shop))
    rows = table(shop, "customers").to_dicts()
    groups = {"buyers": model.fitted.buyers, "visitors": model.fitted.visitors}
    answers = service.answers(as_features(shop, columns))
    told = 0
    for row, answer in zip(rows, answers, strict=True):
        if answer["segment"] is None:
            continue
        segmentation = groups[answer["population"]]
        assert segmentation
        way = route(segmentation, row, "EUR")
        assert way
        assert answer["path"] == {
            "answers": [words["en"] for words in way.answers], "segment": way.segment, "purity": way.purity,
        }  # fmt: skip
        told += 1
    assert told > 100


def test_words_are_in_the_language_that_is_accepted(service: Served, shop: Path, columns: list[str]) -> None:
    customers = [one for one in as_features(shop, columns) if one["features"]["number_of_events_7m"] > 50][:3]
    body = {"customers": customers}
    english, french = (
        service.score(body, **{"Accept-Language": asked}) for asked in ("de, en;q=0.5", "fr-CH, en;q=0.5")
    )
    assert (english.headers["content-language"], french.headers["content-language"]) == ("en", "fr")
    for one, other in zip(english.json()["customers"], french.json()["customers"], strict=True):
        assert one["persona"] == other["persona"]
        assert one["name"] == personas()[one["persona"]].name.en
        assert other["name"] == personas()[one["persona"]].name.fr
        assert one["path"]["answers"] != other["path"]["answers"]
        assert one["segment"] == other["segment"]
    names = {said: service.get("v1/segments", **{"Accept-Language": said}).json()["segments"] for said in ("en", "fr")}
    assert [one["segment"] for one in names["en"]] == list(range(len(names["en"])))
    assert [one["name"] for one in names["en"]] != [one["name"] for one in names["fr"]]


def test_the_model_says_where_it_comes_from(service: Served, shop: Path) -> None:
    told, model = service.get("v1/model").json(), load(model_of(shop))
    assert told["as_of"] == str(MAY) == model.provenance.as_of
    assert told["fingerprint"] == model.provenance.fingerprint
    assert told["provenance"] == model.provenance.model_dump(mode="json")
    assert (told["time_zone"], told["currency"]) == ("Europe/Paris", "EUR")
    assert told["age_days"] == service.figure("bestiary_model_age_days") > 2000
    assert service.get("readyz").json() == {"ready": True, "model": told["version"], "refused": None}
    assert service.get("healthz").json() == {"alive": True}


def test_a_customer_of_the_store_is_as_in_its_tables(service: Served, shop: Path, columns: list[str]) -> None:
    batch = table(shop, "segments").to_dicts()
    by_id = {one["user_id"]: one for one in service.answers(as_features(shop, columns))}
    for row in batch[::53]:
        found = service.get(f"v1/customers/{row['user_id']}").json()
        assert found.pop("as_of") == str(MAY)
        assert found.pop("settled") == row["settled"]
        assert found == by_id[row["user_id"]]
        assert {name: found[name] for name in BATCH} == {name: row[name] for name in BATCH}
    for nobody in ("0", "nobody", "1.0", "%20", "a/b", "' OR 1=1 --"):
        assert service.get(f"v1/customers/{nobody}").status_code == 404


def test_a_service_without_a_store_has_no_customers(shop: Path) -> None:
    with served("--model", model_of(shop)) as alone:
        answer = alone.get("v1/customers/1")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
        assert "no store" in answer.json()["detail"]


def test_a_store_alone_is_served_by_its_latest_run(shop: Path) -> None:
    with served("--store", shop) as running:
        assert running.get("v1/model").json()["as_of"] == str(MAY)


def test_figures_count_customers_by_segment(shop: Path, columns: list[str]) -> None:
    with served("--model", model_of(shop)) as running:
        answers = running.answers(as_features(shop, columns))
        counts = pl.Series(
            ["too_early" if one["too_early"] else str(one["segment"]) for one in answers]
        ).value_counts()  # fmt: skip
        for name, count in counts.iter_rows():
            assert running.figure("bestiary_customers_total", segment=name) == count
        posted = running.figure("bestiary_requests_total", route="/v1/score", method="POST", status="200")
        assert posted == len(list(batches(answers)))
