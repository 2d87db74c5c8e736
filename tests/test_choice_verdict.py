"""The rule, case by case, and what is said."""

import numpy as np
import pytest

from bestiary.config import Choice
from bestiary.segments.believed import _word
from bestiary.segments.choice.null import Null
from bestiary.segments.choice.stability import Stability
from bestiary.segments.choice.verdict import Verdict, verdict

RULES = Choice()
CLOUD = {2: 0.43, 3: 0.34, 4: 0.33, 5: 0.32, 6: 0.31, 7: 0.27}


def null(gap: float, p: float, draws: int = 39) -> Null:
    """One k whose gap and p are these: some draws are far above the others, which are at 0."""
    reached = round(p * (draws + 1)) - 1
    values = np.zeros((draws, 1))
    values[:reached] = 9.0
    return Null((2,), np.array([values.mean() + gap]), values)


def stable(k: int, ari: float = 0.9, worst: float = 0.8, smallest: float = 0.1) -> Stability:
    return Stability(k, ari, (0.99, worst), (1 - smallest, smallest))


def judged(
    values: dict[int, float | None], gap: float = 0.0, p: float = 0.5, customers: int = 9_000, **unsteady: Stability
) -> Verdict:
    steady = [unsteady.get(f"k{k}", stable(k)) for k in values]
    return verdict(values, null(gap, p), steady, customers, 500, RULES)


def test_the_null_of_these_tests_is_what_it_says() -> None:
    assert null(0.03, 0.025).p == pytest.approx(0.025)
    assert null(0.03, 0.5).p == pytest.approx(0.5)
    assert null(0.03, 0.025).gap == pytest.approx(0.03)


@pytest.mark.parametrize(
    ("gap", "p", "word"),
    [
        (0.019, 0.025, "reproducible"),
        (0.2, 0.05, "reproducible"),
        (0.02, 0.025, "natural"),
    ],
)
def test_natural_needs_both_the_gap_and_the_p(gap: float, p: float, word: str) -> None:
    found = judged({2: 0.43, 3: 0.34, 4: 0.33, 5: 0.32}, gap + 1e-12, p)
    assert (found.word, found.k) == (word, 5)
    assert found.p == pytest.approx(p)
    assert found.gap == pytest.approx(gap)


def test_the_largest_steady_k_near_the_best_of_those_from_four_up() -> None:
    found = judged(dict(CLOUD))
    assert (found.word, found.k, found.steady) == ("reproducible", 6, (2, 3, 4, 5, 6, 7))  # 7 is 0.06 below 4


@pytest.mark.parametrize(
    "fault", [stable(6, ari=0.74), stable(6, worst=0.49), stable(6, smallest=0.019)], ids=["ari", "jaccard", "share"]
)
def test_a_k_that_does_not_come_back_or_has_a_tiny_segment_is_passed_over(fault: Stability) -> None:
    found = judged(dict(CLOUD), k6=fault)
    assert (found.k, 6 in found.steady) == (5, False)


def test_a_k_that_comes_back_much_less_than_the_best_is_passed_over() -> None:
    assert judged(dict(CLOUD), k6=stable(6, ari=0.79)).k == 6
    assert judged(dict(CLOUD), k6=stable(6, ari=0.77)).k == 5


def test_a_segment_has_thirty_people_or_more() -> None:
    assert judged(dict(CLOUD), customers=300).k == 6
    assert judged(dict(CLOUD), customers=299).word == "constructed"


def test_constructed_where_nothing_is_steady_whatever_the_null_says() -> None:
    for gap, p in ((0.0, 0.5), (0.3, 0.025)):
        found = verdict(dict(CLOUD), null(gap, p), [stable(k, ari=0.5) for k in CLOUD], 9_000, 500, RULES)
        assert (found.word, found.k, found.steady) == ("constructed", 5, ())


@pytest.mark.parametrize(
    ("values", "k"),
    [
        ({2: 0.35, 3: 0.43, 4: 0.37, 5: 0.36}, 3),  # leads
        ({2: 0.35, 3: 0.42, 4: 0.38, 5: 0.37}, 5),  # by too little
        ({2: 0.40, 3: 0.55, 4: 0.52, 5: 0.51}, 3),  # clear by its height
        ({2: 0.40, 3: 0.55, 4: 0.54, 5: 0.51}, 4),  # as good, and more
        ({2: 0.70, 3: 0.55, 4: 0.52, 5: 0.52}, 3),  # two do not count
        ({2: 0.70, 3: 0.42, 4: 0.41, 5: 0.40}, 5),
    ],
)
def test_natural_takes_the_k_that_stands_out(values: dict[int, float | None], k: int) -> None:
    assert judged(values, 0.05, 0.025).k == k
    assert judged(values, 0.05, 0.5).k == 5  # only where natural


def test_what_stands_out_but_does_not_come_back_is_not_taken() -> None:
    assert judged({2: 0.4, 3: 0.7, 4: 0.4, 5: 0.4}, 0.1, 0.025, k3=stable(3, worst=0.2)).k == 5


def test_too_few_to_compare() -> None:
    found = verdict({2: None}, None, [], 12, 2, RULES)
    assert (found.word, found.k, found.p, found.gap) == ("constructed", 2, None, None)
    assert verdict({}, None, [], 3, 1, RULES).k == 1
    assert verdict({2: 0.5, 3: 0.4}, None, [], 30, 30, RULES).k == 3
    assert "too few" in found.reason["en"]


def test_thresholds_are_settings() -> None:
    lax = Choice(ari=0.5, fallback_k=6, within=0.2)
    values: dict[int, float | None] = dict(CLOUD)
    assert verdict(values, null(0, 0.5), [stable(k, ari=0.6) for k in CLOUD], 9_000, 500, lax).k == 7
    assert verdict(values, null(0, 0.5), [], 9_000, 500, lax).k == 6


def test_the_reason_says_which_word_holds_in_both_languages() -> None:
    natural = judged({2: 0.35, 3: 0.43, 4: 0.36, 5: 0.36}, 0.05, 0.025).reason
    reproducible, constructed = judged(dict(CLOUD)).reason, judged({2: 0.43, 3: 0.34}).reason
    assert "form groups" in natural["en"]
    assert "3 segments stand out" in natural["en"]
    assert "p = 0,025" in natural["fr"]
    assert "continuous cloud" in reproducible["en"]
    assert "nuage continu" in reproducible["fr"]
    assert "useful cuts" in constructed["en"]
    assert "coupes utiles" in constructed["fr"]


def test_another_k_than_the_verdicts_has_a_word_of_its_own() -> None:
    taken = Verdict("natural", 4, 0.02, 0.1, 4, (3, 4, 6), {})
    assert [_word(k, taken) for k in (3, 4, 5, 6, 50)] == [
        "reproducible",
        "natural",
        "constructed",
        "reproducible",
        "constructed",
    ]
