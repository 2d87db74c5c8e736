"""The model: everything needed to place a customer, as JSON that a person can read.

Three blocks: `config` (what was asked), `fitted` (what was learned), `provenance` (where it comes from). No
pickle, no clock time. Loading validates; placing needs numpy alone.
"""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError, model_validator

from bestiary.config import Frozen, Preset, explain
from bestiary.errors import ModelError
from bestiary.files import read_json, write_json
from bestiary.segments.personas import Bilingual
from bestiary.segments.place import nearest
from bestiary.segments.presets import Population
from bestiary.segments.transform import Floats, Ints, Transform, Triple
from bestiary.segments.tree import Node, walk

FORMAT_VERSION = 1
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=0)]


class Config(Frozen):
    """What was asked: the settings that shape the model."""

    preset: Preset
    windows: tuple[int, int, int]
    k: int | Literal["auto"]
    k_min: int
    k_max: int
    test_share: float
    seed: int


class Column(Frozen):
    """One input: its role and the column of the customer table that it is read from."""

    name: Literal["recency", "frequency", "monetary"]
    source: str


class Segment(Frozen):
    """One segment's name and size when learned; `persona` and `match` are null when no animal fits."""

    segment: Count
    persona: str | None
    name: Bilingual
    match: Share | None
    customers: Count


class TreeNodes(Frozen):
    """The tree as data: the roles that its rows hold, in order, and its nodes from the root."""

    columns: tuple[str, ...]
    nodes: Annotated[tuple[Node, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _walkable(self) -> Self:
        for place, node in enumerate(self.nodes):
            if node.id != place:
                raise ValueError(f"node {place} calls itself {node.id}")
            branch = (node.column, node.threshold, node.left, node.right)
            if node.column is None and branch != (None,) * 4:
                raise ValueError(f"node {place} is a leaf with branches")
            if node.column is not None:
                if node.column not in self.columns or None in branch:
                    raise ValueError(f"node {place} splits on '{node.column}' without all of threshold, left and right")
                if not all(place < child < len(self.nodes) for child in (node.left or 0, node.right or 0)):
                    raise ValueError(f"node {place} has a child that does not come after it")
        return self


class Fitted(Frozen):
    """What was learned. Row i of `centroids` is the centre of segment i in the transformed space."""

    population: Population
    columns: tuple[Column, Column, Column]
    transform: Transform
    centroids: Annotated[tuple[Triple, ...], Field(min_length=1)]
    segments: tuple[Segment, ...]
    tree: TreeNodes | None

    @model_validator(mode="after")
    def _dimensions(self) -> Self:
        if [column.name for column in self.columns] != ["recency", "frequency", "monetary"]:
            raise ValueError("the columns are not recency, frequency, monetary, in this order")
        if [one.segment for one in self.segments] != list(range(len(self.centroids))):
            raise ValueError(f"{len(self.centroids)} centroids, but segments {[one.segment for one in self.segments]}")
        if self.tree is not None and max(node.segment for node in self.tree.nodes) >= len(self.centroids):
            raise ValueError("the tree names a segment that has no centroid")
        return self


class Provenance(BaseModel):
    """Where the model comes from: what the caller says, the counts and the versions. Further keys are kept."""

    model_config = ConfigDict(frozen=True, extra="allow")
    __pydantic_extra__: dict[str, JsonValue]

    as_of: Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
    customers: Count
    segmented: Count
    fingerprint: str
    versions: dict[str, str]


class Model(Frozen):
    """A learned segmentation."""

    format_version: Literal[1] = 1
    config: Config
    fitted: Fitted
    provenance: Provenance

    def place(self, features: ArrayLike) -> tuple[Ints, Floats]:
        """Place raw recency (days), frequency and monetary value (n, 3): segments and confidence (n,).

        A monetary value below 0 counts as 0. The nearest centroid wins, the lowest segment on an exact tie;
        confidence = 1 - d1 / d2 (nearest over second nearest) is 0 on a tie and NaN when there is one
        segment. Raises ModelError for another shape, a number that is not finite, or a negative recency or
        frequency.
        """
        return nearest(self.coordinates(features), np.array(self.fitted.centroids))

    def coordinates(self, features: ArrayLike) -> Floats:
        """The transformed features (n, 3), in which distances are taken. Raises as `place` does."""
        rows = np.asarray(features, dtype=np.float64)
        if rows.ndim != 2 or rows.shape[1] != 3:
            raise ModelError(
                f"Features of shape {rows.shape} cannot be placed.",
                allowed="Allowed: (n, 3): recency in days, frequency, monetary value.",
            )
        if not np.isfinite(rows).all() or (rows[:, :2] < 0).any():
            raise ModelError(
                "Features that are missing, infinite or negative cannot be placed.",
                allowed=f"Allowed: finite numbers, recency and frequency 0 or more ({self.fitted.population}).",
                do="Place only customers of the population that the model was learned on.",
            )
        return self.fitted.transform.apply(rows)

    def leaves(self, features: ArrayLike) -> Ints | None:
        """The tree's leaf (n,) for each customer, from the same features as `place`; None without a tree.

        The tree reads scores where the model is made of scores, else the raw columns.
        """
        tree = self.fitted.tree
        if tree is None:
            return None
        rows = self.coordinates(features)
        if self.fitted.transform.kind == "log1p_standardise":
            rows = np.asarray(features, dtype=np.float64)
        return walk(tree.nodes, rows, tree.columns).astype(np.int32)

    def save(self, path: Path) -> None:
        """Write the model, wholly or not at all, in place of what is there."""
        write_json(path, self.model_dump(mode="json"))


def load(path: Path) -> Model:
    """Read and validate a model.

    Raises ModelError for a file that is missing, damaged, of a newer format, or with dimensions that do not
    agree.
    """
    return parse(read_json(path), str(path))


def parse(read: dict[str, Any], name: str = "The model") -> Model:
    """Validate a model read from JSON; `name` is what errors call it."""
    version = read.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise ModelError(
            f"{name} has format version {version}.",
            allowed=f"This bestiary reads versions up to {FORMAT_VERSION}.",
            do="Install a newer bestiary, or fit again with this one.",
        )
    try:
        return Model.model_validate(read)
    except ValidationError as error:
        faults = "\n".join(explain(error)[:5])
        raise ModelError(f"{name} is not a valid model:\n{faults}", do="Fit again to replace it.") from error
