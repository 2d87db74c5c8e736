"""What pydantic has found wrong, in our words: where, what was received, what is allowed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import ValidationError

_RULES = {
    "bool_type": "true or false",
    "date_from_datetime_parsing": "a date such as 2020-05-01",
    "date_parsing": "a date such as 2020-05-01",
    "date_type": "a date such as 2020-05-01",
    "dict_type": "an object",
    "extra_forbidden": "not a known name",
    "finite_number": "a finite number",
    "float_parsing": "a number",
    "float_type": "a number",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "int_type": "a whole number",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "list_type": "a list",
    "literal_error": "{expected}",
    "missing": "it must be there",
    "model_type": "a table of settings",
    "string_too_long": "at most {max_length} characters",
    "string_too_short": "at least {min_length} character",
    "string_type": "a text",
    "too_short": "at least {min_length} value",
    "too_long": "at most {max_length} values",
    "tuple_type": "a list",
    "union_tag_invalid": "{discriminator} among {expected_tags}",
    "union_tag_not_found": "a table with {discriminator}",
    "value_error": "{error}",
}
"""What is allowed, by pydantic's kinds of errors; for others its own words must do."""
SHOWN = 80
"""Characters of a value that an error shows."""
MANY = 20
"""Of a list or table of more, only its length is shown."""
TAGS = {"int", "str", "float"}
"""What pydantic adds to a place where a value may be of several types."""


@dataclass(frozen=True)
class Fault:
    """A place such as `customers.3.features.price`, the value there (None where it is missing), what is allowed."""

    place: str
    found: str | None
    allowed: str


def faults(error: ValidationError, most: int | None = None, told: Callable[[Any], str] = repr) -> list[Fault]:
    """One fault a place, of the first `most` places or of all; where several rules would do, all of them.

    Of a long value the beginning is shown, in the way that it is `told`. What holds a name that is missing is not shown
    at all.
    """
    rules: dict[tuple[str, str | None], list[str]] = {}
    for fault in error.errors(include_url=False):
        known = _RULES.get(fault["type"])
        limits = {name: _plain(value) for name, value in fault.get("ctx", {}).items()}
        rule = known.format_map(limits) if known else fault["msg"]
        value = None if fault["type"] == "missing" else _shown(fault["input"], told)
        place = _place(fault["loc"], unknown=fault["type"] == "extra_forbidden")
        some = rules.setdefault((place, value), [])
        some += [rule] if rule not in some else []
    return [Fault(place, value, " or ".join(some)) for (place, value), some in islice(rules.items(), most)]


def explain(error: ValidationError) -> list[str]:
    """One line a place: the setting, the value received and the rule it breaks. See `faults`."""
    return [_line(fault) for fault in faults(error)]


def _plain(limit: Any) -> Any:
    """A limit of 0.0 is told as 0."""
    return int(limit) if isinstance(limit, float) and limit.is_integer() else limit


def _place(loc: Sequence[int | str], *, unknown: bool = False) -> str:
    """Of alternatives, pydantic also names the type; only names and numbers of items are the reader's.

    An `unknown` name, which is the last, may be any text.
    """
    if unknown:
        return ".".join(part for part in (_place(loc[:-1]), str(loc[-1])[:SHOWN]) if part)
    parts = list(loc[:-1] if len(loc) > 1 and loc[-1] in TAGS else loc)
    return ".".join(str(part) for part in parts if isinstance(part, int) or part.isidentifier())


def _line(fault: Fault) -> str:
    if fault.found is None:
        return f"{fault.place}: is missing."
    return f"{fault.place}: got {fault.found}; allowed: {fault.allowed}." if fault.place else f"{fault.allowed}."


def _shown(value: Any, told: Callable[[Any], str]) -> str:
    if isinstance(value, list | tuple | dict) and len(value) > MANY:
        return f"{len(value):,} values"
    text = told(value)
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 3]}..."
