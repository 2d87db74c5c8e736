"""Standardised logarithms of recency, frequency and monetary value, then KMeans."""

from bestiary.segments.candidates.candidate import Candidate, kmeans
from bestiary.segments.transform import learn_log1p

CANDIDATE = Candidate(
    name="rfm_log",
    order=1,
    title={"en": "logarithms of RFM, KMeans", "fr": "logarithmes de RFM, KMeans"},
    columns="rfm",
    transform=learn_log1p,
    fit=kmeans,
)
