"""The replay of a simulated shop's past months: what it measures, what it says, and when it cannot say."""

import json
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

import shop
from bestiary import changes, pipeline
from bestiary.segments.follow.cadence import Cadence
from bestiary.segments.follow.drift import drift
from bestiary.segments.follow.replay import held_out_gini
from bestiary.segments.transform import Floats
from command import bestiary, done, events_of
from months import MAY, QUICK, fitted

DATES = [date(2019, 12, 1), *(date(2020, month, 1) for month in range(1, 6))]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fitted(tmp_path_factory.mktemp("shop"), 50_000, [date(2019, 12, 1), MAY])


@pytest.fixture(scope="module")
def found(store: Path) -> Cadence:
    return changes.cadence(store, settings=QUICK)


def buyers(store: Path, as_of: date) -> Floats:
    """Recency, frequency and monetary value of the buyers of a run made at that date."""
    run = pipeline.customers(store, as_of=as_of, settings=QUICK)
    rows = duckdb.execute(
        "SELECT days_since_last_purchase, number_of_purchases_7m, total_purchase_value "
        f"FROM read_parquet('{run.path}/customers.parquet') WHERE number_of_purchases_7m > 0 ORDER BY user_id"
    ).fetchall()
    return np.array(rows, dtype=np.float64)


def test_every_month_with_a_shortest_window_before_it_is_replayed(found: Cadence) -> None:
    pairs = [(fitted, applied) for place, fitted in enumerate(DATES) for applied in DATES[place + 1 :]]
    assert sorted((one.fitted, one.applied) for one in found.replays) == pairs
    assert [one.steps for one in found.intervals] == [1, 2, 3, 4, 5]
    # What followed the run's own date is not known yet.
    assert {one.loss is None for one in found.replays if one.applied == MAY} == {True}
    assert {one.loss is None for one in found.replays if one.applied != MAY} == {False}
    assert all(0.3 < one.agreement <= 1 and one.rand <= 1 for one in found.replays)


def test_past_months_are_measured_as_they_would_have_been_then(store: Path, found: Cadence) -> None:
    first, later = buyers(store, date(2020, 1, 1)), buyers(store, date(2020, 3, 1))
    (replay,) = (one for one in found.replays if (one.fitted, one.applied) == (date(2020, 1, 1), date(2020, 3, 1)))
    assert replay.psi == tuple(one.psi for one in drift(first, later, ("recency", "frequency", "monetary")))


def test_the_recommendation_follows_from_the_levels(store: Path, found: Cadence) -> None:
    kept = [one.agreement >= 0.9 and (one.loss is None or one.loss <= 0.01) for one in found.intervals]
    assert [one.kept for one in found.intervals] == kept
    assert found.steps == (kept.index(False) if False in kept else len(kept))
    easy = QUICK.choice.model_copy(update={"cadence_agreement": 0.0, "cadence_loss": 1.0})
    patient = changes.cadence(store, settings=QUICK.model_copy(update={"choice": easy}))
    assert (patient.steps, patient.open) == (5, True)
    assert patient.replays == found.replays
    assert found.note is not None
    assert found.note["fr"].startswith("Les premières de ces dates")


def test_the_command_prints_a_table_and_leaves_only_what_it_found(store: Path, tmp_path: Path, found: Cadence) -> None:
    before = shop.tree(store)
    out = done("cadence", "--store", store, "--out", tmp_path / "cadence.json")
    after, kept = shop.tree(store), json.loads((store / "cadence.json").read_text())
    assert {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)} <= {"cadence.json"}
    assert kept == {"as_of": "2020-05-01", "level": 0.9, **json.loads((tmp_path / "cadence.json").read_text())}
    assert " ".join(found.sentence["en"].split()) in " ".join(out.split())
    assert json.loads((tmp_path / "cadence.json").read_text()) == json.loads(json.dumps(found.record()))
    process = bestiary("cadence", "--store", store, "--quiet", "--log-format", "json")
    (result,) = events_of(process.stderr, "result")
    assert (result["step"], result["steps"], len(result["intervals"])) == ("cadence", found.steps, 5)


def test_a_short_history_is_said_and_is_no_error(store: Path) -> None:
    out = done("cadence", "--store", store, "--as-of", "2019-12-01")
    assert "The history is too short to say how often to re-fit: 1 date of the 3" in " ".join(out.split())


def test_held_out_value_by_hand() -> None:
    # Segments that tell everything, nothing, and something.
    revenue = np.repeat([0.0, 10.0], 200)
    everything, nothing = np.repeat([1, 0], 200).astype(np.int32), np.tile([0, 1], 200).astype(np.int32)
    assert held_out_gini(everything, revenue, 0) == pytest.approx(1.0)
    assert abs(held_out_gini(nothing, revenue, 0)) < 0.1
    half = everything.copy()
    half[:100] = 0
    # All revenue is among three quarters of the customers, and could be among a half: (1 - 3/4) / (1 - 1/2).
    assert held_out_gini(half, revenue, 0) == pytest.approx(0.5, abs=0.03)
    # Which number a segment has says nothing.
    assert held_out_gini(1 - everything, revenue, 0) == held_out_gini(everything, revenue, 0)
    assert np.isnan(held_out_gini(everything, np.zeros(400), 0))
