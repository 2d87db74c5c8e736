"""Rows from quarantine as examples: some of each reason, the most frequent first."""

from pathlib import Path

import pytest

import shop
from bestiary import pipeline
from bestiary.errors import StoreError
from bestiary.lake.rejects import examples, refused

GOOD = [shop.line(user_id=str(512_000_000 + number)) for number in range(40)]
BAD = [
    *(shop.line(price=f"p{number}") for number in range(5)),
    *(shop.line(event_type=f"look{number}") for number in range(4)),
    shop.line(event_time="yesterday"),
]


@pytest.fixture
def store(tmp_path: Path) -> Path:
    shop.write_csv(tmp_path / "events" / "b.csv", [*BAD[::-1], *GOOD])
    shop.write_csv(tmp_path / "events" / "a.csv", [GOOD[0], shop.line(price="first")])
    pipeline.ingest([tmp_path / "events"], tmp_path / "store", settings=shop.SMALL)
    return tmp_path / "store"


@pytest.mark.parametrize("each", [1, 3, 5, 100])
def test_each_reason_has_its_first_rows_and_the_most_frequent_comes_first(store: Path, each: int) -> None:
    found, everyone = examples(store, each), refused(store, limit=1000)
    assert sorted(everyone.reasons.values(), reverse=True) == list(everyone.reasons.values()) == [6, 4, 1]
    assert list(dict.fromkeys(one.reason for one in found)) == list(everyone.reasons)
    for reason, times in everyone.reasons.items():
        of_reason = [one for one in everyone.rows if one.reason == reason]
        assert len(of_reason) == times
        assert [one for one in found if one.reason == reason] == of_reason[:each]
    assert found[0].raw == shop.line(price="first")
    assert found[0].source.endswith("a.csv")
    assert found[0].number == 3


def test_three_are_shown_where_nobody_says_how_many(store: Path) -> None:
    assert examples(store) == examples(store, 3)
    assert len(examples(store)) == 7


def test_where_nothing_was_refused_there_are_none(tmp_path: Path) -> None:
    shop.write_csv(tmp_path / "events" / "a.csv", GOOD)
    pipeline.ingest([tmp_path / "events"], tmp_path / "store", settings=shop.SMALL)
    assert examples(tmp_path / "store") == ()
    with pytest.raises(StoreError, match="is not a store"):
        examples(tmp_path)
