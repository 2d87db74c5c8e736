"""Sessions that may be odd: none that is odd is passed over, however the keys are sliced, and few others are named."""

import random
from collections import Counter
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from bestiary.lake.store import VisitPart
from bestiary.lake.suspects import suspects
from bestiary.sql import connect, quote

AS_OF = date(2020, 5, 1)
SEED = 7
Visit = tuple[int, int, datetime, int]


def write(folder: Path, number: int, visits: list[Visit]) -> VisitPart:
    """A part of visits (customer, session key, hour, views) of one bucket."""
    path = folder / f"{number}.parquet"
    with connect() as connection:
        connection.execute("""
            CREATE TABLE visits (
                user_id BIGINT, session_key BIGINT, hour TIMESTAMP, views INTEGER,
                carts INTEGER DEFAULT 0, removals INTEGER DEFAULT 0, purchases INTEGER DEFAULT 0,
                refunds INTEGER DEFAULT 0
            )
        """)
        connection.executemany("INSERT INTO visits (user_id, session_key, hour, views) VALUES (?, ?, ?, ?)", visits)
        connection.execute(f"COPY visits TO {quote(str(path))} (FORMAT parquet)")
    return VisitPart(path, "2020-04", number)


@pytest.mark.parametrize("at_once", [1_000_000, 300, 40])
def test_all_odd_sessions_are_named_whatever_is_held_at_once(tmp_path: Path, at_once: int) -> None:
    chance = random.Random(SEED)
    keys = [chance.randrange(-(2**63), 2**63) for _ in range(200)]
    buckets: list[list[Visit]] = [[] for _ in range(4)]
    for _ in range(400):
        key, hour = chance.choice(keys), datetime(2020, 4, 30, 20) + timedelta(hours=chance.randrange(8))
        user = keys.index(key) % 16 if chance.random() < 0.95 else chance.randrange(16)
        buckets[user % 4].append((user, key, hour, chance.choice([1, 2, 260, 500, 501])))
    parts = [write(tmp_path, number, visits) for number, visits in enumerate(buckets)]
    seen = [visit for visits in buckets for visit in visits if visit[2] < datetime(2020, 5, 1)]
    events = Counter[int]()
    for _, key, _, views in seen:
        events[key] += views
    customers = {key: {user for user, one, *_ in seen if one == key} for key in events}
    odd = {key for key in events if events[key] > 500 or len(customers[key]) > 1}
    with connect() as connection:
        found = suspects(connection, parts, AS_OF, at_once).tolist()
    assert found == sorted(set(found))
    assert set(found) == odd  # here a session in several buckets is always one of several customers
    assert 10 < len(odd) < len(events) - 10


def test_no_visits_have_no_suspects(tmp_path: Path) -> None:
    with connect() as connection:
        assert suspects(connection, [], AS_OF).tolist() == []
        part = write(tmp_path, 0, [(1, 1, datetime(2020, 5, 1), 1_000)])
        assert suspects(connection, [part], AS_OF).tolist() == []
