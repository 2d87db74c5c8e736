"""Populations and what is asked of each: the presets, a shop without segmented visitors, and who is in neither."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import segments_shop
from bestiary.errors import ModelError
from bestiary.segments.model import Model, parse
from bestiary.serve.problems import Problem
from bestiary.serve.serving import Serving
from segments_shop import QUICK, learn, shop

NOW = datetime(2020, 4, 30, 12, tzinfo=UTC)
BUYER = {
    "number_of_purchases_7m": 2,
    "number_of_events_7m": 30,
    "days_since_last_purchase": 3,
    "total_purchase_value": 50.0,
}


def serving(model: Model, **changed: Any) -> Serving:
    content = model.model_dump(mode="json")
    content["provenance"] |= {"time_zone": "UTC", "currency": "EUR"}
    content["fitted"] |= changed
    return Serving.of(parse(content))


def ask(service: Serving, *features: dict[str, Any]) -> list[dict[str, Any]]:
    body = json.dumps({"customers": [{"features": one} for one in features]}).encode()
    asked = service.reader.read(body, NOW)
    found: list[dict[str, Any]] = json.loads(
        service.answers.json(asked.ids, service.scorer.score(asked.rows, asked.population), "en")
    )
    return found


def test_without_segmented_visitors_a_visitor_is_known_and_has_no_segment(tmp_path: Path) -> None:
    model, _ = learn(tmp_path, shop(share=0.3), visitors=20, **QUICK)
    assert model.fitted.visitors is None
    visitor, buyer = ask(serving(model, min_events=5), {"number_of_purchases_7m": 0, "number_of_events_7m": 30}, BUYER)
    assert (visitor["population"], visitor["too_early"], visitor["segment"], visitor["path"]) == (
        "visitors",
        False,
        None,
        None,
    )
    assert (buyer["population"], buyer["segment"] is not None) == ("buyers", True)


def test_the_deck_s_preset_asks_for_what_makes_an_active_buyer(tmp_path: Path) -> None:
    model, _ = learn(tmp_path, shop(share=0.3), preset="amazing", k=4)
    service = serving(model)
    active: dict[str, Any] = {
        "number_of_views_2m": 3,
        "number_of_carts_2m": 1,
        "count_products_2m": 1,
        "number_of_events_7m": 9,
    }
    active |= {"days_since_last_purchase": 3, "number_of_sessions_7m": 4, "total_purchase_value": 50.0}
    there, nowhere = ask(service, active, active | {"number_of_carts_2m": 0})
    assert (there["population"], there["segment"] is not None) == ("active_buyers", True)
    assert (nowhere["population"], nowhere["segment"], nowhere["too_early"]) == (None, None, False)
    with pytest.raises(Problem) as told:
        ask(service, {name: value for name, value in active.items() if name != "number_of_views_2m"})
    assert told.value.faults[0].place == "customers.0.features.number_of_views_2m"


def test_what_a_population_does_not_have_may_be_null_or_left_out(tmp_path: Path) -> None:
    model, _ = learn(tmp_path, shop(share=0.3), visitors=200, **QUICK)
    service = serving(model, min_events=5)
    visitor = {"number_of_purchases_7m": 0, "number_of_events_7m": 30, "days_since_last_visit": 3,
               "number_of_sessions_7m": 2, "number_of_carts_7m": 0}  # fmt: skip
    one, other = ask(service, visitor, visitor | {"avg_price_viewed_7m": None, "days_since_last_purchase": None})
    assert one == other
    assert one["segment"] is not None
    assert one["expected_value"] is None


def test_an_answer_depends_on_nobody_else(tmp_path: Path) -> None:
    model, _ = learn(tmp_path, shop(share=0.3), visitors=200, **QUICK)
    service = serving(model)
    random = np.random.default_rng(1)
    several = [
        BUYER
        | {
            "number_of_purchases_7m": int(random.integers(1, 30)),
            "days_since_last_purchase": int(random.integers(0, 200)),
            "total_purchase_value": float(random.normal(100, 200)),
        }
        for _ in range(300)
    ]
    together = ask(service, *several)
    assert [ask(service, one)[0] for one in several] == together
    assert len({one["segment"] for one in together}) > 1


def test_a_model_without_a_time_zone_asks_to_be_fitted_again(tmp_path: Path) -> None:
    model, _ = segments_shop.learn(tmp_path, shop(share=0.3), **QUICK)
    with pytest.raises(ModelError, match="time zone"):
        Serving.of(model)
