"""The sample of buyers for the pictures: fair, the same for the same seed, and silent about ids."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bestiary.errors import ModelError
from bestiary.report import sample as module
from bestiary.report.sample import SAMPLE_SIZE, read_sample, write_sample
from bestiary.segments.pca import components
from bestiary.sql import connect, quote

SOURCES = {"recency": "a", "frequency": "b", "monetary": "c"}
COLUMNS = ["a", "b", "c", "constant"]
HOSTILE = ["o'neil", '</script><script>alert("x")</script>', "é\u2028\n", "", "NULL", "1; DROP TABLE drawn"]
Tables = tuple[str, str]


def tables(folder: Path, people: int, ids: str = "i", segment: str = "i % 3", order: str = "i") -> Tables:
    """Customers 0, 1, ... whose figures tell their number; a third of column b is null, a fourth is constant."""
    kind = "VARCHAR" if ids != "i" else "BIGINT"
    folder.mkdir(exist_ok=True)
    with connect(threads=1) as connection:
        rows = f"SELECT {ids} AS user_id, range AS i FROM (SELECT range, range AS i FROM range({people}))"
        for name, columns in (
            (
                "customers",
                "i::DOUBLE AS a, CASE WHEN i % 3 > 0 THEN i * 7 % 11 END::INTEGER AS b, -i AS c, 5 AS constant",
            ),
            ("segments", f"({segment})::INTEGER AS segment"),
        ):
            query = f"SELECT user_id::{kind} AS user_id, {columns} FROM ({rows}) ORDER BY {order}"
            connection.execute(f"COPY ({query}) TO {quote(str(folder / name))} (FORMAT parquet)")
    return quote(str(folder / "customers")), quote(str(folder / "segments"))


def figures(people: int) -> np.ndarray[Any, Any]:
    i = np.arange(people)
    return np.column_stack([i, np.where(i % 3 > 0, i * 7 % 11, np.nan), -i, np.full(people, 5)]).astype(np.float64)


def pca(people: int) -> dict[str, Any]:
    """The scorecard's record of the components of such customers."""
    found = components(lambda: iter([figures(people)]), len(COLUMNS))
    return {
        "columns": COLUMNS,
        "constant_columns": ["constant"],
        "explained_variance": found.variance.tolist(),
        "explained_variance_ratio": found.ratio.tolist(),
        "loadings": found.loadings.tolist(),
        "mean": found.mean.tolist(),
        "scale": found.scale.tolist(),
    }


def drawn(paths: Tables, out: Path, people: int, seed: int = 0, below: int = 2, threads: int = 1) -> dict[str, Any]:
    with connect(threads=threads) as connection:
        return write_sample(connection, *paths, SOURCES, pca(people), below, seed, out)


def test_a_smaller_shop_is_there_whole_with_its_scores(tmp_path: Path) -> None:
    told = drawn(tables(tmp_path, 30), tmp_path / "sample", 30)
    assert told == {"size": 20, "of": 20, "seed": 0, "sources": SOURCES}
    found = read_sample(tmp_path / "sample", who=True)
    assert list(found) == ["segment", "recency", "frequency", "monetary", "pc1", "pc2", "who"]
    assert (found["segment"].dtype, found["recency"].dtype) == (np.int16, np.float32)
    numbers = [int(one) for one in found["who"]]
    assert sorted(numbers) == [i for i in range(30) if i % 3 < 2]
    rows = figures(30)[numbers]
    assert found["segment"].tolist() == [i % 3 for i in numbers]
    assert found["recency"].tolist() == rows[:, 0].tolist()
    assert np.array_equal(found["frequency"], rows[:, 1], equal_nan=True)
    scores = components(lambda: iter([figures(30)]), 4).scores(rows, 2)
    assert np.column_stack([found["pc1"], found["pc2"]]) == pytest.approx(scores, rel=1e-6, abs=1e-6)
    assert read_sample(tmp_path / "sample").keys() == found.keys() - {"who"}


def test_rows_are_ordered_by_their_figures_and_not_by_id(tmp_path: Path) -> None:
    drawn(tables(tmp_path, 60, segment="i * 7 % 2"), tmp_path / "sample", 60)
    found = read_sample(tmp_path / "sample")
    rows = list(zip(found["segment"].tolist(), found["recency"].tolist(), strict=True))
    assert rows == sorted(rows)


