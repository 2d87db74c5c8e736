"""The tables of a settings file: `[choice]`, when a segmentation is believed; `[privacy]`, what is kept of people;
`[publish]`, what a warehouse needs to know."""

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


class Frozen(BaseModel):
    """A record that cannot change and has no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Part = Annotated[float, Field(ge=0, le=1)]


class Choice(Frozen):
    """When a segmentation is believed: the table `[choice]` of a settings file.

    `draws` of a structureless population and `pairs` of bootstrap samples are compared, each of at most `sample`
    customers. See docs/method.md for what each threshold means and where it comes from.
    """

    draws: Annotated[int, Field(ge=39, le=9999)] = 39
    pairs: Annotated[int, Field(ge=30, le=1000)] = 30
    sample: Annotated[int, Field(ge=1000, le=1_000_000)] = 20_000
    natural_p: Part = 0.025
    natural_gap: Part = 0.02
    lead: Part = 0.05
    reasonable: Part = 0.5
    alike: Part = 0.02
    ari: Part = 0.75
    jaccard: Part = 0.5
    loose: Part = 0.75
    smallest_share: Part = 0.02
    smallest_people: Annotated[int, Field(ge=1)] = 30
    within: Part = 0.05
    ari_within: Part = 0.12
    least_k: Annotated[int, Field(ge=2)] = 4
    fallback_k: Annotated[int, Field(ge=2)] = 5
    fidelity: Part = 0.9
    """The explaining tree gives back at least this share of held-out customers."""
    agreement: Part = 0.8
    """A number of events is enough once this share of customers stays in the segment of their first visits."""
    match_margin: Part = 0.03
    settle_margin: Part = 0.1
    warm_tolerance: Part = 0.01
    cadence_agreement: Part = 0.9
    """A model lasts while it agrees with a fresh one for this share of customers,"""
    cadence_loss: Part = 0.01
    """and loses no more than this of the normalised Gini."""


class Privacy(Frozen):
    """What is kept of people, and how long: the table `[privacy]` of a settings file. See docs/privacy.md.

    `pseudonymise` and `drop_categories` are fixed when the store is made; None means "as the store says" (a new store:
    false, and none).
    """

    pseudonymise: Annotated[bool | None, Field(strict=True)] = None
    """Whether customers and sessions are known by keyed hashes alone."""
    key_file: Path | None = None
    """Where the key of the pseudonyms is; None is the environment, BESTIARY_PSEUDONYM_KEY or ..._KEY_FILE."""
    drop_categories: tuple[Annotated[str, Field(min_length=1)], ...] | None = None
    """Codes of categories whose events are not taken in, with all below them: `medicine` is also `medicine.tools`."""
    retention_months: Annotated[int, Field(ge=1, le=120)] | None = None
    """How many calendar months before the last event are kept; None keeps all."""
    rejects_days: Annotated[int, Field(ge=0, le=3650)] = 30
    """How long the text of a refused row is kept."""
    erasure_key_file: Path | None = None
    """Where the key is that the list of erased people is hashed with; None is a file of its own in the store."""
    erased_months: Annotated[int, Field(ge=1, le=120)] = 24
    """How long it is remembered that a person was erased: as long as old files and backups may come back."""
    smallest_group: Annotated[int, Field(ge=2, le=1000)] = 10
    """Nothing that is shared outside tells of fewer people than this."""


def _like(pattern: str, told: str) -> AfterValidator:
    """A rule that a text follows a pattern, told in words."""

    def follows(value: str) -> str:
        if not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(told)
        return value

    return AfterValidator(follows)


class Publish(Frozen):
    """What Redshift needs to load files: the table `[publish]` of a settings file. See docs/warehouse.md.

    None of these is a secret: who may read the bucket is decided by the role, which Redshift takes on by itself.
    """

    s3_staging: Annotated[str, _like(r"s3://[^/?#]+(/[^?#]*)?", "an address such as s3://bucket/prefix")] | None = None
    """Where the files lie while Redshift reads them."""
    iam_role: (
        Annotated[str, _like(r"default|arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", "an ARN, or default")] | None
    ) = None
    """The role that Redshift reads the bucket with."""
    region: Annotated[str, _like(r"[a-z]{2}(-[a-z]+)+-\d", "a region such as eu-west-3")] | None = None
    """The bucket's region, where it is not the cluster's."""
