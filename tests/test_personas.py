"""The animals and how segments get their names."""

import itertools
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pydantic import ValidationError

from bestiary.segments import identity
from bestiary.segments.identity import (
    AXES,
    Identity,
    box_fits,
    carried_on,
    identify,
    mid_ranks,
    percentiles,
    visitor_percentiles,
)
from bestiary.segments.personas import ANY, BuyerBox, Kind, Visitor, VisitorBox, bestiary_of, personas
from bestiary.segments.presets import recipe, visitors

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
VISITORS = {
    "magpie": (ANY, ANY, (80, 100), ANY),
    "hummingbird": ((65, 100), (65, 100), (0, 80), ANY),
    "stork": ((0, 65), (65, 100), (0, 80), ANY),
    "butterfly": ((65, 100), (0, 65), (0, 80), ANY),
    "cat": ((0, 70), (0, 65), (0, 80), (60, 100)),
    "sparrow": ((0, 70), (0, 65), (0, 80), (0, 30)),
    "hedgehog": ((0, 50), (0, 65), (0, 80), (20, 65)),
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
    "magpie": "pie",
    "hummingbird": "colibri",
    "stork": "cigogne",
    "butterfly": "papillon",
    "cat": "chat",
    "sparrow": "moineau",
    "hedgehog": "hérisson",
}
ALL = bestiary_of(deck=False)
LOOKING = bestiary_of(deck=False, population="visitors")
POPULATIONS: tuple[Kind, ...] = ("buyers", "visitors")


def names(*profiles: tuple[float, float, float, float], deck: bool = False, population: Kind = "buyers") -> list[str]:
    animals = bestiary_of(deck=deck, population=population)
    return [one.name["en"] for one in identify(np.array(profiles, dtype=np.float64), animals, population)]


def test_the_boxes_are_the_agreed_ones() -> None:
    assert {key: animal.box.intervals for key, animal in personas().items()} == {**BOXES, **VISITORS}


def test_the_deck_has_seven() -> None:
    assert list(bestiary_of(deck=True)) == DECK
    assert sorted(ALL) == sorted(BOXES)


def test_the_two_populations_share_no_animal() -> None:
    assert sorted(LOOKING) == sorted(VISITORS)
    assert not bestiary_of(deck=True, population="visitors")
    assert len(ALL) + len(LOOKING) == len(personas())


def test_boxes_and_axes_are_in_the_same_order() -> None:
    assert tuple(BuyerBox.model_fields) == AXES["buyers"]
    assert tuple(VisitorBox.model_fields) == AXES["visitors"]


@pytest.mark.parametrize("words", ["_MORE", "_LESS", "_HIGH", "_LOW"])
def test_every_axis_has_its_words(words: str) -> None:
    said = getattr(identity, words)
    assert set(said) == {axis for population in POPULATIONS for axis in AXES[population]}
    for language in (0, 1):
        assert len({pair[language] for pair in said.values()}) == len(said)


def test_an_animal_is_refused_a_box_of_the_other_population() -> None:
    cat = LOOKING["cat"].model_dump()
    with pytest.raises(ValidationError, match="monetary"):
        Visitor.model_validate(cat | {"box": {"monetary": (10, 20)}})
    with pytest.raises(ValidationError, match="deck"):
        Visitor.model_validate(cat | {"deck": True})
    with pytest.raises(ValidationError, match="not below"):
        Visitor.model_validate(cat | {"box": {"price": (20, 20)}})


def test_both_languages_are_complete() -> None:
    for key, animal in personas().items():
        assert animal.name.en == key
        assert animal.name.fr == FRENCH[key]
        assert len(animal.actions.en) == len(animal.actions.fr) == 3
        assert animal.description.en != animal.description.fr
        assert not set(animal.actions.en) & set(animal.actions.fr)


