"""The model as data: placing by hand, laws of placing, and what loading refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bestiary.config import Settings
from bestiary.errors import ModelError
from bestiary.lake.fixed import FIXED
from bestiary.segments import place
from bestiary.segments.centroids import Centroids
from bestiary.segments.model import Config, Segmentation, load, parse
from bestiary.segments.place import nearest
from model_config import CONFIG

FEATURES = arrays(np.float64, st.tuples(st.integers(1, 40), st.just(3)), elements=st.floats(0, 1e5))


def segments(first: int, k: int) -> list[dict[str, Any]]:
    return [
        {"segment": first + i, "persona": None, "name": {"en": "x", "fr": "y"}, "match": None, "customers": 1}
        for i in range(k)
    ]


def tree(columns: list[str], last: int) -> dict[str, Any]:
    """A tree with two leaves, which asks about the first column."""
    leaf = {"column": None, "threshold": None, "left": None, "right": None, "customers": 1, "purity": 1.0}
    root = {"column": columns[0], "threshold": 9.5, "left": 1, "right": 2, "customers": 2, "purity": 0.5}
    return {
        "columns": columns,
        "nodes": [{"id": 0, "segment": 0, **root}, {"id": 1, "segment": 0, **leaf}, {"id": 2, "segment": last, **leaf}],
    }


def content(centroids: list[list[float]] | None = None) -> dict[str, Any]:
    """A model whose space is ln(1 + x) itself, with a tree on recency; visitors have two segments and no tree."""
    centroids = centroids or [[0.0, 1.0, 5.0], [2.0, 1.0, 3.0], [4.0, 1.0, 3.0]]
    k = len(centroids)
    return {
        "format_version": 2,
        "config": dict(CONFIG),
        "fitted": {
            "buyers": {
                "population": "buyers",
                "candidate": "rfm_log",
                "columns": [
                    {"name": "recency", "source": "days_since_last_purchase"},
                    {"name": "frequency", "source": "number_of_purchases_7m"},
                    {"name": "monetary", "source": "total_purchase_value"},
                ],
                "transform": {"kind": "log1p_standardise", "mean": [0.0, 0.0, 0.0], "scale": [1.0, 1.0, 1.0]},
                "partition": {"kind": "centroids", "centroids": centroids},
                "learned_on": 5,
                "segments": segments(0, k),
                "tree": tree(["recency", "frequency", "monetary"], k - 1),
            },
            "visitors": {
                "population": "visitors",
                "candidate": "rfm_log",
                "columns": [
                    {"name": "recency", "source": "days_since_last_visit"},
                    {"name": "price", "source": "avg_price_viewed_7m", "nullable": True},
                ],
                "transform": {"kind": "log1p_standardise", "mean": [0.0, 2.0], "scale": [1.0, 1.0]},
                "partition": {"kind": "centroids", "centroids": [[0.0, 0.0], [4.0, 0.0]]},
                "learned_on": 5,
                "segments": segments(k, 2),
                "tree": None,
            },
            "min_events": 4,
            "expected": None,
            "season": None,
        },
        "provenance": {
            "as_of": "2020-05-01",
            "customers": 10,
            "segmented": 5,
            "fingerprint": "f",
            "versions": {"numpy": "2"},
            "sources": 3,
        },
    }


def model(**changes: Any) -> Segmentation:
    """The buyers' half of it."""
    return parse(content(**changes)).fitted.buyers


def test_distance_and_confidence_by_hand() -> None:
    labels, confidence = nearest(np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([[0.0, 0.0], [4.0, 0.0]]))
    assert labels.tolist() == [0, 0]
    assert confidence.tolist() == [1 - 1 / 3, 0.0]


def test_the_lowest_segment_wins_an_exact_tie() -> None:
    centroids = np.array([[9.0, 9.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]])
    labels, confidence = nearest(np.array([[0.0, 0.0], [1.0, 0.0]]), centroids)
    assert labels.tolist() == [1, 1]
    assert confidence.tolist() == [0.0, 0.0]
    assert labels.dtype == np.int32


def test_one_segment_has_no_confidence() -> None:
    found = model(centroids=[[0.0, 0.0, 0.0]]).place([[1.0, 2.0, 3.0]])
    assert (found.segment.tolist(), found.second.tolist()) == ([0], [-1])
    assert np.isnan(found.confidence).all()


def test_place_works_on_raw_features() -> None:
    e = np.e
    found = model().place([[e**2 - 1, e - 1, e**3 - 1], [e**3 - 1, e - 1, e**3 - 1]])
    assert found.segment[0] == 1
    assert found.confidence == pytest.approx([1.0, 0.0])


