"""Whether segments that have no centroids to move, a tree's or a mixture's, stay as they were in the run before.

They are grown or fitted as a whole, so there is no going from the previous ones a step at a time, as `refit` does. The
previous ones stay unless fresh ones are better by more than a tolerance: learned on half of today's customers, and
measured on the other half beside the previous ones, in every one of `DRAWS` random halvings (one-sided p = 0.025).
Customers whom neither has seen are asked because a fresh tree always suits those best that it was grown on.

What is measured is what each tries to make small. For a tree, which stands for KMeans, the mean square within segments
of the standardised logarithms (the inertia); for a mixture, 1 / the mean likelihood (geometric, of a customer), of
which 1 % is as much as 1 % of inertia: the same tolerance serves both. Between bootstraps of UCI Online Retail's 4,338
buyers (`tests/test_follow_hold.py`) fresh trees of 4 to 8 segments, matched, agree on 0.74 to 0.86 of the customers.
"""

import numpy as np

from bestiary.segments import kmeans
from bestiary.segments.mixture import Mixture
from bestiary.segments.partition import AnyPartition, Fit
from bestiary.segments.transform import Floats, learn_log1p

SAMPLE = 10_000
"""At most so many customers are halved."""
DRAWS = 39


def holds(
    points: Floats, previous: AnyPartition, fit: Fit, tolerance: float = 0.01, *, draws: int = DRAWS, seed: int = 0
) -> bool:
    """Whether `previous` stays for customers at points (n, d), n >= 2; `fit` learns as many segments anew."""
    rng = np.random.default_rng(seed)
    for number in range(draws):
        order = rng.permutation(len(points))[:SAMPLE]
        one, other = points[order[: len(order) // 2]], points[order[len(order) // 2 :]]
        group = kmeans.distinct(one)
        fresh = fit(group.points, group.weights, min(previous.k, len(group.points)), seed + number)
        if loss(previous, other) <= (1 + tolerance) * loss(fresh, other):
            return True
    return False


def loss(partition: AnyPartition, points: Floats) -> float:
    """How badly segments suit customers at points (n, d): only the ratio of two means something."""
    if isinstance(partition, Mixture):
        logs = partition.log_joint(points)
        most = logs.max(axis=1)
        return float(np.exp(-(most + np.log(np.exp(logs - most[:, None]).sum(axis=1))).mean()))
    coordinates = learn_log1p(points).apply(points)
    labels = partition.place(points).segment
    means = kmeans.segment_means(coordinates, labels, partition.k)
    return float(((coordinates - means[labels]) ** 2).sum(axis=1).mean())
