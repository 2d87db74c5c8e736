"""The replay of past months: hand-worked agreement, and recommendations for shops that stand still or turn over."""

import itertools
import json
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from bestiary.segments.agreement import adjusted_rand, agreement_of, contingency
from bestiary.segments.follow.cadence import Interval, Month, Place, _sentence, cadence
from bestiary.segments.kmeans import cluster, distinct
from bestiary.segments.place import nearest
from bestiary.segments.transform import Floats, Ints, learn_log1p
from bestiary.show_changes import _intervals
from follow_data import correlated, uci


def kmeans(features: Floats) -> Place:
    scaler = learn_log1p(features)
    group = distinct(scaler.apply(features))
    centroids = cluster(group.points, group.weights, 4, 0).centroids
    return lambda rows: nearest(scaler.apply(rows), centroids)[0]


def halves(features: Floats) -> Place:
    """Two segments cut at the median recency of when it was fitted."""
    middle = float(np.median(features[:, 0]))
    return lambda rows: (rows[:, 0] > middle).astype(np.int32)


def months(count: int, step: float, revenue: Floats | None = None) -> list[Month]:
    """Recency 0 to 99 days, `step` days later each month."""
    recency = np.arange(100.0)
    return [
        Month(
            date(2026, 1 + number, 1), np.column_stack([recency + step * number, np.ones(100), np.ones(100)]), revenue
        )
        for number in range(count)
    ]


def separation(labels: Ints, revenue: Floats) -> float:
    return float(revenue[labels == 0].mean() - revenue[labels == 1].mean()) if labels.any() else 0.0


def test_agreement_and_rand_by_hand() -> None:
    table = np.array([[0.0, 30, 10], [20, 0, 0], [0, 5, 35]])
    assert agreement_of(table) == pytest.approx(85 / 100)
    rng = np.random.default_rng(3)
    old, new = rng.integers(0, 3, 200).astype(np.int32), rng.integers(0, 4, 200).astype(np.int32)
    new[:100] = old[:100]
    assert adjusted_rand(contingency(old, new, 3, 4)) == pytest.approx(adjusted_rand_score(old, new))
    assert adjusted_rand(np.array([[9.0]])) == 1
    assert adjusted_rand(np.array([[1.0]])) == 1


def test_a_history_under_three_dates_is_too_short() -> None:
    found = cadence(months(2, 0), halves)
    assert (found.steps, found.days, found.replays, found.intervals) == (None, None, (), ())
    assert found.sentence["en"].startswith("The history is too short")
    assert found.sentence["fr"].startswith("L'historique est trop court")


def test_a_shop_that_stands_still_needs_no_refit_as_far_as_is_known() -> None:
    found = cadence(months(4, 0), halves)
    assert (found.steps, found.open, len(found.replays)) == (3, True, 6)
    assert {replay.agreement for replay in found.replays} == {1.0}
    assert {replay.rand for replay in found.replays} == {1.0}
    assert {replay.psi for replay in found.replays} == {(0.0, 0.0, 0.0)}
    assert "at least 90 days" in found.sentence["en"]
    assert "au moins 90 jours" in found.sentence["fr"]


def test_a_shop_that_turns_over_is_refitted_when_agreement_falls() -> None:
    # The border lags by 4 customers of 100 a month: agreement .96, .92, .88.
    found = cadence(months(4, 4), halves)
    assert [one.agreement for one in found.intervals] == pytest.approx([0.96, 0.92, 0.88])
    assert [one.replays for one in found.intervals] == [3, 2, 1]
    assert [one.kept for one in found.intervals] == [True, True, False]
    assert (found.steps, found.open) == (2, False)
    assert found.days == pytest.approx((59 + 59) / 2)
    assert found.intervals[0].psi[0] < found.intervals[2].psi[0]
    assert found.intervals[0].psi[1:] == (0, 0)
    assert found.sentence["en"].startswith("A model lasts 59 days: by then it still agrees with a fresh one for 92%")
    assert cadence(months(4, 4), halves, agreement=0.97).steps == 0
    assert cadence(months(4, 4), halves, agreement=0.97).sentence["en"].startswith("Re-fit at every run: after 30 days")


