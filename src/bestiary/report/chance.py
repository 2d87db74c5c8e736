"""Whether the largest of several counts is so by more than chance."""

from collections.abc import Sequence

LEVEL = 0.05
"""How often, where no count is surely the largest, one is called so."""


def stands_out(counts: Sequence[int], ratio: float = 1.0) -> bool:
    """Whether the largest of the counts (n,) lies above every other by more than chance; False where there is one.

    Of two Poisson counts, given their sum, the one is binomial, with half of the sum where both means are alike
    (Przyborowski and Wilenski, 1940, "Homogeneity of results in testing samples from Poisson series"). The largest is
    tested so against the next one, which is the hardest of the others; as any of the n may happen to be the largest,
    the level is shared out among all (Bonferroni). `ratio` is how many times as much may come of being counted for
    longer. Visits are taken as made one by one: where customers come together, chance alone does more than this allows.
    """
    from scipy.stats import binom

    if len(counts) < 2:
        return False
    next_one, most = sorted(counts)[-2:]
    return bool(binom.sf(most - 1, most + next_one, ratio / (1 + ratio)) < LEVEL / len(counts))
