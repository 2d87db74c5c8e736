"""The animals and how segments get their names."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bestiary.segments.identity import box_fits, identify, mid_ranks, percentiles
from bestiary.segments.personas import ANY, bestiary_of, personas

BOXES = {
    "lion": ((65, 100), (85, 100), (85, 100), ANY),
    "bear": ((30, 85), (60, 95), (60, 95), ANY),
    "beaver": ((65, 100), (40, 90), (35, 85), (0, 75)),
    "fox": ((35, 100), (0, 75), (60, 100), (65, 100)),
    "owl": ((15, 70), (25, 70), (25, 75), ANY),
    "turtle": ((0, 45), (0, 60), (40, 100), (55, 100)),
    "squirrel": ((40, 100), (0, 50), (0, 50), (0, 65)),
    "dormouse": ((0, 45), (0, 50), (0, 50), (0, 60)),
    "swallow": ((75, 100), (0, 50), (0, 65), ANY),
}
DECK = ["lion", "bear", "squirrel", "fox", "beaver", "owl", "turtle"]
FRENCH = {
    "lion": "lion",
    "bear": "ours",
    "squirrel": "écureuil",
    "fox": "renard",
    "beaver": "castor",
    "owl": "hibou",
    "turtle": "tortue",
    "dormouse": "loir",
    "swallow": "hirondelle",
}
ALL = bestiary_of(deck=False)


def names(*profiles: tuple[float, float, float, float], deck: bool = False) -> list[str]:
    return [one.name["en"] for one in identify(np.array(profiles, dtype=np.float64), bestiary_of(deck=deck))]


def test_the_boxes_are_the_agreed_ones() -> None:
    assert {key: animal.box.intervals for key, animal in personas().items()} == BOXES


def test_the_deck_has_seven() -> None:
    assert list(bestiary_of(deck=True)) == DECK
    assert sorted(ALL) == sorted(BOXES)


def test_both_languages_are_complete() -> None:
    for key, animal in personas().items():
        assert animal.name.en == key
        assert animal.name.fr == FRENCH[key]
        assert len(animal.actions.en) == len(animal.actions.fr) == 3
        assert animal.description.en != animal.description.fr
        assert not set(animal.actions.en) & set(animal.actions.fr)


def test_mid_ranks_give_ties_their_middle() -> None:
    assert mid_ranks(np.array([5.0, 1.0, 1.0, 9.0])).tolist() == [62.5, 25.0, 25.0, 87.5]
    assert mid_ranks(np.array([3.0, 3.0])).tolist() == [50.0, 50.0]


def test_percentiles_put_the_recent_high_and_divide_value_by_purchases() -> None:
    features = np.array([[1.0, 1.0, 50.0], [9.0, 10.0, 100.0]])
    found = percentiles(features, np.array([1.0, 10.0]))
    assert found.tolist() == [[75.0, 25.0, 25.0, 75.0], [25.0, 75.0, 75.0, 25.0]]


def test_the_fit_falls_with_the_distance_outside() -> None:
    box = np.array([BOXES["lion"]], dtype=np.float64)
    profiles = np.array([[65, 85, 100, 3], [55, 85, 100, 3], [45, 75, 100, 3]], dtype=np.float64)
    expected = [1.0, math.exp(-((10 / 15) ** 2) / 2), math.exp(-((20 / 15) ** 2) / 2 - ((10 / 15) ** 2) / 2)]
    assert box_fits(profiles, box)[:, 0] == pytest.approx(expected)


@pytest.mark.parametrize("key", BOXES)
def test_the_middle_of_a_box_bears_its_name(key: str) -> None:
    middle = tuple(sum(interval) / 2 for interval in BOXES[key])
    (found,) = identify(np.array([middle]), ALL)
    assert (found.persona, found.match, found.note) == (key, 1.0, None)


REAL = {
    3: {"lion": (84, 90, 87, 63), "bear": (60, 61, 61, 55), "dormouse": (30, 26, 27, 41)},
    5: {
        "lion": (87, 96, 94, 65),
        "bear": (75, 78, 76, 57),
        "owl": (35, 53, 62, 64),
        "squirrel": (72, 34, 29, 38),
        "dormouse": (21, 24, 21, 36),
    },
    8: {
        "lion": (92, 97, 95, 66),
        "bear": (68, 88, 86, 62),
        "owl": (49, 65, 66, 58),
        "beaver": (89, 69, 65, 53),
        "turtle": (23, 30, 44, 64),
        "squirrel": (67, 30, 25, 35),
        "dormouse": (19, 23, 11, 17),
        "dormouse, smaller baskets": (34, 24, 0, 0),
    },
}


@pytest.mark.parametrize("k", REAL)
def test_a_real_shop_gets_names_that_a_person_would_give(k: int) -> None:
    """Mean percentiles of the segments of a real gift shop (UCI Online Retail), seven months."""
    assert names(*REAL[k].values()) == list(REAL[k])


@pytest.mark.parametrize("order", list(itertools.permutations(range(5)))[::7])
def test_names_go_with_looks_and_never_with_numbers(order: tuple[int, ...]) -> None:
    keys = list(REAL[5])
    assert names(*(REAL[5][keys[i]] for i in order)) == [keys[i] for i in order]


PROFILES = arrays(np.float64, st.tuples(st.integers(1, 11), st.just(4)), elements=st.integers(0, 100))


@settings(deadline=None)
@given(PROFILES)
def test_no_two_segments_share_a_plain_name(profiles: np.ndarray) -> None:
    found = identify(profiles, ALL)
    called = [one.name["en"] for one in found]
    assert len(set(called)) == len(called)
    assert len({one.name["fr"] for one in found}) == len(called)
    plain = [one.persona for one in found if one.persona == one.name["en"]]
    assert len(set(plain)) == len(plain)
    for one in found:
        assert (one.match is None) == (one.persona is None)
        assert one.match is None or 0.5 <= one.match <= 1


@settings(deadline=None)
@given(PROFILES)
def test_a_permutation_of_segments_permutes_the_animals(profiles: np.ndarray) -> None:
    profiles = np.unique(profiles, axis=0)
    order = np.random.default_rng(len(profiles)).permutation(len(profiles))
    before, after = identify(profiles, ALL), identify(profiles[order], ALL)
    assert [one.persona for one in after] == [before[i].persona for i in order]
    assert [one.match for one in after] == [before[i].match for i in order]


def test_a_segment_left_over_shares_the_name_with_the_axis_on_which_it_differs() -> None:
    assert names((98, 98, 98, 40), (97, 99, 99, 90)) in (
        ["lion", "lion, larger baskets"],
        ["lion, smaller baskets", "lion"],
    )
    assert sorted(names((98, 98, 98, 40), (97, 99, 99, 90), (99, 99, 99, 65), (97, 98, 98, 15)))[0] == "lion"


def test_a_shared_name_says_so() -> None:
    profiles = np.array([[98, 98, 98, 40], [97, 99, 99, 90]], dtype=np.float64)
    shared = [one for one in identify(profiles, ALL) if one.name["en"] != "lion"]
    assert [(one.persona, one.match) for one in shared] == [("lion", 1.0)]
    assert shared[0].note is not None
    assert "baskets" in shared[0].note["en"]
    assert "paniers" in shared[0].note["fr"]


def test_a_segment_close_to_a_free_animal_takes_it_rather_than_share() -> None:
    assert names((90, 97, 97, 40), (90, 96, 99, 90)) == ["bear", "lion"]


def test_a_poor_match_is_called_by_what_it_is() -> None:
    # recent and frequent with next to no value: no animal is like that
    (lion, poor) = identify(np.array([[90, 95, 95, 60], [85, 99, 3, 1]], dtype=np.float64), ALL)
    assert lion.persona == "lion"
    assert (poor.persona, poor.match) == (None, None)
    assert poor.name == {"en": "Segment 1: frequent, small baskets", "fr": "Segment 1 : fréquents, petits paniers"}
    assert poor.note is not None
    assert "segment 1" in poor.note["en"]


def test_the_deck_alone_has_no_name_for_the_small_and_long_gone() -> None:
    (found,) = identify(np.array([[5, 10, 5, 10]], dtype=np.float64), bestiary_of(deck=True))
    assert found.persona is None
    assert names((5, 10, 5, 10)) == ["dormouse"]
