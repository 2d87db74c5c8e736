"""Numbers that occur more than once: the same as counting them, for any number of threads."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bestiary.events.repeated import repeated

EDGES = [0, 1, 2**63 - 1, 2**63, 2**64 // 3, 2**64 - 1]
NUMBERS = st.lists(st.one_of(st.sampled_from(EDGES), st.integers(0, 2**64 - 1)), max_size=60)


@pytest.mark.parametrize("threads", [1, 2, 3, 7])
@given(numbers=NUMBERS)
def test_what_is_repeated_is_what_counting_finds(threads: int, numbers: list[int]) -> None:
    found = repeated(np.array(numbers, dtype=np.uint64), threads)
    assert found.tolist() == sorted(number for number, times in Counter(numbers).items() if times > 1)
