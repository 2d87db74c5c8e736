"""Everyone's place as it is written: too early, second best, expected value, order, and one label everywhere."""

from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

import segments_shop
from bestiary.segments.candidates import CANDIDATES
from bestiary.segments.history import History
from bestiary.segments.model import Model, Segmentation, load
from bestiary.segments.transform import Floats
from segments_shop import labels, learn, shop

VISITORS = 150
FOUR: dict[str, Any] = {"k_min": 4, "k_max": 4}
FILES = ("model.json", "segments.parquet", "movements.parquet", "scorecard.json")
Run = tuple[Path, Model, dict[str, Any]]


def known(folder: Path) -> History:
    """An earlier date with what followed, and first visits of which the second already tells everything."""
    folder.mkdir(parents=True)
    customers = segments_shop.write(folder / "customers.parquet", shop(share=0.5), VISITORS)
    return History(
        earlier=segments_shop.earlier(folder / "earlier.parquet", customers),
        at=date(2020, 3, 1),
        until=date(2020, 5, 1),
        first_visits=segments_shop.first_visits(folder / "first_visits.parquet", customers, known_from=2),
    )


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """All candidates with a history, on one thread."""
    folder = tmp_path_factory.mktemp("assign")
    history = known(folder / "past")
    return folder, *learn(folder, shop(share=0.5), VISITORS, history=history, threads=1, **FOUR)


def query(folder: Path, sql: str) -> list[tuple[Any, ...]]:
    """Ask about `placed`, the segments, and `customers`."""
    with duckdb.connect() as connection:
        connection.execute(f"CREATE VIEW placed AS FROM '{folder / 'run' / 'segments.parquet'}'")
        connection.execute(f"CREATE VIEW customers AS FROM '{folder / 'customers.parquet'}'")
        return connection.execute(sql).fetchall()


def raw(folder: Path, segmentation: Segmentation, where: str) -> Floats:
    """The columns that a segmentation reads, in the order of the ids, NaN for null."""
    listed = ", ".join(f'"{column.source}"::DOUBLE' for column in segmentation.columns)
    rows = query(folder, f"SELECT {listed} FROM customers WHERE {where} ORDER BY user_id")
    return np.array([[np.nan if value is None else value for value in row] for row in rows])


def test_below_the_least_number_of_events_it_is_too_early_to_say(run: Run) -> None:
    folder, model, card = run
    assert model.fitted.min_events == card["enough"]["min_events"] == 8  # what two visits hold
    told = query(
        folder,
        "SELECT number_of_events_7m >= 8, count(*), count(segment), count(persona), count(second), count(confidence), "
        "count(settled) FROM customers JOIN placed USING (user_id) GROUP BY ALL ORDER BY 1",
    )
    (_, few, *nothing), (_, many, *everything) = told
    assert few > 100
    assert many > 400
    assert nothing == [0] * 5
    assert everything[0] == everything[4] == many


def test_the_counts_close(run: Run) -> None:
    folder, _, card = run
    population, visitors = card["population"], card["visitors"]
    placed = Counter(dict(query(folder, "SELECT segment, count(*) FROM placed WHERE segment IS NOT NULL GROUP BY ALL")))
    early = dict(query(folder, "SELECT population, count(*) FROM placed WHERE segment IS NULL GROUP BY ALL"))
    assert population["too_early"] == early
    assert population["segmented"] == population["placed"]["buyers"] + population["too_early"]["buyers"] == 550
    assert visitors["customers"] == population["placed"]["visitors"] + population["too_early"]["visitors"] == VISITORS
    assert population["customers"] == 550 + VISITORS
    for cards, name in ((card["segments"], "buyers"), (visitors["segments"], "visitors")):
        assert {one["segment"]: one["customers"] for one in cards} == {
            one["segment"]: placed[one["segment"]] for one in cards
        }
        assert sum(one["customers"] for one in cards) == population["placed"][name] > 0
        everyone = population["placed"][name] + population["too_early"][name]
        assert [one["share_of_customers"] for one in cards] == [one["customers"] / everyone for one in cards]


def test_a_card_tells_of_those_who_are_placed_in_the_segment(run: Run) -> None:
    folder, _, card = run
    figures = query(
        folder,
        "SELECT segment, sum(total_purchase_value), median(days_since_last_purchase), median(number_of_purchases_7m), "
        "median(total_purchase_value), median(total_purchase_value / number_of_purchases_7m), avg(confidence) "
        "FROM placed JOIN customers USING (user_id) WHERE population = 'buyers' AND segment IS NOT NULL "
        "GROUP BY segment ORDER BY segment",
    )
    query_all = "SELECT sum(total_purchase_value) FROM customers WHERE number_of_purchases_7m > 0"
    total = query(folder, query_all)[0][0]  # also of those who are not placed yet
    assert total > sum(row[1] for row in figures)
    for one, (segment, value, *medians, confidence) in zip(card["segments"], figures, strict=True):
        assert one["segment"] == segment
        assert (one["value"], one["share_of_value"]) == pytest.approx((value, value / total))
        assert list(one["medians"].values())[:4] == pytest.approx(medians)
        assert one["mean_confidence"] == pytest.approx(confidence)