def test_a_component_that_does_not_exist_is_zero(tmp_path: Path) -> None:
    paths, record = tables(tmp_path, 9), pca(9)
    record["loadings"] = record["loadings"][:1]
    with connect(threads=1) as connection:
        write_sample(connection, *paths, SOURCES, record, 3, 0, tmp_path / "one")
        write_sample(connection, *paths, SOURCES, record | {"loadings": []}, 3, 0, tmp_path / "none")
    assert read_sample(tmp_path / "one")["pc1"].any()
    assert not read_sample(tmp_path / "one")["pc2"].any()
    assert not read_sample(tmp_path / "none")["pc1"].any()


def test_nobody_placed_is_an_empty_sample(tmp_path: Path) -> None:
    told = drawn(tables(tmp_path, 9, segment="NULL"), tmp_path / "sample", 9)
    assert (told["size"], told["of"]) == (0, 0)
    assert [len(column) for column in read_sample(tmp_path / "sample", who=True).values()] == [0] * 7


def chosen(paths: Tables, out: Path, people: int, seed: int, threads: int = 1) -> list[str]:
    drawn(paths, out, people, seed, threads=threads)
    found: list[str] = read_sample(out, who=True)["who"]
    return found


def test_the_same_seed_draws_the_same_in_whatever_order_and_by_however_many(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SAMPLE_SIZE", 40)
    out = tmp_path / "sample"
    first = chosen(tables(tmp_path, 900), out, 900, 7)
    content = out.read_bytes()
    assert len(set(first)) == len(first) == 40
    assert chosen(tables(tmp_path, 900, order="hash(i)"), out, 900, 7, threads=3) == first
    assert out.read_bytes() == content
    assert set(chosen(tables(tmp_path, 900), out, 900, 8)) != set(first)


def test_everyone_is_equally_likely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 20 who are placed 5 are drawn, 400 times: each about 100 times, with a standard deviation of 8.7."""
    monkeypatch.setattr(module, "SAMPLE_SIZE", 5)
    paths, record = tables(tmp_path, 30), pca(30)
    times = dict.fromkeys((i for i in range(30) if i % 3 < 2), 0)
    with connect(threads=1) as connection:
        for seed in range(400):
            write_sample(connection, *paths, SOURCES, record, 2, seed, tmp_path / "sample")
            for one in read_sample(tmp_path / "sample")["recency"].tolist():
                times[int(one)] += 1
    assert all(60 < n < 140 for n in times.values())
    # Chi-square with 19 degrees of freedom, without replacement: 43.8 is passed once in a thousand times.
    assert sum((n - 100) ** 2 for n in times.values()) / (100 * 0.75) * 19 / 20 < 43.8


def test_fifty_thousand_of_more(tmp_path: Path) -> None:
    people = SAMPLE_SIZE + 5_000
    told = drawn(tables(tmp_path, people, segment="i % 2"), tmp_path / "sample", people)
    assert (told["size"], told["of"], SAMPLE_SIZE) == (50_000, people, 50_000)
    found = read_sample(tmp_path / "sample")
    assert len(np.unique(found["recency"])) == 50_000
    # Hypergeometric: mean 25,000, standard deviation 33.7; five of them on either side.
    assert 24_831 < int((found["segment"] == 0).sum()) < 25_169


@pytest.mark.parametrize("people", [6, 60])
def test_hostile_ids_are_nothing_but_texts(tmp_path: Path, people: int) -> None:
    listed: Sequence[str] = [one if n == 0 else f"{one}{n}" for n in range(people // 6) for one in HOSTILE]
    texts = "[" + ", ".join(quote(one) for one in listed) + "][i + 1]"
    found = chosen(tables(tmp_path / "it's [a] folder", people, ids=texts, segment="0"), tmp_path / "[s]", people, 0)
    assert sorted(found) == sorted(listed)


def test_a_missing_or_damaged_sample_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="Cannot read"):
        read_sample(tmp_path / "sample")
    (tmp_path / "sample").write_bytes(b"PAR1 cut")
    with pytest.raises(ModelError, match="damaged"):
        read_sample(tmp_path / "sample")
