"""The expected value: calibrated, evaluated by numpy alone, with an interval that covers, and the season."""

import json
from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError
from threadpoolctl import threadpool_limits

from bestiary.segments.transform import Floats
from bestiary.segments.worth.expected import Expected, calibrate, learn_expected
from bestiary.segments.worth.metrics import Flags, gini
from bestiary.segments.worth.season import season_ratio
from rfm_data import uci, uci_months


def shop(n: int, seed: int) -> tuple[Floats, Floats, Flags, Floats]:
    """Customers whose expectation is known: rfm (n, 3), revenue, bought, expectation (n,)."""
    rng = np.random.default_rng(seed)
    recency, frequency = np.floor(rng.exponential(60, n)), 1.0 + rng.poisson(1.5, n)
    monetary = frequency * rng.lognormal(3, 0.7, n)
    rate = 0.8 * frequency**0.5 / (1 + recency) ** 0.4
    chance = 1 - np.exp(-rate)
    basket = monetary / frequency
    bought = rng.random(n) < chance
    revenue = np.where(bought, basket * rng.lognormal(-0.125, 0.5, n) * rate / chance, 0.0)
    revenue = np.where(rng.random(n) < 0.01, revenue - 5.0, revenue)
    return np.column_stack([recency, frequency, monetary]), revenue, bought, basket * rate - 0.05


RFM, REVENUE, BOUGHT, TRUTH = shop(4_000, 0)


def learned(rfm: Floats = RFM, revenue: Floats = REVENUE, bought: Flags = BOUGHT) -> Expected:
    found = learn_expected(rfm, revenue, bought)
    assert found is not None
    return found


def test_expectations_add_up_to_what_was_brought() -> None:
    """Net of refunds: revenue below 0 is learned as it is."""
    found = learned()
    assert (REVENUE < 0).any()
    value, low, high = found.predict(RFM)
    assert value.sum() == pytest.approx(REVENUE.sum(), rel=1e-6)
    assert found.probability(RFM).sum() == pytest.approx(BOUGHT.sum(), rel=1e-6)
    assert ((low < value) & (value < high) & (low > 0)).all()
    assert found.calibration.slope == pytest.approx(1.0, abs=0.1)
    assert np.mean(found.calibration.actual) == pytest.approx(REVENUE.mean())
    assert list(found.calibration.expected) == sorted(found.calibration.expected)


def test_the_interval_covers_the_expectation_and_narrows_with_customers() -> None:
    """Over 40 shops: a nominal 95 % covers at least 85 % of expectations, as the basis only comes near the truth."""
    covered, width = [], []
    for seed in range(40):
        rfm, revenue, bought, _ = shop(2_000, seed)
        _, low, high = learned(rfm, revenue, bought).predict(RFM[:500])
        covered.append(((low <= TRUTH[:500]) & (TRUTH[:500] <= high)).mean())
        width.append(np.median(high / low))
    assert np.mean(covered) > 0.85
    rfm, revenue, bought, _ = shop(32_000, 99)
    _, low, high = learned(rfm, revenue, bought).predict(RFM[:500])
    assert np.log(np.median(high / low)) < np.log(np.mean(width)) / 2.5


def test_it_is_data_and_says_the_same_for_one_as_for_all() -> None:
    found = learned()
    again = Expected.model_validate(json.loads(json.dumps(found.model_dump(mode="json"))))
    assert again == found
    together = np.column_stack([*again.predict(RFM), again.probability(RFM)])
    for row in range(0, 300, 7):
        alone = [*found.predict(RFM[row : row + 1]), found.probability(RFM[row : row + 1])]
        assert [float(one[0]) for one in alone] == together[row].tolist()


def test_a_covariance_that_is_none_is_refused() -> None:
    record = learned().model_dump(mode="json")
    record["covariance"][0][1] += 1.0
    with pytest.raises(ValidationError, match="not symmetric"):
        Expected.model_validate(record)


def test_beyond_what_was_seen_the_edge_counts() -> None:
    found = learned()
    edge, beyond = RFM.max(axis=0), RFM.max(axis=0) * 1_000
    assert found.predict(np.array([edge]))[0] == found.predict(np.array([beyond]))[0]
    refunded, nothing = np.array([[10.0, 1.0, -99.0]]), np.array([[10.0, 1.0, 0.0]])
    assert found.predict(refunded) == found.predict(nothing)


