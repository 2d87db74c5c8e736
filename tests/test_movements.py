"""Runs of a simulated shop side by side: who went where, what ageing alone would have done, and that names stay."""

import json
import shutil
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

import shop
from bestiary import changes, pipeline, steps
from bestiary.errors import ConfigError, DamageWarning, StoreError
from bestiary.lake.store import Store
from bestiary.past import run_before
from bestiary.segments.follow.between import Between
from bestiary.segments.model import Model, Segmentation, load
from command import bestiary, done, events_of, failed
from months import APRIL, MARCH, MAY, QUICK, fitted

Row = dict[str, Any]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return fitted(tmp_path_factory.mktemp("shop"), 50_000, [MARCH, APRIL, MAY])


@pytest.fixture(scope="module")
def last(store: Path) -> Between:
    return changes.movements(store, settings=QUICK)


def table(store: Path, as_of: date, name: str) -> dict[Any, Row]:
    """A table of a run by customer."""
    found = duckdb.execute(f"FROM read_parquet('{store}/runs/{as_of}/{name}.parquet')")
    columns = [one[0] for one in found.description or ()]
    return {row["user_id"]: row for row in (dict(zip(columns, one, strict=True)) for one in found.fetchall())}


def model(store: Path, as_of: date) -> Model:
    return load(store / "runs" / str(as_of) / "model.json")


def both(one: Model) -> Iterator[Segmentation]:
    yield one.fitted.buyers
    assert one.fitted.visitors is not None
    yield one.fitted.visitors


def size(one: Model) -> int:
    return sum(segmentation.partition.k for segmentation in both(one))


def state(rows: dict[Any, Row], user: object, k: int) -> int:
    """A customer's state: a segment, too early, or not there."""
    if user not in rows:
        return k + 1
    return k if rows[user]["settled"] is None else int(rows[user]["settled"])


def _pairs(found: Between) -> list[tuple[int, int]]:
    """Numbers of the old segments and of their heirs."""
    return list(zip(found.heirs["old"].tolist(), found.heirs["new"].tolist(), strict=True))


@pytest.mark.parametrize(("earlier", "later"), [(MARCH, APRIL), (APRIL, MAY), (MARCH, MAY)])
def test_the_counts_are_everyones_way_between_any_two_runs(earlier: date, later: date, store: Path) -> None:
    found = changes.movements(store, earlier=earlier, later=later, settings=QUICK)
    old, new = table(store, earlier, "segments"), table(store, later, "segments")
    k_old, k_new = size(model(store, earlier)), size(model(store, later))
    ways = Counter((state(old, user, k_old), state(new, user, k_new)) for user in {*old, *new})
    assert {(i, j): n for (i, j), n in np.ndenumerate(found.counts) if n} == ways
    assert found.counts.sum() == len({*old, *new})
    assert found.counts[: k_old + 1].sum() == len(old)
    assert found.counts[:, : k_new + 1].sum() == len(new)


def test_ageing_is_every_customer_made_older_placed_and_settled(store: Path, last: Between) -> None:
    # The same again, one customer at a time.
    old, new = model(store, APRIL), model(store, MAY)
    before, heirs = table(store, APRIL, "segments"), dict(_pairs(last))
    k_old, k_new, days, window = size(old), size(new), 30, (MAY - date(2019, 10, 1)).days
    expected = np.zeros((k_old, k_new + 2))
    for user, row in table(store, APRIL, "customers").items():
        was = before[user]
        if was["settled"] is None:
            continue
        older = row | {"days_since_last_visit": row["days_since_last_visit"] + days}
        if row["days_since_last_purchase"] is not None:
            older["days_since_last_purchase"] = row["days_since_last_purchase"] + days
        bought = older["days_since_last_purchase"] is not None and older["days_since_last_purchase"] < window
        target = k_new + 1
        if older["days_since_last_visit"] < window:
            one = list(both(new))[0 if bought else 1]
            features = [[float("nan") if older[c.source] is None else float(older[c.source]) for c in one.columns]]
            placed = one.place(features)
            segment, confidence = int(placed.segment[0]), float(placed.confidence[0])
            settled = heirs.get(was["settled"])
            doubtful = settled is not None and segment != heirs.get(was["segment"]) and confidence < 0.1
            target = settled if doubtful and settled is not None else segment
            if row["number_of_events_7m"] < new.fitted.min_events:
                target = k_new
        expected[was["settled"], target] += 1
    assert last.ageing is not None
    assert last.ageing.expected.tolist() == expected.tolist()
    assert last.ageing.expected.sum(axis=1).tolist() == last.ageing.observed.sum(axis=1).tolist()


