"""Buckets are measured together while they are small; how many together changes nothing."""

from datetime import date
from pathlib import Path

import pytest

import shop
from bestiary import pipeline
from bestiary.customers import measure
from bestiary.customers.measure import batched
from bestiary.errors import EventsError

AS_OF = date(2020, 5, 1)
WINDOWS = (2, 5, 7)


def part(folder: Path, bucket: int, month: str, size: int) -> tuple[int, str, Path]:
    path = folder / f"{bucket}-{month}"
    path.write_bytes(b"x" * size)
    return bucket, month, path


def test_whole_buckets_stay_together_up_to_the_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "BATCH_BYTES", 100)
    sizes = {0: (30, 30), 1: (40,), 2: (1,), 3: (150, 150), 5: (50, 49)}
    months = ("2020-03", "2020-04")
    parts = [part(tmp_path, bucket, months[n], size) for bucket, some in sizes.items() for n, size in enumerate(some)]
    batches = batched(reversed(parts), AS_OF, WINDOWS)
    dealt = [sorted({int(path.name[0]) for path in batch.files}) for batch in batches]
    assert dealt == [[0, 1], [2], [3], [5]]
    assert sorted(path for batch in batches for path in batch.files) == sorted(path for *_, path in parts)
    assert [batch.number for batch in batches] == [0, 1, 2, 3]


def test_months_outside_the_longest_window_are_left_out(tmp_path: Path) -> None:
    parts = [part(tmp_path, 0, month, 1) for month in ("2019-09", "2019-10", "2020-05", "2020-06")]
    (batch,) = batched(parts, date(2020, 5, 2), WINDOWS)
    assert [path.name for path in batch.files] == ["0-2019-10", "0-2020-05"]
    assert batch.first == date(2019, 10, 2)
    (batch,) = batched(parts[1:], AS_OF, (2, 5, 12))
    assert batch.first == date(2019, 10, 1)  # nothing lies before it
    with pytest.raises(EventsError, match="The lake holds 2019-09 to 2020-06"):
        batched(parts, date(2019, 8, 1), WINDOWS)


def test_one_by_one_gives_the_same_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [
        shop.line(event_time=f"2019-10-{1 + n % 28:02} 10:00:00 UTC", user_id=str(n % 40), product_id=str(n))
        for n in range(200)
    ]
    shop.ingest(shop.write_csv(tmp_path / "a.csv", lines), tmp_path / "store")
    tables = []
    for size in (measure.BATCH_BYTES, 1):
        monkeypatch.setattr(measure, "BATCH_BYTES", size)
        run = pipeline.customers(tmp_path / "store", settings=shop.SMALL)
        tables.append(shop.rows([run.path / "customers.parquet"], "*"))
    assert tables[0] == tables[1]
    assert len(tables[0]) == 40
