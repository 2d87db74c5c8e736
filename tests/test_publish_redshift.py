"""Publishing to Redshift, which is not here: its files go to a real S3 server, its SQL to Postgres where it is the
same, and where it is not it is parsed.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from sqlglot import exp

from bestiary.errors import ConfigError, PublishError
from bestiary.publish import Asked, open_target, people
from bestiary.publish.address import read_address
from bestiary.publish.catalogue import Schema
from bestiary.publish.columns import Column
from bestiary.publish.redshift import STAGED, Redshift, vacuum
from bestiary.publish.session import Session
from bestiary.publish.shelf import bucket
from months import APRIL, MARCH, MAY
from warehouses import Server, content, expected, in_environment, need_driver, postgres, redshift_settings, s3

FOLDER = "0123456789abcdef"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres() as started:
        yield started


@pytest.fixture
def target(server: Server) -> Iterator[Redshift]:
    """Redshift's target, of which what speaks SQL is Postgres and the bucket a real one."""
    with s3() as environment, in_environment(environment):
        found = open_target(
            "redshift",
            settings=redshift_settings(environment["BUCKET"]),
            environment=os.environ | {"BESTIARY_WAREHOUSE": server.uri},
        )
        assert isinstance(found, Redshift)
        server.run("DROP SCHEMA IF EXISTS bestiary CASCADE")
        yield found


def statements(target: Redshift, whole_store: Path, found: Schema = Schema()) -> list[str]:  # noqa: B008
    return list(target.plan(content(whole_store, MAY), found, {}, (MARCH,), FOLDER))


def test_every_statement_is_redshifts_sql(target: Redshift, whole_store: Path) -> None:
    told = [*statements(target, whole_store), vacuum("bestiary", "customers")]
    told += people.named_people(["a'b", "c\\d"], "redshift")
    new = {"segments": (Column("x", "text", "y"),)}
    ours = Schema(True, {one.name: "Bestiary 1. x" for one in content(whole_store, MAY).tables}, {}, {}, {})
    told += list(target.plan(content(whole_store, MAY), ours, new, (), FOLDER))
    kinds = {type(sqlglot.parse_one(one, dialect="redshift")) for one in told if not one.startswith("VACUUM")}
    assert kinds == {exp.Create, exp.Comment, exp.Delete, exp.Copy, exp.Insert, exp.Alter}


def test_tables_are_spread_and_ordered_and_texts_are_long(target: Redshift, whole_store: Path) -> None:
    made = [one for one in statements(target, whole_store) if one.startswith("CREATE TABLE")]
    assert len(made) == 4
    for text, table in zip(made, content(whole_store, MAY).tables, strict=True):
        parsed = sqlglot.parse_one(text, dialect="redshift")
        assert [one.name for one in parsed.find_all(exp.ColumnDef)] == [one.name for one in table.columns]
        spread = (
            'DISTKEY ("user_id") SORTKEY ("as_of", "user_id")' if table.of_people else 'DISTSTYLE ALL SORTKEY ("as_of")'
        )
        assert text.endswith(spread)
        assert text.count("character varying(65535)") == sum(one.type == "text" for one in table.columns)
        assert " text" not in text


def test_files_are_copied_by_the_role_from_the_staging_prefix(target: Redshift, whole_store: Path) -> None:
    copies = [one for one in statements(target, whole_store) if one.startswith("COPY")]
    prefix = target.settings.s3_staging
    for text, table in zip(copies, content(whole_store, MAY).tables, strict=True):
        columns = ", ".join(f'"{one.name}"' for one in table.columns)
        assert text == (
            f'COPY "bestiary"."{table.name}" ({columns}) FROM \'{prefix}/{STAGED}/{FOLDER}/{table.name}.parquet\' '
            "IAM_ROLE 'arn:aws:iam::123456789012:role/loader' REGION 'eu-west-3' FORMAT AS PARQUET"
        )
    plain = Redshift(
        target.address, target.staging, target.settings.model_copy(update={"iam_role": "default", "region": None})
    )
    assert "IAM_ROLE default FORMAT" in "".join(statements(plain, whole_store))


def test_rows_are_replaced_and_old_runs_leave_before_the_end(target: Redshift, whole_store: Path) -> None:
    told = statements(target, whole_store)
    order = [re.sub(r'^(\w+ ?(?:FROM)?) "bestiary"\."(\w+)".*', r"\1 \2", one, flags=re.DOTALL) for one in told]
    tables = [one.name for one in content(whole_store, MAY).tables]
    loads = [step for name in tables for step in (f"DELETE FROM {name}", f"COPY {name}")]
    assert order[-12:] == [*loads, *(f"DELETE FROM {name}" for name in tables)]
    assert not [one for one in told if re.match("DROP|TRUNCATE|ALTER TABLE.*APPEND|COMMIT", one)]