def test_the_same_animals_next_month_and_a_vanished_one_is_told(store: Path, tmp_path: Path) -> None:
    """With the same k every segment goes on under its name, and who is placed by both models is placed alike."""
    copy = Path(shutil.copytree(store, tmp_path / "store"))
    for as_of in (APRIL, MAY):
        pipeline.fit(copy, as_of=as_of, settings=QUICK.model_copy(update={"k": 4}))
    told = changes.movements(copy, settings=QUICK).record()["populations"]
    assert list(told) == ["buyers", "visitors"]
    agreed, everyone = 0, 0
    customers = table(copy, MAY, "customers").values()
    pairs = zip(told, both(model(copy, APRIL)), both(model(copy, MAY)), strict=True)
    for population, was, now in pairs:
        segments = told[population]["segments"]
        assert {one["kind"] for one in segments} == {"same"}
        assert {one["fate"] for one in told[population]["before"]} == {"kept"}
        assert [one.name for one in now.segments] == [
            was.segments[one["previous"] - was.first].name for one in segments
        ]
        rows = [row for row in customers if (row["number_of_purchases_7m"] > 0) == (population == "buyers")]
        features = np.array([[row[c.source] for c in now.columns] for row in rows], dtype=np.float64)
        heirs = {one["previous"]: one["segment"] for one in segments}
        places = zip(was.place(features).segment.tolist(), now.place(features).segment.tolist(), strict=True)
        agreed += sum(heirs[one] == other for one, other in places)
        everyone += len(rows)
    assert agreed / everyone >= 0.98
    pipeline.fit(copy, as_of=MAY, settings=QUICK.model_copy(update={"k": 3}))
    card = json.loads((copy / "runs" / str(MAY) / "scorecard.json").read_text())
    for population in card["follow"]["populations"].values():
        assert population["way"] == "matched"
        lost = [one for one in population["before"] if one["fate"] in ("vanished", "merged")]
        assert lost
        assert all(one["note"] in card["warnings"] for one in lost)


def test_the_scorecard_tells_what_the_command_tells(store: Path, last: Between) -> None:
    card = json.loads((store / "runs" / str(MAY) / "scorecard.json").read_text())["follow"]
    told = json.loads(json.dumps(last.record()))
    assert {one.pop("way") for one in card["populations"].values()} <= {"kept", "warm", "cold", "matched"}
    assert {one.pop("way") for one in told["populations"].values()} == {"matched"}
    assert card == told
    assert json.loads((store / "runs" / str(MARCH) / "scorecard.json").read_text())["follow"] is None


def test_surprises_lie_outside_of_their_interval_and_the_largest_is_first(last: Between) -> None:
    flows = last.record()["flows"]
    assert flows == sorted(flows, key=lambda one: (-abs(one["excess"]), one["from"], one["to"]))
    for one in flows:
        assert one["surprise"] == (not one["low"] <= one["customers"] <= one["high"])
        assert one["low"] <= one["expected"] <= one["high"] + 1e-9


def test_the_runs_are_left_as_they_are_and_the_command_prints_them(store: Path, tmp_path: Path) -> None:
    before = shop.tree(store)
    out = done("movements", "--store", store, "--from", str(MARCH), "--to", str(MAY), "--out", tmp_path / "moved.json")
    assert shop.tree(store) == before
    written = json.loads((tmp_path / "moved.json").read_text())
    assert (written["from"], written["to"], written["days"]) == ("2020-03-01", "2020-05-01", 61)
    assert f"{written['states']['from'][0]['customers']:,}" in out
    assert "where they are settled" in out
    process = bestiary("movements", "--store", store, "--log-format", "json", "--quiet")
    (result,) = events_of(process.stderr, "result")
    assert (result["step"], result["from"], result["to"]) == ("movements", "2020-04-01", "2020-05-01")
    assert process.stdout == ""


