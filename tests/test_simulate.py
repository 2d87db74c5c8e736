"""The simulator's contract: names, columns, exact totals, order, same bytes, refusals."""

import gzip
import hashlib
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bestiary.errors import ConfigError, EventsError
from bestiary.simulate import simulate
from bestiary.simulate.plan import plan_months
from bestiary.simulate.simulator import Format
from bestiary.simulate.visits import _adjusted
from bestiary.sql import connect, path_list

COLUMNS = [
    "event_time", "event_type", "product_id", "category_id", "category_code", "brand", "price", "user_id",
    "user_session",
]  # fmt: skip
TYPES = ["TIMESTAMP", "VARCHAR", "INTEGER", "BIGINT", "VARCHAR", "VARCHAR", "DOUBLE", "INTEGER", "VARCHAR"]
MONTHS = ["2019-Oct", "2019-Nov", "2019-Dec", "2020-Jan", "2020-Feb", "2020-Mar", "2020-Apr"]


def content(path: Path) -> str:
    packed = path.read_bytes()
    return hashlib.sha256(gzip.decompress(packed) if path.suffix == ".gz" else packed).hexdigest()


def answer(sql: str) -> list[tuple[object, ...]]:
    with connect() as connection:
        return connection.execute(sql).fetchall()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("shop")
    simulate(out, events=30_000, format="parquet")
    return out


def test_names_columns_and_exact_total(shop: Path) -> None:
    assert sorted(path.name for path in shop.glob("*.parquet")) == sorted(f"{name}.parquet" for name in MONTHS)
    described = answer(f"DESCRIBE FROM read_parquet('{shop}/*.parquet')")
    assert [row[0] for row in described] == COLUMNS
    assert [row[1] for row in described] == TYPES
    assert answer(f"SELECT count(*) FROM read_parquet('{shop}/*.parquet')") == [(30_000,)]


def test_a_file_is_sorted_and_holds_its_own_month_only(shop: Path) -> None:
    for name, first in zip(MONTHS, [plan.first for plan in plan_months(30_000, 7, date(2019, 10, 1))], strict=True):
        unsorted, outside = answer(
            "SELECT count(*) FILTER (event_time < before), count(*) FILTER (date_trunc('month', event_time) <> "
            f"DATE '{first}') FROM (SELECT event_time, lag(event_time) OVER (ORDER BY file_row_number) AS before "
            f"FROM read_parquet('{shop / name}.parquet', file_row_number = true))"
        )[0]
        assert (unsorted, outside) == (0, 0)


def test_what_a_killed_simulation_left_goes_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "_truth").mkdir()
    for name in (".2019-Oct.csv.0123abcd.tmp", "_truth/.damage.json.0123abcd.tmp", "notes.txt", ".hidden"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".simulate-x").mkdir()
    (tmp_path / ".simulate-x" / "block.csv").write_text("x")
    simulate(tmp_path, events=100, months=1)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".hidden", "2019-Oct.csv", "_truth", "notes.txt"]
    assert [path.name for path in (tmp_path / "_truth").iterdir()] == ["customers.parquet"]


def test_exact_duplicates_are_as_many_as_planned(shop: Path) -> None:
    for plan, name in zip(plan_months(30_000, 7, date(2019, 10, 1)), MONTHS, strict=True):
        distinct = answer(f"SELECT count(*) FROM (SELECT DISTINCT * FROM '{shop / name}.parquet')")
        assert distinct == [(plan.events - plan.repeats,)]
    assert sum(plan.repeats for plan in plan_months(30_000, 7, date(2019, 10, 1))) > 50


