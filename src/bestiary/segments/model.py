"""The model: everything needed to place a customer, as JSON that a person can read.

Three blocks: `config` (what was asked), `fitted` (what was learned), `provenance` (where it comes from). No
pickle, no clock time. Loading validates; placing needs numpy alone. Customers who bought and visitors who did not are
two populations, each with its own segmentation; a segment's number is unique over both.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, field_validator, model_validator

from bestiary.config import Choice, Frozen, Preset, growing, known_zone
from bestiary.errors import FormatError, ModelError
from bestiary.faults import explain
from bestiary.files import read_json, write_json
from bestiary.segments.leaves import TreeNodes
from bestiary.segments.partition import AnyPartition
from bestiary.segments.personas import Bilingual
from bestiary.segments.place import Placed
from bestiary.segments.presets import Population
from bestiary.segments.transform import Floats, Ints, Transform
from bestiary.segments.worth.expected import Expected

FORMAT_VERSION = 2
LARGEST = 16_000_000
"""Bytes of a file that may be a model; those seen have under 200,000."""
WIDEST = 512
"""Columns and segments that a population may have."""
Bools = NDArray[np.bool_]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]


class Config(Frozen):
    """What was asked: the settings that shape the model."""

    preset: Preset
    windows: tuple[int, int, int]
    k: int | Literal["auto"]
    k_min: int
    k_max: int
    candidates: tuple[str, ...] | None = None
    candidate: str | None
    choice: Choice = Choice()
    anew: bool = False
    tree: Literal["cart", "optimal"] = "cart"
    test_share: float
    seed: int

    @field_validator("windows")
    @classmethod
    def _growing(cls, value: tuple[int, int, int]) -> tuple[int, int, int]:
        return growing(value)


class Column(Frozen):
    """One input: its role and the column of the customer table that it is read from; `nullable` where it may be null.

    No other column takes a null.
    """

    name: str
    source: str
    nullable: bool = False

    @property
    def signed(self) -> bool:
        """Whether it may be negative: a value net of refunds."""
        return self.source == "total_purchase_value"


class Segment(Frozen):
    """One segment's name and size when learned; `persona` and `match` are null when no animal fits."""

    segment: Count
    persona: str | None
    name: Bilingual
    match: Share | None
    customers: Count


