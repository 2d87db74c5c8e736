"""The model as data: placing by hand, laws of placing, and what loading refuses."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bestiary.errors import ModelError
from bestiary.segments import place
from bestiary.segments.model import Model, load, parse
from bestiary.segments.place import nearest

FEATURES = arrays(np.float64, st.tuples(st.integers(1, 40), st.just(3)), elements=st.floats(0, 1e5))


def content(centroids: list[list[float]] | None = None) -> dict[str, Any]:
    """A model whose space is ln(1 + x) itself, with a tree on recency."""
    centroids = centroids or [[0.0, 1.0, 5.0], [2.0, 1.0, 3.0], [4.0, 1.0, 3.0]]
    numbers = range(len(centroids))
    leaf = {"column": None, "threshold": None, "left": None, "right": None, "customers": 1, "purity": 1.0}
    return {
        "format_version": 1,
        "config": {
            "preset": "default",
            "windows": [2, 5, 7],
            "k": "auto",
            "k_min": 2,
            "k_max": 11,
            "test_share": 0.2,
            "seed": 0,
        },
        "fitted": {
            "population": "buyers",
            "columns": [
                {"name": "recency", "source": "days_since_last_purchase"},
                {"name": "frequency", "source": "number_of_purchases_7m"},
                {"name": "monetary", "source": "total_purchase_value"},
            ],
            "transform": {"kind": "log1p_standardise", "mean": [0.0, 0.0, 0.0], "scale": [1.0, 1.0, 1.0]},
            "centroids": centroids,
            "segments": [
                {"segment": i, "persona": None, "name": {"en": "x", "fr": "y"}, "match": None, "customers": 1}
                for i in numbers
            ],
            "tree": {
                "columns": ["recency", "frequency", "monetary"],
                "nodes": [
                    {
                        "id": 0,
                        "column": "recency",
                        "threshold": 9.5,
                        "left": 1,
                        "right": 2,
                        "segment": 0,
                        "customers": 2,
                        "purity": 0.5,
                    },
                    {"id": 1, "segment": 0, **leaf},
                    {"id": 2, "segment": len(centroids) - 1, **leaf},
                ],
            },
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


def model(**changes: Any) -> Model:
    return parse(content(**changes))


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
    labels, confidence = model(centroids=[[0.0, 0.0, 0.0]]).place([[1.0, 2.0, 3.0]])
    assert labels.tolist() == [0]
    assert np.isnan(confidence).all()


def test_place_works_on_raw_features() -> None:
    e = np.e
    labels, confidence = model().place([[e**2 - 1, e - 1, e**3 - 1], [e**3 - 1, e - 1, e**3 - 1]])
    assert labels[0] == 1
    assert confidence == pytest.approx([1.0, 0.0])


@settings(deadline=None)
@given(FEATURES)
def test_placing_does_not_depend_on_order_or_company(features: np.ndarray) -> None:
    learned = model()
    order = np.random.default_rng(len(features)).permutation(len(features))
    labels, confidence = learned.place(features)
    again, sure = learned.place(features[order])
    assert (again == labels[order]).all()
    assert (sure == confidence[order]).all()
    alone, _ = learned.place(features[-1:])
    assert alone[0] == labels[-1]


@settings(deadline=None)
@given(FEATURES)
def test_the_label_is_that_of_the_nearest_centroid(features: np.ndarray) -> None:
    learned = model()
    labels, confidence = learned.place(features)
    centroids = np.array(learned.fitted.centroids)
    distances = np.linalg.norm(learned.coordinates(features)[:, None, :] - centroids, axis=2)
    own = distances[np.arange(len(labels)), labels]
    assert (own <= distances.min(axis=1) + 1e-9).all()
    assert ((confidence >= 0) & (confidence <= 1)).all()


@settings(deadline=None)
@given(FEATURES)
def test_labels_survive_json(features: np.ndarray) -> None:
    learned = model(centroids=[[0.1, 1 / 3, np.pi], [2 / 3, 1e-17, 3.0]])
    again = parse(json.loads(json.dumps(learned.model_dump(mode="json"))))
    assert again == learned
    (labels, confidence), (same, sure) = learned.place(features), again.place(features)
    assert labels.tobytes() == same.tobytes()
    assert confidence.tobytes() == sure.tobytes()


def test_chunks_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    features = np.random.default_rng(0).uniform(0, 500, size=(50, 3))
    whole = model().place(features)
    monkeypatch.setattr(place, "CHUNK", 7)
    parts = model().place(features)
    assert (whole[0] == parts[0]).all()
    assert (whole[1] == parts[1]).all()


def test_nobody_is_placed_nowhere() -> None:
    labels, confidence = model().place(np.zeros((0, 3)))
    assert labels.shape == confidence.shape == (0,)


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
    learned = model()
    learned.save(path)
    assert load(path) == learned
    assert list(json.loads(path.read_text())) == ["format_version", "config", "fitted", "provenance"]
    assert load(path).provenance.model_dump()["sources"] == 3


BAD: dict[str, tuple[list[str | int], Any]] = {
    "newer format": (["format_version"], 2),
    "no format": (["format_version"], None),
    "centroid of two numbers": (["fitted", "centroids", 0], [1.0, 2.0]),
    "no centroids": (["fitted", "centroids"], []),
    "infinite centroid": (["fitted", "centroids", 0], [1.0, 2.0, float("inf")]),
    "not a number": (["fitted", "transform", "mean"], [1.0, 2.0, float("nan")]),
    "negative scale": (["fitted", "transform", "scale"], [1.0, 2.0, -1.0]),
    "unknown transform": (["fitted", "transform", "kind"], "magic"),
    "segments out of order": (["fitted", "segments", 0, "segment"], 2),
    "columns out of order": (["fitted", "columns", 0, "name"], "monetary"),
    "unknown population": (["fitted", "population"], "everyone"),
    "match above one": (["fitted", "segments", 0, "match"], 1.5),
    "tree of another model": (["fitted", "tree", "nodes", 1, "segment"], 3),
    "tree that loops": (["fitted", "tree", "nodes", 0, "left"], 0),
    "tree that ends nowhere": (["fitted", "tree", "nodes", 0, "right"], 9),
    "tree without a threshold": (["fitted", "tree", "nodes", 0, "threshold"], None),
    "tree on another column": (["fitted", "tree", "nodes", 0, "column"], "age"),
    "leaf with a branch": (["fitted", "tree", "nodes", 1, "left"], 2),
    "node with another number": (["fitted", "tree", "nodes", 1, "id"], 2),
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


def test_a_newer_format_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="newer bestiary"):
        parse(content() | {"format_version": 2})
    with pytest.raises(ModelError, match="Cannot read"):
        load(tmp_path / "none.json")
