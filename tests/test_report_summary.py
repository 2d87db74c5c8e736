"""The report's numbers: counted again by hand, from small tables."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bestiary.config import Settings
from bestiary.customers.features import features
from bestiary.errors import ModelError
from bestiary.report.distributions import BINS, TOP, distributions, grid, log1p
from bestiary.report.quality import assess, closes
from bestiary.report.summary import finding, summarise
from bestiary.sql import connect, quote
from report_run import FIRST_ID, HOSTILE, PEOPLE, WINDOWS, make_run, quality


@pytest.fixture(scope="module")
def summary(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    run = make_run(tmp_path_factory.mktemp("run"))
    return summarise(run, Settings(), currency="EUR", time_zone="Europe/Paris")


def by_key(summary: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {record["key"]: record for record in summary["columns"]}


def test_summary_is_json_and_holds_no_customer_id(summary: dict[str, Any]) -> None:
    text = json.dumps(summary, allow_nan=False)
    assert all(str(FIRST_ID + i) not in text for i in range(1400))


def test_same_run_gives_the_same_summary(tmp_path: Path, summary: dict[str, Any]) -> None:
    again = summarise(make_run(tmp_path), Settings(threads=2), currency="EUR", time_zone="Europe/Paris")
    assert json.dumps(again) == json.dumps(summary)


def test_segments_are_sorted_by_value(summary: dict[str, Any]) -> None:
    assert [s["persona"] for s in summary["segments"]] == [
        "lion",
        "fox",
        "bear",
        "turtle",
        "beaver",
        "dormouse",
        "swallow",
    ]


def test_a_segment_without_value_comes_last(tmp_path: Path) -> None:
    def change(parts: dict[str, Any]) -> None:
        parts["scorecard"]["segments"][0]["value"] = None

    run = make_run(tmp_path, personas=("lion", "fox"), change=change)
    found = summarise(run, Settings(), currency="EUR", time_zone="UTC")
    assert [s["persona"] for s in found["segments"]] == ["fox", "lion"]


def test_finding_names_the_rich_and_the_quiet() -> None:
    def segment(number: int, customers: float, value: float | None, recency: float, days: int = 90) -> dict[str, Any]:
        share = {"share_of_customers": customers, "share_of_value": value}
        seen = {"percentiles": {"recency": recency}, "medians": {"days_since_last_purchase": days}}
        return {"segment": number, **share, **seen}

    rich, quiet, small = segment(4, 0.1, 0.6, 80), segment(2, 0.5, 0.3, 10), segment(1, 0.4, 0.1, 20)
    assert finding([rich, quiet, small]) == {"top": 4, "quiet": 2}
    assert finding([rich, segment(3, 0.5, 0.3, 10, days=29), small]) == {"top": 4, "quiet": 1}
    assert finding([rich]) == {"top": None, "quiet": None}
    assert finding([segment(0, 0.5, None, 10), segment(1, 0.5, None, 90)]) == {"top": None, "quiet": None}


def test_habits_are_the_commonest_known_values(summary: dict[str, Any]) -> None:
    lion = next(s for s in summary["segments"] if s["persona"] == "lion")
    # 60 ids in a row fall on 5 brands 12 times each: a tie, which goes to the first by code point.
    assert lion["habits"]["preferred_brand"] == {"value": HOSTILE, "share": 12 / 60}
    assert lion["habits"]["preferred_category"] == {"value": "electronics.audio", "share": 20 / 60}


def test_small_shops_are_shown_whole(summary: dict[str, Any]) -> None:
    sample = summary["sample"]
    total = sum(n for n, *_ in PEOPLE.values())
    assert (sample["size"], sample["of"], sample["seed"]) == (total, total, 0)
    counts = [sample["points"]["segment"].count(i) for i in range(len(PEOPLE))]
    assert counts == [n for n, *_ in PEOPLE.values()]
    assert set(sample["points"]) == {"segment", "recency", "frequency", "monetary", "pc1", "pc2"}


def test_every_column_but_the_id_is_described_once(summary: dict[str, Any]) -> None:
    named = [column["name"] for record in summary["columns"] for column in record["columns"]]
    assert sorted(named) == sorted(f.name for f in features(WINDOWS) if f.name != "user_id")


def test_histograms_count_every_known_value(summary: dict[str, Any]) -> None:
    total = 1400
    for record in summary["columns"]:
        for place, column in enumerate(record["columns"]):
            if record["kind"] == "numeric":
                counted = sum(record["counts"][place])
            elif record["kind"] == "text":
                counted = sum(row["count"] for row in record["values"]) + record["others"]
            else:
                counted = sum(record["counts"])
            assert counted + column["nulls"] == total, column["name"]


def _table(tmp_path: Path, values: dict[str, str]) -> str:
    """A customer table whose columns are null but for the given SQL lists, all of one length."""
    others = [f for f in features(WINDOWS) if f.name not in values]
    kinds = {"datetime64[ns]": "TIMESTAMP_NS", "string": "VARCHAR", "float64": "DOUBLE", "int32": "INTEGER"}
    nulls = ", ".join(f'NULL::{kinds.get(f.dtype, "BIGINT")} AS "{f.name}"' for f in others)
    lists = ", ".join(f'unnest({values[name]}) AS "{name}"' for name in values)
    path = quote(str(tmp_path / "customers.parquet"))
    connection = connect(threads=1)
    connection.execute(f"COPY (SELECT {lists}, {nulls}) TO {path} (FORMAT parquet)")
    connection.close()
    return path


def _described(path: str) -> dict[str, dict[str, Any]]:
    connection = connect(threads=1)
    found = {record["key"]: record for record in distributions(connection, path, WINDOWS)}
    connection.close()
    return found


def test_quartiles_and_bins_by_hand(tmp_path: Path) -> None:
    path = _table(tmp_path, {"cart_abandonments": "[0, 1, 1, 2, 4, NULL]::BIGINT[]"})
    record = _described(path)["cart_abandonments"]
    assert record["columns"] == [
        {"name": "cart_abandonments", "window": 7, "nulls": 1, "min": 0, "q1": 1, "median": 1, "q3": 2, "max": 4}
    ]
    assert (record["edges"], record["counts"]) == ([-0.5, 0.5, 1.5, 2.5, 3.5, 4.5], [[1, 2, 1, 0, 1]])


def test_a_column_of_nulls_has_no_figures(tmp_path: Path) -> None:
    found = _described(_table(tmp_path, {"user_id": "[1, 2]::INTEGER[]"}))
    assert found["total_purchase_value"]["columns"][0] | {"name": "", "window": 0} == {
        "name": "",
        "window": 0,
        "nulls": 2,
        **dict.fromkeys(("min", "q1", "median", "q3", "max")),
    }
    assert found["avg_price"]["edges"] == []
    assert (found["preferred_brand"]["values"], found["preferred_brand"]["others"]) == ([], 0)
    assert found["last_purchase"]["starts"] == []


def test_rare_brands_are_counted_together(tmp_path: Path) -> None:
    names = ", ".join(f"'b{i:02}'" for i in range(TOP + 3))
    path = _table(tmp_path, {"preferred_brand": f"[{names}, 'b05', NULL, NULL]"})
    record = _described(path)["preferred_brand"]
    assert record["values"][:2] == [{"value": "b05", "count": 2}, {"value": "b00", "count": 1}]
    assert (len(record["values"]), record["others"], record["columns"][0]["nulls"]) == (TOP, 3, 2)


def test_weekdays_keep_their_order_and_zeroes(tmp_path: Path) -> None:
    record = _described(_table(tmp_path, {"most_active_day": "['sunday', 'friday', 'sunday']"}))["most_active_day"]
    assert [row["count"] for row in record["values"]] == [0, 0, 0, 0, 1, 0, 2]


def test_times_are_counted_by_day_or_by_week(tmp_path: Path) -> None:
    short = "['2019-10-01 00:00:00', '2019-10-01 23:59:59.5', '2019-10-09 01:00:00']::TIMESTAMP[]"
    record = _described(_table(tmp_path, {"last_seen": short}))["last_seen"]
    assert (record["step"], record["starts"], record["counts"]) == ("day", ["2019-10-01", "2019-10-09"], [2, 1])
    long = "['2019-05-01', '2019-10-01', '2019-10-02']::TIMESTAMP[]"
    record = _described(_table(tmp_path, {"last_seen": long}))["last_seen"]
    assert (record["step"], record["starts"], record["counts"]) == ("week", ["2019-04-29", "2019-09-30"], [1, 2])


def test_refunds_make_a_value_negative_and_are_drawn(tmp_path: Path) -> None:
    path = _table(tmp_path, {"total_purchase_value": "[-50, 0, 1, 2, 9000]::DOUBLE[]"})
    record = _described(path)["total_purchase_value"]
    assert record["scale"] == "log1p"
    assert (record["edges"][0], record["edges"][-1], sum(record["counts"][0])) == (-50, 9000, 5)


@given(
    st.floats(-1e6, 1e9, allow_nan=False),
    st.floats(0, 1e9, allow_nan=False),
    st.booleans(),
    st.booleans(),
)
def test_grid_grows_and_covers(low: float, span: float, integer: bool, log: bool) -> None:
    if integer:
        low, span = float(int(low)), float(int(span))
    edges = grid(low, low + span, integer=integer, log=log)
    assert all(a < b for a, b in pairwise(edges))
    assert edges[0] <= low
    assert edges[-1] >= low + span
    assert 2 <= len(edges) <= BINS + 3


def test_log1p_is_odd() -> None:
    assert log1p(0) == 0
    assert log1p(-9) == -log1p(9) == pytest.approx(-2.302585093)


def test_counts_that_close_and_that_do_not() -> None:
    counts = {"read": 10, "kept": 6, "duplicates": 1, "rejected": 2, "erased": 1}
    assert closes(counts)
    assert not closes({**counts, "kept": 5})


def test_quality_by_type_of_error() -> None:
    found = {row["kind"]: row for row in assess(quality())["types"]}
    counts = {kind: row["found"] for kind, row in found.items()}
    assert counts == {
        "missing": 9_303,
        "duplicates": 40,
        "wrong_type": 20,
        "missing_required": 5,
        "out_of_range": 25,
        "other": 10,
        "zero_price": 19,
        "sessions_with_several_customers": 1,
        "products_with_several_brands": 2,
        "products_with_several_categories": 0,
        "sessions_over_500_events": 2,
        "view_only_floods": 1,
        "gaps": 2,
    }
    assert found["duplicates"]["share"] == 40 / 20_000
    assert found["gaps"]["share"] is None
    rejected = sum(counts[kind] for kind in ("wrong_type", "missing_required", "out_of_range", "other"))
    assert rejected == quality()["counts"]["rejected"]


@pytest.mark.parametrize("name", ["customers.parquet", "segments.parquet", "model.json", "scorecard.json"])
def test_a_missing_artefact_is_named(tmp_path: Path, name: str) -> None:
    run = make_run(tmp_path, personas=("lion", "fox"))
    (run / name).unlink()
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        summarise(run, Settings(), currency="EUR", time_zone="UTC")


def test_a_damaged_artefact_names_the_figure(tmp_path: Path) -> None:
    run = make_run(tmp_path, personas=("lion", "fox"), change=lambda parts: parts["scorecard"].pop("silhouette"))
    with pytest.raises(ModelError, match="silhouette"):
        summarise(run, Settings(), currency="EUR", time_zone="UTC")