def test_the_second_best_is_the_second_nearest() -> None:
    found = model().place([[0.0, np.e - 1, np.e**5 - 1], [np.e**3.1 - 1, np.e - 1, np.e**3 - 1]])
    assert found.segment.tolist() == [0, 2]  # squared distances 0, 8, 20 and 13.61, 1.21, 0.81
    assert found.second.tolist() == [1, 1]
    assert found.confidence == pytest.approx([1.0, 1 - 0.9 / 1.1])


def test_the_numbers_of_visitors_go_on_and_an_unknown_price_is_the_mean_one() -> None:
    visitors = parse(content()).fitted.visitors
    assert visitors is not None
    found = visitors.place([[0.0, np.nan], [np.e**4 - 1, np.e**2 - 1]])
    assert (found.segment.tolist(), found.second.tolist()) == ([3, 4], [4, 3])
    assert found.confidence.tolist() == pytest.approx([1.0, 1.0])
    with pytest.raises(ModelError, match="cannot be placed"):
        visitors.place([[np.nan, 1.0]])


@settings(deadline=None)
@given(FEATURES)
def test_placing_does_not_depend_on_order_or_company(features: np.ndarray) -> None:
    learned = model()
    order = np.random.default_rng(len(features)).permutation(len(features))
    found, again = learned.place(features), learned.place(features[order])
    assert (again.segment == found.segment[order]).all()
    assert (again.second == found.second[order]).all()
    assert (again.confidence == found.confidence[order]).all()
    assert learned.place(features[-1:]).segment[0] == found.segment[-1]


@settings(deadline=None)
@given(FEATURES)
def test_the_label_is_that_of_the_nearest_centroid(features: np.ndarray) -> None:
    learned = model()
    found = learned.place(features)
    assert isinstance(learned.partition, Centroids)
    distances = np.linalg.norm(learned.coordinates(features)[:, None, :] - learned.partition.array, axis=2)
    own, next_best = (distances[np.arange(len(one)), one] for one in (found.segment, found.second))
    assert (own <= distances.min(axis=1) + 1e-9).all()
    assert (next_best <= np.sort(distances, axis=1)[:, 1] + 1e-9).all()
    assert (found.second != found.segment).all()
    assert ((found.confidence >= 0) & (found.confidence <= 1)).all()


@settings(deadline=None)
@given(FEATURES)
def test_labels_survive_json(features: np.ndarray) -> None:
    learned = model(centroids=[[0.1, 1 / 3, np.pi], [2 / 3, 1e-17, 3.0]])
    again = Segmentation.model_validate(json.loads(json.dumps(learned.model_dump(mode="json"))))
    assert again == learned
    one, other = learned.place(features), again.place(features)
    assert one.segment.tobytes() == other.segment.tobytes()
    assert one.second.tobytes() == other.second.tobytes()
    assert one.confidence.tobytes() == other.confidence.tobytes()


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    features = np.random.default_rng(0).uniform(0, 500, size=(50, 3))
    whole = model().place(features)
    monkeypatch.setattr(place, "CHUNK", 7)
    parts = model().place(features)
    assert (whole.segment == parts.segment).all()
    assert (whole.second == parts.second).all()
    assert (whole.confidence == parts.confidence).all()


def test_nobody_is_placed_nowhere() -> None:
    found = model().place(np.zeros((0, 3)))
    assert found.segment.shape == found.second.shape == found.confidence.shape == (0,)


def test_the_tree_is_walked_on_the_same_features() -> None:
    leaves = model().leaves([[3.0, 1.0, 1.0], [30.0, 1.0, 1.0]])
    assert leaves is not None
    assert leaves.tolist() == [1, 2]


@pytest.mark.parametrize(
    "features",
    [[[1.0, 2.0]], [1.0, 2.0, 3.0], [[np.nan, 1.0, 1.0]], [[1.0, np.inf, 1.0]], [[-1.0, 1.0, 1.0]]],
    ids=["two columns", "one row bare", "missing", "infinite", "negative recency"],
)
def test_what_cannot_be_placed_is_refused(features: Any) -> None:
    with pytest.raises(ModelError, match="cannot be placed"):
        model().place(features)


