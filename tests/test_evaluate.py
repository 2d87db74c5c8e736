"""A simulated shop of sixteen months, valued: the expected value in the tables, and `bestiary evaluate`."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from bestiary import pipeline
from bestiary.config import Choice, Settings
from bestiary.errors import ConfigError, PopulationError
from bestiary.evaluation import Evaluation
from bestiary.lake.store import Store
from bestiary.past import past
from bestiary.progress import SILENT
from bestiary.segments.model import load
from bestiary.segments.worth.findings import Comparison, Difference, Figure
from bestiary.show_worth import AGAINST, METRICS, sentence
from command import bestiary as command
from command import done, events_of, failed

SETTINGS = Settings(candidate="rfm_log", k_max=5, choice=Choice(sample=1000))
MIDWAY = date(2020, 5, 1)
BASELINES = ("named RFM cells", "RFM quintiles", "frequency alone", "monetary deciles", "expected value", "ceiling")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Runs as of the last midnight, with a year of history behind it, and as of one midway, without."""
    folder = tmp_path_factory.mktemp("year")
    pipeline.simulate(folder / "events", events=200_000, months=16)
    pipeline.ingest([folder / "events"], folder / "store", settings=SETTINGS)
    for as_of in (None, MIDWAY):
        run = pipeline.customers(folder / "store", as_of=as_of, settings=SETTINGS)
        pipeline.fit(folder / "store", as_of=run.as_of, settings=SETTINGS)
    return folder / "store"


@pytest.fixture
def runs(store: Path) -> tuple[Path, Path]:
    midway, last = (run.path for run in pipeline.runs(store))
    assert midway.name == MIDWAY.isoformat()
    return midway, last


def read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text())
    return content


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect() as connection:
        return connection.execute(query.replace("$t", f"read_parquet('{path}')")).fetchall()


def test_every_buyer_has_an_expected_value_within_its_interval_and_nobody_else(runs: tuple[Path, Path]) -> None:
    for run in runs:
        table = run / "segments.parquet"
        found = rows(
            table,
            "SELECT population, count(*), count(expected_value), count(*) FILTER (WHERE expected_low > 0 AND "
            "expected_low < expected_value AND expected_value < expected_high) FROM $t GROUP BY ALL",
        )
        told = {population: counts for population, *counts in found}
        assert set(told) == {"buyers", "visitors"}
        assert told["buyers"][0] == told["buyers"][1] == told["buyers"][2] > 100
        assert told["visitors"][1] == 0


def test_expected_values_of_the_customers_learned_on_add_up_to_what_they_brought(store: Path, tmp_path: Path) -> None:
    """Through the lake: as of the earlier date, and what the same customers did from there to the run's date."""
    lake, run = Store.open(store, SETTINGS), pipeline.runs(store)[-1]
    expected = load(run.path / "model.json").fitted.expected
    assert expected is not None
    history = past(lake, run, SETTINGS, tmp_path, SILENT)
    assert history.earlier is not None
    columns = "days_since_last_purchase, number_of_purchases_7m, total_purchase_value, outcome_value"
    found = np.array(rows(history.earlier, f"SELECT {columns} FROM $t WHERE number_of_purchases_7m > 0"), dtype=float)
    assert expected.customers == len(found)
    value, low, high = expected.predict(found[:, :3])
    assert value.sum() == pytest.approx(found[:, 3].sum(), rel=1e-6)
    assert ((low < value) & (value < high)).all()


def test_the_season_rescales_only_with_a_year_of_history(runs: tuple[Path, Path]) -> None:
    midway, last = (read(run / "scorecard.json")["worth"] for run in runs)
    assert midway["season"] is None
    assert last["season"] > 0
    for run, ratio in zip(runs, (1.0, last["season"]), strict=True):
        expected = load(run / "model.json").fitted.expected
        assert expected is not None
        found = rows(
            run / "customers.parquet",
            "SELECT c.days_since_last_purchase, c.number_of_purchases_7m, c.total_purchase_value, s.expected_value "
            f"FROM $t AS c JOIN read_parquet('{run / 'segments.parquet'}') AS s USING (user_id) "
            "WHERE s.population = 'buyers'",
        )
        table = np.array(found, dtype=float)
        assert table[:, 3] == pytest.approx(expected.predict(table[:, :3])[0] * ratio, rel=1e-9)


def test_each_card_has_the_lift_of_its_segment(runs: tuple[Path, Path]) -> None:
    """Segments are numbered from the best customers down: the first brings the most, over everyone's mean."""
    for run in runs:
        cards = read(run / "scorecard.json")["segments"]
        lifts = [card["lift"]["value"] for card in cards if card["lift"] is not None]
        assert len(lifts) >= len(cards) - 1
        assert lifts[0] == max(lifts) > 1 > min(lifts)
        for card in cards:
            assert card["lift"] is None or card["lift"]["low"] < card["lift"]["value"] < card["lift"]["high"]


