"""The whole of learning, on customer tables written through DuckDB: both presets, degenerate shops, the same bytes."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from bestiary import show_segments
from bestiary.config import Settings
from bestiary.errors import ConfigError, ModelError, PopulationError
from bestiary.segments import cautions
from bestiary.segments.fit import fit
from bestiary.segments.model import Model, load
from bestiary.segments.personas import bestiary_of
from bestiary.sql import connect, quote
from segments_shop import PROVENANCE, QUICK, all_in, labels, learn, shop, write


@pytest.fixture(scope="module")
def usual(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Model, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("usual")
    return folder, *learn(folder, shop(), visitors=150, currency="EUR", **QUICK)


def test_the_kinds_of_a_shop_are_found_and_named(usual: tuple[Path, Model, dict[str, Any]]) -> None:
    _, model, card = usual
    assert card["silhouette"]["chosen_k"] == 4
    assert all_in(card, "persona") == ["lion", "turtle", "owl", "dormouse"]
    assert [one.persona for one in model.fitted.buyers.segments] == all_in(card, "persona")
    assert all_in(card, "customers") == pytest.approx([240, 160, 300, 400], abs=45)
    assert sum(all_in(card, "customers")) == 1100
    assert card["population"] == {
        "rule": {
            "en": "customers with a purchase in the last 7 months",
            "fr": "clients ayant acheté au cours des 7 derniers mois",
        },
        "customers": 1250,
        "segmented": 1100,
        "placed": {"buyers": 1100, "visitors": 150},
        "too_early": {"buyers": 0, "visitors": 0},
        "left_out": 0,
    }


def test_visitors_are_learned_by_themselves(usual: tuple[Path, Model, dict[str, Any]]) -> None:
    _, model, card = usual
    visitors, looking = model.fitted.visitors, card["visitors"]
    assert visitors is not None
    assert (visitors.population, visitors.first) == ("visitors", 4)
    assert [one["segment"] for one in looking["segments"]] == [one.segment for one in visitors.segments]
    assert sum(one["customers"] for one in looking["segments"]) == looking["customers"] == 150
    assert {one["persona"] for one in looking["segments"]} <= {*bestiary_of(deck=False, population="visitors"), None}
    assert all("value" not in one for one in looking["segments"])


def test_segments_are_numbered_by_value(usual: tuple[Path, Model, dict[str, Any]]) -> None:
    monetary = [one["monetary"] for one in all_in(usual[2], "percentiles")]
    assert monetary == sorted(monetary, reverse=True)


def test_the_figures_add_up(usual: tuple[Path, Model, dict[str, Any]]) -> None:
    _, _, card = usual
    assert sum(all_in(card, "value")) == pytest.approx(sum(value for _, _, value in shop()))
    assert sum(all_in(card, "share_of_customers")) == pytest.approx(1)
    assert sum(all_in(card, "share_of_value")) == pytest.approx(1)
    assert [one["k"] for one in card["silhouette"]["curve"]] == list(range(2, 6))
    assert {one["kind"] for one in card["silhouette"]["curve"]} == {"exact"}
    assert sum(card["pca"]["explained_variance_ratio"]) == pytest.approx(1)
    assert card["pca"]["constant_columns"] == []
    assert len(card["pca"]["mean"]) == len(card["pca"]["scale"]) == len(card["pca"]["columns"])
    assert card["pca"]["mean"][card["pca"]["columns"].index("total_purchase_value")] == pytest.approx(
        np.mean([value for _, _, value in shop()])
    )


def test_the_tree_is_faithful_and_told_in_money_and_days(usual: tuple[Path, Model, dict[str, Any]]) -> None:
    tree = usual[2]["tree"]
    assert (tree["train"], tree["test"]) == (880, 220)
    assert tree["accuracy"] == tree["fidelity"] > 0.9
    assert sum(map(sum, tree["confusion"])) == 220
    assert sum(rule["customers"] for rule in tree["rules"]) == 1100
    assert any("EUR" in rule["text"]["fr"] for rule in tree["rules"])


def test_the_labels_are_those_of_the_stored_model(usual: tuple[Path, Model, dict[str, Any]]) -> None:
    folder, model, _ = usual
    found = labels(folder)
    expected = ["expected_value", "expected_low", "expected_high"]
    assert list(found) == ["user_id", "population", "segment", "persona", "second", "confidence", "settled", *expected]
    assert found["user_id"].dtype == found["segment"].dtype == found["second"].dtype == np.int32
    assert found["user_id"].tolist() == sorted(1_000_000 - i for i in range(1250))
    buyers = found["population"] == "buyers"
    assert (found["population"][~buyers] == "visitors").all()
    placed = load(folder / "run" / "model.json").fitted.buyers.place(np.array(shop())[::-1])
    assert (found["segment"][buyers] == placed.segment).all()
    assert (found["settled"][buyers] == placed.segment).all()
    assert (found["second"][buyers] == placed.second).all()
    assert (found["confidence"][buyers] == placed.confidence).all()
    assert found["persona"][buyers].tolist() == [model.fitted.buyers.segments[i].persona for i in placed.segment]
    assert all(np.ma.getmaskarray(found[name]).all() for name in expected)  # nothing is known of what followed


def test_provenance_counts_and_versions(usual: tuple[Path, Model, dict[str, Any]]) -> None:
    provenance = usual[1].provenance
    assert (provenance.as_of, provenance.fingerprint) == ("2020-05-01", "abc")
    assert (provenance.customers, provenance.segmented) == (1250, 1100)
    assert list(provenance.versions) == ["bestiary", "duckdb", "numpy", "scikit-learn", "scipy"]


def test_the_same_table_gives_the_same_bytes_of_the_deck_s_preset(tmp_path: Path) -> None:
    for folder, threads in ((tmp_path / "a", 1), (tmp_path / "b", 2)):
        folder.mkdir()
        learn(folder, shop(share=0.3), preset="amazing", threads=threads, k_max=5)
    for name in ("model.json", "segments.parquet", "movements.parquet", "scorecard.json"):
        assert (tmp_path / "a" / "run" / name).read_bytes() == (tmp_path / "b" / "run" / name).read_bytes()


def test_no_temporary_file_is_left(usual: tuple[Path, Model, dict[str, Any]]) -> None:
    folder = usual[0]
    assert sorted(path.name for path in folder.iterdir()) == ["customers.parquet", "run"]
    assert sorted(path.name for path in (folder / "run").iterdir()) == [
        "model.json",
        "movements.parquet",
        "scorecard.json",
        "segments.parquet",
    ]


def test_the_preset_of_the_deck(tmp_path: Path) -> None:
    model, card = learn(tmp_path, shop(), visitors=30, preset="amazing", k_max=6)
    assert (model.fitted.buyers.population, model.fitted.buyers.candidate) == ("active_buyers", "rfm_scores")
    assert (model.fitted.visitors, card["visitors"]) == (None, None)
    assert model.fitted.buyers.columns[1].source == "number_of_sessions_7m"
    assert set(all_in(card, "persona")) <= {*bestiary_of(deck=True), None}
    assert card["tree"]["max_depth"] == 3
    assert [one["k"] for one in card["silhouette"]["curve"]] == [2, 3, 4, 5, 6]
    active = [(i, row) for i, row in enumerate(shop()) if row[1] - 1 + i % 2 > 0]
    assert card["population"]["segmented"] == len(active) < 1100
    features = np.array([(days, 2 * bought + i % 5, value) for i, (days, bought, value) in active])
    assert (labels(tmp_path)["segment"] == model.fitted.buyers.place(features[::-1]).segment).all()
    assert set(np.unique(model.fitted.buyers.coordinates(features))) == {1.0, 2.0, 3.0, 4.0}


def test_a_fixed_k_is_used_as_asked(tmp_path: Path) -> None:
    model, card = learn(tmp_path, shop(), k=6, k_max=4, candidate="rfm_log")
    assert model.fitted.buyers.partition.k == card["silhouette"]["chosen_k"] == 6
    assert [one["k"] for one in card["silhouette"]["curve"]] == [2, 3, 4, 6]


def test_two_segments_are_too_few_whatever_their_silhouette(tmp_path: Path) -> None:
    buyers = [(2 + i % 3, 9 + i % 2, 900.0 + i) for i in range(40)] + [(150 + i % 9, 1, 10.0 + i) for i in range(40)]
    _, card = learn(tmp_path, buyers, **QUICK)
    curve = {one["k"]: one["silhouette"] for one in card["silhouette"]["curve"]}
    assert max(curve, key=lambda k: curve[k]) == 2
    assert card["silhouette"]["chosen_k"] == 5


def test_ids_may_be_text(tmp_path: Path) -> None:
    learn(tmp_path, shop(share=0.3), visitors=120, ids="VARCHAR", **QUICK)
    found = labels(tmp_path)["user_id"].tolist()
    assert found == sorted(str(1_000_000 - i) for i in range(330 + 120))


def test_a_constant_recency_tells_nobody_apart(tmp_path: Path) -> None:
    model, card = learn(tmp_path, [(0, bought, value) for _, bought, value in shop(share=0.3)], **QUICK)
    assert model.fitted.buyers.transform.kind == "log1p_standardise"
    assert model.fitted.buyers.transform.scale[0] == 0.0
    assert "days_since_last_purchase" in card["pca"]["constant_columns"]
    assert any("recency" in warning["en"] for warning in card["warnings"])


def test_refunds_above_purchases_are_told(tmp_path: Path) -> None:
    _, card = learn(tmp_path, [*shop(share=0.3), (3, 1, -40.0)], **QUICK)
    assert any(warning["en"].startswith("1 customer was refunded") for warning in card["warnings"])
    assert sum(all_in(card, "value")) == pytest.approx(sum(value for _, _, value in shop(share=0.3)) - 40)


@pytest.mark.parametrize(("as_of", "told"), [("2019-10-02", "1 day"), ("2019-11-20", "50 days"), ("2019-12-01", None)])
def test_a_history_shorter_than_the_shortest_window_is_told(as_of: str, told: str | None, tmp_path: Path) -> None:
    """Of two months. The fixture's buyers are first seen at noon, from 1 October on, one after the other."""
    customers = write(tmp_path / "customers.parquet", [(i % 2, 1 + i % 3, 10.0 + i) for i in range(40)])
    fit(customers, tmp_path / "run", Settings(**QUICK), PROVENANCE | {"as_of": as_of})
    card = json.loads((tmp_path / "run" / "scorecard.json").read_text())
    found = [one for one in card["warnings"] if "shortest window" in one["en"]]
    assert len(found) == (told is not None)
    if told:
        assert found[0]["en"].startswith(f"The buyers' history is of {told} only, less than the shortest window (2 mon")
        assert f"n'est que de {told.replace('day', 'jour')}, moins que la plus courte" in found[0]["fr"]


