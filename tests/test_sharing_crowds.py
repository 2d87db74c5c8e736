"""Single figures by the size of their crowd, trees by their leaves, brands by who is left over, maps by their cells."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bestiary.report.sharing.bought import shared_purchases
from bestiary.report.sharing.cells import MOST, halved, shared_cells
from bestiary.report.sharing.columns import is_near, shared_column
from bestiary.report.sharing.crowds import Crowd, Held
from bestiary.report.sharing.explained import folded_nodes
from bestiary.report.sharing.leaves import may_be_counted
from report_run import text

K = 10


@pytest.fixture
def crowd() -> Crowd:
    return Crowd(K, Held())


def test_a_figure_is_told_of_k_people_and_a_quartile_of_four_times_as_many(crowd: Crowd) -> None:
    assert [crowd.of(7.5, n) for n in (0, 9, 10, None)] == [None, None, 7.5, None]
    assert [crowd.of(7.5, n, 4) for n in (39, 40)] == [None, 7.5]
    assert crowd.held.numbers == 4
    assert crowd.of(None, 3) is None
    assert crowd.held.numbers == 4  # nothing was there to hold back


def test_a_share_is_told_where_both_sides_are_k(crowd: Crowd) -> None:
    assert [crowd.share(s, 100) for s in (0.0, 0.09, 0.1, 0.5, 0.9, 0.91, 1.0)] == [
        None,
        None,
        0.1,
        0.5,
        0.9,
        None,
        None,
    ]
    assert crowd.share(1.0, 100, all_of_them=True) == 1.0
    assert crowd.share(0.99, 100, all_of_them=True) is None
    assert crowd.share(0.0, 100, all_of_them=True) is None
    assert crowd.share(0.5, None) is None


@pytest.mark.parametrize(
    ("sentence", "told"),
    [
        ("Worth less: Gini 0.724 on the window after, 0.776 for rfm_scores.", True),
        ("Keeps its name from the previous run.", True),
        ("A segment of too few customers: 3.", False),
        ("5 customers were refunded more than was paid.", False),
        ("A segment of 1.5%.", False),
        ("Un segment de 1,5 %.", False),
        ("Of 1,204 customers.", False),
        ("Indice de 0,75.", True),
    ],
)
def test_a_sentence_with_a_number_that_may_count_people_is_not_told(crowd: Crowd, sentence: str, told: bool) -> None:
    assert (crowd.text(text("Fine.", sentence)) is not None) == told
    assert (crowd.text(text(sentence, "Bien.")) is not None) == told
    assert crowd.held.numbers == (0 if told else 2)


def test_of_nested_counts_two_are_told_that_are_k_apart(crowd: Crowd) -> None:
    points = [{"customers": n} for n in (100, 100, 95, 91, 90, 60, 12, 9, 0)]
    assert [one["customers"] for one in crowd.nested(points)] == [100, 100, 90, 60, 12]
    assert crowd.held.numbers == 4


def leaf(number: int, segment: int, customers: int, purity: float | None = 1.0) -> dict[str, Any]:
    empty = {"left": None, "right": None, "column": None, "threshold": None}
    return {"id": number, "segment": segment, "customers": customers, "purity": purity, **empty}


def fork(number: int, left: int, right: int, customers: int) -> dict[str, Any]:
    return leaf(number, 0, customers, 0.6) | {"left": left, "right": right, "column": "recency", "threshold": 2.5}


def test_a_leaf_of_few_is_folded_into_its_question_with_its_sibling() -> None:
    nodes = [fork(0, 1, 2, 100), fork(1, 3, 4, 60), leaf(2, 1, 40), leaf(3, 0, 9), leaf(4, 1, 51)]
    kept, lost = folded_nodes({one["id"]: one for one in nodes}, nodes, K)
    assert [(one["id"], one["left"], one["customers"]) for one in kept] == [(0, 1, 100), (1, None, 60), (2, None, 40)]
    assert [one["customers"] for one in lost] == [9, 51]
    assert kept[1]["column"] is None


def test_a_folded_question_takes_all_below_it_along() -> None:
    nodes = [fork(0, 1, 2, 100), fork(1, 3, 4, 95), leaf(2, 1, 5), leaf(3, 0, 40), leaf(4, 1, 55)]
    kept, lost = folded_nodes({one["id"]: one for one in nodes}, nodes, K)
    assert [one["id"] for one in kept] == [0]
    assert kept[0]["left"] is None
    assert [one["customers"] for one in lost] == [40, 55, 5]


@pytest.mark.parametrize(
    ("cards", "early", "leaves", "told"),
    [
        ({0: 40, 1: 50}, 30, [(0, 60, 1.0), (1, 60, 1.0)], True),  # 20 and 10 are too early
        ({0: 40, 1: 50}, 23, [(0, 60, 1.0), (1, 53, 1.0)], False),  # 3 of the second are
        ({0: 40, 1: 50}, 3, [(0, 43, 1.0), (1, 50, 1.0)], False),
        ({0: 40, 1: 50}, 0, [(0, 40, 1.0), (1, 50, 1.0)], True),  # and here nobody
        ({0: 60, 1: 30}, 0, [(0, 50, 1.0), (1, 40, 0.75)], True),  # 10 of the first are astray, and that is told
        ({0: 53, 1: 37}, 0, [(0, 50, 1.0), (1, 40, None)], False),  # 3 are
        ({0: 40, 1: None}, 23, [(0, 60, 1.0), (1, 53, 1.0)], False),  # the sums give the card back
        ({0: 40, 1: None}, None, [(0, 60, 1.0), (1, 53, 1.0)], True),
    ],
)
def test_leaves_are_counted_where_they_do_not_tell_of_a_few_beside_the_cards(
    cards: dict[int, int | None], early: int, leaves: list[tuple[int, int, float | None]], told: bool
) -> None:
    found = [{"segment": one, "customers": n, "purity": purity} for one, n, purity in leaves]
    assert may_be_counted(found, cards, early, K) == told


def bought(number: int, customers: int, **values: int) -> dict[str, Any]:
    common = [{"value": name, "customers": n, "share": n / customers} for name, n in values.items()]
    empty: dict[str, Any] = {"brands": [], "categories": [], "common_categories": []}
    return {"segment": number, "customers": customers, "common_brands": common, **empty}


def test_a_brand_of_few_or_of_all_but_few_is_not_named(crowd: Crowd) -> None:
    told = shared_purchases([bought(0, 100, acme=9, bolt=10, core=90, dyne=91, echo=100)], 500, crowd)
    assert [row["value"] for row in told[0]["common_brands"]] == ["bolt", "core"]
    assert crowd.held.numbers == 3


def leaning(segment: dict[str, Any], name: str, customers: int, total: int, everyone: int) -> dict[str, Any]:
    others = everyone - segment["customers"]
    row = {"value": name, "customers": customers, "share": customers / segment["customers"]}
    return segment | {"brands": [row | {"rest": (total - customers) / others, "lift": 2.0, "low": 1.5, "high": 3.0}]}


def test_a_brand_whose_total_leaves_a_few_over_is_told_of_fewer_segments(crowd: Crowd) -> None:
    one, other = leaning(bought(0, 100), "acme", 40, 63, 300), leaning(bought(1, 100), "acme", 20, 63, 300)
    third = bought(2, 100)
    told = shared_purchases([one, other, third], 300, crowd)
    assert [[row["customers"] for row in told[at]["brands"]] for at in (0, 1)] == [[40], []]  # else 3 would be left
    enough = [leaning(bought(0, 100), "acme", 40, 70, 300), leaning(bought(1, 100), "acme", 20, 70, 300), third]
    told = shared_purchases(enough, 300, crowd)
    assert [[row["customers"] for row in told[at]["brands"]] for at in (0, 1)] == [[40], [20]]
    alone = [leaning(bought(0, 100), "acme", 40, 45, 300), bought(1, 100), third]
    assert shared_purchases(alone, 300, crowd)[0]["brands"] == []  # 5 of all the others


def numeric(counts: list[int], nulls: int = 0, **five: float) -> dict[str, Any]:
    edges = [at - 0.5 for at in range(len(counts) + 1)]
    numbers = {"min": 0.0, "q1": 1.0, "median": 2.0, "q3": 3.0, "max": 9.0} | five
    column = {"name": "number_of_views_7m", "window": 7, "nulls": nulls, **numbers}
    shorter = {**column, "name": "number_of_views_2m", "window": 2}
    record = {"key": "number_of_views", "unit": "events", "kind": "numeric", "integer": True, "scale": "linear"}
    return record | {"edges": edges, "columns": [shorter, column], "counts": [[1] * len(counts), counts]}


def test_a_histogram_keeps_bars_of_k_of_its_longest_window_and_no_edge_beyond_them(crowd: Crowd) -> None:
    found = shared_column(numeric([50, 30, 4, 20, 12, 7, 0, 1]), 124, [], crowd)
    assert found is not None
    assert found["counts"] == [[50, 30, None, 20, 12]]  # 4 + 7 + 1 are enough together
    assert found["edges"] == [-0.5, 0.5, 1.5, 2.5, 3.5, 4.5]
    told = found["columns"][0]
    assert (told["name"], told["min"], told["max"]) == ("number_of_views_7m", 0.0, None)
    assert (told["q1"], told["median"], told["q3"]) == (1.0, 2.0, 3.0)


def test_a_histogram_that_hides_a_few_takes_a_bar_from_its_drawing(crowd: Crowd) -> None:
    found = shared_column(numeric([50, 30, 20, 12, 7]), 119, [], crowd)
    assert found is not None
    assert found["counts"] == [[50, 30, 20]]
    few = shared_column(numeric([5, 4, 3]), 12, [], crowd)
    assert few is None


def test_quantiles_are_those_of_a_crowd(crowd: Crowd) -> None:
    found = shared_column(numeric([20, 10, 5], nulls=0), 35, [], crowd)
    assert found is not None
    assert [found["columns"][0][name] for name in ("q1", "median", "q3")] == [None, 2.0, None]
    same = shared_column({**numeric([30, 30, 5, 5, 1], min=0.0, q1=0.0), "integer": False}, 71, [], crowd)
    assert same is not None
    assert same["columns"][0]["min"] == 0.0  # a quarter of them have it


def test_nulls_that_are_near_to_a_count_that_is_told_are_held_back(crowd: Crowd) -> None:
    anchors = [100]
    record = numeric([60, 40, 30], nulls=97)
    found = shared_column(record, 227, anchors, crowd)
    assert found is not None
    assert found["columns"][0]["nulls"] is None
    assert anchors == [100, 60]
    alike = shared_column(numeric([60, 40, 27], nulls=100), 227, [100], crowd)
    assert alike is not None
    assert alike["columns"][0]["nulls"] == 100
    assert [is_near(n, [100], K) for n in (90, 91, 100, 109, 110)] == [False, True, False, True, False]


def test_values_of_few_are_counted_with_the_others_and_are_not_named(crowd: Crowd) -> None:
    column = {"name": "preferred_brand", "window": 7, "nulls": 4}
    values = [{"value": name, "count": n} for name, n in (("acme", 40), ("bolt", 20), ("core", 3))]
    record = {"key": "preferred_brand", "unit": "brand", "kind": "text", "columns": [column]}
    found = shared_column({**record, "values": values, "others": 0}, 67, [], crowd)
    assert found is not None
    assert found["values"] == [values[0]]  # 3 and 4 alone would be 7
    assert (found["others"], found["columns"][0]["nulls"]) == (27, 0)


Points = st.lists(
    st.tuples(st.integers(0, 6), st.floats(-5, 5), st.sampled_from([0.0, 0.0, 1.0, 2.5])), min_size=1, max_size=200
)


@settings(max_examples=60, deadline=None)
@given(Points, st.integers(2, 25))
def test_cells_hold_k_and_everyone_of_a_segment_of_k(points: list[tuple[int, float, float]], k: int) -> None:
    at = np.array([one[1:] for one in points])
    numbers = np.array([one[0] % 3 for one in points])
    for segment in range(3):
        rows = np.flatnonzero(numbers == segment)
        cells = halved(at, rows, k)
        assert sorted(np.concatenate(cells).tolist()) == rows.tolist()
        assert len(cells) == 1 or min(map(len, cells)) >= k
    sample = {"segment": numbers, "pc1": at[:, 0], "pc2": at[:, 1]}
    sample |= {name: at[:, i % 2] for i, name in enumerate(("recency", "frequency", "monetary"))}
    found = shared_cells(sample, [0, 2], k)
    for cells_of in found.values():
        for segment in (0, 2):
            people = int((numbers == segment).sum())
            counts = [one["customers"] for one in cells_of if one["segment"] == segment]
            assert sum(counts) == (people if people >= k else 0)
            assert not counts or min(counts) >= k
        assert {one["segment"] for one in cells_of} <= {0, 2}


def test_a_large_sample_has_no_more_marks_than_can_be_drawn() -> None:
    random = np.random.default_rng(1)
    names = ("recency", "frequency", "monetary", "pc1", "pc2")
    sample = {name: random.gamma(2, 10, 50_000) for name in names} | {"segment": np.zeros(50_000, dtype=int)}
    found = shared_cells(sample, [0], K)
    assert all(MOST / 4 < len(cells) <= MOST for cells in found.values())
    mean = np.average([one["at"][0] for one in found["plane"]], weights=[one["customers"] for one in found["plane"]])
    assert mean == pytest.approx(sample["pc1"].mean(), abs=0.01)
