"""From the text of a filter to its tree: what is not plainly a condition on customers' columns is refused by name.

The text is read by sqlglot as DuckDB's SQL. Only comparisons, AND, OR, NOT, IN, BETWEEN, IS NULL, LIKE, arithmetic on
numbers, numbers, texts and dates come through; every node is taken over by hand, and one that carries anything else
(an ESCAPE, a query in IN) is refused too. Types are checked here, so that what comes through cannot fail later.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from bestiary.errors import ConfigError
from bestiary.publish.filter_terms import Terms, refused, same_kind, told
from bestiary.publish.filter_tree import Among, Column, Compare, Comparison, Condition, Every, Like, Missing, Not, Some
from bestiary.publish.filter_tree import Value as Literal_

if TYPE_CHECKING:
    from sqlglot import exp

LONGEST = 10_000
"""Characters of a filter."""
ALLOWED = (
    "comparisons, AND, OR, NOT, IN, BETWEEN, IS NULL, LIKE, arithmetic on numbers, numbers, 'texts' and '2020-05-01'"
)


def parse(text: str, columns: Mapping[str, Column]) -> Condition:
    """The tree of a filter over some columns; ConfigError says what in it cannot be used, and what can."""
    if len(text) > LONGEST:
        raise ConfigError(f"The filter has {len(text):,} characters.", allowed=f"Allowed: {LONGEST:,}.")
    if not all(sign.isprintable() or sign in "\n\t" for sign in text):
        raise refused("a sign that cannot be printed")
    try:
        return _Reader(columns).condition(_expression(text))
    except RecursionError as error:
        raise refused("too many brackets within brackets") from error


def _expression(text: str) -> exp.Expression:
    """The one expression that a text is."""
    import sqlglot
    from sqlglot import errors

    logging.getLogger("sqlglot").setLevel(logging.CRITICAL)  # of what it does not know it would tell on standard error
    try:
        tokens = sqlglot.tokenize(text, read="duckdb")
        if any(token.comments for token in tokens) or (text.strip() and not tokens):
            raise refused("a comment")
        if any(token.token_type.name == "SEMICOLON" for token in tokens):
            raise refused("a semicolon")
        found = sqlglot.parse(text, read="duckdb")
    except errors.SqlglotError as error:
        raise ConfigError(
            f"The filter cannot be read: {text!r}.",
            allowed=f"Allowed: {ALLOWED}.",
            do="Write it as in SQL: \"days_since_last_purchase > 30 AND lifecycle = 'repeat'\".",
        ) from error
    if len(found) != 1 or found[0] is None:
        raise ConfigError("The filter is empty.", allowed=f"Allowed: {ALLOWED}.", do="Leave --where out for everyone.")
    return found[0]  # type: ignore[return-value]


COMPARISONS: Mapping[str, Comparison] = {"EQ": "=", "NEQ": "<>", "LT": "<", "LTE": "<=", "GT": ">", "GTE": ">="}


class _Reader:
    """Takes sqlglot's nodes over, one kind at a time."""

    def __init__(self, columns: Mapping[str, Column]) -> None:
        self._terms = Terms(columns)
        self._kinds: Mapping[str, Callable[[exp.Expression], Condition]] = {
            **dict.fromkeys(COMPARISONS, self._compare),
            "And": self._joined,
            "Or": self._joined,
            "Not": lambda node: Not(self.condition(node.this)),
            "Paren": lambda node: self.condition(node.this),
            "In": self._among,
            "Between": self._between,
            "Is": self._missing,
            "Like": self._like,
        }

    def condition(self, node: exp.Expression) -> Condition:
        """A node that is true, false or null."""
        kind = type(node).__name__
        if kind not in self._kinds:
            if self._terms.knows(node):
                raise refused(f"{told(self._terms.term(node))} where a condition must stand")
            raise refused(self._terms.called(node))
        return self._kinds[kind](node)

    def _compare(self, node: exp.Expression) -> Condition:
        self._terms.bare(node, "this", "expression")
        left, right = same_kind(self._terms.term(node.this), self._terms.term(node.expression))
        return Compare(COMPARISONS[type(node).__name__], left, right)

    def _joined(self, node: exp.Expression) -> Condition:
        """AND and OR of many parts, which may be far more than Python calls deep."""
        self._terms.bare(node, "this", "expression")
        parts, open_ = [], [node]
        while open_:
            one = open_.pop()
            if type(one) is type(node):
                open_ += [one.expression, one.this]
            else:
                parts.append(self.condition(one))
        return Every(tuple(parts)) if type(node).__name__ == "And" else Some(tuple(parts))

    def _among(self, node: exp.Expression) -> Condition:
        if node.args.get("query"):
            raise refused("a query within it")
        self._terms.bare(node, "this", "expressions")
        if not node.expressions:
            raise refused("IN with an empty list")
        term, values = self._terms.term(node.this), []
        for one in node.expressions:
            left, value = same_kind(term, self._terms.term(one))
            if not isinstance(value, Literal_) or left != term:
                raise refused("something else than numbers, texts and dates in the list of IN")
            values.append(value)
        return Among(term, tuple(values))

    def _between(self, node: exp.Expression) -> Condition:
        self._terms.bare(node, "this", "low", "high")
        term = self._terms.term(node.this)
        low = same_kind(term, self._terms.term(node.args["low"]))
        high = same_kind(term, self._terms.term(node.args["high"]))
        return Every((Compare(">=", *low), Compare("<=", *high)))

    def _missing(self, node: exp.Expression) -> Condition:
        self._terms.bare(node, "this", "expression")
        if type(node.expression).__name__ != "Null":
            raise refused("IS before anything but NULL")
        return Missing(self._terms.term(node.this))

    def _like(self, node: exp.Expression) -> Condition:
        self._terms.bare(node, "this", "expression", "negate")
        term, pattern = self._terms.term(node.this), self._terms.term(node.expression)
        if term.kind != "text":
            raise refused(f"LIKE on {told(term)}")
        if not isinstance(pattern, Literal_) or not isinstance(pattern.value, str):
            raise refused("LIKE with something else than a text")
        found = Like(term, pattern.value)
        return Not(found) if node.args.get("negate") else found
