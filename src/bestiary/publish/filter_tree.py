"""What a filter means, as a tree of a few kinds of nodes, and the SQL that is made of it.

A filter comes from outside and is never pasted into SQL: `filter_parse` makes this tree of it, and `sql` writes the
tree down with names and texts quoted by us. What the tree means is told by few rules:

- a comparison with null is unknown, and so are NOT, AND and OR of it as in SQL; who is unknown is not selected;
- whole numbers are compared exactly, other numbers in double precision; times are the shop's wall time;
- arithmetic is in double precision; to divide by 0 is null, and so is a result that is no finite number;
- texts are ordered by code point; LIKE is of the whole text, `%` is any characters and `_` is one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from bestiary.sql import identifier, quote

Kind = Literal["number", "text", "time"]
Comparison = Literal["=", "<>", "<", "<=", ">", ">="]
Operator = Literal["+", "-", "*", "/"]


@dataclass(frozen=True)
class Column:
    """A column of the customers; `whole` where its numbers are integers."""

    name: str
    kind: Kind
    whole: bool = False


@dataclass(frozen=True)
class Value:
    """A number, a text or a time that the filter holds."""

    value: int | float | str | datetime

    @property
    def kind(self) -> Kind:
        """Of the value."""
        if isinstance(self.value, str):
            return "text"
        return "time" if isinstance(self.value, datetime) else "number"

    @property
    def whole(self) -> bool:
        """Whether it is a whole number, written as one."""
        return isinstance(self.value, int)


@dataclass(frozen=True)
class Arithmetic:
    """Two numbers put together."""

    operator: Operator
    left: Term
    right: Term
    kind: Kind = "number"
    whole: bool = False


@dataclass(frozen=True)
class Compare:
    """Two terms of one kind; null where one of them is."""

    operator: Comparison
    left: Term
    right: Term


@dataclass(frozen=True)
class Among:
    """Whether a term equals one of some values of its kind; null where the term is."""

    term: Term
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Missing:
    """Whether a term is null; itself never null."""

    term: Term


@dataclass(frozen=True)
class Like:
    """Whether a text is as a pattern says."""

    term: Term
    pattern: str


@dataclass(frozen=True)
class Not:
    """The contrary."""

    condition: Condition


@dataclass(frozen=True)
class Every:
    """AND of two conditions or more."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Some:
    """OR of two conditions or more."""

    conditions: tuple[Condition, ...]


Term = Column | Value | Arithmetic
Condition = Compare | Among | Missing | Like | Not | Every | Some


def sql(condition: Condition) -> str:
    """A condition as SQL for DuckDB, over columns of these names; each part stands in brackets."""
    match condition:
        case Compare(operator, left, right):
            exact = left.whole and right.whole
            return f"({_term(left, exact=exact)} {operator} {_term(right, exact=exact)})"
        case Among(term, values):
            return f"({' OR '.join(_among(term, values))})"
        case Missing(term):
            return f"({_term(term, exact=True)} IS NULL)"
        case Like(term, pattern):
            return f"({_term(term, exact=True)} LIKE {quote(pattern)})"
        case Not(inner):
            return f"(NOT {sql(inner)})"
        case Every(parts):
            return f"({' AND '.join(sql(part) for part in parts)})"
        case Some(parts):
            return f"({' OR '.join(sql(part) for part in parts)})"


def _among(term: Term, values: tuple[Value, ...]) -> Iterator[str]:
    """Each value is compared as it would be alone."""
    for exact in (True, False):
        some = [one for one in values if (term.whole and one.whole) == exact]
        if some:
            yield f"{_term(term, exact=exact)} IN ({', '.join(_term(one, exact=exact) for one in some)})"


def _term(term: Term, *, exact: bool) -> str:
    """A term that is compared: numbers as they are where that is `exact`, else finite doubles, or null."""
    if term.kind == "number" and not (exact and term.whole):
        number = _double(term)
        return f"(CASE WHEN isfinite({number}) THEN {number} END)" if isinstance(term, Arithmetic) else number
    match term:
        case Column(name):
            return identifier(name)
        case Value(str(text)):
            return quote(text)
        case Value(datetime() as time):
            return f"TIMESTAMP_NS {quote(time.isoformat(sep=' ', timespec='microseconds'))}"
        case _:
            return str(term.value) if isinstance(term, Value) else _double(term)


def _double(term: Term) -> str:
    match term:
        case Column(name):
            return f"CAST({identifier(name)} AS DOUBLE)"
        case Value(value):
            return f"CAST({quote(repr(value))} AS DOUBLE)"
        case Arithmetic("/", left, right):
            return f"({_double(left)} / nullif({_double(right)}, 0))"
        case Arithmetic(operator, left, right):
            return f"({_double(left)} {operator} {_double(right)})"
