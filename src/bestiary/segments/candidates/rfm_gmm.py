"""A Gaussian mixture on the logarithms of recency, frequency and monetary value: soft membership."""

from bestiary.segments.candidates.candidate import Candidate
from bestiary.segments.gmm import mixture
from bestiary.segments.transform import learn_log1p

CANDIDATE = Candidate(
    name="rfm_gmm",
    order=3,
    title={"en": "logarithms of RFM, Gaussian mixture", "fr": "logarithmes de RFM, mélange gaussien"},
    columns="rfm",
    transform=learn_log1p,
    fit=mixture,
    chooses="as",
    like="rfm_log",
)
