"""Numbers that occur more than once."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray


def repeated(numbers: NDArray[np.uint64], threads: int) -> NDArray[np.uint64]:
    """Each number (n,) that occurs more than once, growing.

    Sorting takes half the processor time of a hash table; each thread sorts the numbers of one range.
    """
    with ThreadPoolExecutor(max_workers=threads) as pool:
        return np.concatenate(list(pool.map(lambda edge: _between(numbers, *edge), ranges(threads))))


def ranges(parts: int) -> list[tuple[int, int]]:
    """All numbers of 64 bits in ranges of one length: the least of each, and the first that is beyond it."""
    edges = [2**64 * part // parts for part in range(parts + 1)]
    return list(pairwise(edges))


def _between(numbers: NDArray[np.uint64], least: int, beyond: int) -> NDArray[np.uint64]:
    mine = np.sort(numbers[(numbers >= least) & (numbers <= beyond - 1)])
    return np.unique(mine[1:][mine[1:] == mine[:-1]])