def test_a_saved_model_is_loaded_equal(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    learned = parse(content())
    learned.save(path)
    assert load(path) == learned
    assert list(json.loads(path.read_text())) == ["format_version", "config", "fitted", "provenance"]
    assert load(path).provenance.model_dump()["sources"] == 3


BAD: dict[str, tuple[list[str | int], Any]] = {
    "newer format": (["format_version"], 3),
    "older format": (["format_version"], 1),
    "no format": (["format_version"], None),
    "centroid of two numbers": (["fitted", "buyers", "partition", "centroids", 0], [1.0, 2.0]),
    "no centroids": (["fitted", "buyers", "partition", "centroids"], []),
    "infinite centroid": (["fitted", "buyers", "partition", "centroids", 0], [1.0, 2.0, float("inf")]),
    "not a number": (["fitted", "buyers", "transform", "mean"], [1.0, 2.0, float("nan")]),
    "negative scale": (["fitted", "buyers", "transform", "scale"], [1.0, 2.0, -1.0]),
    "unknown transform": (["fitted", "buyers", "transform", "kind"], "magic"),
    "segments out of order": (["fitted", "buyers", "segments", 0, "segment"], 2),
    "columns out of order": (["fitted", "buyers", "columns", 0, "name"], "monetary"),
    "unknown population": (["fitted", "buyers", "population"], "everyone"),
    "match above one": (["fitted", "buyers", "segments", 0, "match"], 1.5),
    "tree of another model": (["fitted", "buyers", "tree", "nodes", 1, "segment"], 3),
    "tree that loops": (["fitted", "buyers", "tree", "nodes", 0, "left"], 0),
    "tree that ends nowhere": (["fitted", "buyers", "tree", "nodes", 0, "right"], 9),
    "tree without a threshold": (["fitted", "buyers", "tree", "nodes", 0, "threshold"], None),
    "tree on another column": (["fitted", "buyers", "tree", "nodes", 0, "column"], "age"),
    "leaf with a branch": (["fitted", "buyers", "tree", "nodes", 1, "left"], 2),
    "node with another number": (["fitted", "buyers", "tree", "nodes", 1, "id"], 2),
    "unknown partition": (["fitted", "buyers", "partition", "kind"], "magic"),
    "one column fewer": (["fitted", "buyers", "columns"], [{"name": "recency", "source": "days_since_last_purchase"}]),
    "buyers do not begin at 0": (["fitted", "buyers", "segments"], segments(1, 3)),
    "visitors do not go on": (["fitted", "visitors", "segments"], segments(4, 2)),
    "a segment too few": (["fitted", "buyers", "segments"], segments(0, 2)),
    "learned on nobody": (["fitted", "buyers", "learned_on"], 0),
    "negative threshold": (["fitted", "min_events"], -1),
    "as of no date": (["provenance", "as_of"], "yesterday"),
    "unknown key": (["pickle"], "gASV"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_model_is_refused(tmp_path: Path, name: str) -> None:
    keys, value = BAD[name]
    read = content()
    at: Any = read
    for key in keys[:-1]:
        at = at[key]
    at[keys[-1]] = value
    path = tmp_path / "model.json"
    path.write_text(json.dumps(read))
    with pytest.raises(ModelError, match=r"model\.json"):
        load(path)


def test_every_setting_that_a_run_depends_on_stands_in_its_model() -> None:
    """A report drawn again takes them from there: the run then is what it was."""
    elsewhere = {"threads", "memory", "language", "privacy", "publish", *FIXED}
    assert set(Config.model_fields) == set(Settings.model_fields) - elsewhere
    learned = parse(content()).config.model_dump()
    assert Settings.model_validate(learned).model_dump(include=set(learned)) == learned


def test_a_newer_format_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="newer bestiary"):
        parse(content() | {"format_version": 3})
    with pytest.raises(ModelError, match="Fit again"):
        parse(content() | {"format_version": 1})
    with pytest.raises(ModelError, match="Cannot read"):
        load(tmp_path / "none.json")


def test_a_missing_or_damaged_key_is_named_in_a_few_words_with_the_command(tmp_path: Path) -> None:
    path = tmp_path / "shop" / "runs" / "2020-05-01" / "model.json"
    path.parent.mkdir(parents=True)
    read = content()
    del read["fitted"]["buyers"]["learned_on"]
    read["fitted"]["visitors"]["transform"]["kind"] = "magic" * 5000
    path.write_text(json.dumps(read))
    with pytest.raises(ModelError) as error:
        load(path)
    assert "fitted.buyers.learned_on: is missing." in error.value.found
    assert "fitted.visitors.transform: got {'kind': 'magicmagic" in error.value.found
    assert len(error.value.found) < 600
    again = f"Fit again to replace it: bestiary fit --store {tmp_path / 'shop'} --as-of 2020-05-01"
    assert error.value.do == again
    path.write_text("{")
    with pytest.raises(ModelError, match="not valid JSON") as error:
        load(path)
    assert error.value.do == again