def test_everyone_is_there_once_in_the_order_of_the_ids(run: Run) -> None:
    folder, model, _ = run
    found = labels(folder)
    ids = found["user_id"].tolist()
    assert ids == sorted(set(ids))
    assert ids == [row[0] for row in query(folder, "SELECT user_id FROM customers ORDER BY user_id")]
    visitors = model.fitted.visitors
    assert visitors is not None
    assert visitors.first == model.fitted.buyers.partition.k
    numbers = {
        name: set(found["segment"][found["population"] == name].compressed().tolist())
        for name in ("buyers", "visitors")
    }
    assert numbers["buyers"] <= set(range(visitors.first))
    assert numbers["visitors"] <= set(range(visitors.first, visitors.first + visitors.partition.k))


def test_without_a_run_before_all_are_settled_where_they_are_and_nobody_moved(run: Run) -> None:
    found = labels(run[0])
    assert (found["settled"] == found["segment"]).all()
    assert list(labels(run[0], "movements")) == ["user_id", "from", "to", "as_of", "kind"]
    assert len(labels(run[0], "movements")["user_id"]) == 0


def test_buyers_have_an_expected_value_with_its_interval_and_visitors_none(run: Run) -> None:
    folder, model, _ = run
    found, expected = labels(folder), model.fitted.expected
    assert expected is not None
    buyers = found["population"] == "buyers"
    names = ("expected_value", "expected_low", "expected_high")
    rows = np.array(
        query(
            folder,
            "SELECT days_since_last_purchase, number_of_purchases_7m, total_purchase_value FROM customers "
            "WHERE number_of_purchases_7m > 0 ORDER BY user_id",
        ),
        dtype=np.float64,
    )
    for name, told in zip(names, expected.predict(rows), strict=True):
        assert (found[name][buyers] == told).all()
        assert np.ma.getmaskarray(found[name])[~buyers].all()
    value, low, high = (found[name][buyers] for name in names)
    assert ((low <= value) & (value <= high)).all()


def test_every_candidate_is_on_the_scorecard_with_its_value_and_why_it_lost(run: Run) -> None:
    _, model, card = run
    assert [one["name"] for one in card["candidates"]] == list(CANDIDATES)
    (chosen,) = [one for one in card["candidates"] if one["chosen"]]
    assert chosen["name"] == model.fitted.buyers.candidate
    assert all(one["why"] for one in card["candidates"] if not one["chosen"])
    assert all(one["worth"]["gini"]["value"] is not None for one in card["candidates"])
    assert {one["k"] for one in card["candidates"]} == {4, 11}


def test_all_candidates_with_a_history_give_the_same_bytes_on_two_threads(run: Run, tmp_path: Path) -> None:
    learn(tmp_path, shop(share=0.5), VISITORS, history=known(tmp_path / "past"), threads=2, **FOUR)
    for name in FILES:
        assert (tmp_path / "run" / name).read_bytes() == (run[0] / "run" / name).read_bytes(), name


@pytest.mark.parametrize("name", CANDIDATES)
def test_one_label_and_the_same_bytes_whichever_candidate_is_taken(name: str, tmp_path: Path) -> None:
    for folder, threads in ((tmp_path / "a", 1), (tmp_path / "b", 2)):
        folder.mkdir()
        learn(folder, shop(share=0.2), VISITORS, candidates=(name,), candidate=name, threads=threads, **FOUR)
    for file in FILES:
        assert (tmp_path / "a" / "run" / file).read_bytes() == (tmp_path / "b" / "run" / file).read_bytes(), file
    found, fitted = labels(tmp_path / "a"), load(tmp_path / "a" / "run" / "model.json").fitted
    assert fitted.buyers.candidate == name
    assert fitted.visitors is not None
    for population, where in (
        (fitted.buyers, "number_of_purchases_7m > 0"),
        (fitted.visitors, "number_of_purchases_7m = 0"),
    ):
        rows, here = raw(tmp_path / "a", population, where), found["population"] == population.population
        placed = population.place(rows)
        assert (found["segment"][here] == placed.segment).all()
        assert (np.ma.filled(found["second"][here], -1) == placed.second).all()
        assert np.array_equal(np.ma.filled(found["confidence"][here], np.nan), placed.confidence, equal_nan=True)
        alone = [population.place(rows[i : i + 1]).segment[0] for i in range(0, len(rows), 9)]
        assert placed.segment[::9].tolist() == alone  # whoever is placed with them
