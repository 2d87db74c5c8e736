"""Learn the segments of a population: transform, KMeans for each k, choice of k, names, tree, components."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bestiary.config import Settings
from bestiary.errors import ModelError
from bestiary.segments import identity, kmeans, transform
from bestiary.segments.identity import Identity
from bestiary.segments.kmeans import Clustering, Distinct
from bestiary.segments.pca import Components, components
from bestiary.segments.personas import bestiary_of
from bestiary.segments.place import nearest
from bestiary.segments.population import Population
from bestiary.segments.presets import Recipe
from bestiary.segments.silhouette import Silhouette, choose_k, silhouettes
from bestiary.segments.transform import Floats, Ints, Log1pStandardise, QuartileScores
from bestiary.segments.tree import Split, Tree, grow, split

PICTURE = 2_000
"""Customers in the picture of the principal components."""


@dataclass(frozen=True)
class Clusters:
    """The chosen centroids (k, 3) in the segments' order, and everyone's label and confidence (n,).

    `curve` and `inertia` have an entry for each k that was tried: none when all customers are alike.
    """

    centroids: Floats
    labels: Ints
    confidence: Floats
    curve: list[Silhouette]
    inertia: dict[int, float]
    distinct: int


@dataclass(frozen=True)
class Explanation:
    """The tree, what it reads (n, 3), and which customers it was grown and tested on."""

    tree: Tree
    rows: Floats
    part: Split


@dataclass(frozen=True)
class Picture:
    """The components, and a seeded sample of customers: scores (m, 2) on the first two, labels (m,)."""

    columns: tuple[str, ...]
    components: Components
    scores: Floats
    labels: Ints


@dataclass(frozen=True)
class Learned:
    """All that was learned. `features` (n, 3) take a value below 0 as 0, `values` (n,) do not.

    `purchases` (n,) are numbers of purchasing sessions, `profiles` (k, 4) the mean percentiles of each
    segment.
    """

    recipe: Recipe
    transform: Log1pStandardise | QuartileScores
    features: Floats
    values: Floats
    purchases: Floats
    percentiles: Floats
    profiles: Floats
    clusters: Clusters
    identities: list[Identity]
    explanation: Explanation | None
    picture: Picture


def stages(settings: Settings) -> int:
    """How many stages `learn` tells of: each k, how well they separate, and the explanation."""
    return len(_wanted(settings)) + 2


def learn(
    population: Population, recipe: Recipe, settings: Settings, tell: Callable[[int], object] = lambda _: None
) -> Learned:
    """Learn everything about a population; ModelError when a model column has a null or is out of range.

    `tell` hears of stages that are done.
    """
    raw = _inputs(population, recipe)
    features, purchases = raw[:, :3] if recipe.scored else transform.clip_refunds(raw[:, :3]), raw[:, 3]
    percentiles = identity.percentiles(features, purchases)
    rescale = transform.learn_quartiles(features) if recipe.scored else transform.learn_log1p(features)
    points = rescale.apply(features)
    clusters = cluster(points, percentiles, recipe, settings, tell)
    k = len(clusters.centroids)
    profiles = kmeans.segment_means(percentiles, clusters.labels, k)
    learned = Learned(
        recipe=recipe,
        transform=rescale,
        features=features,
        values=raw[:, transform.MONETARY],
        purchases=purchases,
        percentiles=percentiles,
        profiles=profiles,
        clusters=clusters,
        identities=identity.identify(profiles, bestiary_of(deck=recipe.deck)),
        explanation=_explain(points if recipe.scored else features, clusters.labels, k, recipe, settings),
        picture=_picture(population, clusters.labels, settings.seed),
    )
    tell(1)
    return learned


def _inputs(population: Population, recipe: Recipe) -> Floats:
    raw = population.values([*(source for _, source in recipe.columns), recipe.purchases])
    if not np.isfinite(raw).all() or (raw[:, :2] < 0).any() or (raw[:, 3] < 1).any():
        raise ModelError(
            "The customer table has buyers without a last purchase, a number of purchases or a value.",
            allowed="Allowed: recency and frequency 0 or more, a finite value, 1 purchase or more.",
            do="Make the customer table again.",
        )
    return raw


def cluster(
    points: Floats,
    percentiles: Floats,
    recipe: Recipe,
    settings: Settings,
    tell: Callable[[int], object] = lambda _: None,
) -> Clusters:
    """Cluster (n, 3) points for each k that there are distinct points for, and number the chosen segments."""
    group = kmeans.distinct(points)
    tried = {}
    for k in candidates(group, settings):
        tried[k] = kmeans.cluster(group.points, group.weights, k, settings.seed)
        tell(1)
    tell(len(_wanted(settings)) - len(tried))  # those that there are too few points for
    labelings = {k: one.labels for k, one in tried.items() if k > 1}
    curve = silhouettes(group.points, group.weights, labelings, settings.seed)
    tell(1)
    k = max(tried)
    if curve:
        asked = settings.k if settings.k != "auto" else choose_k(curve, recipe.k_floor)
        k = min(asked, len(group.points))
    chosen: Clustering = kmeans.reorder(tried[k], group.index, percentiles)
    labels, confidence = nearest(points, chosen.centroids)
    inertia = {k: tried[k].inertia for k in labelings}
    return Clusters(chosen.centroids, labels, confidence, curve, inertia, len(group.points))


def candidates(group: Distinct, settings: Settings) -> list[int]:
    """The k to try, growing: the range asked for and a fixed k, none above the number of distinct points."""
    most = len(group.points)
    fixed = {settings.k} if settings.k != "auto" else set()
    wanted = _wanted(settings)
    feasible = {k for k in wanted if k <= most}
    if min(fixed or wanted) > most:
        feasible.add(most)
    return sorted(feasible)


def _wanted(settings: Settings) -> set[int]:
    return {*range(settings.k_min, settings.k_max + 1), *({settings.k} if settings.k != "auto" else ())}


def _explain(rows: Floats, labels: Ints, k: int, recipe: Recipe, settings: Settings) -> Explanation | None:
    if k == 1:
        return None
    part = split(labels, settings.test_share, settings.seed)
    roles = tuple(role for role, _ in recipe.columns)
    return Explanation(grow(rows, labels, k, part, roles, recipe.shape, settings.seed), rows, part)


def _picture(population: Population, labels: Ints, seed: int) -> Picture:
    size = min(PICTURE, population.size)
    places = np.sort(np.random.default_rng(seed).choice(population.size, size, replace=False)).astype(np.int64)
    found = components(population.chunks, len(population.columns))
    return Picture(population.columns, found, found.scores(population.rows(places), 2), labels[places])