def test_products_and_sessions_are_stable(shop: Path) -> None:
    events = f"read_parquet('{shop}/*.parquet')"
    assert answer(
        f"SELECT count(*) FROM (SELECT product_id FROM {events} GROUP BY 1 "
        "HAVING count(DISTINCT (category_id, category_code, brand)) > 1)"
    ) == [(0,)]
    assert answer(f"SELECT count(*) FROM {events} WHERE price < 0 OR (price = 0 AND event_type <> 'view')") == [(0,)]
    assert answer(
        f"SELECT bool_and(regexp_full_match(user_session, '[0-9a-f]{{8}}-[0-9a-f]{{4}}-4[0-9a-f]{{3}}-"
        f"[89ab][0-9a-f]{{3}}-[0-9a-f]{{12}}')) FROM {events}"
    ) == [(True,)]


def test_every_customer_is_in_the_truth_and_every_truth_in_the_events(shop: Path) -> None:
    truth = f"'{shop}/_truth/customers.parquet'"
    events = f"read_parquet('{shop}/*.parquet')"
    assert answer(
        f"SELECT count(*) FROM (SELECT DISTINCT user_id, 1 AS seen FROM {events}) FULL JOIN {truth} "
        "USING (user_id) WHERE seen IS NULL OR type IS NULL"
    ) == [(0,)]
    assert answer(
        f"SELECT count(*) FROM {truth} JOIN {events} USING (user_id) "
        "WHERE event_type = 'purchase' AND type IN ('window_shopper', 'one_visit')"
    )[0][0] in (0, 1), "only through a session shared by two customers"


def test_hidden_kinds_differ_in_recency_frequency_and_value(shop: Path) -> None:
    rows = answer(
        "SELECT type, avg(sessions), median(value), median(last) FROM (SELECT user_id, count(DISTINCT user_session) "
        "AS sessions, sum(price) / count(*) AS value, epoch(max(event_time)) / 86400 AS last "
        f"FROM read_parquet('{shop}/*.parquet') WHERE event_type = 'purchase' GROUP BY 1) "
        f"JOIN '{shop}/_truth/customers.parquet' USING (user_id) GROUP BY 1"
    )
    sessions, value, last = ({str(row[0]): float(str(row[place])) for row in rows} for place in (1, 2, 3))
    assert sessions["frequent_high_value"] > 2.5 * sessions["newcomer"]
    assert value["rare_big_spender"] > 4 * value["steady_small"]
    assert last["frequent_high_value"] > last["dormant"] + 30


@pytest.mark.parametrize("file_format", ["csv", "csv.gz", "parquet"])
@pytest.mark.parametrize("dirty", [False, True])
def test_same_seed_same_bytes_of_content(tmp_path: Path, file_format: Format, dirty: bool) -> None:
    runs = [
        simulate(tmp_path / str(run), events=4_000, months=2, seed=seed, format=file_format, dirty=dirty)
        for run, seed in enumerate((5, 5, 6))
    ]
    first, again, other = ([content(path) for path in paths] for paths in runs)
    assert first == again
    assert set(first).isdisjoint(other)
    truths = [content(tmp_path / run / "_truth" / "customers.parquet") for run in "012"]
    assert truths[0] == truths[1] != truths[2]


def test_the_bytes_depend_on_neither_threads_nor_hash_seed(tmp_path: Path) -> None:
    one = "import sys, bestiary.sql as s, pathlib\nfrom bestiary.simulate import simulate\n" \
        "o = s.connect\ns.connect = lambda **k: o(**{**k, 'threads': int(sys.argv[2])})\n" \
        "simulate(pathlib.Path(sys.argv[1]), events=300_000, months=1, format='parquet')"  # fmt: skip
    digests = []
    for threads, hash_seed in (("1", "1"), ("4", "2")):
        out = tmp_path / threads
        subprocess.run(
            [sys.executable, "-c", one, str(out), threads], check=True, env={**os.environ, "PYTHONHASHSEED": hash_seed}
        )
        with connect(threads=1) as connection:
            rows = connection.execute(f"FROM '{out}/2019-Oct.parquet'").fetchnumpy()
        digests.append(hashlib.sha256("\n".join(map(str, rows["user_session"])).encode()).hexdigest())
        digests.append(hashlib.sha256("\n".join(map(str, rows["event_time"])).encode()).hexdigest())
    assert digests[:2] == digests[2:]


