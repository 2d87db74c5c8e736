"""Figures on their way to the browser: nothing is lost, and what two languages share is sent once."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from bestiary.report.charts import Chart
from bestiary.report.charts.base import typed
from bestiary.report.figures import LONG, as_script_json, packed

TEXTS = st.text(max_size=6)
NAMES = TEXTS.filter(lambda name: name not in {"bdata", "$array"})
"""What a figure may call its parts; these two have a meaning of their own."""
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
LONG_LISTS = st.integers(LONG - 2, LONG + 2).flatmap(
    lambda n: st.lists(st.sampled_from([0, 1, "a"]), min_size=n, max_size=n)
)
TYPED = st.lists(st.integers(-9, 9), max_size=4).map(lambda some: typed(np.array(some, dtype=np.float32)))
VALUES = st.recursive(
    LEAVES | LONG_LISTS | TYPED,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=8,
)
BOOKS = st.dictionaries(
    NAMES, st.dictionaries(NAMES, st.dictionaries(NAMES, VALUES, max_size=3), max_size=2), max_size=2
)


Books = Mapping[str, Mapping[str, dict[str, Any]]]


def charts(books: Books) -> dict[str, dict[str, Chart]]:
    return {
        language: {key: Chart(key, "", "", "", 1, 1, figure) for key, figure in book.items()}
        for language, book in books.items()
    }


def resolved(value: Any, arrays: list[Any]) -> Any:
    """What page.js makes of it: each `$array` is the array at that place, in which nothing is replaced."""
    if isinstance(value, dict):
        return arrays[value["$array"]] if "$array" in value else {k: resolved(one, arrays) for k, one in value.items()}
    return [resolved(one, arrays) for one in value] if isinstance(value, list) else value


@given(BOOKS)
def test_what_comes_back_is_what_was_put_in(books: dict[str, dict[str, dict[str, Any]]]) -> None:
    found = json.loads(packed(charts(books)))
    assert resolved(found["books"], found["arrays"]) == books
    texts = [json.dumps(array) for array in found["arrays"]]
    assert len(texts) == len(set(texts))


def test_an_array_of_both_languages_is_there_once() -> None:
    points, few = [0.125 * n for n in range(LONG)], [7.5] * (LONG - 1)
    floats = typed(np.arange(3, dtype=np.float32))
    figure = {"data": [{"x": points, "y": tuple(points), "z": floats, "text": few}]}
    books: Books = {
        "en": {"space": figure | {"name": "Space"}, "biplot": {"x": points}},
        "fr": {"space": figure | {"name": "Espace"}},
    }
    found = packed(charts(books))
    told = json.loads(found)
    assert told["arrays"] == [points, floats]
    assert told["books"]["fr"]["space"] == {
        "data": [{"x": {"$array": 0}, "y": {"$array": 0}, "z": {"$array": 1}, "text": few}],
        "name": "Espace",
    }
    assert found.count(floats["bdata"]) == 1


def test_arrays_that_only_look_alike_are_told_apart() -> None:
    books: Books = {
        "en": {"a": {"x": [0] * LONG}, "b": {"x": [0.0] * LONG}, "c": {"x": ["0"] * LONG}, "d": {"x": [False] * LONG}}
    }
    found = json.loads(packed(charts(books)))
    assert [type(array[0]) for array in found["arrays"]] == [int, float, str, bool]


def test_json_in_a_script_cannot_end_it() -> None:
    value = {"</script>": ["<!--", "&amp;", "\u2028\u2029"]}
    source = str(as_script_json(value))
    assert not set(source) & set("<>&\u2028\u2029")
    assert json.loads(source) == value
