"""From coordinates to a segment's number: each kind of partition as layers of expressions and the last one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import singledispatch

from sqlglot import exp

from bestiary.errors import ConfigError
from bestiary.segments.cells import Cells
from bestiary.segments.centroids import Centroids
from bestiary.segments.export import terms
from bestiary.segments.export.terms import Layer, Names, column, number, whole
from bestiary.segments.leaves import Leaves
from bestiary.segments.mixture import Mixture


@dataclass(frozen=True)
class Cut:
    """Layers, and the expression of the segment's number over their columns; a customer without coordinates has any."""

    layers: tuple[Layer, ...]
    segment: exp.Expr


@singledispatch
def cut(partition: object, coordinates: Sequence[str], first: int, prefix: str, names: Names) -> Cut:
    """The layers of a partition whose segments are numbered from `first`; new columns are named after the prefix."""
    raise ConfigError(f"A partition of the kind {type(partition).__name__} is not known in SQL.")


@cut.register
def _(partition: Centroids, coordinates: Sequence[str], first: int, prefix: str, names: Names) -> Cut:
    gaps: dict[str, exp.Expr] = {}
    distances: dict[str, exp.Expr] = {}
    for i, centre in enumerate(partition.centroids, first):
        own = _gaps(coordinates, centre, f"{prefix}gap_{i}", names)
        gaps |= own
        distances[names.new(f"{prefix}distance_{i}")] = terms.squares(own)
    layers = (Layer("gaps", gaps), Layer("distances", distances))
    return Cut(layers, terms.first_of(exp.Least, tuple(distances), first))


@cut.register
def _(partition: Mixture, coordinates: Sequence[str], first: int, prefix: str, names: Names) -> Cut:
    gaps: dict[str, exp.Expr] = {}
    turned: dict[str, exp.Expr] = {}
    likelihoods: dict[str, exp.Expr] = {}
    heights = partition.heights.tolist()
    for i, (height, mean, factor) in enumerate(zip(heights, partition.means, partition.factors, strict=True), first):
        apart = _gaps(coordinates, mean, f"{prefix}gap_{i}", names)
        own = {
            names.new(f"{prefix}turned_{i}_{j}"): terms.added(
                terms.times(column(gap), number(row[j]))
                for gap, row in zip(apart, factor, strict=True)
                if row[j]  # what is 0 changes no sum
            )
            for j in range(len(mean))
        }
        gaps, turned = gaps | apart, turned | own
        half = terms.over(terms.squares(own), whole(2))
        likelihoods[names.new(f"{prefix}likelihood_{i}")] = exp.Sub(this=number(height), expression=half)
    layers = (Layer("gaps", gaps), Layer("turned", turned), Layer("likelihoods", likelihoods))
    return Cut(layers, terms.first_of(exp.Greatest, tuple(likelihoods), first))


def _gaps(coordinates: Sequence[str], point: Sequence[float], called: str, names: Names) -> dict[str, exp.Expr]:
    """How far each coordinate is above that of a point."""
    return {
        names.new(f"{called}_{j}"): terms.minus(column(name), number(at))
        for j, (name, at) in enumerate(zip(coordinates, point, strict=True))
    }


@cut.register
def _(partition: Cells, coordinates: Sequence[str], first: int, prefix: str, names: Names) -> Cut:
    q = len(partition.edges[0])
    up = tuple(range(1, q + 2))
    scores = {
        names.new(f"{prefix}{what}_score"): terms.scored(name, edges, up[::-1] if what == "recency" else up)
        for what, name, edges in zip(("recency", "frequency", "monetary"), coordinates, partition.edges, strict=True)
    }
    recency, frequency, monetary = scores
    # The mean of two scores, rounded up at the half, is s where their sum is 2 s - 1 or 2 s.
    worth = names.new(f"{prefix}worth_score")
    total = exp.Add(this=column(frequency), expression=column(monetary))
    sums = [(exp.LTE(this=total.copy(), expression=whole(2 * s)), whole(s)) for s in up[:-1]]
    rows = [
        (whole(s), terms.case([(whole(t), whole(first + row[t - 1])) for t in up], operand=column(worth)))
        for s, row in zip(up, partition.cells, strict=True)
    ]
    layers = (Layer("cell_scores", scores), Layer("worth", {worth: terms.case(sums, whole(q + 1))}))
    return Cut(layers, terms.case(rows, operand=column(recency)))


@cut.register
def _(partition: Leaves, coordinates: Sequence[str], first: int, prefix: str, names: Names) -> Cut:
    nodes, place = partition.tree.nodes, {role: at for at, role in enumerate(partition.tree.columns)}
    made: dict[int, exp.Expr] = {}
    for node in reversed(nodes):  # children come after their parents
        if node.column is None or node.threshold is None or node.left is None or node.right is None:
            made[node.id] = whole(first + node.segment)
        else:
            low = exp.LTE(this=column(coordinates[place[node.column]]), expression=number(node.threshold))
            made[node.id] = terms.case([(low, made[node.left].copy())], made[node.right].copy())
    return Cut((), made[0])
