"""The laws of the choice of k: no groups where there are none, the right ones where there are, the same k again.

Cells, draws, samples and restarts are as many as in the product, repeats as many as the laws ask for. Customers are
1,000 to 4,400 and k stops at 8 to 10, for time.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

import choice_shops
from bestiary.config import Choice
from bestiary.segments.candidates.candidate import kmeans
from bestiary.segments.choice.judge import Extremes, Judgement, Size, extremes, judge, without_extremes
from bestiary.segments.choice.null import null
from bestiary.segments.choice.verdict import Verdict, Word
from bestiary.segments.transform import Floats, learn_log1p
from bestiary.simulate.simulator import simulate
from bestiary.sql import connect, quote

RULES = Choice()
SEEDS = 20


def conduct(rows: Floats, ks: Sequence[int], seed: int) -> Judgement:
    return judge(rows, learn_log1p(rows).apply, kmeans, ks, RULES, seed)


def both(rows: Floats, judged: Judgement, seed: int) -> Extremes | None:
    return extremes(rows, lambda some: learn_log1p(some).apply, kmeans, judged, RULES, seed)


@pytest.mark.parametrize("shop", [choice_shops.independent, choice_shops.correlated, choice_shops.accumulated])
def test_what_has_no_groups_is_not_natural(shop: Callable[[int, int], Floats]) -> None:
    alarms = []
    for seed in range(SEEDS):
        rows = shop(1_000, seed)
        found = null(rows, learn_log1p(rows).apply, kmeans, range(2, 9), seed, draws=39, cells=Size().cells)
        if found.p <= RULES.natural_p and found.gap >= RULES.natural_gap:
            alarms.append(seed)
    assert len(alarms) <= SEEDS - 19


@pytest.mark.parametrize("seed", range(SEEDS))
def test_separated_groups_are_natural_and_counted(seed: int) -> None:
    k = 3 + seed % 6
    found = conduct(choice_shops.grouped(k, 1_000, seed), range(2, 11), seed)
    assert (found.verdict.word, found.verdict.k) == ("natural", k)


@pytest.mark.parametrize("seed", range(3))
def test_separated_groups_do_not_hang_on_the_extreme_values(seed: int) -> None:
    k = 3 + seed % 6
    rows = choice_shops.grouped(k, 1_000, seed)
    found = both(rows, conduct(rows, range(2, 11), seed), seed)
    assert found is not None
    assert (found.everyone.k, found.trimmed.k) == (k, k)
    assert not found.decide


@pytest.fixture(scope="module")
def invoices(shared_data: Path) -> Floats:
    """Recency, frequency and monetary value of a real gift shop, from the lines with a price and a quantity."""
    path = quote(str(shared_data / "uci_online_retail" / "online_retail.parquet"))
    return rfm(
        "SELECT CustomerID::VARCHAR AS customer, InvoiceNo AS purchase, InvoiceDate::TIMESTAMP AS moment, "
        f"Quantity * UnitPrice AS paid FROM {path} "
        "WHERE CustomerID IS NOT NULL AND CustomerID::VARCHAR <> '' AND Quantity > 0 AND UnitPrice > 0",
        date(2011, 12, 10),
    )


@pytest.fixture(scope="module")
def simulated(tmp_path_factory: pytest.TempPathFactory) -> Floats:
    """The same of a simulated shop with some 4,000 buyers."""
    out = tmp_path_factory.mktemp("shop")
    simulate(out, events=800_000, seed=3, format="parquet")
    path = quote(str(out / "*.parquet"))
    return rfm(
        "SELECT DISTINCT user_id AS customer, user_session AS purchase, event_time AS moment, product_id, "
        f"price AS paid FROM {path} WHERE event_type = 'purchase'",
        date(2020, 5, 1),
    )


def rfm(lines: str, as_of: date) -> Floats:
    with connect() as connection:
        found = connection.execute(
            f"SELECT floor(epoch(TIMESTAMP '{as_of}' - max(moment)) / 86400), count(DISTINCT purchase), "
            f"sum(paid)::DOUBLE FROM ({lines}) GROUP BY customer ORDER BY customer"
        ).fetchall()
    return np.array(found, dtype=np.float64)


@pytest.mark.parametrize("shop", ["invoices", "simulated"])
def test_the_same_k_from_four_seeds_of_five_at_least(shop: str, request: pytest.FixtureRequest) -> None:
    rows = request.getfixturevalue(shop)
    assert len(rows) > 3_500
    found = [conduct(rows, range(2, 10), seed).verdict.k for seed in range(5)]
    assert max(found.count(k) for k in found) >= 4


def test_the_whole_judgement_and_the_same_bytes_again() -> None:
    rows = choice_shops.grouped(4, 900, seed=2)
    told: list[int] = []
    to_points = learn_log1p(rows).apply
    one, two = (judge(rows, to_points, kmeans, range(2, 6), RULES, 0, tell=told.append) for _ in range(2))
    assert sum(told) == 2 * (1 + RULES.draws + 1 + RULES.pairs)
    assert one.verdict == two.verdict
    assert (one.curve, one.stability) == (two.curve, two.stability)
    assert one.null is not None
    assert two.null is not None
    assert one.null.draws.tobytes() == two.null.draws.tobytes()
    trimmed, again = (both(rows, one, 0) for _ in range(2))
    assert trimmed is not None
    assert trimmed == again
    assert not trimmed.decide
    assert trimmed.everyone.word == one.verdict.word
    assert [one.k for one in one.stability] == [2, 3, 4, 5]
    assert set(one.partitions) == {2, 3, 4, 5}


def test_the_top_thousandth_by_value_is_left_out_and_a_change_is_told() -> None:
    rows = np.column_stack([np.arange(2_000.0), np.ones(2_000), np.arange(2_000.0) % 1_999])
    assert len(without_extremes(rows)) == 1_998
    assert without_extremes(rows)[:, 2].max() == 1_996
    assert len(without_extremes(rows[:60])) == 59

    def said(word: Word, k: int) -> Verdict:
        return Verdict(word, k, 0.5, 0.0, None, (), {})

    plain = Extremes(said("natural", 5), said("natural", 5))
    assert not plain.decide
    assert replace(plain, trimmed=said("natural", 4)).decide
    assert replace(plain, trimmed=said("constructed", 5)).decide


@pytest.mark.parametrize(
    "rows", [np.ones((1, 3)), np.ones((500, 3)), np.arange(150.0).reshape(50, 3), np.repeat(np.eye(3)[:2], 50, axis=0)]
)
def test_too_few_customers_or_too_few_who_differ_are_not_judged(rows: Floats) -> None:
    found = conduct(rows, range(2, 12), 0)
    assert (found.verdict.word, found.null, found.stability) == ("constructed", None, [])
    assert found.verdict.k in found.partitions or not found.partitions
    assert both(rows, found, 0) is None