def test_csv_and_parquet_hold_the_same_events(tmp_path: Path) -> None:
    csv, packed, parquet = (
        simulate(tmp_path / name, events=4_000, months=2, format=name) for name in ("csv", "csv.gz", "parquet")
    )
    assert [content(path) for path in csv] == [content(path) for path in packed]
    line = csv[0].read_text().splitlines()
    assert line[0] == ",".join(COLUMNS)
    assert line[1].split(",")[0].endswith(" UTC")
    as_text = (
        f"SELECT strptime(event_time, '%Y-%m-%d %H:%M:%S UTC'), * EXCLUDE (event_time) FROM read_csv({path_list(csv)}, "
        "header = true, types = {'event_time': 'VARCHAR', 'price': 'DOUBLE'})"
    )
    assert answer(as_text) == answer(f"FROM read_parquet({path_list(parquet)})")


def test_gzip_header_holds_neither_name_nor_time(tmp_path: Path) -> None:
    for dirty in (False, True):
        path = simulate(tmp_path / str(dirty), events=500, months=1, format="csv.gz", dirty=dirty)[0]
        assert path.read_bytes()[:8] == b"\x1f\x8b\x08\0\0\0\0\0"


@given(events=st.integers(0, 10**9), months=st.integers(1, 60))
def test_months_share_out_exactly_the_events(events: int, months: int) -> None:
    plans = plan_months(events, months, date(2019, 10, 1))
    assert len(plans) == months
    assert sum(plan.events for plan in plans) == events
    assert all(plan.arrivals <= plan.sessions <= plan.distinct <= plan.events for plan in plans)


@given(counts=st.lists(st.integers(1, 40), min_size=1, max_size=50), extra=st.integers(0, 400))
def test_sessions_are_stretched_or_cut_to_an_exact_sum(counts: list[int], extra: int) -> None:
    adjusted = _adjusted(np.array(counts, np.int64), len(counts) + extra)
    assert adjusted.sum() == len(counts) + extra
    assert adjusted.min() >= 1


@pytest.mark.parametrize(("events", "months"), [(20, 1), (140, 7), (999, 13)])
def test_a_tiny_shop_has_its_exact_number_of_events(tmp_path: Path, events: int, months: int) -> None:
    paths = simulate(tmp_path, events=events, months=months, start=date(2021, 12, 1))
    assert paths[0].name == "2021-Dec.csv"
    assert len(paths) == months
    assert sum(len(path.read_text().splitlines()) - 1 for path in paths) == events


def test_a_folder_with_other_event_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "2019-Oct.csv").write_text("mine")
    with pytest.raises(EventsError, match=r"2019-Oct\.csv.*\n.*\n"):
        simulate(tmp_path, events=500)
    assert (tmp_path / "2019-Oct.csv").read_text() == "mine"
    assert [path.name for path in tmp_path.iterdir()] == ["2019-Oct.csv"]


def test_own_output_is_replaced_but_not_mixed_with_another_format(tmp_path: Path) -> None:
    simulate(tmp_path, events=500, months=2, dirty=True)
    before = content(tmp_path / "2019-Oct.csv")
    simulate(tmp_path, events=600, months=2)
    assert content(tmp_path / "2019-Oct.csv") != before
    assert not (tmp_path / "_truth" / "damage.json").exists()
    with pytest.raises(EventsError, match="Name another folder"):
        simulate(tmp_path, events=500, months=2, format="parquet")


def test_a_file_as_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(EventsError, match="is a file"):
        simulate(tmp_path / "out", events=500)


@pytest.mark.parametrize(
    "options",
    [{"events": 19}, {"months": 0}, {"months": 61}, {"seed": -1}, {"format": "xml"}, {"start": date(2020, 1, 2)}],
)
def test_options_out_of_range_name_what_is_allowed(tmp_path: Path, options: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="Allowed"):
        simulate(tmp_path / "out", **{"events": 500, "months": 1, **options})  # type: ignore[arg-type]
    assert not (tmp_path / "out").exists()