CLAIMS: dict[str, tuple[str, str, float]] = {
    r"(?<!no )more often(?: and spend more)?,? than most|buy more often, spend more": ("frequency", "low", 55),
    r"(?:come|came) more often than most visitors": ("sessions", "low", 55),
    r"cart more often than most": ("carts", "low", 55),
    r"spend more(?: than most| and)": ("monetary", "low", 55),
    r"bought more recently than most": ("recency", "low", 55),
    r"came more recently|in more recently than most": ("recency", "low", 55),
    r"no more recently than most|longer silence than most|longer ago than": ("recency", "high", 50),
    r"no more often|but no more often": ("frequency", "high", 50),
    r"spen[dt] no more than most": ("monetary", "high", 50),
    r"(?:not|nor) the latest": ("recency", "high", 75),
    r"neither the most frequent": ("frequency", "high", 75),
    r"nor the biggest spenders": ("monetary", "high", 75),
    r"purchases are larger than most|Larger baskets than most": ("basket", "low", 55),
    r"so is what they spend": ("monetary", "low", 55),
    r"baskets that are not among the largest": ("basket", "high", 75),
    r"dearer things than most": ("price", "low", 55),
    r"cheaper things than most": ("price", "high", 45),
    r"not among the dearest": ("price", "high", 75),
}
"""What a description says, and what the box must ensure for it: the mean percentile's least or most."""
ABSOLUTE = (
    r"\b(lately|recent|long ago|rarely|seldom|regular\w*|steady|predictable|loyal|occasional|once|twice|first|quiet)\b",
    r"\b((?<!plus )longtemps|rarement|habitués|constants|prévisibles|occasionnels|premier|silencieux|moyens|récents)\b",
)
"""What is so of some customers of a shop, whatever the others do: no percentile ensures it."""


def test_a_description_says_nothing_that_its_box_does_not_ensure() -> None:
    said: set[str] = set()
    for key, animal in personas().items():
        told = []
        for pattern, (axis, side, bound) in CLAIMS.items():
            box = animal.box
            if re.search(pattern, animal.description.en) and axis in type(box).model_fields:
                low, high = getattr(box, axis) or ANY
                assert low >= bound if side == "low" else high <= bound, (key, pattern)
                told.append(pattern)
        assert told, key
        said |= {*told}
    assert said == set(CLAIMS)


@pytest.mark.parametrize("key", personas())
def test_a_description_compares_and_does_not_measure(key: str) -> None:
    animal = personas()[key]
    for text, pattern in zip((animal.description.en, animal.description.fr), ABSOLUTE, strict=True):
        allowed = text.replace("whether or not they bought lately", "").replace("soit récent ou non", "")
        assert not re.search(pattern, allowed), text


def test_mid_ranks_give_ties_their_middle() -> None:
    assert mid_ranks(np.array([5.0, 1.0, 1.0, 9.0])).tolist() == [62.5, 25.0, 25.0, 87.5]
    assert mid_ranks(np.array([3.0, 3.0])).tolist() == [50.0, 50.0]


def test_percentiles_put_the_recent_high_and_divide_value_by_purchases() -> None:
    features = np.array([[1.0, 1.0, 50.0], [9.0, 10.0, 100.0]])
    found = percentiles(features, np.array([1.0, 10.0]))
    assert found.tolist() == [[75.0, 25.0, 25.0, 75.0], [25.0, 75.0, 75.0, 25.0]]


def test_a_visitor_whose_prices_are_not_known_is_in_the_middle() -> None:
    features = np.array([[9.0, 1.0, 0.0, 10.0], [1.0, 5.0, 0.0, np.nan], [4.0, 5.0, 2.0, 30.0]])
    assert visitor_percentiles(features) == pytest.approx(
        np.array([[100 / 6, 100 / 6, 100 / 3, 25], [500 / 6, 200 / 3, 100 / 3, 50], [50, 200 / 3, 500 / 6, 75]])
    )
    assert visitor_percentiles(np.array([[1.0, 1.0, 0.0, np.nan]])).tolist() == [[50.0] * 4]


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


@pytest.mark.parametrize("key", VISITORS)
def test_the_middle_of_a_visitors_box_bears_its_name(key: str) -> None:
    middle = tuple(sum(interval) / 2 for interval in VISITORS[key])
    (found,) = identify(np.array([middle]), LOOKING, "visitors")
    assert (found.persona, found.match, found.note) == (key, 1.0, None)


SEEN = {
    4: {
        "cat": (39, 45, 47, 71),
        "sparrow": (41, 37, 47, 18),
        "hummingbird": (85, 74, 48, 54),
        "magpie": (69, 87, 97, 56),
    },
    6: {
        "cat": (35, 40, 47, 72),
        "sparrow": (38, 35, 47, 17),
        "butterfly": (86, 47, 47, 53),
        "stork": (49, 86, 51, 55),
        "hummingbird": (92, 91, 53, 54),
        "magpie": (70, 86, 98, 56),
    },
    8: {
        "hedgehog": (33, 37, 47, 44),
        "cat": (39, 43, 47, 86),
        "sparrow": (41, 34, 47, 10),
        "butterfly": (86, 47, 47, 52),
        "stork": (49, 87, 46, 53),
        "hummingbird": (92, 91, 51, 54),
        "magpie": (53, 75, 96, 57),
        "magpie, more recent": (81, 94, 99, 55),
    },
}


