"""The comparison: what must be equal is, noise is not praised, and the record is plain."""

import json

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from bestiary.errors import PopulationError
from bestiary.segments.transform import Floats
from bestiary.segments.worth import compare as comparing
from bestiary.segments.worth.baselines import named_grid
from bestiary.segments.worth.bootstrap import METRICS
from bestiary.segments.worth.compare import BASELINES, Candidate, compare
from bestiary.segments.worth.findings import Comparison, Difference, Figure
from bestiary.segments.worth.scores import Outcome

N = 1_500


def customers(n: int, seed: int = 0) -> tuple[Floats, Outcome]:
    rng = np.random.default_rng(seed)
    recency, frequency = np.floor(rng.exponential(60, n)), 1.0 + rng.poisson(1.5, n)
    monetary = frequency * rng.lognormal(3, 0.7, n)
    bought = rng.random(n) < 0.8 / (1 + recency / 60)
    return np.column_stack([recency, frequency, monetary]), Outcome(np.where(bought, monetary, 0.0), bought)


RFM, OUTCOME = customers(N)
NOISE = Candidate("noise", np.random.default_rng(5).integers(4, size=N).astype(np.int32), 4)
GRID = named_grid(RFM)
SAME = Candidate("same", GRID.labels, GRID.k)
LATE = np.array(RFM[:, 0] > 60, dtype=np.int32)
HALVES = Candidate("halves", LATE, 2, np.abs(RFM[:, :1] - np.array([[20.0, 120.0]])))


@pytest.fixture(scope="module")
def found() -> Comparison:
    return compare([NOISE, SAME, HALVES], RFM, RFM, OUTCOME, seed=1, resamples=200)


def test_everyone_is_measured(found: Comparison) -> None:
    kinds = [(one.name, one.kind) for one in found.scorers]
    assert kinds == [
        ("noise", "segments"),
        ("same", "segments"),
        ("halves", "segments"),
        ("halves", "segments_and_distances"),
        *((name, "baseline") for name in BASELINES),
        ("expected", "expected"),
        ("ceiling", "ceiling"),
    ]
    assert [one.halves for one in found.scorers] == [10] * 10 + [4]
    assert {tuple(one.metrics) for one in found.scorers} == {METRICS}
    for one in found.scorers:
        for figure in one.metrics.values():
            assert figure.value is not None
            assert figure.low is not None
            assert figure.high is not None
            assert figure.low < figure.value < figure.high


def test_equal_labels_are_worth_exactly_the_same(found: Comparison) -> None:
    for metric in METRICS:
        assert found.difference("same", "grid", metric).figure == Figure(0.0, 0.0, 0.0)
        assert found.difference("same", "grid", metric).too_small
        assert found.figure("same", metric) == found.figure("grid", metric)


def test_noise_is_told_from_something_no_more_often_than_stated() -> None:
    """Twenty labellings at random: at most two of the 95 % intervals leave 0 out, and the grid beats them all."""
    rng = np.random.default_rng(7)
    noises = [Candidate(f"noise {one}", rng.integers(4, size=N).astype(np.int32), 4) for one in range(20)]
    found = compare(noises, RFM, RFM, OUTCOME, seed=1, resamples=200)
    figures = [found.figure(one.name, "gini") for one in noises]
    values, lows, highs = (np.array([getattr(one, name) for one in figures]) for name in ("value", "low", "high"))
    assert ((lows > 0) | (highs < 0)).sum() <= 2
    assert values.mean() == pytest.approx(0.0, abs=0.02)
    for one in noises:
        assert not found.difference(one.name, "grid", "gini").too_small


def test_noise_is_worth_less_than_any_baseline(found: Comparison) -> None:
    for name in BASELINES:
        difference = found.difference("noise", name, "gini")
        assert not difference.too_small
        assert difference.figure.high is not None
        assert difference.figure.high < 0


def test_distances_add_to_labels_and_everything_is_under_the_ceiling_or_near(found: Comparison) -> None:
    with_distances = found.figure("halves", "r_squared", "segments_and_distances").value
    alone = found.figure("halves", "r_squared", "segments").value
    assert with_distances is not None
    assert alone is not None
    assert with_distances > alone + 0.02
    assert found.scorer("ceiling").of_ceiling["gini"].value == pytest.approx(1.0)
    of_ceiling = found.scorer("expected").of_ceiling
    assert of_ceiling["gini"].value == pytest.approx(1.0, abs=0.08)
    noise = found.scorer("noise").of_ceiling["average_precision"].value
    assert noise == pytest.approx(0.0, abs=0.1)