class Segmentation(Frozen):
    """The segments of one population. Segment i of the partition has the number `first + i` everywhere else.

    `learned_on` is the number of customers that the partition comes from; a later run may have kept it.
    """

    population: Population
    candidate: str
    columns: Annotated[tuple[Column, ...], Field(min_length=1)]
    transform: Transform
    partition: Annotated[AnyPartition, Field(discriminator="kind")]
    learned_on: Annotated[int, Field(ge=1)]
    segments: tuple[Segment, ...]
    tree: TreeNodes | None

    @property
    def first(self) -> int:
        """The number of its first segment."""
        return self.segments[0].segment

    @property
    def roles(self) -> tuple[str, ...]:
        """The roles of its columns, in order."""
        return tuple(column.name for column in self.columns)

    @model_validator(mode="after")
    def _dimensions(self) -> Self:
        if self.transform.width != len(self.columns):
            raise ValueError(f"{len(self.columns)} columns, but a transform of {self.transform.width}")
        k, numbers = self.partition.k, [one.segment for one in self.segments]
        if max(k, len(self.columns)) > WIDEST:
            raise ValueError(f"{len(self.columns)} columns and {k} segments, but {WIDEST} at most")
        if not numbers or numbers != list(range(numbers[0], numbers[0] + k)):
            raise ValueError(f"the partition has {k} segments, but the segments are {numbers}")
        probe = self.transform.apply(np.ones((1, len(self.columns))))
        if self.partition.width != probe.shape[1]:
            raise ValueError(f"coordinates of {probe.shape[1]}, but a partition of {self.partition.width}")
        if self.tree is not None and self.tree.columns != self.roles:
            raise ValueError(f"columns {', '.join(self.roles)}, but a tree on {', '.join(self.tree.columns)}")
        if self.tree is not None and max(node.segment for node in self.tree.nodes) >= k:
            raise ValueError("the tree names a segment that the partition has not")
        if self.tree is not None and self.transform.kind == "quartile_scores":
            asked = [node.threshold for node in self.tree.nodes if node.threshold is not None]
            if not all(1 <= threshold < 4 for threshold in asked):
                raise ValueError("the tree asks for a score that is not 1 to 4")
        return self

    def placeable(self, features: Floats) -> Bools:
        """Who (n,) of raw features (n, d), in the order of `columns`, can be placed.

        Nobody with an infinite number, a null in a column that has none, or a negative number in a column that is not
        `signed`.
        """
        nullable = np.array([column.nullable for column in self.columns])
        signed = np.array([column.signed for column in self.columns])
        unknown = np.isnan(features)
        fine = np.isfinite(features) & ((features >= 0) | signed)
        return np.asarray((fine | (unknown & nullable)).all(axis=1))

    def coordinates(self, features: ArrayLike) -> Floats:
        """The transformed features (n, c) of raw ones (n, d), in the order of `columns`.

        Raises ModelError for another shape, and where somebody is not `placeable`.
        """
        rows = np.asarray(features, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != len(self.columns):
            raise ModelError(
                f"Features of shape {rows.shape} cannot be placed.",
                allowed=f"Allowed: (n, {len(self.columns)}): {', '.join(self.roles)}.",
            )
        if not self.placeable(rows).all():
            raise ModelError(
                "Features that are missing, infinite or negative cannot be placed.",
                allowed=f"Allowed: finite numbers, 0 or more but for a value net of refunds ({self.population}).",
                do="Place only customers of the population that the model was learned on.",
            )
        return self.transform.apply(rows)

    def place(self, features: ArrayLike) -> Placed:
        """Place raw features (n, d): segments and second best by their numbers everywhere, and confidence.

        A monetary value below 0 counts as 0. Raises as `coordinates` does.
        """
        return self.place_points(self.coordinates(features))

    def place_points(self, points: Floats) -> Placed:
        """The same for their `coordinates` (n, c)."""
        found = self.partition.place(points)
        second = np.where(found.second >= 0, found.second + self.first, -1).astype(np.int32)
        return Placed((found.segment + self.first).astype(np.int32), second, found.confidence)

    def leaves(self, features: ArrayLike) -> Ints | None:
        """The explaining tree's leaf (n,) for each customer, from the same features; None without a tree.

        Raises as `coordinates` does.
        """
        return self.leaves_of(np.asarray(features, dtype=np.float64), self.coordinates(features))

    def leaves_of(self, features: Floats, points: Floats) -> Ints | None:
        """The same for customers whose `coordinates` (n, c) are known.

        The tree reads scores where the model is made of scores, else the raw columns.
        """
        if self.tree is None:
            return None
        return self.tree.leaves(points if self.transform.kind == "quartile_scores" else features).astype(np.int32)


class Fitted(Frozen):
    """What was learned. `visitors` is null where they are not segmented, or there are none.

    Below `min_events` events it is too early to say where a customer belongs. `expected` tells what a buyer
    will bring in; null where history is too short to learn it. `season` is what the coming window brings for each
    unit of the one learned on; null where there is no year of history, and then only ranks should be read.
    """

    buyers: Segmentation
    visitors: Segmentation | None
    min_events: Count
    expected: Expected | None
    season: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None

    @model_validator(mode="after")
    def _numbers(self) -> Self:
        if self.buyers.first != 0 or (self.visitors and self.visitors.first != self.buyers.partition.k):
            raise ValueError("the segments of visitors do not go on from those of buyers, which begin at 0")
        return self


class Provenance(BaseModel):
    """Where the model comes from: what the caller says, the counts and the versions. Further keys are kept.

    `time_zone` and `currency` are the shop's, None where the caller does not say.
    """

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, JsonValue]

    as_of: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    customers: Count
    segmented: Count
    fingerprint: str
    time_zone: str | None = None
    currency: Annotated[str, Field(max_length=8)] | None = None
    versions: dict[str, str]

    @field_validator("as_of")
    @classmethod
    def _day(cls, value: str) -> str:
        date.fromisoformat(value)
        return value

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str | None) -> str | None:
        return known_zone(value)


class Model(Frozen):
    """A learned segmentation."""

    format_version: Literal[2] = 2
    config: Config
    fitted: Fitted
    provenance: Provenance

    def save(self, path: Path) -> None:
        """Write the model, wholly or not at all, in place of what is there."""
        write_json(path, self.model_dump(mode="json"))


def load(path: Path) -> Model:
    """Read and validate a model.

    Raises ModelError for a file that is missing, damaged, of another format, or with dimensions that do not
    agree.
    """
    again = "Fit again to replace it"
    if path.parent.parent.name == "runs":  # of a store
        again += f": bestiary fit --store {path.parents[2]} --as-of {path.parent.name}"
    else:
        again += "."
    if path.is_file() and path.stat().st_size > LARGEST:
        raise ModelError(f"{path} has over {LARGEST:,} bytes.", allowed="No model has so many.", do=again)
    return parse(read_json(path, again), str(path), again)


def parse(read: dict[str, Any], name: str = "The model", again: str = "Fit again to replace it.") -> Model:
    """Validate a model read from JSON; `name` is what errors call it, `again` what they say to do."""
    version = read.get("format_version")
    if isinstance(version, int) and version != FORMAT_VERSION:
        newer = version > FORMAT_VERSION
        raise FormatError(
            f"{name} has format version {version}.",
            allowed=f"This bestiary reads version {FORMAT_VERSION}.",
            do=f"Install a newer bestiary, or fit with this one. {again}" if newer else again,
        )
    try:
        return Model.model_validate(read)
    except ValidationError as error:
        faults = "\n".join(explain(error)[:5])
        raise ModelError(f"{name} is not a valid model:\n{faults}", do=again) from error
    except ValueError as error:  # half of a surrogate pair
        raise ModelError(f"{name} is not a valid model: it holds a text that is no Unicode.", do=again) from error
