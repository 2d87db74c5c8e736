"""What the simulator claims to match, against the published figures, at 250,000 events.

The tolerances are those that the docstring of `simulate` states.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bestiary.simulate import simulate
from bestiary.sql import connect

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

EVENTS = 250_000
PUBLISHED_EVENTS, PUBLISHED_USERS, PUBLISHED_SESSIONS = 411_709_736, 15_639_803, 89_693_595
VIEWS = """
CREATE TABLE users AS SELECT user_id, count(*) AS events FROM events GROUP BY 1;
CREATE TABLE sessions AS SELECT user_session, count(*) AS events,
    count(*) FILTER (event_type = 'purchase') AS purchases,
    epoch(max(event_time) - min(event_time)) / 60 AS minutes
    FROM events WHERE user_session IS NOT NULL GROUP BY 1;
CREATE TABLE until_february AS FROM events WHERE event_time < '2020-03-01';
"""


class Shop:
    """A simulated shop to ask, and the published tables."""

    def __init__(self, connection: "DuckDBPyConnection", published: Path) -> None:
        self._connection, self._published = connection, published

    def row(self, sql: str) -> list[float]:
        rows = self.rows(sql)
        assert len(rows) == 1
        return [float(str(value)) for value in rows[0]]

    def column(self, sql: str) -> list[float]:
        return [float(str(row[0])) for row in self.rows(sql)]

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return self._connection.execute(sql).fetchall()

    def table(self, name: str) -> list[dict[str, str]]:
        with (self._published / f"{name}.csv").open() as lines:
            return list(csv.DictReader(lines))

    def shares(self, name: str, column: str) -> list[float]:
        values = [float(row[column]) for row in self.table(name)]
        return [value / sum(values) for value in values]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[Shop]:
    paths = simulate(tmp_path_factory.mktemp("figures"), events=EVENTS, format="parquet")
    with connect() as connection:
        connection.execute(f"CREATE TABLE events AS FROM read_parquet({[str(path) for path in paths]})")
        connection.execute(VIEWS)
        yield Shop(connection, shared_data / "rees46_published_stats")


def close(found: list[float], published: list[float], tolerance: float) -> None:
    assert len(found) == len(published)
    assert found == pytest.approx(published, abs=tolerance, rel=0)


def within_factor(found: list[float], published: list[float], factor: float) -> None:
    assert len(found) == len(published)
    ratios = [max(a / b, b / a) for a, b in zip(found, published, strict=True)]
    assert max(ratios) <= factor, ratios


def test_users_and_sessions_per_event(shop: Shop) -> None:
    found = shop.row("SELECT count(DISTINCT user_id) / count(*), count(DISTINCT user_session) / count(*) FROM events")
    published = [PUBLISHED_USERS / PUBLISHED_EVENTS, PUBLISHED_SESSIONS / PUBLISHED_EVENTS]
    assert found == pytest.approx(published, rel=0.01)


def test_events_by_month(shop: Shop) -> None:
    months = [row for row in shop.table("monthly") if len(row["month"]) == len("2019-10") and row["rows"]]
    found = shop.column("SELECT count(*) FROM events GROUP BY date_trunc('month', event_time) ORDER BY min(event_time)")
    close(found, [float(row["rows"]) * EVENTS / PUBLISHED_EVENTS for row in months], 1.0)


def test_event_types(shop: Shop) -> None:
    total = next(row for row in shop.table("monthly") if row["month"] == "ALL")
    published = [float(total[kind]) / PUBLISHED_EVENTS for kind in ("views", "carts", "purchases")]
    found = shop.row(
        "SELECT " + ", ".join(f"avg((event_type = '{k}')::INT)" for k in ("view", "cart", "purchase")) + " FROM events"
    )
    close(found[:2], published[:2], 0.002)
    close(found[2:], published[2:], 0.001)


def test_users_by_month(shop: Shop) -> None:
    found = shop.column(
        f"SELECT count(DISTINCT user_id) / {EVENTS} FROM until_february GROUP BY date_trunc('month', event_time) "
        "ORDER BY min(event_time)"
    )
    published = [float(row["users"]) / PUBLISHED_EVENTS for row in shop.table("monthly")[:5]]
    within_factor(found, published, 1.15)


def test_events_per_user(shop: Shop) -> None:
    rows = [row for row in shop.table("events_per_user_quantiles_7m") if float(row["quantile"]) < 0.9985]
    quantiles = [float(row["quantile"]) for row in rows]
    found = shop.column(f"SELECT unnest(quantile_disc(events, {quantiles})) FROM users")
    within_factor([value + 1 for value in found], [float(row["events"]) + 1 for row in rows], 1.35)


def test_months_in_which_users_are_active(shop: Shop) -> None:
    found = shop.column(
        "SELECT count(*) / sum(count(*)) OVER () FROM (SELECT count(DISTINCT month(event_time)) AS months "
        "FROM until_february GROUP BY user_id) GROUP BY months ORDER BY months"
    )
    close(found, shop.shares("active_months_per_user_oct_feb", "users"), 0.08)


def test_sizes_of_sessions(shop: Shop) -> None:
    bucket = "[1, 2, 6, 11, 21, 51]"
    grouped = f"FROM sessions GROUP BY len(list_filter({bucket}, lambda least: events >= least)) ORDER BY min(events)"
    table = shop.table("session_event_buckets_7m")
    found = shop.column(f"SELECT count(*) / sum(count(*)) OVER () {grouped}")
    close(found, shop.shares("session_event_buckets_7m", "sessions"), 0.006)
    buying = shop.column(f"SELECT avg((purchases > 0)::INT) {grouped}")
    close(buying, [float(row["purchasing_sessions"]) / float(row["sessions"]) for row in table], 0.06)
    assert shop.row("SELECT avg(events), median(events), quantile_disc(events, 0.95) FROM sessions") == pytest.approx(
        [4.59, 2, 16], abs=0.03
    )


def test_durations_of_sessions(shop: Shop) -> None:
    table = shop.table("session_duration_minutes_quantiles_7m_sessions_of_2plus_events")
    rows = [row for row in table if float(row["quantile"]) <= 0.99]
    quantiles = [float(row["quantile"]) for row in rows]
    found = shop.column(f"SELECT unnest(quantile_cont(minutes, {quantiles})) FROM sessions WHERE events > 1")
    within_factor(found, [float(row["minutes"]) for row in rows], 1.15)


def test_steps_within_sessions(shop: Shop) -> None:
    rows = shop.rows(
        "SELECT before, event_type, count(*) / sum(count(*)) OVER () FROM (SELECT event_type, lag(event_type) OVER "
        "(PARTITION BY user_session ORDER BY event_time) AS before FROM events WHERE user_session IS NOT NULL) "
        "WHERE before IS NOT NULL GROUP BY 1, 2"
    )
    found = {(row[0], row[1]): float(str(row[2])) for row in rows}
    name = "event_transitions_within_session_oct_nov"
    steps = [(row["from"], row["to"]) for row in shop.table(name)]
    close([found.get(step, 0.0) for step in steps], shop.shares(name, "count"), 0.025)


def test_buyers(shop: Shop) -> None:
    bought = "SELECT user_id, count(*) AS purchases FROM {} WHERE event_type = 'purchase' GROUP BY 1"
    buyers = shop.row(f"SELECT (SELECT count(*) FROM ({bought.format('events')})) / count(*) FROM users")
    close(buyers, [2_064_899 / PUBLISHED_USERS], 0.012)
    found = shop.column(
        f"SELECT count(*) / sum(count(*)) OVER () FROM ({bought.format('until_february')}) "
        "GROUP BY len(list_filter([1, 2, 4, 10, 20], lambda least: purchases >= least)) ORDER BY min(purchases)"
    )
    close(found, shop.shares("purchase_events_per_buyer_oct_feb", "users"), 0.04)


def test_buyers_come_back(shop: Shop) -> None:
    rows = shop.rows(
        "WITH bought AS (SELECT DISTINCT user_id, datediff('month', DATE '2019-10-01', event_time::DATE) AS month "
        "FROM events WHERE event_type = 'purchase'), cohorts AS (SELECT *, min(month) OVER (PARTITION BY user_id) AS "
        "cohort FROM bought) SELECT cohort, month - cohort, count(*) FROM cohorts GROUP BY ALL"
    )
    found = {(row[0], row[1]): int(str(row[2])) for row in rows}
    table = shop.table("purchase_cohort_retention_7m")
    published = {
        (cohort, lag): float(row[f"m{lag}"])
        for cohort, row in enumerate(table)
        for lag in range(1, 7)
        if row[f"m{lag}"]
    }
    shares = [100 * found[cohort, lag] / found[cohort, 0] for cohort, lag in published]
    assert len(published) == 21
    close(shares, list(published.values()), 11.0)
    assert sum(map(abs, (a - b for a, b in zip(shares, published.values(), strict=True)))) / 21 < 4.0
    arrivals = [found[cohort, 0] / sum(found[c, 0] for c in range(7)) for cohort in range(7)]
    close(arrivals, shop.shares("purchase_cohort_retention_7m", "buyers"), 0.06)


def test_hours_and_weekdays(shop: Shop) -> None:
    found = shop.column("SELECT count(*) / 250000 FROM events GROUP BY hour(event_time) ORDER BY hour(event_time)")
    close(found, shop.shares("hourly_utc_oct_nov_2019", "events"), 0.007)
    bought = shop.column(
        "SELECT count(*) / (SELECT count(*) FROM events WHERE event_type = 'purchase') FROM events "
        "WHERE event_type = 'purchase' GROUP BY hour(event_time) ORDER BY hour(event_time)"
    )
    close(bought, shop.shares("hourly_utc_oct_nov_2019", "purchases"), 0.015)
    days = shop.column(
        "SELECT count(*) / count(DISTINCT event_time::DATE) FROM events WHERE month(event_time) IN (3, 12, 1) "
        "GROUP BY isodow(event_time) ORDER BY isodow(event_time)"
    )
    index = shop.shares("weekday_index_oct_nov_2019_excl_nov14_18", "events_index")
    within_factor([day / sum(days) for day in days], index, 1.1)


def test_prices(shop: Shop) -> None:
    rows = [row for row in shop.table("price_quantiles_all_events_oct_feb") if float(row["quantile"]) < 1]
    found = shop.column(
        f"SELECT unnest(quantile_cont(price, {[float(row['quantile']) for row in rows]})) FROM until_february"
    )
    within_factor(found, [float(row["price"]) for row in rows], 1.4)
    assert shop.row("SELECT (max(price) <= 2574.07)::INT, avg((price = 0)::INT) FROM events") == pytest.approx(
        [1, 583_466 / 288_779_227], abs=0.0005
    )


def test_departments(shop: Shop) -> None:
    table = shop.table("category_level1_7m")
    rows = shop.rows(
        "SELECT coalesce(split_part(category_code, '.', 1), '(null)'), count(*) FILTER (event_type = 'view'), "
        "count(*) FILTER (event_type = 'cart'), count(*) FILTER (event_type = 'purchase'), "
        "avg(price) FILTER (event_type = 'purchase') FROM events GROUP BY 1"
    )
    found = {str(row[0]): [float(str(value or 0)) for value in row[1:]] for row in rows}
    assert set(found) == {row["category"] for row in table}
    for place, kind in enumerate(("views", "carts", "purchases")):
        total = sum(values[place] for values in found.values())
        shares = [found[row["category"]][place] / total for row in table]
        close(shares, shop.shares("category_level1_7m", kind), 0.04)
    large = [row for row in table if float(row["purchases"]) > 400_000]
    prices = [found[row["category"]][3] for row in large]
    within_factor(prices, [float(row["avg_purchase_price"]) for row in large], 1.3)


def test_brands(shop: Shop) -> None:
    rows = shop.rows(
        "SELECT brand, count(*) / sum(count(*)) OVER (), avg(price) FROM events "
        "WHERE event_type = 'purchase' GROUP BY 1"
    )
    found = {row[0]: (float(str(row[1])), float(str(row[2]))) for row in rows}
    table = shop.table("brands_7m")
    published = [float(row["purchases"]) / 6_848_824 for row in table]
    close([found[row["brand"]][0] for row in table], published, 0.03)
    phones = [row for row in table if row["brand"] in ("apple", "samsung", "xiaomi", "huawei", "oppo")]
    prices = [found[row["brand"]][1] for row in phones]
    within_factor(prices, [float(row["avg_purchase_price"]) for row in phones], 1.3)
    assert shop.row("SELECT avg((brand IS NULL)::INT) FROM events") == pytest.approx([0.1336], abs=0.02)


def test_days_that_were_odd(shop: Shop) -> None:
    assert shop.row(
        "SELECT count(*) FROM events WHERE event_type = 'purchase' AND event_time::DATE = '2019-11-15'"
    ) == [0]
    rows = shop.rows("SELECT event_time::DATE::VARCHAR, count(*) FROM events GROUP BY 1")
    days = {str(day): int(str(count)) for day, count in rows}
    usual = sorted(days.values())[len(days) // 2]
    assert days["2020-02-27"] < 0.2 * usual
    assert days["2019-11-16"] > 2 * usual