@pytest.mark.parametrize("k", SEEN)
def test_visitors_get_names_that_a_person_would_give(k: int) -> None:
    """Mean percentiles of KMeans segments of 98,886 simulated visitors, seven months."""
    assert names(*SEEN[k].values(), population="visitors") == list(SEEN[k])


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
@given(PROFILES, st.sampled_from(POPULATIONS))
def test_no_two_segments_share_a_plain_name(profiles: np.ndarray, population: Kind) -> None:
    found = identify(profiles, bestiary_of(deck=False, population=population), population)
    called = [one.name["en"] for one in found]
    assert len(set(called)) == len(called)
    assert len({one.name["fr"] for one in found}) == len(called)
    plain = [one.persona for one in found if one.persona == one.name["en"]]
    assert len(set(plain)) == len(plain)
    for one in found:
        assert (one.match is None) == (one.persona is None)
        assert one.match is None or 0.5 <= one.match <= 1


@settings(deadline=None)
@given(PROFILES, st.sampled_from(POPULATIONS))
def test_a_permutation_of_segments_permutes_the_animals(profiles: np.ndarray, population: Kind) -> None:
    profiles, animals = np.unique(profiles, axis=0), bestiary_of(deck=False, population=population)
    order = np.random.default_rng(len(profiles)).permutation(len(profiles))
    before, after = identify(profiles, animals, population), identify(profiles[order], animals, population)
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


def test_visitors_like_no_animal_are_called_by_what_they_are() -> None:
    profiles = np.array([[50, 50, 50, 50], [92, 91, 60, 54]], dtype=np.float64)
    only = {"hedgehog": LOOKING["hedgehog"]}
    (hedgehog, unnamed) = identify(profiles, only, "visitors")
    assert hedgehog.persona == "hedgehog"
    assert unnamed.name == {"en": "Segment 1: recent, many visits", "fr": "Segment 1 : récents, beaucoup de visites"}


def test_a_segment_without_an_animal_is_called_by_its_number() -> None:
    profiles = np.array([[92, 91, 60, 54], [92, 91, 60, 54]], dtype=np.float64)
    found = identify(profiles, {"hedgehog": LOOKING["hedgehog"]}, "visitors", numbers=[6, 7])
    assert [one.name["en"].split(":")[0] for one in found] == ["Segment 6", "Segment 7"]
    assert found[1].note is not None
    assert "segment 7" in found[1].note["en"]


def test_the_presets_read_what_they_have_always_read() -> None:
    windows = (2, 5, 7)
    default, amazing = recipe("default", windows), recipe("amazing", windows)
    shared = (("recency", "days_since_last_purchase"), ("monetary", "total_purchase_value"))
    for one, frequency in ((default, "number_of_purchases_7m"), (amazing, "number_of_sessions_7m")):
        assert one.columns == (shared[0], ("frequency", frequency), shared[1])
        assert (one.animals, one.nullable, one.purchases) == ("buyers", (), "number_of_purchases_7m")


def test_visitors_are_those_who_bought_nothing_in_the_longest_window() -> None:
    found = visitors((1, 2, 3))
    assert (found.population, found.animals, found.where) == ("visitors", "visitors", "number_of_purchases_3m = 0")
    assert found.columns == (
        ("recency", "days_since_last_visit"),
        ("sessions", "number_of_sessions_3m"),
        ("carts", "number_of_carts_3m"),
        ("price", "avg_price_viewed_3m"),
    )
    assert tuple(role for role, _ in found.columns) == AXES["visitors"]
    assert found.nullable == ("price",)
    assert "3 months" in found.rule["en"]
    assert "des 3 derniers mois" in found.rule["fr"]


def test_a_name_that_is_carried_on_has_the_fit_of_today_and_a_poor_one_is_told() -> None:
    """In the lion's box it fits; 40 points outside on one axis, exp(-(40 / 15)^2 / 2) = 0.03."""
    lion = Identity("lion", {"en": "lion", "fr": "lion"}, 1.0, None)
    inside, outside = np.array([80.0, 90.0, 90.0, 50.0]), np.array([25.0, 90.0, 90.0, 50.0])
    assert carried_on(lion, inside, ALL) == lion
    found = carried_on(lion, outside, ALL)
    assert found.match == pytest.approx(0.0286, abs=1e-3)
    assert (found.persona, found.name) == ("lion", lion.name)
    assert found.note is not None
    assert "(fit 0.03)" in found.note["en"]
    assert "(accord 0,03)" in found.note["fr"]
    nameless = Identity(None, {"en": "Segment 3", "fr": "Segment 3"}, None, None)
    assert carried_on(nameless, outside, ALL) == nameless
