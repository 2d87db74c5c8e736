"""What the SELECT is in every dialect: it parses there, loses no digit, and folds names as its engine does."""

import json
import re
from collections.abc import Iterator
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

import sql_models
from bestiary import __version__
from bestiary.errors import ConfigError
from bestiary.segments.export import DIALECTS, score
from bestiary.segments.model import Model

UNTOLD = {"components": {-0.45}}
"""A loading of a column that was constant, so that it is part of no sum; 0 is told where it is no part of a sum."""


def floats(value: Any) -> Iterator[float]:
    """Every float of a model's part, read from JSON."""
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from floats(one)


def learned(model: Model) -> set[float]:
    """The numbers that a SELECT must have: those of transforms and partitions, but for what a partition only tells."""
    found = set()
    for one in (model.fitted.buyers, model.fitted.visitors):
        if one:
            parts = json.loads(one.model_dump_json(include={"transform", "partition"}))
            for name in ("shares", "weights"):
                parts["partition"].pop(name, None)
            for node in parts["partition"].get("tree", {}).get("nodes", []):
                del node["purity"]
            found |= set(floats(parts))
    return found


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("kind", sql_models.KINDS)
def test_it_is_one_select_that_parses_and_has_every_digit(kind: str, dialect: str) -> None:
    model = sql_models.KINDS[kind]()
    (tree,) = sqlglot.parse(score(model, dialect=dialect), dialect=dialect)
    assert isinstance(tree, exp.Select)
    assert [one.alias_or_name for one in tree.expressions] == [
        "user_id", "population", "too_early", "segment", "persona",
    ]  # fmt: skip
    texts = {one.name for one in tree.find_all(exp.Literal) if one.is_string and re.fullmatch(r"[-\d.e+]+", one.name)}
    told = {float(one) for one in texts}
    assert (learned(model) - told) - {0.0} == UNTOLD.get(kind, set())
    assert {repr(one) for one in told} == texts
    plain = {one.name for one in tree.find_all(exp.Literal) if not one.is_string}
    assert {one for one in plain if not one.isdigit()} <= {"0.5"}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_names_are_not_quoted(dialect: str) -> None:
    (tree,) = sqlglot.parse(score(sql_models.logs(), dialect=dialect, table="analytics.customers"), dialect=dialect)
    assert tree is not None
    assert not [one for one in tree.find_all(exp.Identifier) if one.quoted]
    tables = {one.sql(dialect) for one in tree.find_all(exp.Table) if one.db}
    assert tables == {"analytics.customers"}


def test_the_first_line_says_of_which_model_it_is() -> None:
    first = score(sql_models.logs(), dialect="snowflake").splitlines()[0]
    assert first == f"-- bestiary {__version__}: segments of a model as of 2020-05-01, fingerprint f"


def test_a_fingerprint_cannot_leave_its_line() -> None:
    model = sql_models.alone()
    there = model.provenance.model_copy(update={"fingerprint": "x\nDROP TABLE y; --\u2028\r"})
    first, second, *_ = score(model.model_copy(update={"provenance": there}), dialect="postgres").splitlines()
    assert first.endswith("xDROP TABLE y; --")
    assert second == "WITH inputs AS ("


@pytest.mark.parametrize(("dialect", "hint"), [("postgresql", "postgres"), ("DuckDB", "duckdb"), ("mysql", "")])
def test_another_dialect_is_refused(dialect: str, hint: str) -> None:
    with pytest.raises(ConfigError, match=f"Unknown dialect '{dialect}'") as caught:
        score(sql_models.alone(), dialect=dialect)
    assert (f"did you mean '{hint}'?" in caught.value.found) == bool(hint)
    assert caught.value.allowed == "Allowed: duckdb, postgres, redshift, snowflake, bigquery, spark."


NO_TABLES = (
    *("", " ", "a b", "a, b", "(SELECT 1)", "a; DROP TABLE b", "read_parquet('x')", "a -- b", "a /* b */", "a AS b"),
    *("a TABLESAMPLE (1)", "a JOIN b", "a.b.c.d", "a.", "'", '"', "VALUES (1)", "a(1)", "(" * 5000),
)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("table", NO_TABLES, ids=range(len(NO_TABLES)))
def test_what_is_no_table_name_is_refused(table: str, dialect: str) -> None:
    with pytest.raises(ConfigError, match="is not the name of a table"):
        score(sql_models.alone(), table=table, dialect=dialect)


@pytest.mark.parametrize("table", ["people", "inputs", "Placed", "main.inputs", '"weird ""name"'])
def test_a_table_may_have_the_name_of_a_step_or_a_quoted_one(table: str) -> None:
    with duckdb.connect() as connection:
        columns = "1.0 AS days_since_last_purchase, 2 AS number_of_purchases_7m, 3 AS total_purchase_value"
        connection.execute(f"CREATE TABLE {table} AS SELECT 7 AS user_id, {columns}, 4 AS number_of_events_7m")
        found = connection.execute(score(sql_models.alone(), table=table, dialect="duckdb")).fetchall()
    assert found == [(7, "buyers", False, 0, "lion")]


def test_a_column_may_have_the_name_of_a_step_or_an_answer() -> None:
    """Names of columns come from a file: none of them is taken for another, or for anything but a name."""
    odd = ["segment", "population", 'x"; DROP TABLE customers; --']
    columns = [{"name": f"{name} z", "source": name} for name in odd]
    space, points = sql_models.log1p([1.0, 2.0, 3.0], [1.0, 1.0, 1.0]), [[-1.0, -2.0, -3.0], [5.0, 4.0, 3.0]]
    part = sql_models.segmentation("buyers", columns, space, sql_models.centroids(points), 2)
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE customers (user_id INT, number_of_purchases_7m INT, number_of_events_7m INT)")
        for name in odd:
            connection.execute(f'ALTER TABLE customers ADD COLUMN "{name.replace(chr(34), chr(34) * 2)}" INT')
        connection.execute("INSERT INTO customers VALUES (1, 1, 9, 0, 0, 0), (2, 1, 9, 500, 500, 500)")
        found = connection.execute(score(sql_models.made(part), dialect="duckdb")).fetchall()
    assert [(row[0], row[3]) for row in found] == [(1, 0), (2, 1)]