def test_the_interval_of_a_difference_is_paired(found: Comparison) -> None:
    """Two rankings that hardly differ: their difference is known far better than either."""
    one = found.difference("expected", "monetary", "gini", "expected").figure
    other = found.figure("expected", "gini")
    assert one.high is not None
    assert one.low is not None
    assert other.high is not None
    assert other.low is not None
    assert one.high - one.low < 1.2 * (other.high - other.low)
    assert found.difference("expected", "quintile_cells", "gini", "expected").figure.low is not None


def test_lifts_are_of_all_customers(found: Comparison) -> None:
    mean = OUTCOME.revenue.mean()
    for segment, one in enumerate(found.lifts["halves"]):
        members = np.equal(LATE, segment)
        assert (one.segment, one.customers) == (segment, members.sum())
        assert one.figure.value == pytest.approx(OUTCOME.revenue[members].mean() / mean)
        assert one.figure.low is not None
        assert one.figure.high is not None
        assert one.figure.low < OUTCOME.revenue[members].mean() / mean < one.figure.high


def test_the_record_is_plain(found: Comparison) -> None:
    record = found.record()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record["share_who_bought"] == OUTCOME.bought.mean()
    assert len(record["differences"]) == 5 * len(BASELINES) * len(METRICS)
    assert {one["too_small_to_say"] for one in record["differences"]} == {True, False}


def test_the_sample_is_too_small_when_the_interval_holds_zero() -> None:
    def says(low: float | None, high: float | None) -> bool:
        return Difference("a", "segments", "grid", "gini", Figure(0.1, low, high)).too_small

    assert [says(0.01, 0.2), says(-0.2, -0.01), says(-0.01, 0.2), says(0.0, 0.2), says(None, None)] == [
        False,
        False,
        True,
        True,
        True,
    ]


def test_the_same_seed_gives_the_same_bytes_whatever_the_threads(found: Comparison) -> None:
    with threadpool_limits(limits=2):
        again = compare([NOISE, SAME, HALVES], RFM, RFM, OUTCOME, seed=1, resamples=200)
    assert json.dumps(again.record()) == json.dumps(found.record())
    other = compare([NOISE], RFM, RFM, OUTCOME, seed=2, repeats=1, resamples=20)
    assert other.figure("grid", "gini") != found.figure("grid", "gini")


def test_many_customers_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "MOST", 400)
    found = compare([HALVES], RFM, RFM, OUTCOME, seed=1, repeats=1, resamples=20)
    assert found.customers == 400
    assert sum(one.customers for one in found.lifts["halves"]) == 400


def test_too_few_customers_are_refused() -> None:
    few, outcome = customers(49)
    with pytest.raises(PopulationError, match="49 customers are too few"):
        compare([], few, few, outcome, seed=0)


def test_a_shop_that_sold_nothing_has_no_figures() -> None:
    nothing = Outcome(np.zeros(N), np.zeros(N, dtype=bool))
    found = compare([HALVES], RFM, RFM, nothing, seed=1, repeats=1, resamples=20)
    assert found.figure("halves", "gini") == Figure(None, None, None)
    assert found.difference("halves", "grid", "average_precision").too_small
    assert json.dumps(found.record(), allow_nan=False)


@pytest.mark.parametrize("seed", range(4))
def test_an_interval_holds_its_value_where_hardly_anybody_bought(seed: int) -> None:
    """In many resamples of these halves nobody has bought, and R squared is not defined; in others it is -1,000."""
    features, outcome = customers(60, seed)
    few = Outcome(np.where(np.arange(60) < 3, outcome.revenue + 1.0, 0.0), np.arange(60) < 3)
    cells = Candidate("thirds", (np.arange(60) % 3).astype(np.int32), 3)
    found = compare([cells], features, features, few, seed=seed, resamples=200)
    figures = [figure for one in found.scorers for figure in one.metrics.values()]
    figures += [one.figure for one in found.differences]
    known = [one for one in figures if one.value is not None and one.low is not None and one.high is not None]
    assert len(known) > len(figures) // 2
    for one in known:
        assert one.low <= one.value <= one.high  # type: ignore[operator]
