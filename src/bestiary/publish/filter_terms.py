"""The terms of a filter: columns, numbers, texts and dates, and arithmetic; each with its kind."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from bestiary.errors import ConfigError, did_you_mean
from bestiary.publish.filter_tree import Arithmetic, Column, Kind, Operator, Term, Value

if TYPE_CHECKING:
    from sqlglot import exp

OPERATORS: Mapping[str, Operator] = {"Add": "+", "Sub": "-", "Mul": "*", "Div": "/"}
TYPED = {"DATE", "TIMESTAMP", "TIMESTAMPNTZ"}
TIME = re.compile(r"\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?)?", re.ASCII)
YEARS = range(1700, 2201)
"""Times of these years can be told to the nanosecond."""
DIGITS = 18
"""Of the longest whole number."""
KINDS: Mapping[Kind, str] = {"number": "a number", "text": "a text", "time": "a time"}
CALLED = {
    **dict.fromkeys(("Select", "Subquery", "Exists", "Union", "Any", "All"), "a query within it"),
    **dict.fromkeys(
        ("EQ", "NEQ", "LT", "LTE", "GT", "GTE", "And", "Or", "Not", "In", "Between", "Is", "Like"),
        "a condition where a number, a text or a time must stand",
    ),
    **dict.fromkeys(("Cast", "TryCast"), "a cast"),
    **dict.fromkeys(("Placeholder", "Parameter"), "a placeholder"),
    "Boolean": "true or false",
    "Null": "null in a comparison; for what is not there write IS NULL",
    "Alias": "a name given to a value",
    "Escape": "ESCAPE",
    "ILike": "ILIKE",
    "Interval": "an interval",
    "Case": "CASE",
    "Command": "a command",
}
"""What some of sqlglot's nodes are called; others by their own names."""


def refused(what: str) -> ConfigError:
    """The error for something that has no place in a filter."""
    return ConfigError(
        f"The filter holds {what}.",
        allowed="Allowed: comparisons of columns with numbers, 'texts' and '2020-05-01', AND, OR, NOT, IN, BETWEEN, "
        "IS NULL, LIKE, and + - * / on numbers.",
        do="Write the filter with these alone.",
    )


def told(term: Term) -> str:
    """A term as an error names it: what it is, and its kind."""
    if isinstance(term, Column):
        return f"{term.name}, {KINDS[term.kind]}"
    return (
        f"{term.value!r}, {KINDS[term.kind]}" if isinstance(term, Value) and term.kind != "time" else KINDS[term.kind]
    )


def same_kind(left: Term, right: Term) -> tuple[Term, Term]:
    """Two terms that can be compared; a text beside a time is read as one."""
    if left.kind == "time":
        right = _as_time(right)
    if right.kind == "time":
        left = _as_time(left)
    if left.kind != right.kind:
        raise ConfigError(
            f"The filter compares {told(left)}, with {told(right)}.",
            allowed="Allowed: numbers with numbers, texts with texts, times with times such as '2020-05-01'.",
            do="Texts stand in single quotes, numbers in none.",
        )
    return left, right


def _as_time(term: Term) -> Term:
    return time_of(term.value) if isinstance(term, Value) and isinstance(term.value, str) else term


def time_of(text: str) -> Value:
    """The time that a text tells, to the microsecond."""
    try:
        if TIME.fullmatch(text) and (found := datetime.fromisoformat(text)).year in YEARS:
            return Value(found)
    except ValueError:
        pass
    raise ConfigError(
        f"The filter holds {text!r} where a time is meant.",
        allowed=f"Allowed: '2020-05-01' or '2020-05-01 13:30:00', of the years {YEARS.start} to {YEARS.stop - 1}.",
    )


class Terms:
    """Takes over those of sqlglot's nodes that are terms."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._columns = columns
        self._kinds: Mapping[str, Callable[[exp.Expression], Term]] = {
            **dict.fromkeys(OPERATORS, self._arithmetic),
            "Column": self._column,
            "Literal": self._literal,
            "Cast": self._typed,
            "Neg": self._negated,
            "Paren": lambda node: self.term(node.this),
        }

    def knows(self, node: exp.Expression) -> bool:
        """Whether a node is a term."""
        return type(node).__name__ in self._kinds

    def term(self, node: exp.Expression) -> Term:
        """A node that is a number, a text or a time."""
        if not self.knows(node):
            raise refused(self.called(node))
        return self._kinds[type(node).__name__](node)

    def called(self, node: exp.Expression) -> str:
        """What a node is called that has no place in a filter."""
        from sqlglot import exp

        kind = type(node).__name__
        if kind in CALLED:
            return CALLED[kind]
        if isinstance(node, exp.Anonymous):
            return f"the function {node.name}"
        if isinstance(node, exp.Func) and not isinstance(node, exp.Connector | exp.Binary):
            return f"the function {node.sql_name().lower()}"
        return f"what SQL calls {kind}"

    def bare(self, node: exp.Expression, *names: str) -> None:
        """Refuse a node that carries anything beside some parts."""
        more = [name for name, value in node.args.items() if value and name not in names]
        if more:
            raise refused(f"{type(node).__name__.upper()} with {more[0].upper()}")

    def _column(self, node: exp.Expression) -> Term:
        self.bare(node, "this")
        self.bare(node.this, "this", "quoted")
        name = str(node.name)
        found = self._columns.get(name) or self._columns.get(name.lower())
        if found is None:
            quoted = " A text stands in single quotes." if node.this.args.get("quoted") else ""
            raise ConfigError(
                f"The filter names {name!r}, which is no column{did_you_mean(name, self._columns)}.{quoted}",
                allowed=f"Allowed: {', '.join(self._columns)}.",
            )
        return found

    def _literal(self, node: exp.Expression) -> Term:
        text = str(node.this)
        if node.args.get("is_string"):
            return Value(text)
        if re.fullmatch(rf"[0-9]{{1,{DIGITS}}}", text, re.ASCII):
            return Value(int(text))
        number = float(text) if re.fullmatch(r"[0-9.]+([eE][+-]?[0-9]+)?", text, re.ASCII) else math.inf
        if not math.isfinite(number) or re.fullmatch(r"[0-9]+", text):
            raise refused(f"{text}, a number out of range")
        return Value(number)

    def _typed(self, node: exp.Expression) -> Term:
        """DATE '2020-05-01' is a cast of a text."""
        inner = node.this
        kind = node.args["to"].this.name
        if kind not in TYPED or type(inner).__name__ != "Literal" or not inner.args.get("is_string"):
            raise refused("a cast")
        return time_of(str(inner.this))

    def _negated(self, node: exp.Expression) -> Term:
        term = self._number(self.term(node.this))
        if isinstance(term, Value) and isinstance(term.value, int | float):
            return Value(-term.value)
        return Arithmetic("-", Value(0), term)

    def _arithmetic(self, node: exp.Expression) -> Term:
        self.bare(node, "this", "expression", "typed", "safe")
        left, right = self._number(self.term(node.this)), self._number(self.term(node.expression))
        return Arithmetic(OPERATORS[type(node).__name__], left, right)

    @staticmethod
    def _number(term: Term) -> Term:
        if term.kind != "number":
            raise refused(f"arithmetic on {told(term)}")
        return term
