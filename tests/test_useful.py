"""When segments that come back give way to more of them: only what is sure counts against them."""

import pytest

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
