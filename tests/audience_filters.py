"""Filters of every kind over a small table with nulls, and what they mean, told a second time in plain Python."""

import math
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from bestiary.publish import filter_tree as tree
from bestiary.publish.filter_tree import Column, Condition, Term, Value

COLUMNS = {
    one.name: one
    for one in (
        Column("days", "number", whole=True),
        Column("views", "number", whole=True),
        Column("value", "number"),
        Column("brand", "text"),
        Column("persona", "text"),
        Column("seen", "time"),
    )
}
DAYS = (None, -1, 0, 1, 2, 30, 2**53, 2**53 + 1)
VALUES = (None, -2.5, 0.0, 0.1, 1.0, 30.0, 1e308)
TEXTS = (None, "", "a", "A", "lion", "l'ion", "li_n", "l%", "é", "lion\nbear", "100%", "-- x", '"', "\\")
TIMES = (None, datetime(2020, 1, 1), datetime(2020, 1, 1, 0, 0, 0, 1), datetime(2020, 2, 29, 12, 30))
Row = Mapping[str, Any]


def rows() -> list[Row]:
    """Every value of each column, beside others of the rest."""
    found: list[Row] = []
    for number in range(120):
        found.append(
            {
                "days": DAYS[number % len(DAYS)],
                "views": DAYS[(number // 3) % len(DAYS)],
                "value": VALUES[(number // 2) % len(VALUES)],
                "brand": TEXTS[number % len(TEXTS)],
                "persona": TEXTS[(number // 5) % len(TEXTS)],
                "seen": TIMES[(number // 4) % len(TIMES)],
            }
        )
    return found


def holds(condition: Condition, row: Row) -> bool | None:
    """True, false, or None where it is unknown."""
    match condition:
        case tree.Compare(operator, left, right):
            return compared(operator, term(left, row), term(right, row))
        case tree.Among(one, values):
            found = term(one, row)
            return None if found is None else any(compared("=", found, value.value) for value in values)
        case tree.Missing(one):
            return term(one, row) is None
        case tree.Like(one, pattern):
            text = term(one, row)
            signs = {"%": ".*", "_": "."}
            wanted = "".join(signs.get(sign, re.escape(sign)) for sign in pattern)
            return None if text is None else re.fullmatch(wanted, text, re.DOTALL) is not None
        case tree.Not(inner):
            found = holds(inner, row)
            return None if found is None else not found
        case tree.Every(parts):
            told = [holds(part, row) for part in parts]
            return False if False in told else None if None in told else True
        case tree.Some(parts):
            told = [holds(part, row) for part in parts]
            return True if True in told else None if None in told else False


def compared(operator: str, left: Any, right: Any) -> bool | None:
    if left is None or right is None:
        return None
    if isinstance(left, float) or isinstance(right, float):
        left, right = float(left), float(right)
    less, same = bool(left < right), bool(left == right)
    return {"=": same, "<>": not same, "<": less, "<=": less or same, ">": not (less or same), ">=": not less}[operator]


def term(one: Term, row: Row) -> Any:
    match one:
        case Column(name):
            return row[name]
        case Value(value):
            return value
        case tree.Arithmetic():
            found = number(one, row)
            return found if found is not None and math.isfinite(found) else None


def number(one: Term, row: Row) -> float | None:
    """A number while it is reckoned with; it may be infinite on the way."""
    if not isinstance(one, tree.Arithmetic):
        found = term(one, row)
        return None if found is None else float(found)
    left, right = number(one.left, row), number(one.right, row)
    if left is None or right is None:
        return None
    match one.operator:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case "/":
            return left / right if right else None


def written(one: Condition | Term) -> str:
    """A tree as a person would write it, each part in brackets."""
    if isinstance(one, Column | Value | tree.Arithmetic):
        return _written(one)
    match one:
        case tree.Compare(operator, left, right):
            text = f"{written(left)} {operator} {written(right)}"
        case tree.Among(inner, values):
            text = f"{written(inner)} in ({', '.join(map(written, values))})"
        case tree.Missing(inner):
            text = f"{written(inner)} IS NULL"
        case tree.Like(inner, pattern):
            text = f"{written(inner)} like {written(Value(pattern))}"
        case tree.Not(condition):
            text = f"not {written(condition)}"
        case tree.Every(parts):
            text = " and ".join(map(written, parts))
        case tree.Some(parts):
            text = " or ".join(map(written, parts))
    return f"({text})"


def _written(one: Term) -> str:
    match one:
        case Column(name):
            return name
        case Value(str(text)):
            return "'" + text.replace("'", "''") + "'"
        case Value(datetime() as time):
            return f"TIMESTAMP '{time.isoformat(sep=' ')}'"
        case Value(value):
            return str(value)
        case tree.Arithmetic(operator, left, right):
            return f"({_written(left)} {operator} {_written(right)})"


def _values(kind: str) -> st.SearchStrategy[Value]:
    if kind == "number":
        whole = st.sampled_from([one for one in DAYS if one is not None and one >= 0])
        return (whole | st.sampled_from([0.1, 0.5, 2.5, 1e300, 1e-5])).map(Value)
    if kind == "text":
        return st.sampled_from([one for one in TEXTS if one is not None]).map(Value)
    return st.sampled_from([one for one in TIMES if one is not None]).map(Value)


def terms(kind: str) -> st.SearchStrategy[Term]:
    """Terms of a kind."""
    plain = st.sampled_from([one for one in COLUMNS.values() if one.kind == kind]) | _values(kind)
    if kind != "number":
        return plain
    return st.recursive(
        plain,
        lambda inner: st.builds(tree.Arithmetic, st.sampled_from(["+", "-", "*", "/"]), inner, inner),
        max_leaves=4,
    )


OPERATORS = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
KINDS = st.sampled_from(["number", "text", "time"])
PLAIN: st.SearchStrategy[Condition] = (
    KINDS.flatmap(lambda kind: st.builds(tree.Compare, OPERATORS, terms(kind), terms(kind)))
    | KINDS.flatmap(
        lambda kind: st.builds(tree.Among, terms(kind), st.lists(_values(kind), min_size=1, max_size=3).map(tuple))
    )
    | KINDS.flatmap(lambda kind: st.builds(tree.Missing, terms(kind)))
    | st.builds(
        tree.Like, terms("text"), st.sampled_from(["%", "", "l%", "_", "%n", "l_on", "%'%", "li\\_n", "100%", "%%a"])
    )
)


def _joined(inner: st.SearchStrategy[Condition]) -> st.SearchStrategy[Condition]:
    parts = st.lists(inner, min_size=2, max_size=3).map(tuple)
    every = parts.filter(lambda some: not any(isinstance(one, tree.Every) for one in some)).map(tree.Every)
    any_ = parts.filter(lambda some: not any(isinstance(one, tree.Some) for one in some)).map(tree.Some)
    return inner.map(tree.Not) | every | any_


CONDITIONS: st.SearchStrategy[Condition] = st.recursive(PLAIN, _joined, max_leaves=6)
"""Every kind of tree; AND within AND would be read as one AND of more."""

WORDS = (
    *COLUMNS, "segment", "and", "or", "not", "in", "between", "is", "null", "like", "(", ")", ",", "=", "<>", "<", ">=",
    "+", "-", "*", "'lion'", "'2020-01-01'", "0", "1", "30", "2.5", "--", "/*", "*/", ";", "select", "case", "::int",
    "upper(", "date", "exists", "'", '"', "\\", "$1", "?", "true", ".", "||", "union", "from", "read_csv('x')",
    "[", "]", "%",
)  # fmt: skip
SOUP = st.lists(st.sampled_from(WORDS), min_size=1, max_size=9).map(" ".join)
"""Texts made of the words of filters and of what has no place in one."""


@st.composite
def loose(draw: st.DrawFn) -> str:
    """A tree as it is written, with some of its brackets left out: what then belongs together is SQL's to say."""
    text = written(draw(CONDITIONS))
    open_, pairs, quoted = [], [], False
    for place, sign in enumerate(text):
        quoted ^= sign == "'"
        if sign == "(" and not quoted:
            open_.append(place)
        elif sign == ")" and not quoted:
            pairs.append((open_.pop(), place))
    plain = [pair for pair in pairs if not text[: pair[0]].endswith(" in ")]
    gone = {place for pair in plain if draw(st.booleans()) for place in pair}
    return "".join(sign for place, sign in enumerate(text) if place not in gone)
