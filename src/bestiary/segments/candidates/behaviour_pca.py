"""All numeric columns as standardised logarithms, principal components up to 80 % of their variance, then KMeans.

Jolliffe (2002), "Principal Component Analysis", section 6.1.1, on choosing components by cumulative variance.
"""

from collections.abc import Iterator

import numpy as np

from bestiary.segments.candidates.candidate import Candidate, kmeans
from bestiary.segments.pca import components
from bestiary.segments.transform import Floats, Log1pComponents, Log1pStandardise, ln1p

VARIANCE = 0.8
CHUNK = 100_000


def learn(rows: Floats) -> Log1pComponents:
    """Learn the components of (n, d) rows, NaN for null; where no column varies, one component that is 0 everywhere."""

    def chunks() -> Iterator[Floats]:
        for start in range(0, len(rows), CHUNK):
            yield ln1p(np.maximum(rows[start : start + CHUNK], 0.0))

    found = components(chunks, rows.shape[1])
    enough = int(np.searchsorted(np.cumsum(found.ratio), VARIANCE - 1e-12)) + 1
    loadings = found.loadings[:enough] if len(found.loadings) else np.zeros((1, rows.shape[1]))
    log1p = Log1pStandardise(mean=tuple(found.mean.tolist()), scale=tuple(found.scale.tolist()))
    return Log1pComponents(log1p=log1p, loadings=tuple(tuple(row) for row in loadings.tolist()))


CANDIDATE = Candidate(
    name="behaviour_pca",
    order=4,
    title={
        "en": "all numeric columns, principal components, KMeans",
        "fr": "toutes les colonnes numériques, composantes principales, KMeans",
    },
    columns="all",
    transform=learn,
    fit=kmeans,
)
