"""Wilson's interval of a share, as its tables have it, and its laws."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bestiary.segments.intervals import wilson, wilson_of


def test_by_hand() -> None:
    # None of 10 ends at z² / (10 + z²).
    low, high = wilson(np.array([8.0, 0.0, 10.0, 0.0, 400.0]), np.array([10.0, 10.0, 10.0, 0.0, 500.0]))
    assert low == pytest.approx([0.4902, 0.0, 0.7225, 0.0, 0.7627], abs=5e-5)
    assert high == pytest.approx([0.9433, 0.2775, 1.0, 0.0, 0.8327], abs=5e-5)


@given(st.integers(1, 10**6), st.floats(0, 1))
def test_the_share_lies_within_and_misses_are_the_mirror_of_hits(of: int, part: float) -> None:
    hits = round(part * of)
    low, high = wilson_of(hits, of)
    assert 0 <= low <= hits / of <= high <= 1
    assert low < high
    assert wilson_of(of - hits, of) == pytest.approx((1 - high, 1 - low), abs=1e-12)
