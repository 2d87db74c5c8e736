"""A filter is refused, or selects exactly what it means: of texts made at random, of trees, and of attacks."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import audience_filters as filters
from bestiary.errors import BestiaryError, ConfigError
from bestiary.publish import filter_tree as tree
from bestiary.publish.filter_parse import LONGEST, parse
from bestiary.publish.filter_tree import Column, Condition, Value, sql

ROWS = filters.rows()


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        opened.execute(
            "CREATE TABLE t (row INTEGER, days BIGINT, views BIGINT, value DOUBLE, brand VARCHAR, persona VARCHAR, "
            "seen TIMESTAMP_NS)"
        )
        for number, row in enumerate(ROWS):
            opened.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)", [number, *row.values()])
        yield opened


def selected(connection: duckdb.DuckDBPyConnection, condition: str) -> list[int]:
    return [row for (row,) in connection.execute(f"SELECT row FROM t WHERE {condition} ORDER BY row").fetchall()]


def meant(condition: Condition) -> list[int]:
    return [number for number, row in enumerate(ROWS) if filters.holds(condition, row)]


@settings(max_examples=400, deadline=None)
@given(filters.CONDITIONS)
def test_a_tree_written_down_is_read_back_and_selects_what_it_means(
    connection: duckdb.DuckDBPyConnection, condition: Condition
) -> None:
    text = filters.written(condition)
    assert parse(text, filters.COLUMNS) == condition
    assert selected(connection, sql(condition)) == meant(condition)


@settings(max_examples=1500, deadline=None)
@given(filters.loose() | filters.SOUP | st.text(max_size=40))
@example("days > 1 or days < 0 and not brand = 'lion'")
@example("not days = 1 and views = 2 or days is null")
@example("days - 1 - 1 = 0 or - days + 2 * 3 < 4")
@example("brand = 'lion'--'")
@example("brand = 'a' OR 1 = 1")
@example("days between 0 and 2 and views between 1 and 30")
@example("not days not between 0 and 2")
@example("days in (9007199254740992, 0.1)")
def test_any_text_is_refused_or_selects_what_it_means_to_sql_itself(
    connection: duckdb.DuckDBPyConnection, text: str
) -> None:
    try:
        condition = parse(text, filters.COLUMNS)
    except BestiaryError:
        return
    found = selected(connection, sql(condition))
    assert found == meant(condition)
    if not any(sign in text for sign in "+-*/."):  # by which DuckDB means whole numbers and decimals
        assert found == selected(connection, text)


REFUSED = {
    "": "empty",
    "  ": "empty",
    "days > 1 -- and more": "comment",
    "days > 1 /* and more */": "comment",
    "/* days > 1 */": "comment",
    "days > 1; DROP TABLE t": "semicolon",
    "days > 1;": "semicolon",
    "DROP TABLE t": "Drop",
    "COPY t TO 'x'": "Copy",
    "PRAGMA database_list": "Pragma",
    "SELECT 1": "a query within it",
    "days IN (SELECT 1)": "a query within it",
    "days > (SELECT 1)": "a query within it",
    "EXISTS (SELECT 1)": "a query within it",
    "days = ANY([1])": "a query within it",
    "upper(brand) = 'A'": "the function upper",
    "read_csv('x') = 1": "the function read_csv",
    "getenv('HOME') = 'x'": "the function getenv",
    "days::VARCHAR = '1'": "a cast",
    "CAST(days AS VARCHAR) = '1'": "a cast",
    "days > ?": "a placeholder",
    "days > $1": "a placeholder",
    "days % 2 = 0": "Mod",
    "brand || 'x' = 'x'": "DPipe",
    "brand ILIKE 'x'": "ILIKE",
    "brand LIKE 'x' ESCAPE '!'": "ESCAPE",
    "brand LIKE persona": "LIKE with something else",
    "days LIKE '1'": "LIKE on days, a number",
    "days = NULL": "IS NULL",
    "days IN (1, NULL)": "IS NULL",
    "days IN (views)": "in the list of IN",
    "days IN ()": "empty list",
    "days IS TRUE": "IS before anything but NULL",
    "days IS DISTINCT FROM 1": "NullSafe",
    "TRUE": "true or false",
    "days": "where a condition must stand",
    "NOT days": "where a condition must stand",
    "1 < days < 3": "where a number, a text or a time must stand",
    "days BETWEEN SYMMETRIC 1 AND 2": "SYMMETRIC",
    "days > 0x10": "name given to a value",
    "days > 1e400": "out of range",
    "days > 9999999999999999999": "out of range",
    "days > INTERVAL 1 DAY": "an interval",
    "CASE WHEN days > 1 THEN days END > 1": "CASE",
    "t.days > 1": "COLUMN with TABLE",
    "seen + 1 > seen": "arithmetic on seen, a time",
    "brand + 1 > 1": "arithmetic on brand, a text",
    "-brand = 'x'": "arithmetic on brand, a text",
    "seen > '2020-02-30'": "a time is meant",
    "seen > 'yesterday'": "a time is meant",
    "seen > '1492-10-12'": "a time is meant",
    "seen > 20200101": "compares seen, a time, with 20200101, a number",
    "days > '30'": "compares days, a number, with '30', a text",
    "brand = 30": "compares brand, a text, with 30, a number",
    "brand < seen": "a time",
    "brand = E'x'": "ByteString",
    "brand = 'a\x00b'": "cannot be printed",
    "(" * 500 + "days > 1" + ")" * 500: "too many brackets",
    "days > " + "1" * LONGEST: "characters",
    "days >": "cannot be read",
    "WHERE days > 1": "cannot be read",
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_has_no_place_in_a_filter_is_refused_by_name(text: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(text, filters.COLUMNS)
    assert REFUSED[text] in raised.value.found + raised.value.do
    assert raised.value.allowed
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("dais > 1", "'dais', which is no column (did you mean 'days'?)"),
        ('persona = "lion"', "A text stands in single quotes."),
        ("zzz = 1", "'zzz', which is no column."),
    ],
)
def test_an_unknown_column_is_told_with_what_may_be_meant(text: str, told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(text, filters.COLUMNS)
    assert told in raised.value.found
    assert "persona" in raised.value.allowed


def test_what_is_written_otherwise_is_the_same_tree() -> None:
    days, brand, seen = (filters.COLUMNS[name] for name in ("days", "brand", "seen"))
    march = Value(datetime(2020, 3, 1))
    same: dict[str, Condition] = {
        "DAYS > 30": tree.Compare(">", days, Value(30)),
        '"days"\n\t> 30': tree.Compare(">", days, Value(30)),
        "days != -2": tree.Compare("<>", days, Value(-2)),
        "days == .5": tree.Compare("=", days, Value(0.5)),
        "days BETWEEN 1 AND 2.5": tree.Every(
            (tree.Compare(">=", days, Value(1)), tree.Compare("<=", days, Value(2.5)))
        ),
        "brand NOT LIKE 'a%'": tree.Not(tree.Like(brand, "a%")),
        "brand IS NOT NULL": tree.Not(tree.Missing(brand)),
        "seen >= DATE '2020-03-01'": tree.Compare(">=", seen, march),
        "TIMESTAMP '2020-03-01 00:00:00' <= seen": tree.Compare("<=", march, seen),
        "seen IN ('2020-03-01')": tree.Among(seen, (march,)),
        "-days < 1": tree.Compare("<", tree.Arithmetic("-", Value(0), days), Value(1)),
    }
    assert {text: parse(text, filters.COLUMNS) for text in same} == same


def test_many_conditions_are_no_deep_tree() -> None:
    found = parse(" OR ".join(["days = 1"] * 800), filters.COLUMNS)
    assert isinstance(found, tree.Some)
    assert len(found.conditions) == 800


def test_names_and_texts_cannot_leave_their_quotes(connection: duckdb.DuckDBPyConnection) -> None:
    hostile: Any = Column('x" OR 1 = 1 --', "text")
    assert sql(tree.Compare("=", hostile, Value("' OR 1 = 1 --"))) == "(\"x\"\" OR 1 = 1 --\" = ''' OR 1 = 1 --')"
