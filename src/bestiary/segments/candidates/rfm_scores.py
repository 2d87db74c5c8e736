"""The deck's: recency, frequency and monetary value scored 1 to 4 by their quartiles, then KMeans."""

from bestiary.segments.candidates.candidate import Candidate, kmeans
from bestiary.segments.transform import learn_quartiles

CANDIDATE = Candidate(
    name="rfm_scores",
    order=2,
    title={"en": "RFM scores by quartiles, KMeans", "fr": "scores RFM par quartiles, KMeans"},
    columns="rfm",
    transform=learn_quartiles,
    fit=kmeans,
)
