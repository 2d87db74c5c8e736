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
from bestiary.report.kept import read_summary
from bestiary.report.quality import assess, closes
from bestiary.report.summary import STAGES, finding, summarise
from bestiary.sql import connect, quote
from report_run import FIRST_ID, HOSTILE, PEOPLE, WINDOWS, made_up, make_run, quality

PLACE: dict[str, Any] = {"currency": "EUR", "time_zone": "Europe/Paris"}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def summary(run: Path) -> dict[str, Any]:
    return read_summary(run)


def by_key(summary: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {record["key"]: record for record in summary["columns"]}


@pytest.mark.parametrize("mail", [False, True])
def test_the_summary_holds_no_customer_id_and_the_sample_does(tmp_path: Path, mail: bool) -> None:
    run = make_run(tmp_path, mail=mail)
    found = (run / "summary.json").read_text(encoding="utf-8")
    assert not [number for number in range(FIRST_ID, FIRST_ID + 1400) if str(number) in found]
    assert "@example.com" not in found
    who = read_summary(run, who=True)["sample"]["points"]["who"]
    buyers = range(FIRST_ID, FIRST_ID + 1000)
    assert set(who) == {f"customer-{number}@example.com" if mail else str(number) for number in buyers}


def test_same_run_gives_the_same_bytes_on_any_number_of_threads(tmp_path: Path, run: Path) -> None:
    again = make_run(tmp_path, settings=Settings(threads=2))
    for name in ("summary.json", "sample.parquet"):
        assert (again / name).read_bytes() == (run / name).read_bytes(), name


def test_what_is_given_back_is_what_is_written_and_each_stage_is_told(tmp_path: Path) -> None:
    run = make_run(tmp_path, personas=("lion", "fox"))
    told: list[None] = []
    found = summarise(run, Settings(), made_up(run), **PLACE, tell=lambda: told.append(None))
    assert len(told) == STAGES
    assert json.loads((run / "summary.json").read_text(encoding="utf-8")) == {"format_version": 1, **found}


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
    assert [s["persona"] for s in read_summary(run)["segments"]] == ["fox", "lion"]


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


@pytest.mark.parametrize(
    ("recency", "days", "quiet"), [(39, 90, True), (40, 90, False), (39, 30, True), (39, 29, False), (None, 90, False)]
)
def test_a_segment_is_quiet_below_the_fortieth_percentile_and_from_thirty_days_on(
    recency: float | None, days: int, quiet: bool
) -> None:
    def segment(number: int, value: float, recency: float | None, days: int) -> dict[str, Any]:
        seen = {"percentiles": {"recency": recency}, "medians": {"days_since_last_purchase": days}}
        return {"segment": number, "share_of_customers": 0.5, "share_of_value": value, **seen}

    # The one with most for its size is never called quiet, however long ago it came.
    found = finding([segment(0, 0.7, 5, 200), segment(1, 0.3, recency, days)])
    assert found == {"top": 0, "quiet": 1 if quiet else None}


def test_the_quiet_one_that_is_told_is_the_one_with_most_revenue() -> None:
    gone = {"percentiles": {"recency": 5}, "medians": {"days_since_last_purchase": 99}}
    shares = [(0.1, 0.6), (0.3, 0.25), (0.6, 0.15)]
    segments = [
        {"segment": n, "share_of_customers": people, "share_of_value": value, **gone}
        for n, (people, value) in enumerate(shares)
    ]
    assert finding(segments) == {"top": 0, "quiet": 1}


def test_what_a_segment_does_comes_from_its_own_visits(summary: dict[str, Any], run: Path) -> None:
    lion = next(s for s in summary["segments"] if s["persona"] == "lion")
    # Half of the 60 lions bought it, and a tenth of each other segment, in whole customers.
    (brand,) = lion["brands"]
    others = sum(n // 10 for name, (n, *_) in PEOPLE.items() if name != "lion")
    assert (brand["value"], brand["customers"], brand["share"]) == (HOSTILE, 30, 0.5)
    assert brand["rest"] == others / 940
    # All 1000 buyers alike, 60 of them would be lions of every 1000 who bought it.
    assert brand["lift"] == pytest.approx(30 / (0.06 * (30 + others)))
    assert [one["value"] for one in lion["categories"]] == ["electronics.audio"]
    assert lion["common_categories"][0] == {"value": "electronics.audio", "customers": 30, "share": 0.5}
    assert lion["common_brands"][0] == {"value": HOSTILE, "customers": 30, "share": 0.5}
    assert lion["hours"] == made_up(run).hours(0)
    assert lion["hours"][0][6:8] == [0, 17 * 60]
    assert [s["brands"] for s in summary["visitors"]["segments"]] == [[], []]


def test_the_profile_is_of_the_segment_beside_its_population(summary: dict[str, Any]) -> None:
    roles = ["recency", "frequency", "monetary", "sessions", "carts", "abandonment"]
    for segment in summary["segments"]:
        assert [one["role"] for one in segment["profile"]] == roles
    for segment in summary["visitors"]["segments"]:
        assert [one["role"] for one in segment["profile"]] == [roles[0], *roles[3:]]
    shops = [[one["shop"] for one in segment["profile"]] for segment in summary["segments"]]
    assert all(shop == shops[0] for shop in shops)


def test_the_finding_counts_those_of_the_top_segment_who_bought_nothing_lately(tmp_path: Path) -> None:
    """In the run's table the products bought in 2 months are 2 * bought // 7: nothing for fewer than 4 purchases."""
    run = make_run(tmp_path)
    found = read_summary(run)["finding"]
    with connect(threads=1) as connection:
        ((expected,),) = connection.execute(f"""
            SELECT count(*) FROM read_parquet({quote(str(run / "segments.parquet"))}) JOIN
                read_parquet({quote(str(run / "customers.parquet"))}) USING (user_id)
            WHERE segment = {found["top"]} AND number_of_purchases_7m < 4
        """).fetchall()
    assert (found["top"], found["lapsed"]) == (0, expected)
    assert 0 < expected < 60
    assert read_summary(make_run(tmp_path / "one", personas=("lion",)))["finding"]["lapsed"] is None


def test_small_shops_are_shown_whole(summary: dict[str, Any]) -> None:
    sample = summary["sample"]
    total = sum(n for n, *_ in PEOPLE.values())
    assert (sample["size"], sample["of"], sample["seed"]) == (total, total, 0)
    counts = [int((sample["points"]["segment"] == i).sum()) for i in range(len(PEOPLE))]
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


@pytest.mark.parametrize(("most", "scale"), [(120, "linear"), (121, "log1p")])
def test_a_column_whose_end_is_over_twelve_times_its_middle_is_drawn_on_a_log_axis(
    tmp_path: Path, most: int, scale: str
) -> None:
    path = _table(tmp_path, {"cart_abandonments": f"[1, 10, {most}]::BIGINT[]"})
    assert _described(path)["cart_abandonments"]["scale"] == scale


@pytest.mark.parametrize(("last", "step"), [("2019-12-02", "day"), ("2019-12-03", "week")])
def test_two_months_are_counted_by_day_and_more_by_week(tmp_path: Path, last: str, step: str) -> None:
    path = _table(tmp_path, {"last_seen": f"['2019-10-01', '{last}']::TIMESTAMP[]"})
    assert _described(path)["last_seen"]["step"] == step


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
    counts = {"read": 10, "kept": 6, "duplicates": 1, "rejected": 1, "erased": 1, "excluded": 1}
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


def test_a_day_with_two_gaps_counts_once_and_a_missing_id_with_the_refused(summary: dict[str, Any]) -> None:
    told = quality()
    told["gaps"].append({**told["gaps"][0], "kind": "few_events"})
    told["missing"]["user_id"] = 5  # of rows that are refused for it
    found = {row["kind"]: row["found"] for row in assess(told)["types"]}
    assert (found["gaps"], found["missing"], found["missing_required"]) == (2, 9_303, 5)


@pytest.mark.parametrize("name", ["customers.parquet", "segments.parquet", "model.json", "scorecard.json"])
def test_a_missing_artefact_is_named(tmp_path: Path, name: str) -> None:
    run = make_run(tmp_path, personas=("lion", "fox"))
    habits = made_up(run)
    (run / name).unlink()
    with pytest.raises(ModelError, match=name.replace(".", r"\.")):
        summarise(run, Settings(), habits, **PLACE)


def test_a_damaged_artefact_names_the_figure(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="silhouette"):
        make_run(tmp_path, personas=("lion", "fox"), change=lambda parts: parts["scorecard"].pop("silhouette"))
