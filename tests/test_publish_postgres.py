"""Publishing to a real Postgres: what is there afterwards, what is migrated, what is refused."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bestiary.errors import BestiaryError, BusyError, ConfigError, PublishError
from bestiary.publish import Asked, Content, Target, open_target
from bestiary.publish.columns import tables
from bestiary.publish.ddl import MARK
from months import APRIL, MARCH, MAY
from warehouses import Server, changed, content, expected, postgres


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with postgres() as started:
        yield started


@pytest.fixture
def target(server: Server) -> Iterator[Target]:
    """A schema that is not there yet."""
    server.run("DROP SCHEMA IF EXISTS bestiary CASCADE")
    yield open_target(server.uri, environment={})
    server.run("DROP SCHEMA IF EXISTS bestiary CASCADE")


def runs(server: Server) -> list[date]:
    return [row[0] for row in server.rows("SELECT as_of FROM bestiary.runs ORDER BY 1")]


def held(server: Server, table: str, as_of: date) -> list[tuple[Any, ...]]:
    return server.rows(f"SELECT * FROM bestiary.{table} WHERE as_of = '{as_of}' ORDER BY user_id")


def test_every_row_of_a_run_is_there_and_nothing_else(whole_store: Path, server: Server, target: Target) -> None:
    one = content(whole_store, MAY)
    done = target.publish(one, Asked())
    assert not done.unchanged
    for table in ("customers", "segments", "movements"):
        want = expected(one, table)
        assert len(want) == done.rows[table] > 100
        assert held(server, table, MAY) == want
        assert server.rows(f"SELECT count(*) FROM bestiary.{table}") == [(len(want),)]
    ((as_of, fingerprint, preset, customers, before),) = server.rows(
        "SELECT as_of, fingerprint, preset, customers, before FROM bestiary.runs"
    )
    assert (as_of, fingerprint, preset, before) == (MAY, one.fingerprint, "default", APRIL)
    assert customers == done.rows["customers"]
    assert server.rows("SELECT now() - published_at BETWEEN interval '0' AND interval '5 min' FROM bestiary.runs") == [
        (True,)
    ]


def test_names_of_segments_are_those_of_the_model(whole_store: Path, server: Server, target: Target) -> None:
    one = content(whole_store, MAY)
    target.publish(one, Asked())
    fitted = one.model.fitted
    assert fitted.visitors
    names = {each.segment: each.name.en for each in (*fitted.buyers.segments, *fitted.visitors.segments)}
    for number, name in (("segment", "segment_name"), ("settled", "settled_name")):
        found = dict(server.rows(f"SELECT DISTINCT {number}, {name} FROM bestiary.segments WHERE {number} IS NOT NULL"))
        assert found
        assert found == {key: names[key] for key in found}
        assert server.rows(f"SELECT count(*) FROM bestiary.segments WHERE ({number} IS NULL) <> ({name} IS NULL)") == [
            (0,)
        ]


def test_columns_types_nulls_comments_keys_and_indexes(whole_store: Path, server: Server, target: Target) -> None:
    one = content(whole_store, MAY)
    target.publish(one, Asked())
    described = (
        "SELECT a.attname, format_type(a.atttypid, a.atttypmod), NOT a.attnotnull, "
        "col_description(a.attrelid, a.attnum) FROM pg_attribute a "
        "WHERE a.attrelid = 'bestiary.{}'::regclass AND a.attnum > 0 ORDER BY a.attnum"
    )
    sql = {"instant": "timestamp with time zone", "timestamp": "timestamp without time zone"}
    sql |= {"double": "double precision"}
    for table in one.tables:
        want = [(each.name, sql.get(each.type, each.type), each.null, each.comment) for each in table.columns]
        assert server.rows(described.format(table.name)) == want
        assert all(len(comment) > 10 for *_, comment in want)
        assert server.rows(f"SELECT obj_description('bestiary.{table.name}'::regclass)") == [(MARK + table.comment,)]
        keys = (
            "SELECT i.indisprimary, array_agg(a.attname ORDER BY array_position(i.indkey::int[], a.attnum::int)) "
            "FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) "
            "WHERE i.indrelid = 'bestiary.{}'::regclass GROUP BY i.indexrelid, 1 ORDER BY 1 DESC, 2"
        )
        wanted = [(True, list(table.key)), *((False, list(columns)) for columns in sorted(table.indexes))]
        assert server.rows(keys.format(table.name)) == wanted
        if table.of_people:
            own = f"{table.name}_{MAY:%Y%m%d}"
            assert server.rows(keys.format(own)) == wanted
            assert server.rows(described.format(own)) == want
            assert server.rows(f"SELECT reltuples > 100 FROM pg_class WHERE oid = 'bestiary.{own}'::regclass") == [
                (True,)
            ]


def test_an_unchanged_run_is_not_published_again(whole_store: Path, server: Server, target: Target) -> None:
    sent: list[str] = []
    asked = Asked(before_data=lambda: sent.append("data"))
    target.publish(content(whole_store, MAY), asked)
    stamp = server.rows("SELECT published_at, xmin::text FROM bestiary.runs")
    rows = server.rows("SELECT min(xmin::text), max(xmin::text) FROM bestiary.customers")
    assert target.publish(content(whole_store, MAY), asked).unchanged
    assert server.rows("SELECT published_at, xmin::text FROM bestiary.runs") == stamp
    assert server.rows("SELECT min(xmin::text), max(xmin::text) FROM bestiary.customers") == rows
    assert sent == ["data"]
    assert not target.publish(content(whole_store, MAY), Asked(again=True)).unchanged
    assert server.rows("SELECT published_at, xmin::text FROM bestiary.runs") != stamp
    assert held(server, "segments", MAY) == expected(content(whole_store, MAY), "segments")


def test_a_run_made_anew_takes_the_place_of_its_rows(
    whole_store: Path, server: Server, target: Target, tmp_path: Path
) -> None:
    target.publish(content(whole_store, MAY), Asked())
    target.publish(content(whole_store, APRIL), Asked())
    fewer = changed(
        whole_store, tmp_path, MAY, "SELECT * REPLACE (0.25 AS confidence) FROM {table} WHERE user_id % 3 = 0"
    )
    done = target.publish(fewer, Asked())
    assert held(server, "segments", MAY) == expected(fewer, "segments")
    assert (
        len(expected(fewer, "segments")) == done.rows["segments"] < len(expected(content(whole_store, MAY), "segments"))
    )
    assert held(server, "segments", APRIL) == expected(content(whole_store, APRIL), "segments")
    assert server.rows("SELECT fingerprint FROM bestiary.runs WHERE as_of = '" + f"{MAY}'") == [(fewer.fingerprint,)]


def test_history_is_kept_by_run_and_views_show_the_latest(whole_store: Path, server: Server, target: Target) -> None:
    for one in (MAY, MARCH):  # an older run may come later
        target.publish(content(whole_store, one), Asked())
    assert runs(server) == [MARCH, MAY]
    for view, table in (("current_customers", "customers"), ("current_segments", "segments")):
        assert server.rows(f"SELECT * FROM bestiary.{view} ORDER BY user_id") == expected(
            content(whole_store, MAY), table
        )
        assert held(server, table, MARCH) == expected(content(whole_store, MARCH), table)
    plan = "\n".join(row[0] for row in server.rows("EXPLAIN ANALYZE SELECT count(*) FROM bestiary.current_customers"))
    assert "never executed" in plan  # the other run is not read


def test_runs_that_are_older_than_is_kept_leave_with_the_next(
    whole_store: Path, server: Server, target: Target
) -> None:
    for one in (MARCH, APRIL):
        target.publish(content(whole_store, one), Asked())
    done = target.publish(content(whole_store, MAY), Asked(retention_months=1))
    assert done.removed == (MARCH,)
    assert runs(server) == [APRIL, MAY]
    for table in ("customers", "segments", "movements"):
        assert server.rows(f"SELECT DISTINCT as_of FROM bestiary.{table} ORDER BY 1") == [(APRIL,), (MAY,)]
        assert server.rows(f"SELECT to_regclass('bestiary.{table}_{MARCH:%Y%m%d}')") == [(None,)]  # files and all
    with pytest.raises(ConfigError, match=f"The run as of {MARCH} is more than 1 months older"):
        target.publish(content(whole_store, MARCH), Asked(retention_months=1))
    unchanged = target.publish(content(whole_store, MAY), Asked(retention_months=0))
    assert (unchanged.unchanged, unchanged.removed) == (True, (APRIL,))
    assert runs(server) == [MAY]


def test_retention_does_not_wait_for_who_reads(whole_store: Path, server: Server, target: Target) -> None:
    target.publish(content(whole_store, MARCH), Asked())
    target.publish(content(whole_store, MAY), Asked())
    with server.connect() as reader:
        reader.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        before = reader.execute("SELECT count(*) FROM bestiary.customers").fetchall()
        with pytest.warns(UserWarning, match="holds nothing, and could not be dropped yet"):
            target.publish(content(whole_store, MAY), Asked(retention_months=1))
        assert runs(server) == [MAY]
        assert reader.execute("SELECT count(*) FROM bestiary.customers").fetchall() == before
        reader.execute("COMMIT")
    target.publish(content(whole_store, MAY), Asked(again=True))
    assert server.rows(f"SELECT to_regclass('bestiary.customers_{MARCH:%Y%m%d}')") == [(None,)]


def test_new_columns_are_added(whole_store: Path, server: Server, target: Target) -> None:
    target.publish(content(whole_store, APRIL), Asked())
    server.run("DROP VIEW bestiary.current_customers; DROP VIEW bestiary.current_segments")
    server.run("ALTER TABLE bestiary.customers DROP COLUMN preferred_brand")
    server.run("ALTER TABLE bestiary.runs DROP COLUMN currency")
    target.publish(content(whole_store, MAY), Asked())
    one = content(whole_store, MAY)
    names = ", ".join(each.name for each in one.table("customers").columns)
    found = server.rows(f"SELECT {names} FROM bestiary.customers WHERE as_of = '{MAY}' ORDER BY user_id")
    assert found == expected(one, "customers")
    ((comment,),) = server.rows(
        "SELECT col_description(attrelid, attnum) FROM pg_attribute "
        "WHERE attrelid = 'bestiary.customers'::regclass AND attname = 'preferred_brand'"
    )
    assert comment.startswith("Most purchased brand")
    assert server.rows("SELECT count(preferred_brand) > 0 FROM bestiary.current_customers") == [(True,)]
    assert target.publish(content(whole_store, MAY), Asked()).unchanged


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("ALTER TABLE bestiary.customers RENAME avg_price_2m TO avg_price_3m", r"customers has avg_price_3m \(double"),
        ("ALTER TABLE bestiary.segments ADD extra integer", r"segments has extra \(integer\); this run has no such"),
        ("ALTER TABLE bestiary.runs ALTER sources TYPE text", r"runs has sources \(text\); sources is integer in"),
        ("COMMENT ON TABLE bestiary.movements IS 'mine'", "movements is there, and bestiary has not made it"),
        ("COMMENT ON VIEW bestiary.current_segments IS NULL", "current_segments is there, and bestiary has not made"),
        (f"CREATE TABLE bestiary.customers_{APRIL:%Y%m%d} (a int)", "is no partition of customers"),
    ],
)
def test_what_does_not_fit_is_refused_and_nothing_is_changed(
    change: str, found: str, whole_store: Path, server: Server, target: Target
) -> None:
    target.publish(content(whole_store, MAY), Asked())
    if "runs ALTER" in change:
        server.run("DROP VIEW bestiary.current_customers; DROP VIEW bestiary.current_segments")
    if (
        "segments ADD" in change
        or "RENAME" in change
        or "runs ALTER" in change
        or "COMMENT" in change
        or "CREATE" in change
    ):
        server.run(change)
    catalogue = (
        "SELECT relname, relkind, relfilenode FROM pg_class WHERE relnamespace = 'bestiary'::regnamespace ORDER BY 1"
    )
    before = server.rows(catalogue)
    with pytest.raises(PublishError, match=found) as told:
        target.publish(content(whole_store, APRIL), Asked(before_data=lambda: pytest.fail("data left")))
    assert "--schema" in told.value.do
    assert "Nothing was changed" in told.value.do
    assert server.rows(catalogue) == before
    assert runs(server) == [MAY]


def test_a_foreign_table_in_a_new_schema_is_refused(whole_store: Path, server: Server, target: Target) -> None:
    server.run(
        "CREATE SCHEMA bestiary; CREATE TABLE bestiary.customers (a int); INSERT INTO bestiary.customers VALUES (1)"
    )
    with pytest.raises(PublishError, match=r"bestiary\.customers is there, and bestiary has not made it"):
        target.publish(content(whole_store, MAY), Asked())
    assert server.rows("SELECT * FROM bestiary.customers") == [(1,)]


def test_ids_that_are_texts_and_do_their_worst(
    whole_hostile: Path, whole_store: Path, server: Server, target: Target
) -> None:
    (path,) = (whole_hostile / "runs").iterdir()
    one = Content(path, date.fromisoformat(path.name))
    target.publish(one, Asked())
    want = sorted(expected(one, "customers"), key=lambda row: str(row[1]).encode())
    assert any("<script>" in str(row[1]) for row in want)
    found = server.rows('SELECT * FROM bestiary.customers ORDER BY user_id COLLATE "C"')
    assert found == want
    with pytest.raises(PublishError, match=r"has user_id \(text\); user_id is bigint"):
        target.publish(content(whole_store, MAY), Asked())


def test_a_character_that_no_warehouse_takes(whole_store: Path, server: Server, target: Target, tmp_path: Path) -> None:
    brand = "SELECT * REPLACE ('a' || chr(0) || 'b' AS preferred_brand) FROM {table}"
    target.publish(changed(whole_store, tmp_path, MAY, brand, "customers"), Asked())
    assert server.rows("SELECT DISTINCT preferred_brand FROM bestiary.customers") == [("a\N{REPLACEMENT CHARACTER}b",)]


def test_two_schemas_are_two_worlds(whole_store: Path, server: Server, target: Target) -> None:
    target.publish(content(whole_store, MAY), Asked())
    name = 'odd "name" of ours'
    other = open_target(server.uri, schema=name, environment={})
    other.publish(content(whole_store, APRIL), Asked())
    assert runs(server) == [MAY]
    quoted = '"odd ""name"" of ours"'
    assert server.rows(f"SELECT as_of FROM {quoted}.runs") == [(APRIL,)]
    assert other.publish(content(whole_store, APRIL), Asked()).unchanged
    server.run(f"DROP SCHEMA {quoted} CASCADE")


def test_a_dry_run_tells_and_does_nothing(whole_store: Path, server: Server, target: Target) -> None:
    one = content(whole_store, MAY)
    told = target.publish(one, Asked(dry_run=True, before_data=lambda: pytest.fail("data left"))).steps
    assert server.rows("SELECT count(*) FROM pg_namespace WHERE nspname = 'bestiary'") == [(0,)]
    assert [text for text in told if text.startswith("COPY")] == [
        f'COPY "bestiary"."{table}_{MAY:%Y%m%d}" ({columns}) FROM STDIN (FORMAT binary) -- {one.rows[table]:,} rows'
        if table != "runs"
        else f'COPY "bestiary"."runs" ({columns}) FROM STDIN (FORMAT binary) -- 1 rows'
        for table, columns in ((each.name, ", ".join(f'"{c.name}"' for c in each.columns)) for each in one.tables)
    ]
    with server.connect() as connection:  # what it tells can be run as it is, but for the rows
        for text in told:
            if not text.startswith("COPY"):
                connection.execute(text)
    assert [table.name for table in one.tables] == [table.name for table in tables((2, 5, 7), "bigint")]
    assert runs(server) == []


def test_who_may_not_is_told_what_to_ask_for(whole_store: Path, server: Server, target: Target) -> None:
    server.run("DROP ROLE IF EXISTS clerk; CREATE ROLE clerk LOGIN PASSWORD 'clerks-secret'")
    uri = server.uri.replace("tester", "clerk:clerks-secret")
    clerk = open_target("postgresql", environment={"BESTIARY_WAREHOUSE": uri})
    with pytest.raises(PublishError) as told:
        clerk.publish(content(whole_store, MAY), Asked())
    assert "permission denied for database" in told.value.found
    assert "needs USAGE and CREATE" in told.value.do
    assert "clerks-secret" not in str(told.value)
    target.publish(content(whole_store, APRIL), Asked())
    server.run("GRANT USAGE ON SCHEMA bestiary TO clerk; GRANT SELECT ON ALL TABLES IN SCHEMA bestiary TO clerk")
    with pytest.raises(PublishError, match=r"permission denied|must be owner"):
        clerk.publish(content(whole_store, MAY), Asked())
    assert clerk.find(0) == {"customers": [], "segments": [], "movements": []}
    server.run("DROP OWNED BY clerk; DROP ROLE clerk")


def test_a_server_that_is_not_there_is_told(whole_store: Path) -> None:
    target = open_target("postgresql", environment={"BESTIARY_WAREHOUSE": "postgresql://u:hidden@127.0.0.1:1/d"})
    with pytest.raises(PublishError, match="Connection refused") as told:
        target.publish(content(whole_store, MAY), Asked(before_data=lambda: pytest.fail("data left")))
    assert "hidden" not in str(told.value)


def test_a_server_without_tls_is_refused_off_this_machine(whole_store: Path, server: Server) -> None:
    # A name that is none of this machine's, and leads here all the same.
    uri = f"postgresql://tester@db.example.com:{server.port}/postgres?hostaddr=127.0.0.1"
    strict = open_target(uri + "&sslmode=require", environment={})
    with pytest.raises(PublishError, match="server does not support SSL"):
        strict.publish(content(whole_store, MAY), Asked())


def test_somebody_else_is_publishing(whole_store: Path, server: Server, target: Target) -> None:
    target.publish(content(whole_store, APRIL), Asked())
    with target.transaction(), pytest.raises(BusyError, match="another process is publishing there") as told:  # type: ignore[attr-defined]
        target.publish(content(whole_store, MAY), Asked())
    assert told.value.exit_status == 3
    assert not target.publish(content(whole_store, MAY), Asked()).unchanged


def test_a_damaged_table_of_a_run_is_told_and_nothing_is_changed(
    whole_store: Path, server: Server, target: Target, tmp_path: Path
) -> None:
    one = changed(whole_store, tmp_path, MAY, "SELECT * FROM {table}", "customers")
    file = one.path / "customers.parquet"
    middle = bytearray(file.read_bytes())
    middle[len(middle) // 4 : len(middle) // 2] = b"\xff" * (len(middle) // 2 - len(middle) // 4)
    file.write_bytes(middle)
    target.publish(content(whole_store, APRIL), Asked())
    with pytest.raises(BestiaryError, match="A file of the store cannot be read"):
        target.publish(one, Asked())
    assert runs(server) == [APRIL]