class Copying(Session):
    """A session in which Postgres does what Redshift does by COPY: the file is taken from the bucket and loaded."""

    target: Redshift

    def run(self, statement: str) -> None:
        if not statement.startswith("COPY"):
            return super().run(re.split(" DISTKEY| DISTSTYLE", statement)[0])
        (table,) = re.findall(r'^COPY "bestiary"\."(\w+)"', statement)
        (path,) = re.findall(rf"FROM 's3://[^/]+/staging/({STAGED}/[^']+)'", statement)
        with self.target.staging.reading(path) as file, duckdb.connect() as connection:
            return self.load("bestiary", table, connection.sql(f"FROM read_parquet('{file}')"))


@pytest.fixture
def copying(target: Redshift, monkeypatch: pytest.MonkeyPatch) -> Redshift:
    monkeypatch.setattr(Copying, "target", target, raising=False)
    monkeypatch.setattr("bestiary.publish.session.Session", Copying)
    return target


def held(server: Server, table: str) -> list[tuple[Any, ...]]:
    return server.rows(f"SELECT * FROM bestiary.{table} ORDER BY as_of, user_id")


def test_files_and_sql_together_bring_every_row(copying: Redshift, server: Server, whole_store: Path) -> None:
    """All but COPY and the tables' spread is run as it is; the files are those that Redshift would read."""
    noted = list[str]()
    for one in (MARCH, MAY):
        assert not copying.publish(content(whole_store, one), Asked(before_data=lambda: noted.append("x"))).unchanged
    for table in ("customers", "segments", "movements"):
        want = [row for one in (MARCH, MAY) for row in expected(content(whole_store, one), table)]
        assert held(server, table) == want
    assert server.rows("SELECT DISTINCT as_of FROM bestiary.current_segments") == [(MAY,)]
    assert copying.publish(content(whole_store, MAY), Asked(before_data=lambda: noted.append("x"))).unchanged
    copying.publish(content(whole_store, MAY), Asked(again=True))
    assert len(held(server, "customers")) == sum(content(whole_store, one).rows["customers"] for one in (MARCH, MAY))
    assert noted == ["x", "x"]
    assert copying.staging.names() == set()
    done = copying.publish(content(whole_store, APRIL), Asked(retention_months=1))
    assert done.removed == (MARCH,)
    assert server.rows("SELECT as_of FROM bestiary.runs ORDER BY 1") == [(APRIL,), (MAY,)]


def test_people_are_found_and_taken_out(
    copying: Redshift, server: Server, whole_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    vacuumed = list[str]()
    monkeypatch.setattr(Redshift, "_vacuum", lambda self, tables: vacuumed.extend(tables))
    copying.publish(content(whole_store, MAY), Asked())
    ids = [row[1] for row in held(server, "movements")][:5]
    assert [row["user_id"] for row in copying.find(ids[0])["movements"]] == [ids[0]]
    assert copying.forget(ids) == {"customers": 5, "segments": 5, "movements": 5}
    assert not copying.find(ids[0])["customers"]
    assert vacuumed == ["customers", "segments", "movements"]
    assert copying.forget_runs(MAY) == dict.fromkeys(people.ALL, 0)
    assert server.rows("SELECT count(*) FROM bestiary.runs") == [(1,)]


def test_a_load_that_fails_leaves_no_files_and_no_rows(target: Redshift, server: Server, whole_store: Path) -> None:
    with pytest.raises(PublishError, match="syntax error"):  # Postgres knows no DISTKEY
        target.publish(content(whole_store, MAY), Asked())
    assert target.staging.names() == set()
    assert server.rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'bestiary'") == [(0,)]


def test_what_was_staged_by_who_was_killed_goes(target: Redshift, whole_store: Path) -> None:
    import obstore

    for name in (f"{STAGED}/x/customers.parquet", "mine/customers.parquet"):
        obstore.put(target.staging.store, name, b"x")
    target.clean()
    assert target.staging.names() == {"mine/customers.parquet"}


def test_a_dry_run_tells_the_statements(target: Redshift, server: Server, whole_store: Path) -> None:
    asked = Asked(dry_run=True, before_data=lambda: pytest.fail("data left"))
    told = target.publish(content(whole_store, MAY), asked).steps
    assert [one.partition(" ")[0] for one in told][:2] == ["CREATE", "CREATE"]
    assert sum(one.startswith("COPY") for one in told) == 4
    assert target.staging.names() == set()
    assert server.rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'bestiary'") == [(0,)]


def test_the_staging_bucket_must_be_one() -> None:
    need_driver()
    with pytest.raises(ConfigError, match=r"publish\.iam_role"):
        open_target("redshift://u@h/d", settings=redshift_settings("b").model_copy(update={"iam_role": None}))
    assert bucket(read_address("s3://b/c", {}), {}, without_tls=False)