def test_a_loss_of_value_shortens_the_interval_and_unknown_outcomes_do_not() -> None:
    revenue = (np.arange(100) < 50).astype(np.float64)
    assert cadence(months(4, 4), halves, separation).intervals[0].loss is None
    found = cadence(months(4, 4, revenue), halves, separation)
    # Stale: the border at 46: 46 of 46 buyers against 4 of 54.
    assert found.intervals[0].loss == pytest.approx(4 / 54)
    assert found.steps == 0
    assert "loses 0.074 of predictive value (at most 0.01)" in found.sentence["en"]
    assert "perd 0,074 de valeur prédictive (au plus 0,01)" in found.sentence["fr"]
    assert cadence(months(4, 4, revenue), halves, separation, loss=0.5).steps == 2


def test_a_gain_is_told_as_a_gain_and_nothing_as_nothing() -> None:
    history = months(4, 4, (np.arange(100) < 50).astype(np.float64))

    def told(*values: float, loss: float = 0.01) -> dict[str, str]:
        """The sentence where fresh labels are worth the first value, and stale ones the second."""
        worth = itertools.cycle(values)
        return cadence(history, halves, lambda *_: next(worth), agreement=0.5, loss=loss).sentence

    gained = told(0.5, 0.513)
    assert gained["en"].endswith(" is asked) and gains 0.013 of predictive value.")
    assert gained["fr"].endswith(" et gagne 0,013 de valeur prédictive.")
    even = told(0.5, 0.5001)
    assert even["en"].endswith(" and loses no predictive value.")
    assert even["fr"].endswith(" et ne perd rien de sa valeur prédictive.")
    assert "loses 0.0104 of predictive value (at most 0.01)" in told(0.5104, 0.5)["en"]


def test_the_table_of_the_replay_shows_a_loss_below_zero_and_a_gain_above() -> None:
    shown = {None: "-", 0.0744: "-0.074", -0.0132: "+0.013", 0.0001: "+0.000", -0.0001: "+0.000"}
    one = {"days": 30.0, "replays": 3, "agreement": 0.9, "rand": 0.9, "psi": [0.1], "kept": True}
    table = _intervals({"intervals": [{**one, "loss": loss} for loss in shown]}, "")
    (column,) = (one for one in table.columns if one.header == "change of value")
    assert list(column.cells) == list(shown.values())


def test_a_share_below_the_level_never_reads_as_the_level() -> None:
    found = cadence(months(4, 4), halves, agreement=0.963).sentence
    assert "for 96% of customers (at least 96.3% is asked)" in found["en"]
    assert "pour 96 % des clients (au moins 96,3 % demandés)" in found["fr"]
    low = _sentence([Interval(1, 30.0, 3, 0.8996, 0.9, (0.0,) * 3, None, False)], 0, 0.0, 0.9, None)
    assert "for 89.96% of customers (at least 90% is asked)" in low["en"]
    assert "pour 89,96 % des clients (au moins 90 % demandés)" in low["fr"]


def test_numbers_of_segments_do_not_matter_and_the_record_is_json() -> None:
    history = [Month(date(2026, 1 + number, 1), correlated(1500, number)) for number in range(3)]

    def turned(features: Floats) -> Place:
        place = kmeans(features)
        return lambda rows: ((place(rows) + int(features[:, 1].sum())) % 4).astype(np.int32)

    plain, other = cadence(history, kmeans), cadence(history, turned)
    assert [one.agreement for one in other.replays] == [one.agreement for one in plain.replays]
    assert [one.rand for one in other.replays] == pytest.approx([one.rand for one in plain.replays])
    assert json.loads(json.dumps(plain.record()))["replays"][0]["fitted"] == "2026-01-01"


def test_a_real_shop_is_replayed(shared_data: Path) -> None:
    dates = [datetime(2011, month, 1) for month in range(7, 13)]
    history = [Month(when.date(), uci(shared_data, when)[1]) for when in dates]
    found = cadence(history, kmeans)
    assert len(found.replays) == 15
    assert all(0.3 < replay.agreement <= 1 and replay.rand > 0 for replay in found.replays)
    assert found.steps is not None
    assert found.intervals[4].psi[0] > found.intervals[0].psi[0] > 0