@pytest.mark.parametrize("where", ["00:00:00", "23:59:59"])
def test_a_day_of_data_is_one_day_whenever_it_begins(where: str, tmp_path: Path) -> None:
    customers = write(tmp_path / "all.parquet", [(i % 2, 1 + i % 3, 10.0 + i) for i in range(40)])
    one_day = tmp_path / "customers.parquet"
    with connect() as connection:
        connection.execute(
            f"COPY (SELECT * REPLACE (TIMESTAMP_NS '2019-10-01 {where}' AS first_seen) "
            f"FROM read_parquet({quote(str(customers))})) TO {quote(str(one_day))} (FORMAT parquet)"
        )
    fit(one_day, tmp_path / "run", Settings(**QUICK), PROVENANCE | {"as_of": "2019-10-02"})
    warnings = json.loads((tmp_path / "run" / "scorecard.json").read_text())["warnings"]
    assert any(one["en"].startswith("The buyers' history is of 1 day only") for one in warnings)


def test_nobody_bought(tmp_path: Path) -> None:
    for visitors in (3, 0):
        with pytest.raises(PopulationError, match=f"None of the {visitors} customers"):
            learn(tmp_path, [], visitors)
    assert not (tmp_path / "run").exists()


def test_visitors_who_are_too_few_are_left_out_and_not_called_too_early(tmp_path: Path) -> None:
    _, card = learn(tmp_path, [(3, 5, 90.0)] * 40 + [(80, 1, 10.0)] * 60, 99)
    assert card["visitors"] is None
    assert card["population"]["too_early"] == {"buyers": 0}
    assert card["population"]["left_out"] == 99
    told = " ".join(show_segments.told(card))
    assert "99 who bought nothing are too few to be segmented: 100 are needed." in told
    assert "Too early" not in told