def test_evaluate_prints_everyone_and_writes_the_same(store: Path, runs: tuple[Path, Path], tmp_path: Path) -> None:
    """By default it measures what the fit has measured: the figures are those of the scorecard."""
    out = tmp_path / "evaluation.json"
    printed = done("evaluate", "--store", store, "--out", out)
    assert printed.startswith("The segment alone (rfm_log, k = ")
    for word in ("Gini:", "R squared:", "Top 10 %", "PR-AUC:", "Lift:"):
        assert word in printed
    found, card = read(out), read(runs[1] / "scorecard.json")
    for name in ("rfm_log, k = ", "(chosen)", "rfm_log, with distances", *BASELINES, "Gini", "R squared", "PR-AUC"):
        assert name in printed
    assert "too small a sample to say" in printed
    assert f"learned as of {card['worth']['from']}, measured until {card['worth']['until']}" in printed
    for name in ("scorers", "differences", "lifts", "customers"):
        assert found[name] == card["worth"][name]
    assert [one["lift"] for one in found["segments"]] == [one["lift"] for one in card["segments"]]
    for one in card["segments"]:
        assert one["name"]["en"] in printed
    assert found["k"] == {one["name"]: one["k"] for one in card["candidates"]}


def told(**values: float) -> str:
    """The sentence of an evaluation whose differences are these, by `baseline_metric`; others are too small to say."""

    def difference(baseline: str, metric: str) -> Difference:
        value = values.get(f"{baseline}_{metric}", 0.0)
        return Difference("tree", "segments", baseline, metric, Figure(value, value - 0.01, value + 0.01))

    found = tuple(difference(baseline, metric) for baseline in AGAINST for metric in METRICS)
    compared = Comparison(1000, 0.3, 5, (), found, {})
    return sentence(Evaluation(MIDWAY, MIDWAY, MIDWAY, "tree", {"tree": 7}, compared, ()))


def test_what_is_sure_is_said_in_a_sentence_for_each_baseline_and_a_loss_is_said_first() -> None:
    better = {f"grid_{metric}": 0.1 for metric in METRICS}
    assert told(**better, monetary_deciles_gini=-0.2, monetary_deciles_r_squared=0.2, frequency_top_10=-0.3) == (
        "The segment alone (tree, k = 7) beside named RFM cells is surely worth more by every figure. "
        "Beside frequency alone it is surely worth less by top 10 %, and too close to say by Gini, R squared, top 20 % "
        "and PR-AUC. Beside monetary deciles it is surely worth less by Gini, surely worth more by R squared, and too "
        "close to say by top 10 %, top 20 % and PR-AUC."
    )


def test_evaluate_takes_another_run_and_other_dates(store: Path) -> None:
    process = command(
        *(
            "evaluate",
            "--store",
            str(store),
            "--as-of",
            MIDWAY.isoformat(),
            "--at",
            "2020-03-15",
            "--until",
            "2020-06-15",
        ),
        *("--quiet", "--log-format", "json"),
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout == ""
    (result,) = events_of(process.stderr, "result")
    assert result["told"].startswith("The segment alone")
    asked = ("step", "as_of", "at", "until", "chosen")
    assert [result[name] for name in asked] == ["evaluate", "2020-05-01", "2020-03-15", "2020-06-15", "rfm_log"]
    kinds = {one["kind"] for one in result["scorers"]}
    assert kinds == {"segments", "segments_and_distances", "baseline", "expected", "ceiling"}


@pytest.mark.parametrize(
    ("dates", "told"),
    [
        (("--at", "2019-10-01"), "Nothing can be learned before 2019-10-01"),
        (("--at", "2020-05-01", "--until", "2020-05-01"), "Nothing can be learned before 2020-05-01"),
        (("--until", "2021-03-01"), "--until 2021-03-01 is not within what is known"),
        (("--until", "2019-10-20"), "too short before 2019-10-20"),
        (("--as-of", "2020-01-01"), "no run as of 2020-01-01"),
    ],
)
def test_dates_between_which_nothing_is_known_are_named(store: Path, dates: tuple[str, ...], told: str) -> None:
    error = failed("evaluate", "--store", store, *dates)
    assert told in error
    if "run" not in told and "short" not in told:
        assert "The lake holds events from 2019-10-01 to before 2021-02-01" in error


def test_an_amount_that_is_too_little_has_its_currency(store: Path) -> None:
    with pytest.raises(PopulationError, match=r" brought [\d,.]+ USD until 2019-10-03: too few"):
        pipeline.evaluate(store, at=date(2019, 10, 2), until=date(2019, 10, 3), settings=SETTINGS)


def test_an_evaluation_changes_nothing_in_the_store(store: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in sorted(store.rglob("*")) if path.is_file()}
    pipeline.evaluate(store, at=date(2020, 10, 1), settings=SETTINGS)
    with pytest.raises(ConfigError):
        pipeline.evaluate(store, at=date(2030, 1, 1), settings=SETTINGS)
    after = {path: path.stat().st_mtime_ns for path in sorted(store.rglob("*")) if path.is_file()}
    assert after == before