def test_runs_that_cannot_be_compared_are_refused(store: Path, tmp_path: Path) -> None:
    assert "--from" in failed("movements", "--store", store, "--from", str(MAY), "--to", str(APRIL))
    with pytest.raises(ConfigError):
        changes.movements(store, earlier=MAY, later=MAY)
    with pytest.raises(StoreError, match="no run before 2020-03-01"):
        changes.movements(store, later=MARCH)
    copy = Path(shutil.copytree(store, tmp_path / "store"))
    path = copy / "runs" / str(MARCH) / "model.json"
    path.write_text(path.read_text().replace('"preset": "default"', '"preset": "amazing"'))
    with pytest.raises(ConfigError, match="not alike"):
        changes.movements(copy, earlier=MARCH, later=MAY)
    assert changes.movements(copy, later=MAY).record()["from"] == "2020-04-01"


def test_without_the_earlier_customers_flows_are_told_without_ageing(
    store: Path, tmp_path: Path, last: Between
) -> None:
    copy = Path(shutil.copytree(store, tmp_path / "store"))
    (copy / "runs" / str(APRIL) / "customers.parquet").unlink()
    found = changes.movements(copy, settings=QUICK)
    assert found.ageing is None
    assert found.counts.tolist() == last.counts.tolist()
    assert {one["surprise"] for one in found.record()["flows"]} == {None}
    assert "not there any more" in done("movements", "--store", copy)


def test_a_run_is_made_again_when_the_one_before_it_has_changed(store: Path, tmp_path: Path) -> None:
    copy, events = Path(shutil.copytree(store, tmp_path / "store")), [store.parent / "events"]
    lake = Store.open(copy, QUICK)

    def keys() -> list[str]:
        return [steps.key(lake, one, lake.fingerprints(), QUICK) for one in (MARCH, APRIL, MAY)]

    before = keys()
    pipeline.report(copy, as_of=MAY, settings=QUICK)
    assert keys() == before
    assert pipeline.run(events, copy, as_of=MAY, settings=QUICK).unchanged
    pipeline.fit(copy, as_of=APRIL, settings=QUICK.model_copy(update={"k": 3}))
    after = keys()
    assert [one == other for one, other in zip(before, after, strict=True)] == [True, True, False]
    # A report that is drawn again does not make a stale run a fresh one.
    pipeline.report(copy, as_of=MAY, settings=QUICK)
    assert not pipeline.run(events, copy, as_of=MAY, settings=QUICK).unchanged
    assert pipeline.run(events, copy, as_of=MAY, settings=QUICK).unchanged
    shutil.rmtree(copy / "runs" / str(APRIL))
    assert len({before[2], after[2], keys()[2]}) == 3


def test_a_damaged_model_of_the_run_before_is_told_and_an_older_format_is_not(store: Path, tmp_path: Path) -> None:
    copy = Path(shutil.copytree(store, tmp_path / "store"))
    path = copy / "runs" / str(APRIL) / "model.json"
    content = json.loads(path.read_text())
    path.write_text(json.dumps(content | {"format_version": 1}))
    done("movements", "--store", copy, "--out", tmp_path / "older.json")
    assert json.loads((tmp_path / "older.json").read_text())["from"] == str(MARCH)
    del content["fitted"]["min_events"]
    path.write_text(json.dumps(content))
    with pytest.warns(DamageWarning, match=r"as of 2020-04-01 .* that as of 2020-03-01\. .*min_events: is missing"):
        found = run_before(copy, MAY, QUICK)
    assert found is not None
    assert found[0].as_of == MARCH
    process = bestiary("movements", "--store", copy)
    (line,) = [one for one in process.stderr.splitlines() if "passed over" in one]
    assert line.startswith("Warning: The run as of 2020-04-01 is passed over")
    assert line.endswith(f"bestiary fit --store {copy} --as-of 2020-04-01")
    process = bestiary("movements", "--store", copy, "--log-format", "json", "--quiet")
    (warning,) = events_of(process.stderr, "warning")
    assert warning["told"] == line.removeprefix("Warning: ")