@pytest.mark.parametrize("buyers", [1, 5])
def test_customers_who_are_all_alike_are_one_segment(tmp_path: Path, buyers: int) -> None:
    model, card = learn(tmp_path, [(3, 1, 10.0)] * buyers)
    assert model.fitted.buyers.partition.k == 1
    assert card["silhouette"]["chosen_k"] is None
    assert card["silhouette"]["curve"] == []
    assert card["tree"] is None
    assert model.fitted.buyers.tree is None
    assert all_in(card, "mean_confidence") == [None]
    assert [(one["persona"], one["name"]["en"]) for one in card["segments"]] == [(None, "All customers")]
    assert card["warnings"]
    assert labels(tmp_path)["confidence"].mask.all()


def test_two_kinds_of_customers_are_two_segments(tmp_path: Path) -> None:
    model, card = learn(tmp_path, [(3, 5, 90.0)] * 4 + [(80, 1, 10.0)] * 6)
    assert model.fitted.buyers.partition.k == card["silhouette"]["chosen_k"] == 2
    assert [one["silhouette"] for one in card["silhouette"]["curve"]] == [1.0]
    assert all_in(card, "customers") == [4, 6]
    assert card["tree"]["accuracy"] == 1.0
    assert any("only 2 distinct" in warning["en"] for warning in card["warnings"])


