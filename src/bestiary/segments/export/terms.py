"""The words that placements are said in: sqlglot expressions, a fresh one each time, and names for columns.

sqlglot does not add the parentheses that a tree of operations needs, so each function here adds its own. Sums are
built from the left, as numpy adds columns up. Numbers that were learned are texts cast to DOUBLE: a decimal literal is
of a decimal type in most dialects and would lose its last bits, while the shortest text that reads back as the same
number does so everywhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce

from sqlglot import exp

from bestiary.segments.transform import GRID

LARGEST = 1.7976931348623157e308
LONGEST = 60
"""Letters of a name; Postgres cuts what is longer than 63."""


@dataclass(frozen=True)
class Layer:
    """Columns that are computed side by side from the layers before."""

    name: str
    columns: Mapping[str, exp.Expr]


@dataclass
class Names:
    """Names that are taken; engines do not tell capitals from small letters."""

    taken: set[str] = field(default_factory=set)

    def new(self, wanted: str) -> str:
        """The wanted name as a plain identifier, with a number where it is taken."""
        plain = "".join(sign if sign.isascii() and (sign.isalnum() or sign == "_") else "_" for sign in wanted)
        plain = plain if plain[:1].isalpha() else f"c_{plain}"
        name, number = plain[:LONGEST], 1
        while name.lower() in self.taken:
            number += 1
            name = f"{plain[: LONGEST - 9]}_{number}"
        self.taken.add(name.lower())
        return name


def column(name: str) -> exp.Expr:
    """A column; unquoted where it is a plain identifier, so that each engine folds it its own way."""
    return exp.column(exp.to_identifier(name))


def number(value: float) -> exp.Expr:
    """A number that was learned."""
    return exp.cast(exp.Literal.string(repr(float(value))), "double")


def whole(value: int) -> exp.Expr:
    """A whole number of a few digits, such as a segment's."""
    return exp.Literal.number(value)


def text(value: str) -> exp.Expr:
    """A text."""
    return exp.Literal.string(value)


def null(kind: str) -> exp.Expr:
    """A null of a type."""
    return exp.cast(exp.null(), kind)


def _inner(one: exp.Expr) -> exp.Expr:
    return exp.Paren(this=one) if isinstance(one, exp.Binary | exp.Between) else one


def minus(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """left - right."""
    return exp.Sub(this=_inner(left), expression=_inner(right))


def times(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """left * right."""
    return exp.Mul(this=_inner(left), expression=_inner(right))


def over(left: exp.Expr, right: exp.Expr) -> exp.Expr:
    """left / right, as doubles: `right` is never 0."""
    return exp.Div(this=_inner(left), expression=_inner(right), typed=True, safe=False)


def squares(names: Iterable[str]) -> exp.Expr:
    """The sum of the squares of columns: not every engine's POWER is exact."""
    return added(times(column(name), column(name)) for name in names)


def added(terms: Iterable[exp.Expr]) -> exp.Expr:
    """The sum of columns, numbers and products, from the left; 0 where there are none."""
    found = list(terms)
    if not found:
        return number(0.0)
    return reduce(lambda total, term: exp.Add(this=total, expression=term), found)


def both(conditions: Sequence[exp.Expr]) -> exp.Expr:
    """All of the conditions, of which there is one at least."""
    return exp.and_(*(_inner(one) if isinstance(one, exp.Or) else one for one in conditions))


def either(conditions: Sequence[exp.Expr]) -> exp.Expr:
    """One of the conditions."""
    return exp.or_(*conditions)


def case(
    branches: Iterable[tuple[exp.Expr, exp.Expr]],
    default: exp.Expr | None = None,
    operand: exp.Expr | None = None,
) -> exp.Expr:
    """CASE with these branches, each WHEN and THEN."""
    ifs = [exp.If(this=when, true=then) for when, then in branches]
    return exp.Case(this=operand, ifs=ifs, default=default)


def log(one: exp.Expr) -> exp.Expr:
    """`transform.ln1p` of a number that is 0 or more, or null."""
    grid = round(GRID)
    fine = times(exp.Ln(this=exp.Add(this=whole(1), expression=_inner(one))), whole(grid))
    return over(exp.Floor(this=exp.Add(this=fine, expression=exp.Literal.number("0.5"))), whole(grid))


def scored(name: str, edges: Sequence[float], scores: Sequence[int]) -> exp.Expr:
    """The score of a column: `scores[i]` where i of the edges are strictly below it; null counts as below all."""
    steps = sorted(edges)
    branches = [
        (exp.GT(this=column(name), expression=number(edge)), whole(score))
        for edge, score in zip(reversed(steps), reversed(scores[1:]), strict=True)
    ]
    return case(branches, whole(scores[0]))


def first_of(kind: type[exp.Least] | type[exp.Greatest], names: Sequence[str], first: int) -> exp.Expr:
    """The number, from `first` on, of the first column that is the least or the greatest of them.

    Of nulls it is the first one, as numpy says of NaN.
    """
    if len(names) == 1:
        return whole(first)
    best = kind(this=column(names[0]), expressions=[column(name) for name in names[1:]])
    branches = [(column(name), whole(first + number)) for number, name in enumerate(names)]
    return case(branches, whole(first), best)
