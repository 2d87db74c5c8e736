"""How many visits are enough: evidence, curve, threshold and sentences by hand, and what must hold for any of them."""

import json
from random import Random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bestiary.segments.reliability import LEAST, Reliability, against_all, against_next, reliability


def ints(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int32]]:
    return np.array(values, dtype=np.int32)


def curve(*shares: tuple[int, int, int], events: int = 4, level: float = 0.8) -> Reliability:
    """The reliability of some (n, customers, kept), each visit of a customer holding so many events."""
    n = np.concatenate([np.full(customers, n) for n, customers, _ in shares]).astype(np.int32)
    same = np.concatenate([np.arange(customers) < kept for _, customers, kept in shares])
    return reliability(n, (n * events).astype(np.int32), same, level)


# Customer a came three times or more, b twice (of which 1 and 2 are looked at), c five times (1, 2, 3, 5).
USER = np.array(["a", "a", "a", "b", "b", "c", "c", "c", "c"])
N = ints(1, 2, 3, 1, 2, 1, 2, 3, 5)
FIRST = ints(-1, 0, 0, 1, -1, 2, 2, 1, 1)


def test_a_label_is_kept_where_the_next_visit_leaves_it() -> None:
    rows, kept = against_next(USER, N, FIRST)
    # a's first visit gives no label, its third has no next one; b's next visit takes the label away; c's third is
    # followed by the fifth.
    assert rows.tolist() == [1, 3, 5, 6]
    assert kept.tolist() == [True, False, True, False]


def test_a_label_is_the_same_where_all_visits_give_it() -> None:
    visits = ints(4, 4, 4, 2, 2, 5, 5, 5, 5)
    rows, same = against_all(N, visits, FIRST, ints(0, 0, 0, -1, -1, 1, 1, 1, 1))
    # b is placed by no number of visits; c's first five visits are all of them; a's first one gives no label.
    assert rows.tolist() == [0, 1, 2, 5, 6, 7]
    assert same.tolist() == [False, True, True, False, False, True]


def test_the_curve_by_hand() -> None:
    same = np.array([True] * 3 + [False] + [True] * 2)
    found = reliability(ints(1, 1, 1, 1, 3, 3), ints(2, 3, 5, 9, 7, 8), same, 0.7, "all")
    one, three = found.points
    assert (one.n, one.customers, one.same, one.share, one.events) == (1, 4, 3, 0.75, 4.0)
    assert (three.n, three.customers, three.same, three.share, three.events) == (3, 2, 2, 1.0, 7.5)
    assert (found.visits, found.min_events) == (None, None)  # so few customers decide nothing
    assert (found.level, found.against) == (0.7, "all")


@pytest.mark.parametrize(
    ("shares", "visits"),
    [
        ([(1, 100, 79), (2, 100, 80), (3, 100, 90)], 2),  # at the level is past it
        ([(1, 100, 95), (2, 1000, 750), (4, 100, 85)], 4),  # it must not be surely lost again
        ([(1, 100, 95), (2, 100, 79), (4, 100, 85)], 1),  # what may be chance decides nothing
        ([(1, 100, 95), (2, 100, 95), (3, 1000, 750)], None),
        ([(1, 100, 85), (2, LEAST, 24), (3, LEAST - 1, 0)], 1),  # too few to decide
        ([(1, LEAST - 1, 29), (2, 100, 85)], 2),
        ([(1, 100, 10)], None),
    ],
)
def test_the_threshold_is_the_first_that_is_passed_for_good(
    shares: list[tuple[int, int, int]], visits: int | None
) -> None:
    found = curve(*shares)
    assert (found.visits, found.min_events) == (visits, None if visits is None else 4 * visits)


def test_nine_of_ten_who_came_often_enough_have_as_many_events() -> None:
    """One of forty has 1, three have 2 and the rest 3 and more: four of forty, one of ten, have 2 or fewer."""
    same, events = np.ones(40, dtype=np.bool_), ints(1, *[2] * 3, *[3] * 16, *[8] * 20)
    found = reliability(np.ones(40, dtype=np.int32), events, same)
    assert (found.points[0].events, found.points[0].least, found.min_events) == (5.5, 2, 2)
    assert reliability(np.ones(39, dtype=np.int32), events[1:], same[1:]).min_events == 3


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 9), st.booleans()), min_size=1, max_size=60),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_evidence_does_not_matter_and_a_higher_level_asks_for_no_less(
    rows: list[tuple[int, int, bool]], random: Random
) -> None:
    def of(some: list[tuple[int, int, bool]], level: float) -> Reliability:
        n, events, same = zip(*some, strict=True)
        return reliability(ints(*n), ints(*events), np.array(same), level)

    many = rows * LEAST
    found = of(many, 0.5)
    shuffled = list(many)
    random.shuffle(shuffled)
    assert of(shuffled, 0.5) == found
    assert sum(point.customers for point in found.points) == len(many)
    assert all(0 <= point.low <= point.share <= point.high <= 1 for point in found.points)
    stricter = of(many, 0.8)
    assert stricter.visits is None or (found.visits is not None and found.visits <= stricter.visits)
    json.dumps(found.record(), allow_nan=False)


def test_the_sentences_give_the_threshold_or_say_that_there_is_none() -> None:
    found = curve((1, 2000, 1199), (2, 1500, 1209), (3, 40, 35)).words()
    assert found["en"] == (
        "2 visits are enough to place a customer; nine of ten have had 8 events by then. Of 1,500 customers who came "
        "more often, 80.6% were in "
        "the same segment after the next visit (95% interval: 78.5% to 82.5%), and with more visits it is never surely "
        "under 80%. With fewer events it is too early to say."
    )
    assert found["fr"] == (
        "2 visites suffisent pour classer un client ; neuf sur dix ont alors 8 événements ou plus. Sur 1\u202f500 "
        "clients venus plus souvent, 80,6\u202f% étaient dans le même segment après la suivante (intervalle à "
        "95\u00a0% : de 78,5\u202f% à 82,5\u202f%), et avec plus de visites ce n'est jamais sûrement moins de "
        "80\u202f%. Avec moins d'événements, il est trop tôt pour le dire."
    )
    assert (
        curve((1, 100, 90), events=1)
        .words()["en"]
        .startswith("1 visit is enough to place a customer; nine of ten have had 1 event by")
    )
    # After the last number that was looked at there are no more visits to speak of.
    assert "(95% interval: 82.6% to 94.5%). With fewer" in curve((1, 100, 90)).words()["en"]
    never = curve((1, 100, 10), (2, 1000, 799), (3, 5, 5)).words()
    assert "at 2, the largest that was looked at" in never["en"]
    assert "for 79.9% of 1,000 customers, under the level of 80%" in never["en"]
    assert "pour 79,9\u202f% de 1\u202f000 clients, sous le seuil de 80\u202f%" in never["fr"]
    few = curve((1, 5, 5)).words()
    assert few["en"].startswith("Fewer than 30 customers came again")
    assert few["fr"].startswith("Moins de 30 clients sont revenus")
    assert reliability(ints(), ints(), np.array([], dtype=np.bool_)).words() == few


def test_the_record_holds_the_curve_and_the_sentences() -> None:
    found = curve((1, 40, 36), (2, 40, 40))
    record = found.record()
    assert list(record) == ["against", "level", "points", "visits", "min_events", "words"]
    assert [point["share"] for point in record["points"]] == [0.9, 1.0]
    assert record["words"] == found.words()
