"""What the report says of belief: the choice, the comparison, who is too early to place, who moved, the visitors."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from bestiary.config import Language
from bestiary.report.charts import Chart, choice, worth
from bestiary.report.comparison import comparison, says
from bestiary.report.distributions import log1p
from bestiary.report.kept import read_summary
from bestiary.report.movements import MOST, movements
from bestiary.report.words import Words, load
from report_run import LOOKING, NAMES, PEOPLE, follow, followed, made_up, make_run, text
from test_report_html import one_line, told

WORDS = Words("en", "EUR")
LANGUAGES: tuple[Language, ...] = ("en", "fr")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return read_summary(make_run(tmp_path_factory.mktemp("run")))


@pytest.fixture
def summary(made: dict[str, Any]) -> dict[str, Any]:
    return deepcopy(made)


def said(tmp_path: Path, language: Language = "en", **more: Any) -> str:
    return told(make_run(tmp_path, **more), language)


def traces(chart: Chart | None) -> dict[str, dict[str, Any]]:
    assert chart is not None
    return {trace["name"]: trace for trace in chart.figure["data"]}


def test_the_choice_shows_curve_null_stability_and_choice(summary: dict[str, Any]) -> None:
    chart = choice.choice_chart(summary, WORDS)
    found = traces(chart)
    names = ["null_band", "null_mean", "sample_curve", "all_customers", "ari", "jaccard"]
    assert list(found) == [WORDS(f"terms.{name}") for name in names]
    whole, band = found["all customers"], found[WORDS("terms.null_band")]
    assert whole["x"] == list(range(2, 12))
    assert [k for k, size in zip(whole["x"], whole["marker"]["size"], strict=True) if size > 9] == [7]
    assert whole["error_y"]["array"] == pytest.approx([0] * 7 + [0.012] * 3)
    assert whole["marker"]["symbol"].count("circle-open") == 3
    assert band["y"] == [0.46] * 10 + [0.54] * 10
    assert band["x"] == [*range(2, 12), *range(11, 1, -1)]
    assert [found[WORDS(f"terms.{name}")]["yaxis"] for name in ("ari", "jaccard")] == ["y2", "y2"]
    assert chart is not None
    shapes = chart.figure["layout"]["shapes"]
    assert (shapes[0]["x0"], shapes[0]["x1"]) == (6.6, 7.4)
    assert [shape["y0"] for shape in shapes[1:]] == [0.75, 0.5]


def test_a_sample_that_is_all_customers_is_drawn_once(summary: dict[str, Any]) -> None:
    for point in summary["silhouette"]["curve"]:
        point["sample"] = point["silhouette"] + 1e-6
    assert WORDS("terms.sample_curve") not in traces(choice.choice_chart(summary, WORDS))


def test_what_was_not_compared_is_not_drawn(summary: dict[str, Any]) -> None:
    curve = summary["silhouette"]["curve"]
    curve[0]["silhouette"] = None
    for point in curve:
        point.update(dict.fromkeys(("sample", "null_mean", "null_low", "null_high", "ari", "jaccard")))
    summary["silhouette"]["asked"] = None
    chart = choice.choice_chart(summary, WORDS)
    assert list(traces(chart)) == ["all customers"]
    assert traces(chart)["all customers"]["x"][0] == 3
    for point in curve:
        point["silhouette"] = None
    assert choice.choice_chart(summary, WORDS) is None


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("word", ["natural", "reproducible", "constructed"])
def test_the_word_is_said_with_what_it_means(tmp_path: Path, language: Language, word: str) -> None:
    def change(parts: dict[str, Any]) -> None:
        parts["scorecard"]["silhouette"]["word"] = word

    found = said(tmp_path, language, visitors=0, change=change)
    words = Words(language, "EUR")
    meanings = {
        one: one_line(words(f"words.{one}_means")) in found for one in ("natural", "reproducible", "constructed")
    }
    assert meanings == {one: one == word for one in meanings}
    assert ("0.325" if language == "en" else "0,325") in found


def test_a_fixed_number_of_cells_has_no_word_and_no_excuse(tmp_path: Path) -> None:
    def change(parts: dict[str, Any]) -> None:
        fixed: dict[str, Any] = {"word": None, "p": None, "gap": None, "extremes": None, "asked": None, "curve": []}
        parts["scorecard"]["silhouette"] |= fixed | {"rule": text("The number of cells is fixed", "Fixé")}

    found = said(tmp_path, visitors=0, change=change)
    assert "Chosen: k = 7. The number of cells is fixed." in found
    assert one_line(WORDS("choice.undefined")) not in found
    assert not any(one_line(WORDS(f"words.{one}_means")) in found for one in ("natural", "reproducible", "constructed"))


def test_differences_are_told_by_their_interval(summary: dict[str, Any]) -> None:
    differences = summary["comparison"]["worth"]["differences"]
    told = {(one["baseline"], figure["metric"]): figure["says"] for one in differences for figure in one["figures"]}
    assert told == {
        ("grid", "gini"): "better",
        ("grid", "r_squared"): "worse",
        ("grid", "average_precision"): "unknown",
        ("frequency", "gini"): "better",
        ("frequency", "r_squared"): "unknown",
        ("frequency", "average_precision"): "unknown",
    }
    assert says({"too_small_to_say": True, "value": None}) == "unknown"


def test_every_scorer_is_shown_the_chosen_one_marked(summary: dict[str, Any], tmp_path: Path) -> None:
    groups = summary["comparison"]["worth"]["scorers"]
    assert [one["kind"] for one in groups] == ["segments", "segments_and_distances", "baseline", "expected", "ceiling"]
    assert sum(len(one["rows"]) for one in groups) == 11
    assert [row["name"] for one in groups for row in one["rows"] if row["chosen"]] == ["rfm_log"]
    found = said(tmp_path)
    for name in load("en")["scorers"].values():
        assert one_line(name) in found
    assert "better by 0.03 (0.02 to 0.04)" in found
    assert "worse by 0.03 (−0.04 to −0.02)" in found
    assert "Not stable: 0.50; worth less." in found


def test_a_grid_is_not_compared_with_itself() -> None:
    card: dict[str, Any] = {
        "candidates": [{"name": "rfm_grid", "title": text("a", "b"), "chosen": True}],
        "worth": {
            **dict.fromkeys(("from", "until", "customers", "share_who_bought", "season", "calibration")),
            "scorers": [],
            "differences": [
                {"name": name, "kind": "segments", "baseline": baseline, "metric": "gini", "value": value}
                | {"low": 0.0, "high": 0.0, "too_small_to_say": True}
                for baseline in ("grid", "frequency")
                for name, value in (("rfm_grid", 0.1), ("another", 0.9))
            ],
        },
    }
    found = comparison(card, {"candidate": "rfm_grid"})
    assert [one["baseline"] for one in found["worth"]["differences"]] == ["frequency"]
    assert [figure["value"] for one in found["worth"]["differences"] for figure in one["figures"]] == [0.1]
    assert found["overruled"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_short_history_and_a_person_s_choice_are_said(tmp_path: Path, language: Language) -> None:
    def change(parts: dict[str, Any]) -> None:
        parts["scorecard"]["worth"] = parts["scorecard"]["enough"] = None
        for one in parts["scorecard"]["candidates"]:
            one["worth"] = None
        parts["model"]["config"]["candidate"] = "rfm_log"

    found = said(tmp_path, language, change=change)
    for key in ("worth.none", "expected.none", "early.unknown", "candidates.overruled", "candidates.chosen_by_hand"):
        assert one_line(Words(language, "EUR")(key)) in found, key
    assert "None" not in found


@pytest.mark.parametrize("season", [None, 1.25])
def test_sums_are_only_for_a_known_season(tmp_path: Path, season: float | None) -> None:
    def change(parts: dict[str, Any]) -> None:
        parts["scorecard"]["worth"]["season"] = season

    found = said(tmp_path, change=change)
    assert (one_line(WORDS("expected.ranks")) in found) == (season is None)
    assert ("times 1.25" in found) == (season is not None)
    assert "less than a year" not in found
    assert ("12 months of history before the window" in found) == (season is None)


def test_calibration_is_drawn_by_tenth(summary: dict[str, Any]) -> None:
    found = traces(worth.calibration_chart(summary, WORDS))
    assert found["expected"]["x"] == list(range(1, 11))
    assert found["came"]["y"][0] == 0
    assert found["came"]["y"][-1] == pytest.approx(log1p(1710), abs=1e-4)
    assert found["came"]["text"][-1] == "EUR 1,710"
    summary["comparison"]["worth"]["calibration"] = None
    assert worth.calibration_chart(summary, WORDS) is None


def test_expected_value_is_ranked_among_all_buyers(summary: dict[str, Any]) -> None:
    ranks = {one["persona"]: one["expects"]["rank"] for one in summary["segments"]}
    assert max(ranks, key=lambda one: ranks[one]) == "lion"
    assert ranks["lion"] > 0.9 > 0.3 > ranks["dormouse"]
    weighted = sum(one["expects"]["rank"] * one["placed"] for one in summary["segments"])
    assert weighted / sum(one["placed"] for one in summary["segments"]) == pytest.approx(0.5, abs=0.01)
    lion = summary["segments"][0]["expects"]
    assert (lion["low"], lion["high"]) == pytest.approx((lion["middle"] / 2, 2 * lion["middle"]))


def test_reliability_has_both_curves_the_level_and_the_threshold(summary: dict[str, Any]) -> None:
    chart = worth.reliability_chart(summary, WORDS)
    found = traces(chart)
    assert list(found) == [WORDS("terms.against_next"), WORDS("terms.against_all")]
    following = found[WORDS("terms.against_next")]
    assert following["y"] == [60.0, 70.0, 85.0, 90.0, 95.0]
    assert following["marker"]["symbol"] == ["circle"] * 4 + ["circle-open"]
    assert chart is not None
    level, threshold = chart.figure["layout"]["shapes"]
    assert level["y0"] == pytest.approx(80)
    assert (threshold["x0"], threshold["x1"]) == (2.6, 3.4)
    summary["enough"]["deciding"] = summary["enough"]["whole"]
    assert list(traces(worth.reliability_chart(summary, WORDS))) == [WORDS("terms.against_all")]
    summary["enough"] = None
    assert worth.reliability_chart(summary, WORDS) is None


def test_those_without_a_segment_are_in_no_figure(tmp_path: Path, made: dict[str, Any]) -> None:
    """Of 60 lions the first 20 are too early: they are in no sample, no hour of a segment, no brand and no count."""

    def change(parts: dict[str, Any]) -> None:
        parts["scorecard"]["population"]["too_early"]["buyers"] = 20
        parts["scorecard"]["follow"] = followed([NAMES[persona] for persona in PEOPLE])

    run = make_run(tmp_path, early=20, change=change)
    found = read_summary(run)
    lion = next(one for one in found["segments"] if one["persona"] == "lion")
    assert (lion["placed"], lion["customers"]) == (40, 60)
    assert lion["change"]["now"] == 40
    assert found["sample"]["of"] == made["sample"]["of"] - 20
    assert (found["sample"]["points"]["segment"] == 0).sum() == 40
    week = made_up(run).visits
    assert sum(map(sum, lion["hours"])) == 40 * week.sum() // 1400
    assert sum(sum(map(sum, one["hours"])) for one in found["segments"]) < week.sum()
    assert [one["share"] for one in lion["brands"]] == [20 / 40]
    assert (found["population"]["placed"], found["population"]["early"]) == (1000 - 20 + 300, 100 + 20)
    said = told(run)
    assert "too early to say 120" in said
    assert "Too early so far: 20 of the buyers and 100 of the visitors." in said


def test_buyers_are_placed_in_space_by_recency_frequency_and_value_whatever_they_were_learned_on(
    tmp_path: Path, made: dict[str, Any]
) -> None:
    def change(parts: dict[str, Any]) -> None:
        names = ("cart_abandonments", "avg_price_7m")
        parts["model"]["fitted"]["buyers"]["columns"] = [{"name": name, "source": name} for name in names]
        parts["scorecard"]["tree"]["columns"] = list(names)

    found = read_summary(make_run(tmp_path, change=change))["sample"]
    assert {name: found[name] for name in ("size", "of", "sources")} == {
        name: made["sample"][name] for name in ("size", "of", "sources")
    }
    for name, column in made["sample"]["points"].items():
        assert (found["points"][name] == column).all(), name


def test_visitors_have_their_own_cards_profiles_and_rules(summary: dict[str, Any], tmp_path: Path) -> None:
    magpie, cat = summary["visitors"]["segments"]
    assert (magpie["placed"], cat["placed"]) == tuple(LOOKING.values())
    assert [one["column"] for one in magpie["profile"]] == [
        "days_since_last_visit",
        "number_of_sessions_7m",
        "number_of_carts_7m",
        "cart_abandonments",
    ]
    assert (magpie["brands"], magpie["categories"]) == ([], [])
    found = said(tmp_path, "fr")
    for name in ("Pie", "Chat", "Trop tôt à ce jour : 0 parmi les acheteurs et 100 parmi les visiteurs."):
        assert name in found
    assert one_line(Words("fr", "EUR")("visitors.none")) in said(tmp_path / "none", "fr", visitors=0)


def test_a_loose_segment_says_what_that_means(tmp_path: Path) -> None:
    found = said(tmp_path, personas=("lion", "fox"))
    assert "Loose: when customers are drawn again, the segment comes back only in part (Jaccard 0.60)." in found
    assert found.count("Loose:") == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_words_at_the_head_of_a_segment_and_of_the_comparison_are_explained(
    tmp_path: Path, language: Language
) -> None:
    def change(parts: dict[str, Any]) -> None:
        parts["scorecard"]["segments"][0]["lift"] = {"value": 5.24, "low": 3.1, "high": 8.0}

    words = Words(language, "EUR")
    found = said(tmp_path / "with", language, change=change)
    for name in ("confidence", "match", "steadiness"):
        assert found.count(one_line(words(f"steady.{name}_means"))) == 1
    assert found.count(one_line(words("steady.lift_means"))) == 1
    assert one_line(words("candidates.read")) in found
    assert one_line(words("steady.lift_means")) not in said(tmp_path / "without", language)


def test_lift_stands_at_the_head_of_a_segment_where_it_is_known(tmp_path: Path) -> None:
    def change(parts: dict[str, Any]) -> None:
        parts["scorecard"]["segments"][0]["lift"] = {"value": 5.24, "low": 3.1, "high": 8.0}

    found = said(tmp_path, personas=("lion", "fox"), change=change)
    assert "× 5.2 3.1 … 8.0" in found


@pytest.mark.parametrize("language", LANGUAGES)
def test_movements_tell_surprises_first(tmp_path: Path, language: Language) -> None:
    found = movements(follow())
    assert found is not None
    assert [(one["from"]["en"], one["customers"], one["surprise"]) for one in found["flows"]] == [
        ("fox", 12, True),
        ("lion", 30, False),
    ]
    assert found["stayed"] == 140 / 182
    assert found["ends"] == {"new": 15, "gone": 8}
    assert found["kinds"] == {1: "split"}
    early = follow()
    early["flows"].append({**early["flows"][1], "to": 2, "customers": 1000})
    told = movements(early)
    assert told is not None
    assert told["stayed"] == found["stayed"]

    def change(parts: dict[str, Any]) -> None:
        parts["scorecard"]["follow"] = follow()

    shown, words = said(tmp_path, language, personas=("lion", "fox"), change=change), Words(language, "EUR")
    for key in ("movements.more", "movements.as_expected", "kinds.split"):
        assert one_line(words(key)) in shown, key
    assert one_line(words("ways.warm", whose=words("whose.buyers"))) in shown
    assert ("The owl has vanished." if language == "en" else "Parti.") in shown


def test_whose_segments_came_from_those_before_is_said_of_each_population() -> None:
    def ways(visitors: str) -> dict[str, str]:
        told = follow()
        told["populations"] = {"buyers": told["populations"]["buyers"] | {"way": "kept"}}
        told["populations"]["visitors"] = told["populations"]["buyers"] | {"way": visitors}
        found = movements(told)
        assert found is not None
        return dict(found["ways"])

    assert ways("kept") == {"all": "kept"}
    assert ways("matched") == {"buyers": "kept", "visitors": "matched"}
    for language in LANGUAGES:
        words = Words(language, "EUR")
        texts = {words(f"ways.{way}", whose=words("whose.all")) for way in ("kept", "warm", "cold", "matched")}
        assert all(("visitors" if language == "en" else "visiteurs") in text for text in texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_title_of_an_upright_axis_is_short_enough_for_its_chart(language: Language) -> None:
    """Some 250 pixels high, at about 7 a letter."""
    assert len(Words(language, "EUR")("terms.kept_axis")) < 35


def test_a_first_run_has_no_movements(tmp_path: Path) -> None:
    assert movements(None) is None
    assert one_line(WORDS("movements.none")) in said(tmp_path)
    many = follow()
    many["flows"] = [{**many["flows"][1], "customers": n} for n in range(2 * MOST)]
    found = movements(many)
    assert found is not None
    assert [one["customers"] for one in found["flows"]] == list(range(2 * MOST - 1, MOST - 1, -1))
    many["flows"], many["counts"] = [], [[0] * 4] * 4
    quiet = movements(many)
    assert quiet is not None
    assert quiet["stayed"] is None


def test_reasons_are_one_sentence() -> None:
    assert WORDS.reasons([text("a segment of 2%", ""), text("not stable.", "")]) == "A segment of 2%; not stable."
    assert Words("fr", "EUR").reasons([text("", "2 % : trop peu"), text("", "instable.")]) == (
        "2\u202f%\u202f: trop peu\u202f; instable."
    )
    assert WORDS.reasons([]) == ""


def test_fidelity_heads_the_tree_with_its_interval_and_leaves(tmp_path: Path) -> None:
    assert "Fidelity: 91.3% (95% interval 87.1% to 94.2%), with 7 leaves." in said(tmp_path)