def test_order_of_customers_and_threads_do_not_matter() -> None:
    order = np.random.default_rng(1).permutation(len(RFM))
    value = learned().predict(RFM)[0]
    np.testing.assert_allclose(learned(RFM[order], REVENUE[order], BOUGHT[order]).predict(RFM)[0], value, rtol=1e-6)
    with threadpool_limits(limits=2):
        assert learned() == learned()
        assert learned().predict(RFM)[0].tobytes() == value.tobytes()


def test_too_little_teaches_nothing() -> None:
    few = np.zeros(len(RFM), dtype=bool)
    few[:29] = True
    assert learn_expected(RFM, REVENUE, few) is None
    assert learn_expected(RFM, REVENUE, ~few) is None
    assert learn_expected(RFM, -REVENUE, BOUGHT) is None
    few[29] = True
    assert learn_expected(RFM, REVENUE, few) is not None


def test_customers_who_are_alike_get_the_mean() -> None:
    alike = np.repeat([[5.0, 2.0, 30.0]], 100, axis=0)
    revenue = np.tile([0.0, 8.0], 50)
    found = learned(alike, revenue, revenue > 0)
    value, low, high = found.predict(alike[:1])
    assert value == pytest.approx(4.0)
    # the standard error of the mean is 0.4, and its logarithm's 0.1
    assert [low, high] == [pytest.approx(4 * np.exp(-0.196)), pytest.approx(4 * np.exp(0.196))]
    assert found.probability(alike[:1]) == pytest.approx(0.5)
    assert found.calibration.slope is None


def test_calibration_by_hand() -> None:
    """Ten parts of two; outcomes are twice the expectation, less one: slope 2."""
    expected = np.arange(20.0)
    found = calibrate(expected[::-1], 2 * expected[::-1] - 1)
    assert found.expected == tuple(0.5 + 2 * part for part in range(10))
    assert found.actual == tuple(4.0 * part for part in range(10))
    assert found.slope == pytest.approx(2.0)


YEAR = [(f"{2010 + number // 12}-{number % 12 + 1:02d}", 100.0 + number) for number in range(24)]


def test_season_by_hand() -> None:
    """As of 2012-01, two months: 2011-01 and -02 (112 + 113) over 2010-11 and -12 (110 + 111)."""
    assert season_ratio(YEAR, "2012-01", 2) == pytest.approx(225 / 221)
    assert season_ratio(YEAR[::-1], "2012-01", 2) == pytest.approx(225 / 221)
    assert season_ratio(YEAR[10:], "2012-01", 2) == pytest.approx(225 / 221)
    assert season_ratio(YEAR[11:], "2012-01", 2) is None
    assert season_ratio(YEAR[:13], "2012-01", 2) is None
    assert season_ratio([(month, 0.0) for month, _ in YEAR], "2012-01", 2) is None


def test_growth_is_not_taken_for_a_season() -> None:
    """A shop without seasons that doubles each year: the ratio is two months' growth, in either year."""
    grown = [(month, 2 ** (number / 12)) for number, (month, _) in enumerate(YEAR)]
    assert season_ratio(grown, "2012-01", 2) == pytest.approx(2 ** (2 / 12))


def test_columns_of_a_shorter_history_than_they_are_asked_on_rank_as_well_and_move_sums(shared_data: Path) -> None:
    """UCI: learned in June on five months, asked in August on seven: ranks hold, sums are a fifth high."""
    before = uci(shared_data, "2011-06-01", "2011-08-01", since="2011-01-01")
    after = uci(shared_data, "2011-08-01", "2011-10-01", since="2011-01-01")
    value = learned(before.rfm, before.revenue, before.bought).predict(after.rfm)[0]
    hindsight = learned(after.rfm, after.revenue, after.bought).predict(after.rfm)[0]
    assert gini(value, after.revenue) >= 0.99 * gini(hindsight, after.revenue)
    assert value.sum() / after.revenue.sum() == pytest.approx(1.22, abs=0.03)


def test_learned_in_summer_it_is_low_in_autumn(shared_data: Path) -> None:
    """UCI, windows of six months: the sum is 36 % low from September to 9 December, the ranks hold."""
    before = uci(shared_data, "2011-06-01", "2011-09-01", since="2010-12-01")
    after = uci(shared_data, "2011-09-01", "2011-12-10", since="2011-03-01")
    found = learned(before.rfm, before.revenue, before.bought)
    value = found.predict(after.rfm)[0]
    assert value.sum() / after.revenue.sum() == pytest.approx(0.64, abs=0.03)
    assert gini(value, after.revenue) > 0.75
    months = uci_months(shared_data)
    assert len(months) == 13
    assert season_ratio(months[:9], "2011-09", 3) is None
