"""How many visits are enough: evidence, curve, threshold and sentences by hand, and what must hold for any of them."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bestiary.segments.reliability import LEAST, Reliability, reliability

History = list[tuple[int, int]]
"""A customer's looked-at first visits: number and segment; the last is that of all visits."""


def ints(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array(values, dtype=np.int32)


def of(customers: list[History], level: float = 0.8, events: int = 4) -> Reliability:
    """The reliability of customers, each visit holding so many events."""
    rows = [(n, one[-1][0], events * n, label) for one in customers for n, label in one]
    n, visits, held, labels = (ints(*column) for column in zip(*rows, strict=True))
    return reliability(n, visits, held, labels, level)


def shop(*moves: tuple[int, int, int], once: int = 100) -> list[History]:
    """`once` customers with one visit, and for each (n, customers, kept) some who came n + 1 times: the segment of the
    last is the one from the start for `kept`, and another for the rest."""
    found: list[History] = [[(1, 0)] for _ in range(once)]
    for n, customers, kept in moves:
        for one in range(customers):
            found.append([*((visit, 0) for visit in range(1, n + 1)), (n + 1, 0 if one < kept else 1)])
    return found


def test_the_curve_by_hand() -> None:
    customers = [
        [(1, 0)],  # came once: nothing can move them
        [(1, 0), (2, 0)],
        [(1, 0), (2, 1)],  # the second visit moved them
        [(1, -1), (2, 2), (5, 2)],  # the first visit told nothing; five in all
        [(1, 0), (2, -1)],  # all visits tell nothing: left out
    ]
    found = of(customers, 0.7)
    one, two = found.points
    assert (one.n, one.customers, one.same, one.share) == (1, 4, 2, 0.5)
    assert (one.again, one.again_same, one.events) == (3, 1, 4.0)
    assert (two.n, two.customers, two.same, two.share) == (2, 4, 4, 1.0)
    assert (two.again, two.again_same, two.events) == (1, 1, 8.0)
    assert (found.visits, found.min_events) == (None, 0)  # so few customers decide nothing
    assert found.level == 0.7


@pytest.mark.parametrize(
    ("customers", "visits"),
    [
        (shop((1, 100, 60)), 1),  # 160 of 200, at the level, is past it
        (shop((1, 100, 59)), None),
        (shop((1, 100, 20), (2, 100, 90)), 2),
        (shop((2, 100, 59)), None),  # 159 of 200 at the second
        (shop((1, LEAST - 1, LEAST - 1)), None),  # too few went past one visit to decide
        (shop((1, LEAST, LEAST)), 1),
        (shop((1, 40, 0), (3, LEAST, LEAST), (4, LEAST - 1, 0), once=80), 2),  # too few went past the fourth
    ],
)
def test_the_threshold_is_the_first_that_is_passed(customers: list[History], visits: int | None) -> None:
    found = of(customers)
    assert (found.visits, found.min_events) == (visits, 4 * visits if visits else 0)


def test_a_share_that_is_surely_lost_again_does_not_count() -> None:
    """Early visits put customers right by chance, later ones do not: 1 is passed, 2 surely not, 3 for good."""
    strayed: list[History] = [[(1, 0), (2, 1), (3, 0), (4, 0)] for _ in range(50)]
    assert of([*shop(once=50), *strayed]).visits == 3
    few: list[History] = strayed[: LEAST + 1]
    assert of([*shop(once=100), *few]).visits == 1  # 100 of 131 may be chance


def test_the_median_number_of_events_is_rounded_up() -> None:
    n, visits = np.tile(ints(1, 2), 40), np.full(80, 2, dtype=np.int32)
    events = np.where(n == 1, np.repeat(ints(2, 3), 40), 9).astype(np.int32)
    found = reliability(n, visits, events, np.zeros(80, dtype=np.int32))
    assert (found.points[0].events, found.min_events) == (2.5, 3)


LABELS = st.lists(st.integers(-1, 2), min_size=1, max_size=5)


@settings(max_examples=200, deadline=None)
@given(st.lists(LABELS, min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_the_order_of_customers_does_not_matter_and_the_shares_close(labels: list[list[int]], random: object) -> None:
    many = [[*enumerate(one, 1)] for one in labels] * LEAST
    found = of(many, 0.5)
    shuffled = list(many)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert of(shuffled, 0.5) == found
    placed = sum(one[-1] >= 0 for one in labels) * LEAST
    for point in found.points:
        assert point.customers == placed
        assert point.customers - point.same == point.again - point.again_same
        assert 0 <= point.low <= point.share <= point.high <= 1
    shares = [point.again for point in found.points]
    assert shares == sorted(shares, reverse=True)
    stricter = of(many, 0.8)
    assert stricter.visits is None or (found.visits is not None and found.visits <= stricter.visits)
    json.dumps(found.record(), allow_nan=False)


def test_the_sentences_give_the_threshold_or_say_that_there_is_none() -> None:
    found = of(shop((2, 1500, 1209), once=500)).words()
    assert found["en"] == (
        "1 visit is enough to place a customer, about 4 events: 85% of 2,000 customers are in the segment that their "
        "first visit gave (95% interval: 83% to 86%); of the 1,500 who came more often, 80%. With fewer events it is "
        "too early to say."
    )
    assert found["fr"] == (
        "1 visite suffit pour classer un client, soit environ 4 événements : 85\u00a0% de 2\u202f000 clients sont dans "
        "le segment que leur première visite donnait (intervalle à 95\u00a0% : de 83\u00a0% à 86\u00a0%) ; parmi les "
        "1\u202f500 venus plus souvent, 80\u00a0%. Avec moins d'événements, il est trop tôt pour le dire."
    )
    one = of(shop((1, 100, 90)), events=1).words()
    assert one["en"].endswith("who came more often, 90%. So it is too early for nobody.")
    assert one["fr"].endswith("Il n'est donc trop tôt pour personne.")
    two = of(shop((1, 100, 20), (2, 100, 90))).words()
    assert two["en"].startswith("2 visits are enough to place a customer, about 8 events")
    assert "leurs 2 premières visites donnaient" in two["fr"]
    never = of(shop((1, 100, 59))).words()
    assert "at 1, the largest that was looked at, 79% of 200 customers" in never["en"]
    assert "under the level of 80%" in never["en"]
    assert "79\u00a0% de 200 clients" in never["fr"]
    few = of(shop((1, 5, 5))).words()
    assert few["en"].startswith("Fewer than 30 customers came again")
    assert few["fr"].startswith("Moins de 30 clients sont revenus")
    assert reliability(ints(), ints(), ints(), ints()).words() == few


def test_the_record_holds_the_curve_and_the_sentences() -> None:
    found = of(shop((1, 40, 36)))
    record = found.record()
    assert list(record) == ["level", "points", "visits", "min_events", "words"]
    assert [point["same"] for point in record["points"]] == [136]
    assert record["words"] == found.words()
