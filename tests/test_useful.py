"""When segments that come back give way to more of them: only what is sure counts against them."""

from types import SimpleNamespace
from typing import Any

import pytest

from bestiary.config import Settings
from bestiary.segments import useful
from bestiary.segments.worth.findings import Comparison, Difference, Figure

Told = dict[tuple[str, str], tuple[float, float]]
GOOD: Told = {
    ("grid", "gini"): (0.05, 0.01),
    ("grid", "r_squared"): (0.02, 0.01),
    ("frequency", "gini"): (0.03, 0.01),
    ("frequency", "r_squared"): (0.02, 0.01),
    ("grid", "average_precision"): (0.01, 0.005),
}


def compared(told: Told) -> Comparison:
    """Differences of one candidate's labels to baselines: value and half the width of the interval."""
    differences = tuple(
        Difference("one", "segments", baseline, metric, Figure(value, value - half, value + half))
        for (baseline, metric), (value, half) in told.items()
    )
    return Comparison(1_000, 0.5, 10, (), differences, {})


@pytest.mark.parametrize(
    ("where", "figure", "behind", "ahead"),
    [
        (("grid", "gini"), (0.05, 0.01), False, True),
        (("grid", "gini"), (-0.02, 0.01), True, False),
        (("grid", "gini"), (-0.02, 0.03), False, False),
        (("frequency", "gini"), (-0.02, 0.01), True, False),
        (("frequency", "r_squared"), (-0.001, 0.0005), True, False),
        (("frequency", "r_squared"), (0.001, 0.01), False, True),
        (("grid", "average_precision"), (-0.005, 0.001), False, True),
        (("grid", "average_precision"), (-0.02, 0.01), True, False),
        (("grid", "average_precision"), (-0.02, 0.03), False, False),
    ],
)
def test_a_figure_counts_against_where_it_is_sure_and_for_where_it_is_better(
    where: tuple[str, str], figure: tuple[float, float], behind: bool, ahead: bool
) -> None:
    found = compared(GOOD | {where: figure})
    assert useful._behind(found, "one") == behind
    assert useful._ahead(found, "one") == ahead


def asked(word: str, settings: Settings, *, deck: bool = False) -> list[tuple[str, int]]:
    """The ways that are tried for a chosen candidate that is behind: name and k; none where it stays as it is."""
    tried: list[tuple[str, int]] = []

    def several(ways: list[tuple[Any, int]], *_: object) -> Comparison:
        tried.extend((way.name, k) for way, k in ways)
        return compared({})

    def one(name: str, like: str) -> Any:
        return SimpleNamespace(candidate=SimpleNamespace(name=name, like=like), k=4)

    judgement: Any = SimpleNamespace(verdict=SimpleNamespace(word=word), partitions=dict.fromkeys(range(2, 12)))
    frame: Any = SimpleNamespace(recipe=SimpleNamespace(deck=deck))
    found: Any = SimpleNamespace(comparison=None, before=None)
    attempts = [one("rfm_log", ""), one("tree", "rfm_log"), one("rfm_scores", "")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(useful, "_behind", lambda *_: True)
        patch.setattr(useful, "_ahead", lambda *_: False)
        patch.setattr(useful, "several", several)
        assert useful.useful(attempts[0], judgement, found, attempts, frame, settings, None) is None
    return tried


def test_more_segments_are_tried_of_the_chosen_and_of_those_that_have_their_k_from_it() -> None:
    assert asked("reproducible", Settings()) == [(name, k) for k in (5, 6, 7, 8) for name in ("rfm_log", "tree")]


def test_what_a_person_chose_is_not_replaced() -> None:
    assert asked("reproducible", Settings(candidate="rfm_log")) == [("rfm_log", k) for k in (5, 6, 7, 8)]
    assert asked("reproducible", Settings(k=4)) == []


def test_natural_groups_and_those_of_the_deck_stay() -> None:
    assert asked("natural", Settings()) == []
    assert asked("reproducible", Settings(), deck=True) == []