def test_two_customers(tmp_path: Path) -> None:
    _, card = learn(tmp_path, [(3, 5, 90.0), (80, 1, 10.0)])
    assert card["silhouette"]["chosen_k"] == 2
    assert card["silhouette"]["curve"][0]["silhouette"] is None
    assert (card["tree"]["train"], card["tree"]["test"]) == (1, 1)
    assert [one["auc"] for one in card["tree"]["roc"]] == [None, None]
    assert any("held-out" in warning["en"] for warning in card["warnings"])


def test_a_k_above_the_number_of_kinds_is_cut(tmp_path: Path) -> None:
    model, card = learn(tmp_path, [(3, 5, 90.0), (80, 1, 10.0), (200, 2, 700.0)] * 3, k=9)
    assert model.fitted.buyers.partition.k == card["silhouette"]["chosen_k"] == 3
    assert any("only 3 distinct" in warning["en"] for warning in card["warnings"])
    told = card["silhouette"]["rule"]
    assert told["en"].startswith(
        "k = 3: 9 were asked for, but only 3 distinct kinds of customers are there. By itself "
    )
    assert told["fr"].startswith("k = 3 : 9 étaient demandés, mais il n'y a que 3 sortes de clients distinctes. D'elle")
    _, card = learn(tmp_path, [(10 * i + 1, i + 1, 90.0 * i + 5) for i in range(7)] * 2, k=50, k_max=4)
    assert card["silhouette"]["rule"]["en"].startswith("k = 7: 50 were asked for, but only 7 distinct kinds")
    assert any("only 7 distinct" in warning["en"] for warning in card["warnings"])
    _, card = learn(tmp_path, [(3, 1, 10.0)] * 5, k=50)
    assert card["silhouette"]["rule"]["en"].startswith("k = 1: 50 were asked for, but all customers are alike.")


def test_a_shop_without_value_has_no_shares(tmp_path: Path) -> None:
    _, card = learn(tmp_path, [(days, bought, 0.0) for days, bought, _ in shop(share=0.3)], **QUICK)
    assert set(all_in(card, "share_of_value")) == {None}


def test_a_table_without_the_columns_is_refused(tmp_path: Path) -> None:
    customers = write(tmp_path / "customers.parquet", shop())
    with pytest.raises(ModelError, match="number_of_purchases_9m"):
        fit(customers, tmp_path, Settings(windows=(2, 5, 9)), PROVENANCE)
    with pytest.raises(ModelError, match="no customer table"):
        fit(tmp_path / "none.parquet", tmp_path, Settings(), PROVENANCE)
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(customers.read_bytes()[:3000])
    with pytest.raises(ModelError, match=r"cut\.parquet is damaged"):
        fit(cut, tmp_path, Settings(), PROVENANCE)
    with pytest.raises(ConfigError, match="fingerprint"):
        fit(customers, tmp_path, Settings(), {"as_of": "2020-05-01"})


def test_a_buyer_without_a_last_purchase_is_refused(tmp_path: Path) -> None:
    customers = write(tmp_path / "customers.parquet", [*shop(), (None, 2, 5.0)])  # type: ignore[list-item]
    with pytest.raises(ModelError, match="without a last purchase"):
        fit(customers, tmp_path, Settings(), PROVENANCE)


def test_too_early_for_nearly_everyone_is_not_for_everyone() -> None:
    events = np.ones(1_000)
    events[0] = 9
    learned: Any = SimpleNamespace(buyers=SimpleNamespace(frame=SimpleNamespace(events=events)), min_events=5)
    told = cautions._about_early(learned)[0]
    assert told["en"].startswith("It is too early to say for 99% of the buyers")
    assert told["fr"].startswith("Il est trop tôt pour 99 % des acheteurs")
